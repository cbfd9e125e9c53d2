"""A generator trained with the Sinkhorn divergence

A small network learns to draw digits. Its only teacher is a distance between two clouds of
pictures: the ones it draws and real ones.
"""

# %%
# The real digits are 1,797 pictures of 8 x 8 pixels. A third is put aside: the distance to these is
# what counts.
import numpy as np
import torch
from matplotlib import pyplot as plt
from sklearn.datasets import load_digits
from torch import nn

from heatlens.transport import emd, sinkhorn_divergence

torch.set_num_threads(1)
digits = load_digits()
chance = torch.Generator().manual_seed(0)
order = torch.randperm(len(digits.data), generator=chance)
pictures = torch.tensor(digits.data[order] / 16, dtype=torch.float32)
labels = torch.tensor(digits.target[order])
train, held_out = pictures[:1197], pictures[1197:]
train_labels, held_labels = labels[:1197], labels[1197:]

# %%
# The generator takes eight random numbers and the digit that it is to draw. The digit is a part of
# the points that are compared too, so that a three is only near to a three.
NOISE, WEIGHT = 8, 3.0


def digit(numbers):
    return nn.functional.one_hot(numbers, 10).float()


def seeded(module, chance):
    """The same first weights everywhere, without a look at the global random state."""
    for weight in module.parameters():
        bound = 1 / weight.shape[-1] ** 0.5
        weight.data.uniform_(-bound, bound, generator=chance)
    return module


generator = seeded(
    nn.Sequential(
        *(nn.Linear(NOISE + 10, 256), nn.LeakyReLU(0.1)),
        *(nn.Linear(256, 256), nn.LeakyReLU(0.1)),
        *(nn.Linear(256, 64), nn.Sigmoid()),
    ),
    chance,
)


def draw(numbers, chance):
    noise = torch.randn(len(numbers), NOISE, generator=chance)
    return generator(torch.cat([noise, digit(numbers)], 1))


def labelled(images, numbers):
    return torch.cat([images, WEIGHT * digit(numbers)], 1)


# %%
# How far the drawn digits are from real ones that nobody has learnt from: the exact distance, the
# root of the mean squared way (W_2). Real digits are not at distance 0 from other real digits
# either; how far they are is the yardstick.
watched, watched_labels = held_out[:300], held_labels[:300]


def distance(images):
    share = np.full(len(images), 1 / len(images))
    return emd(share, share, x=images.numpy(), y=watched.numpy(), p=2).value ** 0.5


places = [(train_labels == k).nonzero()[:, 0].tolist() for k in range(10)]
others = train[[places[k].pop() for k in watched_labels.tolist()]]
yardstick = distance(others)
print(f"real digits from other real digits, as many of each kind: {yardstick:.3f}")

# %%
# Training: the blur of the loss falls from coarse to fine, as the cloud takes shape.
STEPS, BATCH = 1000, 200
optimiser = torch.optim.Adam(generator.parameters(), 2e-3, betas=(0.5, 0.95))
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
shown_digits = torch.arange(10).repeat(3)
looks, falls = [], []


def look(step):
    with torch.no_grad():
        fixed = torch.Generator().manual_seed(1)
        looks.append((step, draw(shown_digits, fixed)))
        falls.append((step, distance(draw(watched_labels, fixed))))
        print(f"step {step:5}: {falls[-1][1]:.3f}")


for step in range(STEPS + 1):
    if step in (0, 20, 50, 100, 200, 400, 700, STEPS):
        look(step)
    chosen = torch.randint(len(train), (BATCH,), generator=chance)
    drawn = draw(train_labels[chosen], chance)
    blur = max(1.5 * 0.1 ** (2 * step / STEPS), 0.15)
    loss = sinkhorn_divergence(
        labelled(drawn, train_labels[chosen]),
        labelled(train[chosen], train_labels[chosen]),
        blur=blur,
        scaling=0.4,
        tolerance=1e-2,
    )
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    schedule.step()

# %%
# The distance falls, and ends below the yardstick. That does not make the drawn digits better than
# real ones: they are smoother, closer to the middle of their kind, and the middle is near to all.
figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
axes.plot(*zip(*falls, strict=True), marker="o", color="#1b5e8c", label="drawn digits")
axes.axhline(yardstick, color="#8c5a1b", linestyle="--", label="other real digits")
axes.set(xlabel="step of training", ylabel="W2 to held-out digits", ylim=(0, None))
axes.legend()
figure

# %%
# Real digits, and what the generator draws at the start, on the way and at the end, from the same
# random numbers throughout.
real = torch.stack([train[train_labels == k][row] for row in range(3) for k in range(10)])
chosen_looks = [looks[0], looks[2], looks[4], looks[-1]]
panels = [("real", real), *((f"step {step}", images) for step, images in chosen_looks)]
figure, axes = plt.subplots(5, 1, figsize=(6, 9.6), layout="constrained")
for axis, (title, images) in zip(axes, panels, strict=True):
    framed = nn.functional.pad(images.reshape(3, 10, 8, 8), (1, 1, 1, 1))
    axis.imshow(1 - framed.permute(0, 2, 1, 3).reshape(30, 100), cmap="gray", vmin=0, vmax=1)
    axis.set_title(title)
    axis.axis("off")
figure
