"""A network imitated by a decision tree

What does a network go by? A small tree on features that have names is grown to say what the network
says. On pictures that it has not seen it is told how well it does that, and whether it explains the
network at all.
"""

# %%
# One of the two networks learnt to read a watermark instead of the digit. In these scenes mark and
# digit are drawn apart: as long as they agree, no picture can tell which of them is read.
import numpy as np

from heatlens.importance import learn_concept, picture_features
from heatlens.surrogates import linear_surrogate, network_answers, tree_surrogate
from heatlens.testing.scenes import Shortcut, scenes
from heatlens.testing.scenes.shortcut import mark

PATTERNS = np.stack([mark(label, 12) for label in range(10)])


def marks(batch):
    """Whose watermark each scene carries: the nearest of the ten."""
    found = []
    for image, place in zip(batch.images, batch.shortcut_masks, strict=True):
        y, x = np.argwhere(place)[0]
        patch = image[y : y + 12, x : x + 12] / 255
        found.append(int(((PATTERNS - patch) ** 2).sum(axis=(1, 2, 3)).argmin()))
    return np.array(found)


batch = scenes(600, split="test", shortcut=Shortcut(agrees=0.1))
cheater = network_answers("bundled:scene-cheater", batch.images)
honest = network_answers("bundled:scene-cnn", batch.images)
for name, answers in (("cheater", cheater), ("honest", honest)):
    right, read = (float((answers.classes == what).mean()) for what in (batch.labels, marks(batch)))
    print(f"{name:8} names the digit in {right:.0%} of the scenes, the mark in {read:.0%}")

# %%
# Columns that the pictures give by themselves (brightness, colour, texture, what is where), and
# what a person may know of them.
computed = picture_features(batch.images)
known = computed.with_columns({"watermark": marks(batch), "digit": batch.labels})
print(known)

# %%
# The tree that imitates the cheater asks for the watermark, first and to the end.
tree = tree_surrogate(None, cheater, known)
print(tree)

# %%
tree.plot()

# %%
# That of the honest network asks for the digit.
by_digit = tree_surrogate(None, honest, known)
print(by_digit)

# %%
# Nobody had told of the watermark? Then the hue of a corner gives it away: a tree and a linear model
# on the computed columns alone.
by_hue = tree_surrogate(None, cheater, computed)
print(by_hue)
linear = linear_surrogate(None, cheater, computed.select(["colour", "corners", "patch"]))
linear.plot()

# %%
# What makes a digit is in none of these columns, so nothing on them can stand for the honest
# network. It says so, instead of drawing a tree that means nothing.
print(tree_surrogate(None, honest, computed))

# %%
# Where no column fits, a concept can: a direction in a layer that is learnt from examples. The
# watermark is one in the cheater, and none in the honest network.
taught = scenes(400, split="train", shortcut=Shortcut(agrees=0.1))
shown = marks(taught)
for name in ("bundled:scene-cheater", "bundled:scene-cnn"):
    concept = learn_concept(
        name, taught.images[:80], taught.without_shortcut[80:160], "stage3", name="watermark"
    )
    print(f"{name:22} {concept}")

# %%
# One concept for each mark, and a tree on nothing but these.
concepts = [
    learn_concept(
        "bundled:scene-cheater",
        taught.images[shown == label],
        taught.images[shown != label][:60],
        "stage3",
        name=f"mark {label}",
        random_splits=5,
    )
    for label in range(10)
]
table = picture_features(batch.images, [], model="bundled:scene-cheater", concepts=concepts)
by_concept = tree_surrogate(None, cheater, table)
print(by_concept.verdict)
print(by_concept.rules())
