"""From one map to another, as a film

Along an exact transport plan mass moves at constant speed; a cross-fade only dims one picture and
lights the other.
"""

# %%
# Two normal clouds of points. Each packet of mass goes straight from where it is to where the plan
# takes it.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from heatlens.heatmap import Heatmap
from heatlens.provenance import Provenance
from heatlens.transfer import interpolation_film, save_film
from heatlens.transport import displacement, emd

generator = np.random.default_rng(0)
x = generator.normal(size=(120, 2)) * (0.4, 1.0)
y = generator.normal(size=(120, 2)) * (1.2, 0.3) + (6, 2)
weights = np.full(120, 1 / 120)
plan = emd(weights, weights, x=x, y=y, p=2)
figure, place = plt.subplots(figsize=(9, 4), layout="constrained")
for t in np.linspace(0, 1, 5):
    masses, points = displacement(plan, x, y, t)
    place.scatter(*points.T, s=2000 * masses, color=plt.colormaps["viridis"](t), label=f"t = {t:g}")
place.set_aspect("equal")
place.legend(loc="lower right")
print(f"W2 between the ends: {np.sqrt(plan.value):.3f}")
for s, t in ((0, 0.25), (0.25, 0.75)):
    (a, here), (b, there) = displacement(plan, x, y, s), displacement(plan, x, y, t)
    part = np.sqrt(emd(a, b, x=here, y=there, p=2).value)
    print(f"W2 between t = {s} and t = {t}: {part:.3f}, {part / np.sqrt(plan.value):.0%} of it")

# %%
# A handwritten 3 becomes a 5: above by transport, below by cross-fading.
digits = load_digits()


def heat(digit, number):
    image = digits.images[digits.target == digit][number]
    return Heatmap(np.kron(np.pad(image, 1), np.ones((3, 3))), Provenance("digit"), signed=False)


three, five = heat(3, 0), heat(5, 2)
film = interpolation_film(three, five, frames=8)
faded = [(1 - t) * three.values + t * five.values for t in np.linspace(0, 1, 8)]
figure, places = plt.subplots(2, 8, figsize=(12, 3.2), layout="constrained")
for column, (frame, fade) in enumerate(zip(film, faded, strict=True)):
    for place, values in zip(places[:, column], (frame.values, fade), strict=True):
        place.imshow(values, cmap="magma", vmin=0, vmax=16)
        place.axis("off")

# %%
# The same as an animated picture; all frames share one scale of colours.
path = save_film(film, Path(tempfile.mkdtemp()) / "three-to-five.gif", enlarge=8)
print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
