"""Small seeded networks that hold what trips attribution code up."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def seeded(network: nn.Module, seed: int = 0) -> nn.Module:
    """Every weight and statistic drawn anew, so that no head is zero and no norm is idle."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in (*network.named_parameters(), *network.named_buffers()):
            if not value.is_floating_point():
                continue
            noise = torch.randn(value.shape, generator=generator)
            if name.endswith("running_var"):
                value.copy_(1 + 0.3 * noise.tanh())
            elif value.ndim >= 2:
                value.copy_(noise * (1.4 / value[0].numel() ** 0.5))
            elif name.endswith("weight"):
                value.copy_(1 + 0.2 * noise)
            else:
                value.copy_(0.1 * noise)
    return network.eval()


def pictures(count: int = 3, size: tuple[int, int] = (32, 32), seed: int = 0) -> Tensor:
    """Pictures with structure, the size of normalised input, no two alike."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 3, 5, 5, generator=generator)
    fine = torch.randn(count, 3, *size, generator=generator)
    return F.interpolate(coarse, size, mode="bicubic") + 0.1 * fine


class ResidualNet(nn.Module):
    """Batch norm, functional relu, one nn.ReLU used three times, a residual add, dropout."""

    def __init__(self, classes: int = 4, width: int = 8) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 2, padding=1)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 2 * width, 3, 2, padding=1)
        self.norm3 = nn.BatchNorm2d(2 * width)
        self.conv4 = nn.Conv2d(2 * width, 2 * width, 3, 2, padding=1)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(0.5)
        self.hidden = nn.Linear(2 * width, 2 * width)
        self.head = nn.Linear(2 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm1(self.conv1(x)))
        x = self.relu(x + self.norm2(self.conv2(x)))
        x = self.relu(self.norm3(self.conv3(x)))
        x = self.relu(self.conv4(x))
        x = F.relu(self.hidden(self.dropout(x.mean((2, 3)))))
        return self.head(x)


class TinyViT(nn.Module):
    """Patch tokens behind a class token; the head reads both."""

    def __init__(self, classes: int = 4, width: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.patch_grid = (4, 4)
        self.num_prefix_tokens = 1
        self.patches = nn.Conv2d(3, width, 8, 8)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.position = nn.Parameter(torch.zeros(1, 17, width))
        self.blocks = nn.Sequential(TinyBlock(width, heads), TinyBlock(width, heads))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(x), -1, -1), tokens], 1)
        tokens = self.norm(self.blocks(tokens + self.position))
        return self.head(tokens[:, 0] + tokens[:, 1:].mean(1))


class TinyBlock(nn.Module):
    """Pre-norm attention and an MLP, each with its residual add."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 32), nn.GELU(), nn.Linear(32, width))

    def forward(self, x: Tensor) -> Tensor:
        n, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(n, length, 3, self.heads, width // self.heads)
        mixed = F.scaled_dot_product_attention(*qkv.permute(2, 0, 3, 1, 4))
        x = x + self.project(mixed.transpose(1, 2).reshape(n, length, width))
        return x + self.mlp(self.norm2(x))


NETWORKS = {"residual": ResidualNet, "vit": TinyViT}
