"""Texture by sliced transport

A picture is changed until its patches, at every scale, are distributed like those of a reference.
No trained network takes part.
"""

# %%
# The second picture of each pair began as noise. Grain, contrast and colours are those of the
# photograph; what is larger than a few patches is not: stones melt together, and of a wall there
# are pieces of brick and mortar without the plan.
import matplotlib.pyplot as plt
import numpy as np
import skimage.data
from PIL import Image

import heatlens as hl
from heatlens.transfer import style_transfer, texture


def reduced(pixels, width):
    height = round(pixels.shape[0] * width / pixels.shape[1])
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def row(*pictures):
    figure, places = plt.subplots(1, len(pictures), figsize=(12, 3.2), layout="constrained")
    for place, (title, picture) in zip(places, pictures, strict=True):
        place.imshow(picture.rgb())
        place.set_title(title, fontsize=10)
        place.axis("off")
    return figure


pairs = []
for name in ("gravel", "brick"):
    photograph = hl.read_image(reduced(getattr(skimage.data, name)(), 96), name=name)
    made = texture(photograph, (96, 96), steps=60)
    pairs += [(name, photograph), ("made from noise", made)]
row(*pairs)

# %%
# With a photograph to begin with, what is coarse in it stays. It takes over the colours of the
# stained tissue and some of its grain; its cells are not seen again.
cat = hl.read_image(reduced(skimage.data.chelsea(), 128), name="chelsea")
tissue = hl.read_image(reduced(skimage.data.immunohistochemistry(), 128), name="stained tissue")
row(
    ("chelsea", cat),
    ("texture of", tissue),
    ("chelsea in it", style_transfer(cat, tissue)),
)
