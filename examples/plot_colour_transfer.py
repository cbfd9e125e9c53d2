"""One picture in the colours of another

An exact transport plan between two palettes says where each colour has to go; a smooth map takes
every pixel along.
"""

# %%
# The photographs are scikit-image's. The default, "regularised", averages the plan's shifts over
# similar colours, so that a sky without steps stays one.
import matplotlib.pyplot as plt
import numpy as np
import skimage.data

import heatlens as hl
from heatlens.transfer import colour_transfer

rocket = hl.read_image(skimage.data.rocket(), name="rocket")
chelsea = hl.read_image(skimage.data.chelsea(), name="chelsea")
coffee = hl.read_image(skimage.data.coffee(), name="coffee")
astronaut = hl.read_image(np.ascontiguousarray(skimage.data.astronaut()[:340]), name="astronaut")


def row(*pictures):
    figure, places = plt.subplots(1, len(pictures), figsize=(12, 3.2), layout="constrained")
    for place, (title, picture) in zip(places, pictures, strict=True):
        place.imshow(picture.rgb())
        place.set_title(title, fontsize=10)
        place.axis("off")
    return figure


warm, dark = colour_transfer(rocket, chelsea), colour_transfer(coffee, astronaut)
row(("rocket", rocket), ("colours of", chelsea), ("regularised", warm))

# %%
row(("coffee", coffee), ("colours of", astronaut), ("regularised", dark))

# %%
# How much of the palette distance is left is measured on the finished picture. "exact" follows the
# plan until little is left, "pixelwise" moves every pixel for itself until less than 1 % is. Both
# pay for it: colours that were alike are torn apart, and a sky shows rings.
half = hl.read_image(np.ascontiguousarray(skimage.data.rocket()[::2, ::2]), name="rocket")
results = {
    m: colour_transfer(half, chelsea, method=m) for m in ("regularised", "exact", "pixelwise")
}
for method, result in results.items():
    said = result.metadata["colour_transfer"]
    before, after = said["palette_distance_before"], said["palette_distance_after"]
    print(f"{method:12} {before:5.1f} -> {after:5.2f} CIELAB units, {after / before:6.2%} left")
row(*results.items())
