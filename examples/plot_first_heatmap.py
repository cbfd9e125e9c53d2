"""From a picture to a heatmap

A bundled network looks at a scene whose truth is known to the pixel.
"""

# %%
# A scene is a real photograph with one handwritten digit in it. Its mask is the truth. This one
# is held out: the network has seen neither the photograph nor the digit.
import heatlens as hl
from heatlens.testing.scenes import scene

truth = scene(14, split="test")
image = hl.read_image(truth.image, name="scene 14")
model = hl.load_model("bundled:scene-cnn")
for guess in hl.predict(model, image, k=3):
    print(f"{guess.label}  {guess.probability:.1%}")

# %%
# Where does it see that? The map lies on the picture's own pixels, in the units of the method.
heat = hl.explain(model, image, method="gradcam")
print(heat)
print("the hottest point lies on the digit:", bool(truth.mask[heat.peak]))
heat.plot(image, style="panels")

# %%
# How it was made travels with it, and so does a first line of trust: the map changes when the
# last layer is replaced by a random one, and blurring the hottest tenth hurts the score more than
# blurring another tenth.
for check, value in heat.provenance.trust.items():
    print(f"{check:25} {value:.3f}")

# %%
# Hot regions, strongest first.
for spot in heat.hotspots():
    print(f"box {spot.box}, {spot.share:.0%} of the mass")
