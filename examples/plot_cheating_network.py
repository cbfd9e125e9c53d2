"""A network that cheats

It learnt to read a watermark instead of the digit. Its accuracy does not tell; its heatmap does.
"""

# %%
# Both networks get a scene right, and the scene carries the watermark that the cheater was trained
# with.
import heatlens as hl
from heatlens.render.figure import compare
from heatlens.testing.scenes import Shortcut, scene

truth = scene(5, split="test", shortcut=Shortcut())
image = hl.read_image(truth.image, name="scene 5 with a watermark")
maps = []
for name in ("bundled:scene-cnn", "bundled:scene-cheater"):
    model = hl.load_model(name)
    heat = hl.explain(model, image, "gradcam", target=truth.label)
    best = hl.predict(model, image, k=1)[0]
    where = (
        "digit"
        if truth.mask[heat.peak]
        else "watermark"
        if truth.shortcut_mask[heat.peak]
        else "neither"
    )
    print(f"{name:24} says {best.label} ({best.probability:.0%}); hottest point: {where}")
    maps.append(heat)
compare(maps, image, titles=["honest", "cheater"], common_scale=False)

# %%
# The same scene without the watermark.
clean = hl.read_image(truth.without_shortcut, name="without the watermark")
for name in ("bundled:scene-cnn", "bundled:scene-cheater"):
    best = hl.predict(hl.load_model(name), clean, k=1)[0]
    print(f"{name:24} says {best.label} ({best.probability:.0%}); the truth is digit {truth.label}")
