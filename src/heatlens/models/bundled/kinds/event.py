"""A network over the frames of a clip: convolutions within each frame, a GRU across them."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["EventNet"]


class EventNet(nn.Module):
    """Convolutions of depth one, so that frames meet in the GRU alone.

    A three-dimensional kernel of size 1 x 3 x 3 is a picture's kernel run over every frame, and
    its output keeps the frames as an axis that maps can be read on.

    Args:
        classes: number of outputs.
        width: channels of the last convolution and of the GRU's state.

    Example:
        >>> import torch
        >>> net = EventNet(4).eval()
        >>> net(torch.zeros(2, 3, 12, 32, 32)).shape
        torch.Size([2, 4])
    """

    def __init__(self, classes: int, width: int = 32) -> None:
        """Build it; weights come from torch's own initialisation."""
        super().__init__()
        self.frames = nn.Sequential(
            _stage(3, width // 2, stride=1),
            _stage(width // 2, width, stride=2),
            _stage(width, width, stride=2),
        )
        self.recurrent = nn.GRU(width, width, batch_first=True)
        self.head = nn.Linear(width, classes)

    def forward(self, clips: Tensor) -> Tensor:
        """Class scores (N, classes) of clips (N, 3, T, H, W)."""
        seen = self.frames(clips).amax((3, 4)).transpose(1, 2)
        states, _ = self.recurrent(seen)
        scores: Tensor = self.head(states[:, -1])
        return scores


def _stage(inside: int, outside: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(inside, outside, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False),
        nn.BatchNorm3d(outside),
        nn.ReLU(),
    )
