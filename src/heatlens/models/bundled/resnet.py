"""SceneResNet: a small residual network whose last stage keeps a 12x12 grid.

The stride stays at 8, so that a class activation map of the last stage resolves the object's
strokes, and the head sees nothing but the average of that grid: what a class scores is the mean of
what the cells say.

He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016, arXiv:1512.03385.
"""

from __future__ import annotations

from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut; the shortcut is projected where the shape changes.

    Args:
        inputs: channels in.
        outputs: channels out.
        stride: of the first convolution.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.act1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.act2 = nn.ReLU()
        self.project: nn.Module = (
            nn.Identity()
            if inputs == outputs and stride == 1
            else nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        y = self.act1(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return self.act2(y + self.project(x))


def convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """A 3x3 convolution, its normalisation and a ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class SceneResNet(nn.Module):
    """A residual CNN for scenes of any size that is a multiple of 8, made for 96x96.

    Args:
        classes: number of logits.

    Example:
        >>> import torch
        >>> SceneResNet()(torch.zeros(2, 3, 96, 96)).shape
        torch.Size([2, 10])
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolution(3, 16, 2), convolution(16, 32, 2))
        self.stage1 = ResidualBlock(32, 32)
        self.stage2 = nn.Sequential(ResidualBlock(32, 64, 2), ResidualBlock(64, 64))
        self.stage3 = nn.Sequential(ResidualBlock(64, 96), ResidualBlock(96, 96))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(96, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalised pictures (N, 3, H, W) to logits (N, classes)."""
        x = self.stage1(self.stem(x))
        x = self.stage3(self.stage2(x))
        return self.head(self.pool(x).flatten(1))
