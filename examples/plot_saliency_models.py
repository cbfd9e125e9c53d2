"""What draws the eye

All models of saliency side by side, on photographs and on displays whose odd item is known.
"""

# %%
# No network is asked: each model looks at the pixels alone, and at something else in them. The unit
# is each model's own, so each has a scale of its own.
import skimage.data

import heatlens as hl
from heatlens.perception import SALIENCY
from heatlens.perception.displays import hit, popout
from heatlens.render.comparing import compare

image = hl.read_image(skimage.data.coffee(), name="coffee")
heats = [hl.saliency(image, name) for name in SALIENCY]
options = {"style": "heatmap", "common_scale": False, "colour_bar": False, "columns": 5}
compare(heats, image, list(SALIENCY), **options)

# %%
# A face on a busy background, and none of them knows what a face is. Local contrast (fine-grained,
# Itti-Koch) sees every edge; the spectral models see what does not repeat at 64 pixels, and the
# picture's border where its opposite sides do not match.
image = hl.read_image(skimage.data.astronaut()[:384, 32:416], name="astronaut")
heats = [hl.saliency(image, name) for name in SALIENCY]
compare(heats, image, list(SALIENCY), **options)


# %%
# One bar differs in colour. Here the answer is known: a model is right if its highest value lies on
# the odd bar.
def verdicts(display):
    heats = [hl.saliency(display.image, name) for name in SALIENCY]
    right = ["found" if hit(heat, display) else "missed" for heat in heats]
    titles = [f"{name}: {word}" for name, word in zip(SALIENCY, right, strict=True)]
    return compare(heats, display.image, titles, **options)


verdicts(popout("colour", seed=4))

# %%
# One bar is turned. To a model of brightness against its surroundings all bars are alike.
verdicts(popout("orientation", seed=4))

# %%
# Two opinions are better than one, and people look at the middle: the share of the centre is yours.
image = hl.read_image(skimage.data.coffee(), name="coffee")
shares = (0.0, 0.3, 0.6)
heats = [hl.saliency(image, "ensemble", centre=share) for share in shares]
compare(heats, image, [f"centre={share:g}" for share in shares], columns=4)
