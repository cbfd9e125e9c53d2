"""What units would like to see

Gradient ascent makes pictures that channels, classes and whole layers of a network answer to.
"""

# %%
# The bundled network tells digits in photographs apart. Its ten classes climb in one batch, from
# the same noise: strokes of the digit appear, several of them, for the network averages over the
# picture.
import torch

import heatlens as hl
from heatlens.features import Channel, Diversity, between, invert
from heatlens.render.sheet import sheet_pixels
from heatlens.testing.scenes import scene

torch.set_num_threads(1)
model = hl.load_model("bundled:scene-cnn")
digits = [f"logit:digit {k}" for k in range(10)]
classes = hl.visualize(model, digits, steps=192)


def side_by_side(rows, **words):
    return hl.read_image(sheet_pixels(rows, **words))


def told(image):
    about = image.metadata["visualisation"]
    return f"{about['objective']}, probability {about['probability']:.1%}"


side_by_side(
    [("", [(told(image), image) for image in classes[k : k + 5]]) for k in (0, 5)],
    title="Ten classes, and the network's probability of each",
    cell=150,
)

# %%
# A network of another architecture, trained from another start, sees the same digits in them.
other = hl.load_model("bundled:scene-vit")
[hl.predict(other, image, 1)[0].label for image in classes]

# %%
# Without random shifts, turns and changes of scale the probability is as high, and the picture is
# one that only this network can read.
plain = hl.visualize(model, digits[:5], steps=192, transforms="none")
side_by_side(
    [
        ("with transforms", [(told(image), image) for image in classes[:5]]),
        ("without", [(told(image), image) for image in plain]),
    ],
    cell=150,
)

# %%
# Channels from the first layers to the last: colours and edges, then strokes, then parts of digits.
# A channel that is silent on everything the ascent tries stays grey, and its picture says why.
layers = ("stem", "stage1", "stage2", "stage3")
rows = []
for layer in layers:
    found = hl.visualize(model, [f"{layer}:{k}" for k in range(6)], steps=96)
    rows.append((layer, [(image.name, image) for image in found]))
side_by_side(rows, title="Six channels of each stage", cell=130)

# %%
# One channel four times: alone they look alike; with diversity they show its facets.
channel = Channel("stage3", 9)
alike = hl.visualize(model, channel, count=4, steps=96)
diverse = hl.visualize(model, channel + 3 * Diversity("stage2"), count=4, steps=96)
side_by_side(
    [("stage3:9", alike), ("stage3:9, with diversity", diverse)],
    cell=150,
)

# %%
# From one class to another. Aligned, only what changes moves.
free = between(model, "digit 3", "digit 8", count=5, steps=96)
aligned = between(model, "digit 3", "digit 8", count=5, steps=96, align="stage1", weight=20)
side_by_side([("each for itself", free), ("aligned", aligned)], cell=150)

# %%
# The same picture in five parametrisations: what is changed shapes what is found.
ways = {
    name: hl.visualize(model, "digit 3", parametrisation=name, steps=steps)
    for name, steps in {
        "pixels": 192,
        "fourier": 192,
        "laplacian": 192,
        "maco": 192,
        "cppn": 512,
    }.items()
}
side_by_side(
    [("", [(f"{name}: {told(image).partition(', ')[2]}", image) for name, image in ways.items()])],
    cell=150,
)

# %%
# What a layer kept of a photo: pictures, made from noise, that it answers to as to the photo. Deep
# layers keep the digit and forget where the photograph's texture was.
photo = scene(5, split="test").image
kept = [invert(model, photo, layer, steps=200) for layer in layers]
side_by_side(
    [
        (
            "",
            [("the photo", photo)]
            + [
                (f"{layer}: {-image.metadata['visualisation']['value']:.1%} differs", image)
                for layer, image in zip(layers, kept, strict=True)
            ],
        )
    ],
    cell=150,
)

# %%
# A whole layer, starting from the photo: what it sees a little of, it sees more of (DeepDream).
dreams = [hl.visualize(model, layer, start=photo, steps=80) for layer in ("stage1", "stage3")]
side_by_side(
    [("", [("the photo", photo), ("dream of stage1", dreams[0]), ("of stage3", dreams[1])])],
    cell=200,
)

# %%
# All that a layer tells apart, as one map (an activation atlas): from each of 600 scenes the answer
# of one random cell, laid out so that like lies by like, and of each tile what its mean answer would
# like to see.
from heatlens.features import activation_atlas
from heatlens.testing.scenes import scenes

collection = scenes(600, split="train").images
atlas = activation_atlas(model, list(collection), "stage3", grid=6, steps=96)
atlas.image
