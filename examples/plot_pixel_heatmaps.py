"""Heatmaps from pixels

No model: texture and colour, what looks like this, what belongs together, where points are dense,
and what changed.
"""

# %%
# The photographs are scikit-image's. The classical chain cleans a picture, measures features at
# every pixel, weighs them and adds them up. Here: stripes of 8 to 16 pixels in any direction, and
# however bright. The cat's forehead has them, and so has the ring around its eyes.
import cv2
import matplotlib.pyplot as plt
import numpy as np
import skimage.data

import heatlens as hl
from heatlens.pixels import (
    clusters,
    density,
    learned_weights,
    picture_difference,
    pixel_heatmap,
    similarity,
)

chelsea = hl.read_image(skimage.data.chelsea(), name="chelsea")
stripes = pixel_heatmap(
    chelsea,
    preprocess=["median"],
    features=[("gabor", {"wavelengths": (8.0, 16.0)})],
    weights={"gabor": 1.0},
)
stripes.plot(chelsea, style="panels")

# %%
# Weights can be learned from a mask: the green of one eye. The map is the log odds, above 0 where
# a pixel is more likely marked than not. It finds the other eye, which it was not shown.
rows, columns = np.ogrid[: chelsea.size[0], : chelsea.size[1]]
eye = ((rows - 118) / 17) ** 2 + ((columns - 171) / 28) ** 2 < 1
pupil = ((rows - 112) / 17) ** 2 + ((columns - 171) / 11) ** 2 < 1
smooth = [("gaussian", {"sigma": 2.0})]
weights = learned_weights(chelsea, eye & ~pupil, ["colour"], smooth)
for name, coefficient in weights.info["coefficients"].items():
    print(f"{name:9} {coefficient:+.2f}")
pixel_heatmap(chelsea, smooth, ["colour"], weights).plot(chelsea)

# %%
# What looks like this? A box in the coffee is the sample. Mahalanobis counts in its standard
# deviations, so what varies inside may vary outside; 0.5 is as far out as half of the box is.
coffee = hl.read_image(skimage.data.coffee(), name="coffee")
alike = similarity(coffee, (130, 240, 195, 350), "mahalanobis", preprocess=smooth)
alike.plot(coffee)

# %%
# What belongs together? Six clusters of k-means in CIELAB, each in its mean colour; connected ones
# by Ward; and superpixels.
found = [
    clusters(coffee, "k-means", k=6),
    clusters(coffee, "hierarchical", k=12),
    clusters(coffee, "slic", k=250),
]
figure, places = plt.subplots(1, 3, figsize=(12, 3), layout="constrained")
for place, one in zip(places, found, strict=True):
    print(one)
    place.imshow(one.picture(coffee).rgb())
    place.set_title(one.provenance.method, fontsize=10)
    place.axis("off")
figure

# %%
# Where are points dense? 3,000 points in two groups. Scott's rule takes all for one group and
# smears both; the improved Sheather-Jones rule does not.
generator = np.random.default_rng(0)
points = np.concatenate(
    [generator.normal(middle, 9, (1500, 2)) for middle in ((60, 70), (140, 320))]
)
figure, places = plt.subplots(1, 2, figsize=(10, 3), layout="constrained")
for place, rule in zip(places, ("scott", "improved-sheather-jones"), strict=True):
    heat = density(points, (200, 400), bandwidth=rule)
    shown = place.imshow(heat.values)
    told = heat.provenance.info
    place.set_title(
        f"{rule}: {told['bandwidth in rows']:.1f} x {told['bandwidth in columns']:.1f} px",
        fontsize=10,
    )
    figure.colorbar(shown, ax=place, shrink=0.8, label="points per pixel")
figure

# %%
# What changed? The second picture is turned, shifted and darker, and one thing is new. Laid on the
# first by its corners and grey levels, only that is left. Hatched: the second does not show it.
scene = skimage.data.coffee()
before = np.ascontiguousarray(scene[40:360, 60:540])
changed = cv2.circle(scene.copy(), (460, 130), 11, (70, 120, 190), -1)
turn = cv2.getRotationMatrix2D((300, 200), 7, 1.0)
turn[:, 2] += (9, -6)
turned = cv2.warpAffine(changed, turn, (600, 400))[40:360, 60:540]
after = np.rint(0.7 * turned).astype(np.uint8)
plain = picture_difference(before, after)
aligned = picture_difference(before, after, "affine", preprocess=("gaussian",), exposure=True)
pictures = [hl.read_image(pixels) for pixels in (before, after)]
figure, places = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
for place, picture, title in zip(places, pictures, ("before", "after"), strict=True):
    place.imshow(picture.rgb())
    place.set_title(title, fontsize=10)
    place.axis("off")
figure

# %%
# Without an alignment every edge is a change,
plain.plot(pictures[0], title="as they are")

# %%
# with it one thing is.
print("peak in row {}, column {}".format(*aligned.peak))
print("correlation", aligned.provenance.info["correlation before"], "->",
      aligned.provenance.info["correlation after"])  # fmt: skip
aligned.plot(pictures[0], title="aligned, exposure matched")
