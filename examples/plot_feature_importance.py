"""What a decision hangs on

Features with names: the digit, a watermark, brightness, texture. What does the network lose when
one of them is another picture's? And the same questions to a model on tables.
"""

# %%
# Two networks read digits; one of them learnt to read the watermark. Each picture's digit and
# watermark are given by masks. Brightness, contrast, colour and texture need none. Every feature
# is taken from other pictures of the data set, and the share of right answers that this costs is
# its importance.
import heatlens as hl
from heatlens.importance import (
    FeatureTable,
    interaction,
    learn_concept,
    partial_dependence,
    permutation_importance,
    picture_features,
    shapley_values,
)
from heatlens.importance.interventions import segments
from heatlens.testing.scenes import Shortcut, scenes

data = scenes(80, split="test", shortcut=Shortcut())
masks = {"digit": data.masks, "watermark": data.shortcut_masks}
named = [*segments(masks), "brightness", "contrast", "colour", "texture"]
cheater = hl.load_model("bundled:scene-cheater")
found = permutation_importance(cheater, data.images, data.labels, features=named, repeats=3)
print(found)
found.plot(title="The cheater")

# %%
honest = hl.load_model("bundled:scene-cnn")
found = permutation_importance(honest, data.images, data.labels, features=named, repeats=3)
found.plot(title="The honest network")

# %%
# No masks? Pictures with the mark and pictures without one are enough: what tells them apart in a
# layer is a concept, and its part of the layer's output can be another picture's as well. Beside it
# stand two directions that mean nothing.
import numpy as np

from heatlens.importance.interventions import ConceptDirection

shown = scenes(120, split="train", shortcut=Shortcut(agrees=1.0))
mark = learn_concept(
    cheater, shown.images[:60], shown.without_shortcut[60:], "stage2", name="learnt watermark"
)
print(mark)
rng = np.random.default_rng(0)
chance = [
    ConceptDirection(f"random direction {k}", "stage2", rng.normal(size=len(mark.direction)))
    for k in (1, 2)
]
found = permutation_importance(
    cheater,
    data.images[:40],
    data.labels[:40],
    features=[mark, *chance],
    score="probability",
    repeats=3,
)
found.plot(title="The cheater, asked for a concept")

# %%
# One picture: fair shares of what the network says, between the digit and the watermark.
shares = shapley_values(cheater, data.images, features=named, rows=[5], background=6)
shares.plot(title="The cheater on picture 5")

# %%
# Do features work together, or does each add its own? The colours of the whole picture move those
# of the watermark too, so these two interact most.
together = interaction(
    cheater,
    data.images,
    features=[*segments(masks), "colour"],
    target="predicted",
    rows=14,
)
together.plot()

# %%
# How far can the light change before the honest network no longer sees what it saw? Each thin
# line is a picture.
curve = partial_dependence(
    honest,
    data.images[:40],
    "brightness",
    grid=np.linspace(-0.4, 0.4, 17),
    relative=True,
    kind="both",
)
curve.plot()

# %%
# A model on tables: a random forest tells from which photograph a crop was cut, by features that
# have names. It is asked about crops that it was not fitted to.
from skimage import data as photographs
from sklearn.ensemble import RandomForestClassifier

rng = np.random.default_rng(0)
sources = [photographs.astronaut(), photographs.coffee(), photographs.cat(), photographs.rocket()]
crops, labels = [], []
for k in range(320):
    photograph = sources[k % 4]
    y, x = (rng.integers(side - 96) for side in photograph.shape[:2])
    crops.append(photograph[y : y + 96, x : x + 96])
    labels.append(["astronaut", "coffee", "cat", "rocket"][k % 4])
table = picture_features(crops, ["brightness", "colour", "texture"])
table = FeatureTable(table.values, table.names)
labels = np.array(labels)
forest = RandomForestClassifier(60, min_samples_leaf=3, random_state=0)
forest.fit(table.values[:160], labels[:160])
held_out = table.take(range(160, 320))
permutation_importance(forest, held_out, labels[160:], score="probability").plot(most=10)

# %%
# How the probability of one photograph moves with one feature. Where no crop has such a value the
# curve says nothing about photographs, and is hatched.
curve = partial_dependence(
    forest,
    held_out,
    "colour from green to red",
    target="coffee",
    kind="both",
    grid=np.linspace(-20, 60, 41),
)
curve.plot()
