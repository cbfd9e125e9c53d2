"""Batches size themselves, and back off when memory runs out."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
from torch import nn

from heatlens.attribution.attribute import attribute
from heatlens.errors import InvalidArgument, OutOfMemory
from heatlens.models.pytorch.memory import budget, bytes_per_row, in_chunks, useful_rows
from heatlens.models.pytorch.model import TorchModel
from tests.attribution.networks import ResidualNet, pictures, seeded

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("setting", "size"),
    [("1000", 1000), ("2K", 2048), ("512M", 2**29), ("1.5gb", 3 * 2**29)],
)
def test_budget(setting, size, monkeypatch):
    monkeypatch.setenv("HEATLENS_MEMORY", setting)
    assert budget(CPU) == size


def test_default_budget(monkeypatch):
    monkeypatch.setenv("HEATLENS_MEMORY", "")
    assert 2**24 < budget(CPU) <= 2**31


def test_no_more_rows_than_make_a_cpu_faster():
    assert useful_rows(torch.empty(1, 3, 224, 224)) == 10
    assert useful_rows(torch.empty(1, 3, 4000, 3000)) == 1
    assert useful_rows(torch.empty(1, 3, 224, 224, device="meta")) is None
    assert TorchModel(seeded(ResidualNet())).rows(pictures(1), gradient=False, wanted=9999) == 512


@pytest.mark.parametrize("setting", ["much", "-1G", "0", "M", "1T"])
def test_a_budget_that_is_none(setting, monkeypatch):
    monkeypatch.setenv("HEATLENS_MEMORY", setting)
    with pytest.raises(InvalidArgument, match=r"HEATLENS_MEMORY is .* such as 512M or 2G"):
        budget(CPU)


def test_rows_come_in_order_and_in_equal_parts():
    assert [rows.stop - rows.start for rows, _ in in_chunks(10, 4, lambda rows: None)] == [4, 4, 2]
    assert [rows.stop - rows.start for rows, _ in in_chunks(9, 8, lambda rows: None)] == [5, 4]
    assert list(in_chunks(0, 4, lambda rows: None)) == []


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"),
    ],
)
def test_the_size_is_halved_until_it_fits(error):
    tried = []

    def work(rows):
        tried.append(rows.stop - rows.start)
        if rows.stop - rows.start > 3:
            raise error
        return list(range(rows.start, rows.stop))

    done = [row for _, part in in_chunks(20, 16, work) for row in part]
    assert done == list(range(20))
    assert tried[:3] == [10, 5, 2]
    assert max(tried[3:]) == 2  # what did not fit once is not tried again


def test_one_row_that_does_not_fit():
    def work(rows):
        raise MemoryError("no more")

    with pytest.raises(OutOfMemory, match="one row of the batch does not fit"):
        list(in_chunks(4, 4, work))


def test_other_errors_pass_through():
    def work(rows):
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        list(in_chunks(4, 4, work))


class Narrow(nn.Module):
    """A network that runs out of memory above two rows."""

    def __init__(self):
        super().__init__()
        self.inner = seeded(ResidualNet())

    def forward(self, x):
        if len(x) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.inner(x)


@pytest.mark.parametrize("method", ["gradient", "gradcam", "eigencam", "integrated-gradients"])
def test_methods_back_off(method):
    batch = pictures(5)
    settings = {"steps": 3} if method == "integrated-gradients" else {}
    if method.endswith("cam"):
        settings["layer"] = "inner.conv3"
    wide = nn.Sequential(OrderedDict(inner=seeded(ResidualNet())))
    expected = attribute(wide, batch, method, 1, **settings)
    found = attribute(Narrow(), batch, method, 1, **settings)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


def test_more_is_kept_for_a_gradient():
    network, batch = seeded(ResidualNet()), pictures(1)
    without = bytes_per_row(network, batch, gradient=False)
    assert batch.numel() * 4 < without < bytes_per_row(network, batch, gradient=True)


def test_rows_follow_the_budget(monkeypatch):
    model, batch = TorchModel(seeded(ResidualNet())), pictures(4)
    assert model.rows(batch, gradient=True) == 4
    assert model.rows(batch, gradient=True, wanted=100) == 100
    monkeypatch.setenv("HEATLENS_MEMORY", "1M")
    some = model.rows(batch, gradient=True, wanted=1000)
    assert 1 < some < 100
    assert some < model.rows(batch, gradient=False, wanted=1000) < 1000
    monkeypatch.setenv("HEATLENS_MEMORY", "1")
    assert model.rows(batch, gradient=True) == 1
