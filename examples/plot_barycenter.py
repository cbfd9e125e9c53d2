"""The mean of maps, by transport

The mean of the values of four spots is four faint spots. The mean by transport is one spot between
them, as bright as each.
"""

# %%
# Four spots of one shape at four places, and both means, in one scale of colours.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from heatlens.heatmap import Heatmap
from heatlens.provenance import Provenance
from heatlens.transfer import barycenter

y, x = np.mgrid[:48, :48]


def spot(row, column):
    values = np.exp(-(((y - row) / 3) ** 2 + ((x - column) / 5) ** 2) / 2)
    return Heatmap(values, Provenance("by hand"), signed=False)


def row(*maps):
    figure, places = plt.subplots(1, len(maps), figsize=(12, 2.6), layout="constrained")
    brightest = max(values.max() for _, values in maps)
    for place, (title, values) in zip(places, maps, strict=True):
        place.imshow(values, cmap="magma", vmin=0, vmax=brightest)
        place.set_title(title, fontsize=10)
        place.axis("off")
    return figure


maps = [spot(10, 14), spot(14, 34), spot(34, 12), spot(36, 34)]
mean = barycenter(maps)
row(
    *[(f"map {i + 1}", m.values) for i, m in enumerate(maps)],
    ("mean of values", np.mean([m.values for m in maps], axis=0)),
    ("mean by transport", mean.values),
)

# %%
# It is the spot itself at the mean place: the blur of the entropic method has been taken out.
truth = spot(23.5, 23.5).values
print(
    f"largest difference from the spot at the mean place: {np.abs(mean.values - truth).max():.4f}"
)

# %%
# Real handwriting: each digit of scikit-learn as a mass on 32 x 32 cells, 30 of each class at
# different places.
digits = load_digits()
generator = np.random.default_rng(0)
pixels, blurred = [], []
for digit in range(5):
    masses = []
    for image in digits.images[digits.target == digit][:30]:
        grid = np.zeros((32, 32))
        up, left = generator.integers(4, 13, 2)
        grid[up : up + 16, left : left + 16] = np.kron(image, np.ones((2, 2)))
        masses.append(Heatmap(grid, Provenance("digit"), signed=False))
    pixels.append((f"mean of values, {digit}", np.mean([m.values for m in masses], axis=0)))
    blurred.append((f"by transport, {digit}", barycenter(masses, blur=0.9).values))
row(*pixels)

# %%
row(*blurred)
