"""Pictures too large for memory

A wall of 96 scenes in one file, which stands for a slide or an aerial picture: read by the region,
seen by a model of the eye, compared with one of its own pixels, explained window by window, and
written as a pyramid to zoom into.
"""

# %%
# The file is written band by band: at no time is the picture in memory whole.
import tempfile
from pathlib import Path

import numpy as np

import heatlens as hl
from heatlens.images.large import LargeHeatmap, open_large, write_pyramid
from heatlens.perception.large import large_saliency
from heatlens.pixels.large import large_similarity
from heatlens.render.zoom.deep_zoom import deep_zoom
from heatlens.testing.scenes import scenes

ROWS, COLUMNS, SIDE = 8, 12, 96
folder = Path(tempfile.mkdtemp())


def bands():
    for row in range(ROWS):
        wall = scenes(COLUMNS, split="test", seed=row).images  # (12, 96, 96, 3)
        yield np.concatenate(list(wall), axis=1)


size = (ROWS * SIDE, COLUMNS * SIDE)
path = write_pyramid(folder / "wall.tif", bands(), size, np.uint8, channels=3)

# %%
# Opening reads the header. A region costs its own tiles, a reduced picture one pass over the file.
large = open_large(path)
print(large)
print("levels:", large.levels)
large.reduced(1000)

# %%
# What draws the eye? The model looks at a reduced picture, streamed; its map is computed wherever
# it is looked at, or written as a pyramid of float values.
look = large_saliency(large, "itti-koch", out=folder / "look.tif")
print(look, "written with the levels", look.values.levels)
look.reduced(1000).plot(large.reduced(1000))

# %%
# Which pixels have the colour of the one at row 600, column 812, on a pink seven?
alike = large_similarity(large, (600, 812), spread=0.05)
alike.reduced(1000).plot()

# %%
# Where is evidence for a seven? The score is the mean over windows of the model's own size, and
# the attribution of that mean is the sum of the windows' attributions: no seam, and the same as
# explaining all windows in one piece.
model = hl.load_model("bundled:scene-cnn")
heat = hl.explain(
    model, large, "input-x-gradient", target="digit 7", overlap=0, batch=64, out=folder / "heat.tif"
)
print(heat.provenance.notes[-1])

# %%
# Maps of a layer's cells are blended instead: each pixel is the mean over the windows that saw it.
cam = hl.explain(model, large, "gradcam", target="digit 7", overlap=0.25, batch=64)
cam.reduced(1000).plot(large.reduced(1000))

# %%
# A part of it, in the picture's own pixels: rows 576 to 768, columns 768 to 1152.
part = (6 * SIDE, 8 * SIDE, 2 * SIDE, 4 * SIDE)
cam.part(*part).plot(large.part(*part))

# %%
# The file has everything in it, and opens again without being read.
with LargeHeatmap.load(folder / "heat.tif") as again:
    print(again.provenance.method, "for", again.provenance.target, again.extent())

# %%
# A folder to zoom into, by any browser and without a server: index.html, and Deep Zoom tiles of the
# picture and of the heat.
page = deep_zoom(large, cam, folder / "zoom")
print(sorted(item.name for item in page.parent.iterdir()))
