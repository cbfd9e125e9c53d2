"""What draws the eye in films

What moves otherwise than its surroundings, under a camera that moves itself; films in, films out.
"""

# %%
# A photograph seen by a moving camera, and two objects that move on their own. Every pixel changes
# from frame to frame.
import tempfile
from pathlib import Path

import numpy as np
from skimage import data

import heatlens as hl
from heatlens.images.films import FilmWriter, open_film
from heatlens.motion import flow_picture, moving_clip
from heatlens.perception import MOVING, watch
from heatlens.perception.displays import popout
from heatlens.perception.moving.overlay_film import overlay_film
from heatlens.provenance import Provenance
from heatlens.render.comparing import compare
from heatlens.render.sheet import sheet_pixels

clip = moving_clip(
    data.coffee(),
    objects=2,
    textures=[data.chelsea(), data.astronaut()],
    frames=24,
    size=(360, 640),
    camera="homography",
    seed=5,
)


def shown(heading, *pictures, cell=300):
    return hl.read_image(sheet_pixels([(heading, pictures)], cell=cell), name="sheet")


shown("Frames 0, 11 and 22", *clip.film.pixels[[0, 11, 22]])

# %%
# Background subtraction asks what changed. Under a moving camera that is nearly everything; the
# flow moves everywhere, too. What the camera's motion does not explain is what moves by itself.
moment = list(watch(clip.film, "motion-contrast"))[11]
motion = moment.motion
change = np.abs(clip.film.pixels[11].astype(int) - clip.film.pixels[10]).mean(axis=2)
shown(
    "Frame 11 against frame 10",
    ("what changed, four times", np.clip(4 * change, 0, 255).astype(np.uint8)),
    ("optical flow", flow_picture(motion.flow, 4.0)),
    ("less the camera's", flow_picture(motion.residual, 4.0)),
)

# %%
# All models of films on the same frame, each on a scale of its own. "fusion" adds what stands out at
# rest, as far as the motion does not; the temporal spectra see what is unusual over a few frames.
picture = hl.read_image(clip.film.pixels[11], name="frame 11")
films = {name: hl.saliency(clip.film, name).values for name in MOVING}
heats = [hl.Heatmap(film[11], Provenance(name), signed=False) for name, film in films.items()]
compare(
    heats, picture, list(films), style="overlay", common_scale=False, colour_bar=False, columns=3
)

# %%
# Where the peak lies, over all frames: on an object, or beside it?
for name, film in films.items():
    found = [
        mask[np.unravel_index(heat.argmax(), mask.shape)]
        for heat, mask in zip(film, clip.masks, strict=True)
    ]
    print(f"{name:28} {sum(found):2} of {len(found)} frames")

# %%
# One bar drifts against all others. No single frame shows which; the motion does. The many that
# move alike count as the camera.
display = popout("motion", seed=2)
heat = hl.saliency(display.image, "motion-contrast")
still = hl.read_image(display.image.pixels[6], name="frame 6")
right = np.argwhere(display.mask[6]).mean(axis=0).round()
heat = heat.with_(values=heat.values[6], axes="YX", coordinates={})
print(f"the odd bar is at {right.tolist()}, the peak at {heat.peak}")
heat.plot(still)

# %%
# Films are watched frame by frame, in memory that does not grow with them. The overlay is written
# as it comes; for "fusion" the colours mean the same in every frame.
folder = Path(tempfile.mkdtemp())
with FilmWriter(folder / "drive.mp4", clip.film.size, 25) as film:
    for frame in clip.film.pixels:
        film.write(frame)
made = overlay_film(folder / "drive.mp4", folder / "heat.mp4", with_frame=True, with_flow=True)
print(f"{made.frames} frames; the last colour is {made.top:g}")
with open_film(folder / "heat.mp4") as film:
    frames = [(frame.index, frame.pixels) for frame in film if frame.index in (4, 20)]
rows = [(f"Frame {number}: the film, its heat, its flow", [frame]) for number, frame in frames]
hl.read_image(sheet_pixels(rows, cell=900))
