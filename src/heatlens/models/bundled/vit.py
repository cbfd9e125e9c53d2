"""SceneViT: a small vision transformer with a residual convolutional stem, 8x8 tokens.

A stem of plain patches stays at chance on this data; a residual convolutional one trains
(Xiao et al.: Early Convolutions Help Transformers See Better, NeurIPS 2021, arXiv:2106.14881).

Dosovitskiy et al.: An Image is Worth 16x16 Words, ICLR 2021, arXiv:2010.11929.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from heatlens.models.bundled.resnet import ResidualBlock, convolution


class Attention(nn.Module):
    """Multi-head self-attention with one linear map for queries, keys and values."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (N, T, width) to (N, T, width)."""
        n, t, width = tokens.shape
        qkv = self.qkv(tokens).reshape(n, t, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.project(mixed.transpose(1, 2).reshape(n, t, width))


class Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, width: int, heads: int, expansion: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """Map (N, T, width) to (N, T, width)."""
        tokens = tokens + self.attention(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class SceneViT(nn.Module):
    """A vision transformer for 96x96 scenes; the head averages the tokens.

    There is no class token: the head is linear in the mean of the last tokens, so that each
    token's part in a score can be told.

    Args:
        classes: number of logits.
        depth: number of transformer blocks.

    Attributes:
        patch_grid: (rows, columns) of the tokens, in reading order.
        num_prefix_tokens: tokens before those of the grid; none.

    Example:
        >>> SceneViT()(torch.zeros(2, 3, 96, 96)).shape
        torch.Size([2, 10])
    """

    patch_grid: tuple[int, int] = (8, 8)
    num_prefix_tokens: int = 0

    def __init__(self, classes: int = 10, depth: int = 5) -> None:
        super().__init__()
        width, heads = 96, 4
        self.stem = nn.Sequential(
            convolution(3, 16, 2),
            convolution(16, 32, 2),
            ResidualBlock(32, 32),
            ResidualBlock(32, 64, 3),
            nn.Conv2d(64, width, 1),
        )
        self.position = nn.Parameter(0.02 * torch.randn(1, width, *self.patch_grid))
        self.blocks = nn.Sequential(*(Block(width, heads, 2) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor, corner: tuple[int, int] = (0, 0)) -> Tensor:
        """Map normalised pictures to logits (N, classes).

        Args:
            x: (N, 3, 96, 96), or a smaller window with sides that are multiples of 12.
            corner: (row, column) of a smaller window's first token in the grid.
        """
        cells = self.stem(x)
        rows, columns = cells.shape[2:]
        position = self.position[
            :, :, corner[0] : corner[0] + rows, corner[1] : corner[1] + columns
        ]
        tokens = (cells + position).flatten(2).transpose(1, 2)
        return self.head(self.norm(self.blocks(tokens)).mean(dim=1))
