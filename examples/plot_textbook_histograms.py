"""Pictures with similar grey levels

The route of the textbooks: ten bins a picture, and how far the grey levels of one have to move to
become those of another. And the mistake that is usually made with OpenCV on the way.
"""

# %%
# A thousand pictures: crops of the photographs that scikit-image carries, in grey, 0..255. Each
# is turned or mirrored at random, and gets its own exposure.
import numpy as np
from matplotlib import pyplot as plt
from skimage import color, data

names = ["astronaut", "camera", "cat", "coffee", "rocket", "brick", "grass", "gravel"]
photographs = [getattr(data, name)() for name in names]
grey = [255 * color.rgb2gray(p) if p.ndim == 3 else p.astype(float) for p in photographs]
rng = np.random.default_rng(0)
pictures, origin = [], []
for _ in range(1000):
    k = rng.integers(len(names))
    y, x = (rng.integers(side - 96) for side in grey[k].shape)
    crop = np.rot90(grey[k][y : y + 96, x : x + 96], rng.integers(4))
    pictures.append(255 * (crop / 255) ** rng.uniform(0.7, 1.4))
    origin.append(names[k])

# %%
# A bin of ten is 25.6 grey levels wide. All pictures have the same number of pixels, so
# `mass="normalise"` only makes the distance a mean: by how many grey levels a pixel has to change.
# It is right to about a bin: two flat greys that share one are no distance apart.
# The nearest picture of all is the query itself; it is left out.
from heatlens.transport import histogram_distance, histogram_nearest

edges = np.linspace(0, 256, 11)
histograms = np.array([np.histogram(picture, edges)[0] for picture in pictures])
indices, distances = histogram_nearest(histograms, histograms, 6, width=25.6, mass="normalise")

queries = [0, 2, 8]
figure, axes = plt.subplots(
    3, 7, figsize=(12, 5.8), width_ratios=[1.35] + [1] * 6, layout="constrained"
)
for row, query in zip(axes, queries, strict=True):
    near = [(i, d) for i, d in zip(indices[query], distances[query], strict=True) if i != query]
    row[0].stairs(histograms[query] / 96**2, edges, fill=True, color="0.75", label="query")
    row[0].stairs(histograms[near[0][0]] / 96**2, edges, color="C3", label="nearest")
    row[0].set_xlabel("grey level", fontsize=8)
    row[0].tick_params(labelsize=8)
    row[0].legend(fontsize=8)
    for axis, (index, distance) in zip(row[1:], [(query, None), *near], strict=False):
        axis.imshow(pictures[index], cmap="gray", vmin=0, vmax=255)
        axis.set_title("query" if distance is None else f"{distance:.2f} levels", fontsize=9)
        axis.text(0.5, -0.04, origin[index], ha="center", va="top", fontsize=8,
                  transform=axis.transAxes)  # fmt: skip
        axis.set_axis_off()

# %%
# Content is not what is compared: grass may lie next to gravel. A histogram does not know where a
# grey level lies.
same = np.mean([origin[i] == origin[q] for q in range(1000) for i in indices[q] if i != q])
print(f"neighbours cut from the same photograph: {same:.0%} (by chance {1 / len(names):.0%})")

# %%
# Why not bin by bin? Move a narrow histogram along: the Euclidean distance is the same from two
# bins on, the Earth Mover's Distance grows with the way.
narrow = np.array([4, 2, 0, 0, 0, 0, 0, 0, 0, 0])
for bins in (1, 2, 5, 8):
    moved = np.roll(narrow, bins)
    euclid = np.linalg.norm(narrow - moved)
    mean = histogram_distance(narrow, moved, mass="normalise")
    print(f"moved by {bins} bins: Euclid {euclid:.2f}, Earth Mover's Distance {mean:.1f} bins")

# %%
# **The usual mistake.** `cv2.EMD` wants signatures: rows of a weight and a position. Tutorials hand
# it the bare histograms. OpenCV 4 refuses them. OpenCV 5 takes a bare histogram for *one* row: a
# single point whose weight is the first bin and whose coordinates are the other nine. What comes
# out is a Euclidean distance of bins, and here it looks as if it could be right.
a = np.array([1, 3, 1, 0, 0, 0, 0, 0, 0, 0], np.float32)
b = np.array([1, 0, 0, 0, 0, 0, 1, 3, 0, 0], np.float32)
try:
    import cv2
except ImportError:
    print("OpenCV is not installed: pip install opencv-python-headless")
else:
    print("OpenCV", cv2.__version__)
    try:
        print(f"bare histograms, as in tutorials:  {cv2.EMD(a, b, cv2.DIST_L2)[0]:.3f}")
    except cv2.error as error:
        print("bare histograms, as in tutorials: ", str(error).strip().splitlines()[0])
    place = np.arange(10)
    rows = [np.c_[weight, place].astype(np.float32) for weight in (a, b)]
    print(f"rows of a weight and a position:   {cv2.EMD(*rows, cv2.DIST_L2)[0]:.3f}")
print(f"Euclidean distance of bins 1 to 9: {np.linalg.norm(a[1:] - b[1:]):.3f}")
print(f"heatlens:                          {histogram_distance(a, b, mass='normalise'):.3f}")

# %%
# The right value by hand: of five units, one stays; three go from bin 1 to 6, 7 and 7, one from
# bin 2 to 7. The area between the cumulated histograms says the same.
print("(5 + 6 + 6 + 5) / 5 =", (5 + 6 + 6 + 5) / 5)
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained")
bins = np.arange(11) - 0.5
left.stairs(a, bins, fill=True, alpha=0.5, color="C0", label="a")
left.stairs(b, bins, fill=True, alpha=0.5, color="C3", label="b")
left.set(xlabel="bin", title="two histograms")
left.legend()
low, high = (np.cumsum(side) / side.sum() for side in (a, b))
right.stairs(low, np.arange(11), baseline=high, fill=True, color="0.85")
for side, name, shade in ((low, "a", "C0"), (high, "b", "C3")):
    right.step(np.arange(11), [side[0], *side], color=shade, label=f"{name}, cumulated")
right.set(ylim=(0, 1.05), xlabel="bin", title=f"area between them: {np.abs(low - high).sum():.1f}")
right.legend(loc="lower right")
