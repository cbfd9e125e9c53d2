"""Inside a network

What each layer says about a picture, which pictures drive its channels, and what a unit can see.
"""

# %%
# A network is a tree of layers, each with an output of some shape.
import tempfile
from pathlib import Path

import heatlens as hl
from heatlens.features.activations import (
    channel_grid,
    layer_activations,
    layer_tree,
    receptive_field,
    top_pictures,
)
from heatlens.models.prepare import prepared
from heatlens.testing.scenes import scene, scenes

model = hl.load_model("bundled:scene-cnn")
image = hl.read_image(scene(14, split="test").image, name="scene 14")
for line in layer_tree(model, prepared(model, image).batch):
    if line.depth < 2:
        print(f"{'  ' * line.depth + line.name:16} {line.words()}")

# %%
# The strongest channels of a layer, in its own cells. One scale for all: what looks weak is weak.
seen = layer_activations(model, image, "stage3")
channel_grid(seen, 20)

# %%
# Before a ReLU activations have two signs, and the scale is centred at zero.
channel_grid(layer_activations(model, image, "stem.1.1"), 20)

# %%
# Every layer is read the same way: the tokens of a transformer lie on a grid too.
transformer = hl.load_model("bundled:scene-vit")
channel_grid(layer_activations(transformer, image, "blocks.2.mlp"), 20)

# %%
# A channel, the mean of all, and the largest of all are heatmaps on the picture's own pixels.
strongest, value = seen.top(1)[0]
print(f"channel {strongest} reaches {value:.3g}")
seen.maximum().plot(image)

# %%
# Which pictures drive a channel most? Each of 300 goes once through the network, no further than
# the layer. A crop is what the channel's largest cell saw. Early channels know colours and edges,
photos = scenes(300, split="test").images
folder = Path(tempfile.mkdtemp())
early = top_pictures(model, photos, "stage1", top=8)
hl.read_image(early.sheet(folder / "stage1.png", early.strongest(5), cell=90))

# %%
# late ones know digits.
late = top_pictures(model, photos, "stage3", top=8)
hl.read_image(late.sheet(folder / "stage3.png", late.strongest(5), cell=90))

# %%
# What can a unit see? By architecture a box; measured by gradient, mostly a small part of it.
receptive_field(model, "stage2", (8, 8), image=image).draw()

# %%
# The box grows from layer to layer until it is the whole picture; what matters grows more slowly.
pictures = list(photos[:8])
for layer in ("stem", "stage1", "stage2", "stage3"):
    field = receptive_field(model, layer, image=pictures)
    top, left, bottom, right = field.effective_box()
    rows, columns = field.extent
    print(
        f"{layer:7} {rows:3} x {columns:3} pixels, 95 % of the gradient in {bottom - top:3} x {right - left:3}"
    )
