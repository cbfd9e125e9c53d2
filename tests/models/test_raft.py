"""RAFT: what torchvision's network gives, on frames of any size, with weights from anywhere."""

import numpy as np
import pytest
import torch

pytest.importorskip("torchvision")

from torchvision.models import optical_flow as peers

from heatlens.errors import InvalidArgument, InvalidType, UnknownName, WeightsUnavailable
from heatlens.models.optical_flow import raft_flow, raft_network

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 128, 136, 3), np.uint8)


@pytest.fixture(scope="module")
def network():
    return raft_network("small", weights=False)


def test_equals_torchvisions_own_call(network):
    """Bare torchvision: frames in -1..1, the last of the updates, (columns, rows)."""
    bare = peers.raft_small(weights=None).eval()
    bare.load_state_dict(network.state_dict())
    inputs = [torch.from_numpy(f).permute(2, 0, 1)[None].float() / 127.5 - 1 for f in FRAMES]
    with torch.inference_mode():
        expected = bare(*inputs, num_flow_updates=3)[-1][0]
    found = raft_flow(network, *FRAMES, updates=3)
    assert found.shape == (128, 136, 2)
    assert np.array_equal(found[..., 0], expected[1])
    assert np.array_equal(found[..., 1], expected[0])


def test_large_runs_end_to_end():
    network = raft_network("large", weights=False)
    assert isinstance(network, peers.RAFT)
    assert np.isfinite(raft_flow(network, *FRAMES, updates=1)).all()


@pytest.mark.parametrize("size", [(1, 1), (30, 131), (128, 90)], ids=str)
def test_every_size(network, size):
    found = raft_flow(network, *FRAMES[:, : size[0], : size[1]], updates=1)
    assert found.shape == (*size, 2)
    assert np.isfinite(found).all()


def test_padding_is_even_and_cut_off_again(network):
    """Frames of 124 x 131 are the middle of their own padded ones, 128 x 136."""
    inner = FRAMES[:, :124, :131]
    padded = np.pad(inner, ((0, 0), (2, 2), (2, 3), (0, 0)), mode="edge")
    found = raft_flow(network, *inner, updates=2)
    assert np.array_equal(found, raft_flow(network, *padded, updates=2)[2:-2, 2:-3])


def test_weights_by_seed_file_and_trust(tmp_path):
    state = torch.random.get_rng_state()
    first = raft_network("small", weights=False, seed=1)
    assert torch.equal(state, torch.random.get_rng_state())
    assert raft_network("small", weights=False, seed=1) is first
    other = raft_network("small", weights=False, seed=2)
    assert not torch.equal(next(first.parameters()), next(other.parameters()))
    torch.save(first.state_dict(), tmp_path / "raft.pth")
    again = raft_network("small", weights=tmp_path / "raft.pth")
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])
    with pytest.raises(InvalidArgument, match="are not this architecture's"):
        raft_network("large", weights=tmp_path / "raft.pth")
    with pytest.raises(WeightsUnavailable, match="does not exist"):
        raft_network("small", weights=tmp_path / "none.pth")
    with pytest.raises(UnknownName, match="did you mean 'small'"):
        raft_network("smal")  # misspelt on purpose
    with pytest.raises(InvalidType, match="True, False, a path"):
        raft_network("small", weights=3)
    with pytest.raises(InvalidArgument, match="updates is 0"):
        raft_flow(first, *FRAMES, updates=0)


def test_weights_from_an_address(tmp_path, monkeypatch):
    """A file that torch's hub has already is not asked for again."""
    network = raft_network("small", weights=False, seed=3)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    torch.save(network.state_dict(), tmp_path / "checkpoints/raft_mine.pth")
    found = raft_network("small", weights="https://example.org/raft_mine.pth")
    assert torch.equal(next(found.parameters()), next(network.parameters()))
