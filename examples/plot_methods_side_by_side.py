"""Several methods side by side

Different methods answer different questions, so their units differ and each map has its own scale.
"""

# %%
import heatlens as hl
from heatlens.render.figure import compare
from heatlens.testing.scenes import scene

truth = scene(8, split="test")
image = hl.read_image(truth.image, name="scene 8")
model = hl.load_model("bundled:scene-cnn")
maps = [
    hl.explain(model, image, "gradcam"),
    hl.explain(model, image, "layercam"),
    hl.explain(model, image, "scorecam"),
    hl.explain(model, image, "gradient"),
    hl.explain(model, image, "integrated-gradients"),
    hl.explain(model, image, "smoothgrad", of="integrated-gradients", steps=8),
]
compare(maps, image, common_scale=False, percentile=99.5)

# %%
# Several classes with one method do have the same unit: one common scale shows which class has
# more evidence, and where.
classes = [guess.label for guess in hl.predict(model, image, k=3)]
compare(hl.explain(model, image, "gradcam", target=classes), image)

# %%
# "Why this and not that?" is a difference of two classes. Blue speaks against.
heat = hl.explain(model, image, "gradcam", target=f"{classes[0]} - {classes[1]}")
heat.plot(image, sign="signed")
