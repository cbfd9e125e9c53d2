"""From heatmaps to a better model

Which pictures should a person look at again, what can be cut out of them or hidden, and which
small rule stands behind one decision.
"""

# %%
# The network reads a watermark that nearly always agrees with the class. With masks of the objects
# a queue puts the pictures first whose heat lies elsewhere, with the reason in words.
# `queue.to_csv()` writes the whole list, `queue.sheet()` a contact sheet; in the shell,
# `heatlens improve` does both.
import matplotlib.pyplot as plt

import heatlens as hl
from heatlens.improvement import attended_crop, erased, review_queue
from heatlens.surrogates import local_tree
from heatlens.testing.scenes import Shortcut, scenes

cheater = hl.load_model("bundled:scene-cheater")
batch = scenes(60, split="test", seed=3, shortcut=Shortcut())
photos = [hl.read_image(one, name=f"scene {i}") for i, one in enumerate(batch.images)]
queue = review_queue(cheater, photos, masks=batch.masks)
for entry in queue[:3]:
    print(f"{entry.name}: doubt {entry.doubt:.2f}, {'; '.join(entry.reasons)}")
queue

# %%
# Without masks nobody knows where the object is. Here the watermark sits in any of four corners,
# so no single place is hot in many pictures; but what is hot shows the same again and again.
queue = review_queue(cheater, photos)
for entry in queue[:3]:
    print(f"{entry.name}: {'; '.join(entry.reasons)}")

# %%
# The evidence also says what to train on: a cut around it, or the picture without it, so that the
# network has to look elsewhere. For a network that is right, the first shows the object large; for
# one that cheats, the second takes its crutch away.
photo = photos[7]
heat = hl.explain(cheater, photo, "gradcam")
crop, hidden = attended_crop(photo, heat), erased(photo, heat, fill="blur")
figure, places = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
shown = {
    "picture": photo.rgb(),
    f"cut: {crop.share:.0%} of the evidence": crop.image.rgb(),
    f"hidden: {hidden.share:.0%} of it, {hidden.area:.0%} of the area": hidden.image.rgb(),
}
for place, (title, pixels) in zip(places, shown.items(), strict=True):
    place.imshow(pixels)
    place.set_title(title, fontsize=9)
    place.axis("off")

# %%
# One decision of the honest network, told by three questions: which parts of the picture have to
# be there together. The fidelity is measured on combinations that the tree was not grown on.
honest = hl.load_model("bundled:scene-cnn")
clean = hl.read_image(scenes(4, split="test").images[3], name="scene 3")
tree = local_tree(honest, clean, features="superpixels-36", samples=400)
print(tree.verdict)
tree.plot()
