"""Search pictures by exact Earth Mover's Distance

An index of photographs finds the ones with the same colours, and proves that it missed none. The
same index on heatmaps finds where a model looked at the same kind of place.
"""

# %%
# Six photographs, cut into 600 pieces of all sizes. An index is a folder; adding to it is one
# commit after the other, and adding the same again changes nothing.
import tempfile

import numpy as np
from skimage import data

import heatlens as hl

photographs = {
    "astronaut": data.astronaut(),
    "cat": data.chelsea(),
    "coffee": data.coffee(),
    "rocket": data.rocket(),
    "galaxies": data.hubble_deep_field(),
    "tissue": data.immunohistochemistry(),
}
random, pieces = np.random.default_rng(0), []
for name, pixels in photographs.items():
    for number in range(100):
        high, wide = (int(side) for side in random.integers(90, 300, 2))
        y, x = (
            int(random.integers(n - m + 1))
            for n, m in zip(pixels.shape, (high, wide), strict=False)
        )
        piece = pixels[y : y + high, x : x + wide]
        pieces.append(hl.read_image(piece, name=f"{name} {number}"))
index = hl.ImageIndex.create(f"{tempfile.mkdtemp()}/pieces.lance", on="signature")
added = index.add(pieces, ids=[piece.name for piece in pieces])
print(index)

# %%
# The ten nearest to another piece of the cup of coffee. Certified: none of the others is nearer.
from heatlens.search.answer import answered
from heatlens.search.sheet_picture import sheet

query = hl.read_image(data.coffee()[100:300, 200:420], name="a cup")
hits = index.search(query, k=10)
print(hits)
print(f"{hits.solves} of {len(index)} distances were solved; bounds excluded the others")
found = answered(index, hits, query)
sheet(found)

# %%
# What moves from the query to the nearest: the shares of its colours that become others.
from heatlens.search.sheet_flow import flow

flow(found, found.hits[0])

# %%
# All within a distance; and pairs of pieces that show nearly the same.
print(len(index.range(query, 12.0)), "pieces within 12 CIELAB units")
for first, second, distance in index.duplicates(2.0)[:3]:
    print(f"{first:14} {second:14} {distance:.2f}")

# %%
# Heatmaps are indexed like photographs: here by where their evidence lies, on a grid of 16 x 16
# over the frame. Forty scenes, each explained; then those in which the network looked at the same
# place as in the first.
from heatlens.testing.scenes import scene

model = hl.load_model("bundled:scene-cnn")
maps = []
for seed in range(40):
    image = hl.read_image(scene(seed, split="test").image, name=f"scene {seed}")
    maps.append(hl.explain(model, image, method="gradcam", checks=False))
looks = hl.ImageIndex.create(f"{tempfile.mkdtemp()}/looks.lance", on="mass")
looks.add(maps, ids=[f"scene {seed}" for seed in range(40)])
hits = looks.search(maps[0], k=5)
sheet(answered(looks, hits, maps[0]))

# %%
# In the shell, with a page that shows what moves to each hit:
#
# ```console
# $ heatlens index photos/ --out photos.lance
# $ heatlens search query.jpg --index photos.lance --out out/
# ```
