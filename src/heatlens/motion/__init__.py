"""What moves between two frames, and what only the camera does.

| file | what it gives |
|---|---|
| `flow` | `optical_flow`: the displacement of every pixel, by one of `FLOWS` |
| `methods/` | one way of estimating it a file: `dis`, `farneback`, `raft` |
| `camera` | `camera_motion`: the motion that the whole picture shares |
| `warp` | `warped`, `occluded`: a picture moved along a flow, and where that means nothing |
| `steady` | `Steady`: maps of a film without flicker |
| `cuts` | `is_cut`: whether a film goes on with another scene |
| `colours` | `flow_picture`, `flow_wheel`: a flow in colours, and their legend |
| `clips` | `moving_clip`: films whose flow is known exactly |

Positions are (row, column), pixel centres at whole numbers. A flow is float32 (H, W, 2): how far
the point of the first frame moves to where it is in the second, rows (down) first, columns (right)
second, in pixels per frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatlens.lazy import lazily

if TYPE_CHECKING:
    from heatlens.motion.camera import CameraMotion, camera_motion
    from heatlens.motion.clips import Clip, moving_clip
    from heatlens.motion.colours import flow_picture, flow_wheel
    from heatlens.motion.flow import FLOWS, optical_flow
    from heatlens.motion.steady import Steady
    from heatlens.motion.warp import occluded, warped

__all__ = [
    "FLOWS",
    "CameraMotion",
    "Clip",
    "Steady",
    "camera_motion",
    "flow_picture",
    "flow_wheel",
    "moving_clip",
    "occluded",
    "optical_flow",
    "warped",
]

_HOME = {
    "FLOWS": "flow",
    "CameraMotion": "camera",
    "Clip": "clips",
    "Steady": "steady",
    "camera_motion": "camera",
    "flow_picture": "colours",
    "flow_wheel": "colours",
    "moving_clip": "clips",
    "occluded": "warp",
    "optical_flow": "flow",
    "warped": "warp",
}

__getattr__ = lazily(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
