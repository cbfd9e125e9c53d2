"""How far apart, and what moves?

The Wasserstein distance says how far mass has to be carried to turn one picture, palette or heatmap
into another. Its plan can be drawn.
"""

# %%
# Two photographs. Every distance has a unit; the usual pixel-by-pixel ones stand beside it.
from skimage import data

import heatlens as hl
from heatlens.distributions import distances, wasserstein
from heatlens.render.flow import colour_flow, histogram_flow, place_flow

coffee = hl.read_image(data.coffee(), name="coffee")
astronaut = hl.read_image(data.astronaut(), name="astronaut")
for kind in ("mass", "signature", "signature-position", "histogram"):
    found = wasserstein(coffee, astronaut, on=kind, plan=True)
    print(f"W1 on {kind:20}{found.distance:8.3f}  {found.unit}")
for row in distances(coffee, astronaut, ["euclidean", "cosine", "kl", "js", "chi-square", "ssim"]):
    print(f"{row.name:26}{row.value:8.3f}  {row.unit}")

# %%
# From colour to colour: the cheapest way to turn one palette into the other. The distance is the
# mean of the colour differences along the ribbons.
found = wasserstein(coffee, astronaut, on="signature", k=16, plan=True)
colour_flow(
    found.first.points,
    found.first.weights,
    found.second.points,
    found.second.weights,
    found.transport.plan,
    distance=found.distance,
    unit=found.unit,
    pictures=(coffee, astronaut),
    names=("coffee", "astronaut"),
)

# %%
# From bin to bin: on a line, the area between the cumulated curves is the distance W1.
found = wasserstein(coffee, astronaut, on="histogram", bins=256, plan=True)
histogram_flow(
    found.first.points[:, 0],
    found.first.weights,
    found.second.points[:, 0],
    found.second.weights,
    unit=found.unit,
    names=("coffee", "astronaut"),
)

# %%
# From place to place: two methods look at the same scene. Do they point at the same pixels?
from heatlens.testing.scenes import scene

truth = scene(14, split="test")
image = hl.read_image(truth.image, name="scene 14")
model = hl.load_model("bundled:scene-cnn")
cam = hl.explain(model, image, method="gradcam")
gradients = hl.explain(model, image, method="smoothgrad", of="integrated-gradients", steps=8)
found = wasserstein(cam, gradients, part="positive", unit="pixels", side=48, plan=True)
place_flow(
    cam,
    gradients,
    found.transport.plan,
    found.first.grid,
    unit=found.unit,
    names=("gradcam", "smoothgrad"),
    title=f"W1 = {found.distance:.2f} {found.unit}",
)

# %%
# The same over the picture itself, coloured by direction.
place_flow(
    image,
    image,
    found.transport.plan,
    found.first.grid,
    unit=found.unit,
    layout="over",
    colour="direction",
    names=("gradcam", "smoothgrad"),
    title="where the evidence goes",
)

# %%
# All of it in one command, for photographs and for saved heatmaps:
#
# ```console
# $ heatlens compare coffee.png astronaut.png --out out/
# ```
