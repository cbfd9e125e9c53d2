"""What moves

Optical flow on films whose motion is known, the camera's share of it, and maps that do not flicker.
"""

# %%
# A photograph seen by a moving camera, with two objects that move on their own. Every pixel's way
# to the next frame is known exactly, so that an estimate can be held against it.
import tempfile
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage import data

import heatlens as hl
from heatlens.images.films import FilmWriter, open_film
from heatlens.motion import (
    Steady,
    camera_motion,
    flow_picture,
    flow_wheel,
    moving_clip,
    optical_flow,
    warped,
)
from heatlens.provenance import Provenance
from heatlens.render.sheet import sheet_pixels

clip = moving_clip(
    data.astronaut(),
    objects=2,
    textures=[data.chelsea(), data.coffee()],
    frames=24,
    size=(240, 320),
    camera="homography",
    seed=7,
)


def shown(heading, *pictures, cell=300):
    return hl.read_image(sheet_pixels([(heading, pictures)], cell=cell), name="sheet")


def grey(values):
    return np.clip(values, 0, 255).astype(np.uint8)


shown("Frames 0, 11 and 22", *clip.film.pixels[[0, 11, 22]])

# %%
# A flow in colours: the hue says where to, the saturation how fast. White stands still; right is
# red, down yellow, left cyan to blue, up violet. One limit for all, so that colours can be
# compared.
limit = 6.0
shown(f"The rim is {limit:g} pixels per frame", ("motion from the centre", flow_wheel(300)))

# %%
# Two methods beside the truth. DIS is several times faster; both blur where an object ends, and
# Farneback's leaves a surface without texture where it was.
before, after, truth = clip.film.pixels[11], clip.film.pixels[12], clip.flow[11]
dis = optical_flow(before, after)
farneback = optical_flow(before, after, "farneback")
shown(
    "Motion from frame 11 to frame 12",
    ("truth", flow_picture(truth, limit)),
    ("dis", flow_picture(dis, limit)),
    ("farneback", flow_picture(farneback, limit)),
)

# %%
# How far off, in pixels: at the median pixel, in mean, and in mean within 5 pixels of an object's
# rim.
mask = clip.masks[11]
near = ndimage.binary_dilation(mask, iterations=5) & ~ndimage.binary_erosion(mask, iterations=5)
seen = ~clip.hidden[11]
for name, flow in (
    ("dis, ultrafast", optical_flow(before, after, preset="ultrafast")),
    ("dis, fast", dis),
    ("dis, medium", optical_flow(before, after, preset="medium")),
    ("farneback", farneback),
):
    error = np.linalg.norm(flow - truth, axis=-1)
    print(
        f"{name:15} {np.median(error[seen]):5.2f} {error[seen].mean():5.2f} "
        f"{error[seen & near].mean():5.2f}"
    )

# %%
# Most of this motion is the camera's. A homography fitted to what the majority of the picture does
# takes it out; what is left moves by itself.
camera = camera_motion(before, after)
print(camera.reason)
gap = camera.flow(mask.shape) - camera_motion(before, after, flow=truth).flow(mask.shape)
print(f"off by at most {np.linalg.norm(gap, axis=-1).max():.2f} pixels anywhere in the picture")
rest = camera.residual(dis)
shown(
    "The flow, the camera's share, and the rest",
    ("all", flow_picture(dis, limit)),
    ("the camera", flow_picture(camera.flow(mask.shape), limit)),
    ("by itself", flow_picture(rest, limit)),
)

# %%
# The speed of what is left is a heatmap of its own.
speed = np.linalg.norm(rest, axis=-1)
heat = hl.Heatmap(speed, Provenance("residual motion", image="frame 11"))
heat.plot(hl.read_image(before, name="frame 11"))

# %%
# Along the flow the next frame comes back onto this one's pixels, except where something is hidden.
back = warped(after, dis)
shown(
    "Frame 12 moved back, and eight times what differs from frame 11",
    ("moved back", grey(np.rint(back))),
    ("differs, moved back", grey(8 * np.abs(back - before).mean(-1))),
    ("differs as it was", grey(8 * np.abs(after - before.astype(float)).mean(-1))),
)

# %%
# Maps of single frames flicker. `Steady` averages them along the motion, and starts anew where a
# point has no past. Here the map is the objects' mask in strong noise.
rng = np.random.default_rng(0)
steady = Steady(weight=0.25)
for frame, mask in zip(clip.film.pixels, clip.masks, strict=True):
    noisy = mask + rng.normal(0, 0.5, mask.shape)
    calm = steady.update(noisy, frame)

shown(
    "After 24 frames",
    ("the frame's own map", grey(128 * noisy + 64)),
    ("steady", grey(128 * calm + 64)),
    ("what it should be", grey(128 * mask + 64.0)),
)

# %%
# Films are read and written one frame at a time, so their length does not matter. Here the frames
# go beside their motion into a film that browsers play.
path = Path(tempfile.mkdtemp()) / "motion.webm"
height, width = clip.film.size
with (
    open_film(clip.film, frames_per_second=12) as film,
    FilmWriter(path, (height, 2 * width), film.frames_per_second) as out,
):
    last = None
    for frame in film:
        flow = np.zeros((height, width, 2)) if last is None else optical_flow(last, frame.pixels)
        out.write(np.concatenate([frame.pixels, flow_picture(flow, limit)], axis=1))
        last = frame.pixels
with open_film(path) as film:
    print(film)
    frames = [frame.pixels for frame in film if frame.index in (5, 15)]
shown("Frames 5 and 15 of the film", *frames, cell=420)
