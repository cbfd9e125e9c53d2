"""What stands still: trees, walls, boards with photographs, and round road signs with a digit."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from heatlens.testing.films.atlas import atlas, photograph
from heatlens.testing.films.ink import Sheet
from heatlens.testing.films.panels import NOBODY, Panel
from heatlens.testing.scenes.glyphs import glyph
from heatlens.testing.scenes.sources import Pixels, digits
from heatlens.testing.scenes.warp import sample_distance

SIGN_RADIUS, SIGN_HEIGHT = 0.45, 2.1
"""Of a road sign, in metres; the height is that of its middle."""


def tree_texture(seed: int) -> Pixels:
    """A crown of real leaves on a trunk."""
    rng = np.random.default_rng(seed)
    photo = photograph("china.jpg")
    top, left = rng.integers(322, 332), rng.integers(380, 540)
    leaves = atlas(photo[top : top + 95, left : left + 95], 128)[:, :128, :3]
    sheet = Sheet(128, 128)
    sheet.limb((0.95, 0.5), (0.55, 0.5), 0.035, (0.25, 0.18, 0.12))
    for _ in range(9):
        angle, away = rng.uniform(0, 2 * math.pi), rng.uniform(0, 0.24)
        centre = (0.34 + 0.8 * away * math.sin(angle), 0.5 + away * math.cos(angle))
        sheet.disc(centre, rng.uniform(0.12, 0.19), (1, 1, 1))
    crown = sheet.pixels[..., 0:1] > 0.6
    sheet.pixels[..., :3] = np.where(crown, leaves * sheet.pixels[..., 3:], sheet.pixels[..., :3])
    return atlas(sheet.texture, 128)


def upright(
    place: tuple[float, float], width: float, height: float, texture: Pixels, *,
    bottom: float = 0.0, owner: int = NOBODY, shade: float = 1.0,
) -> Panel:  # fmt: skip
    """A panel that faces backward, its foot at `place`, metres (right, forward)."""
    origin = (place[0] - width / 2, bottom + height, place[1])
    return Panel(origin, (width, 0.0, 0.0), (0.0, -height, 0.0), texture, shade, owner)


def sign_texture(number: int) -> Pixels:
    """A white disc with a red rim and the handwritten digit `number` of ``load_digits``."""
    sheet = Sheet(256, 256)
    sheet.disc((0.5, 0.5), 0.49, (0.75, 0.75, 0.75))
    sheet.disc((0.5, 0.5), 0.48, (0.78, 0.08, 0.1))
    sheet.disc((0.5, 0.5), 0.4, (0.95, 0.95, 0.93))
    shape = glyph(number)
    zoom = 0.5 * 256 / shape.extent
    back = np.eye(2) / zoom
    offset = np.asarray(shape.centre) - back @ np.array([127.5, 127.5])
    away = sample_distance(shape.distance, np.column_stack([back, offset]), zoom, 256, 256)
    sheet.lay(away.astype(np.float64) / 256, (0.08, 0.08, 0.1))
    return atlas(sheet.texture, 256)


def sign(place: tuple[float, float], texture: Pixels, pole: Pixels, owner: int) -> list[Panel]:
    """A sign on its pole, which belongs to the scenery."""
    high = SIGN_HEIGHT - SIGN_RADIUS
    return [
        upright((place[0], place[1] + 0.03), 0.07, high, pole),
        upright(place, 2 * SIGN_RADIUS, 2 * SIGN_RADIUS, texture, bottom=high, owner=owner),
    ]


def drawn_digit(digit: int, rng: np.random.Generator) -> int:
    """The number of one of the held-out handwritten digits of a class."""
    numbers = digits("test")[digit]
    return int(numbers[rng.integers(len(numbers))])


def country() -> Pixels:
    """Real hills, lake and sky, to be seen far off; its one tower stands in the left third."""
    photo = photograph("china.jpg")[:262]
    open_view = photo[:, 340:]
    strip, fade = photo, 40
    for piece in (open_view[:, ::-1], open_view, open_view[:, ::-1]):
        share = np.linspace(0, 1, fade, dtype=np.float32)[:, None]
        seam = strip[:, -fade:] * (1 - share) + piece[:, :fade] * share
        strip = np.concatenate([strip[:, :-fade], seam, piece[:, fade:]], axis=1)
    return atlas(strip, 1024)


def plain(colour: tuple[float, float, float], side: int = 8) -> Pixels:
    """A texture of one colour."""
    return atlas(np.broadcast_to(np.array(colour, np.float32), (2, 2, 3)).copy(), side)


def asphalt() -> Pixels:
    """Real gravel, its contrast lowered until it is tar."""
    stones = photograph("gravel.png")
    return atlas((0.36 + 0.28 * (stones - stones.mean())) * np.array([1, 1, 1.03], np.float32), 512)


def grass() -> Pixels:
    """Real grass, grey in its photograph, in green."""
    blades = photograph("grass.png")
    return atlas(np.clip(blades * np.array([0.75, 0.98, 0.45], np.float32) + 0.02, 0, 1), 512)


def paving() -> Pixels:
    """Real bricks, as slabs of warm grey."""
    return atlas(
        np.clip(photograph("brick.png") * np.array([1.25, 1.18, 1.08], np.float32), 0, 1), 512
    )


def water() -> Pixels:
    """A round basin from above: a stone rim and water that mirrors the real sky."""
    sheet = Sheet(128, 128)
    sheet.disc((0.5, 0.5), 0.49, (0.66, 0.63, 0.58))
    sky = atlas(photograph("china.jpg")[40:140, 340:560], 128)[:, :128, :3]
    away = np.hypot(*np.mgrid[-0.5:0.5:128j, -0.5:0.5:128j])
    sheet.lay(away - 0.42, 0.75 * sky)
    sheet.disc((0.5, 0.5), 0.07, (0.58, 0.55, 0.5))
    return atlas(sheet.texture, 128)


def basin(
    place: tuple[float, float], radius: float, height: float, stone: Pixels, top: Pixels
) -> list[Panel]:
    """A round stone basin at a place, metres (right, forward)."""
    right, forward = place
    origin = (right - radius, height, forward + radius)
    result = [Panel(origin, (2 * radius, 0.0, 0.0), (0.0, 0.0, -2 * radius), top)]
    angles = np.linspace(0, 2 * math.pi, 25)
    for start, end in pairwise(angles.tolist()):
        x0, z0 = right + radius * math.cos(start), forward + radius * math.sin(start)
        x1, z1 = right + radius * math.cos(end), forward + radius * math.sin(end)
        shade = 0.75 + 0.35 * math.cos((start + end) / 2)
        wall = Panel((x0, height, z0), (x1 - x0, 0.0, z1 - z0), (0.0, -height, 0.0), stone, shade,
                     one_sided=True)  # fmt: skip
        result.append(wall)
    return result


def board(place: tuple[float, float], name: str, width: float, bottom: float) -> list[Panel]:
    """A framed photograph on a wall."""
    photo = photograph(name)
    height = width * photo.shape[0] / photo.shape[1]
    frame = upright((place[0], place[1] - 0.02), width + 0.2, height + 0.2, plain((0.15, 0.13, 0.12)),
                    bottom=bottom - 0.1)  # fmt: skip
    picture = upright((place[0], place[1] - 0.04), width, height, atlas(photo, 256), bottom=bottom)
    return [frame, picture]


def window(place: tuple[float, float], width: float, height: float, bottom: float) -> Panel:
    """A dark window with a bright cross bar."""
    sheet = Sheet(64, 64)
    sheet.box((0.5, 0.5), (0.5, 0.5), 0.0, (0.82, 0.8, 0.76))
    for side in (0.28, 0.72):
        sheet.box((0.5, side), (0.42, 0.19), 0.0, (0.16, 0.19, 0.23))
    return upright(
        (place[0], place[1] - 0.02), width, height, atlas(sheet.texture, 64), bottom=bottom
    )
