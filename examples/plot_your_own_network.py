"""Your own network, any target

A bare `nn.Module`, what it expects said once, and targets beyond a class index.
"""

# %%
import torch
from sklearn.datasets import load_sample_image
from torch import nn

import heatlens as hl

torch.manual_seed(0)
network = nn.Sequential(
    nn.Conv2d(3, 16, 5, stride=4),
    nn.ReLU(),
    nn.Conv2d(16, 32, 3, stride=2),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(32, 4),
)
model = hl.load_model(
    network,
    input_size=(128, 128),
    mean=(0.5,) * 3,
    std=(0.25,) * 3,
    labels=["leaf", "petal", "sky", "stone"],
)
photo = hl.read_image(load_sample_image("flower.jpg"), name="flower")

# %%
# The photograph is not square. By default its centre is cropped, as the model was used to; what
# the model never saw is hatched and marked in `heat.valid`.
heat = hl.explain(model, photo, "gradcam", target="petal")
print(*heat.provenance.notes, sep="\n")
heat.plot(photo, sign="signed")

# %%
# With tiles it sees all of it.
hl.explain(model, photo, "gradcam", target="petal", fit="tile").plot(photo, sign="signed")

# %%
# Any callable on the output is a target, and so is the similarity to another picture.
china = hl.read_image(load_sample_image("china.jpg"), name="china")
certainty = hl.explain(model, photo, "gradcam", target=lambda scores: scores.logsumexp(1))
likeness = hl.explain(model, photo, "gradcam", target=hl.Similarity(china))
print(certainty, likeness, sep="\n")
