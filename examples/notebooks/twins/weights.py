"""What the twins share: the trained weights, and what the network expects of its input."""

import numpy as np

import heatlens as hl

BLOCKS = {
    "stage1": (32, 1),
    "stage2.0": (64, 2),
    "stage2.1": (64, 1),
    "stage3.0": (96, 1),
    "stage3.1": (96, 1),
}
"""Residual blocks in the order in which they run: channels out, stride."""

EPSILON = 1e-5
"""Of every batch normalisation."""


def trained() -> dict[str, np.ndarray]:
    """The weights of `bundled:scene-cnn` by their names in PyTorch, float32."""
    state = hl.load_model("bundled:scene-cnn").module.state_dict()
    return {name: tensor.numpy() for name, tensor in state.items()}


def expects() -> dict:
    """Arguments of `load_model` for a twin: size, mean, standard deviation and labels."""
    contract = hl.load_model("bundled:scene-cnn").contract
    return {
        "input_size": contract.input_size,
        "mean": contract.mean,
        "std": contract.std,
        "labels": contract.labels,
    }


def normalised(images: np.ndarray) -> np.ndarray:
    """Pictures (N, H, W, 3) of bytes as the network takes them, float32."""
    contract = hl.load_model("bundled:scene-cnn").contract
    pixels = np.asarray(images, np.float32) / 255
    return (pixels - np.float32(contract.mean)) / np.float32(contract.std)


def channels_last(kernel: np.ndarray) -> np.ndarray:
    """A convolution's kernel, (out, in, rows, columns), as (rows, columns, in, out)."""
    return np.ascontiguousarray(kernel.transpose(2, 3, 1, 0))


def normalisation(weights: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    """Scale, shift, mean and variance of the batch normalisation `name`."""
    parts = ("weight", "bias", "running_mean", "running_var")
    return [weights[f"{name}.{part}"] for part in parts]
