"""Provenance in plain values."""

import hashlib
import json

import numpy as np
import pytest
import torch

from heatlens.provenance import Provenance, plain


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (float("inf"), "inf"),
        (np.arange(16), list(range(16))),
        (torch.tensor([1.5, 2.5], requires_grad=True), [1.5, 2.5]),
        (torch.tensor(2.0, dtype=torch.bfloat16), 2.0),
        ({1: (np.zeros(1), torch.float32)}, {"1": [[0.0], "torch.float32"]}),
    ],
)
def test_plain(value, expected):
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8, torch.bfloat16])
def test_large_arrays_are_known_by_their_digest(dtype):
    tensor = torch.arange(24).reshape(2, 3, 4).to(dtype)
    stored = tensor.float() if dtype is torch.bfloat16 else tensor
    assert plain(tensor) == {
        "shape": [2, 3, 4],
        "dtype": str(dtype).removeprefix("torch."),
        "sha256": hashlib.sha256(stored.numpy().tobytes()).hexdigest(),
    }
    assert plain(tensor.transpose(0, 2)) == plain(tensor.permute(2, 1, 0).contiguous())
    assert plain(tensor) != plain(tensor + 1)
    if dtype is not torch.bfloat16:
        assert plain(tensor.numpy()) == plain(tensor)


def test_a_baseline_goes_through_json():
    one = Provenance("ig", plain({"baseline": torch.rand(1, 3, 8, 8), "steps": 5}))
    assert one == Provenance.from_json(one.to_json())
    whole = Provenance("ig", {"baseline": np.zeros((3, 8, 8), np.float32)})
    assert json.loads(whole.to_json())["parameters"]["baseline"]["shape"] == [3, 8, 8]
