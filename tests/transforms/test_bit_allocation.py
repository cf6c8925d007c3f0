from __future__ import annotations

import numpy as np
import pytest
import skimage.data
import torch
import torch.nn.functional as F

from bitcodec.transforms import lapped_transform as lapped
from bitcodec.transforms.bit_allocation import MAX_BITS, allocate
from bitcodec.transforms.gray_folding import Folding


@pytest.mark.parametrize("channels", [2, 8, 16, 64, 127, 128])
def test_allocation_spends_every_bit_and_never_a_single_one(channels: int) -> None:
    found = allocate(channels, 1.0)
    assert sum(found.bits) == channels
    assert min(found.bits) >= 2 and max(found.bits) <= MAX_BITS
    assert len(set(found.coefficients)) == len(found.coefficients) == len(found.bits)
    assert found.coefficients[0] == 0 and found.bits[0] == max(found.bits), "the mean of light"


def test_more_deviation_never_gets_fewer_bits() -> None:
    found = allocate(128, 1.0)
    deviations = lapped.deviations()[found.coefficients].tolist()
    for (above, more), (below, fewer) in zip(
        list(zip(deviations, found.bits, strict=True))[:-1],
        list(zip(deviations, found.bits, strict=True))[1:],
        strict=True,
    ):
        assert above >= below and (more >= fewer or above == below)


def test_widening_levels_keep_more_of_a_photograph_in_fewer_bits() -> None:
    """What the levels widen for: at a fine step, equal ones cut busy regions off."""
    photo = skimage.data.coffee()[:400, :600]
    image = torch.from_numpy(np.ascontiguousarray(photo)).permute(2, 0, 1)[None].float() - 127.5
    step, costs = 30.0, {}
    for widening in (0.0, 1.0):
        found = allocate(128, widening)
        functions = lapped.basis()[found.coefficients]
        latents = F.conv2d(lapped.mirror_pixels(image), functions, stride=8)
        folding = Folding(found.bits, found.widening)
        code = (folding.fold(latents / step) > 0).float()
        error = (folding.unfold(code) * step - latents).square().sum(dim=1).mean()
        ones = code.mean(dim=(0, 2, 3))
        entropy = -(torch.xlogy(ones, ones) + torch.xlogy(1 - ones, 1 - ones)).sum()
        costs[widening] = error.item(), entropy.item()
    assert costs[1.0][0] < 0.8 * costs[0.0][0]
    assert costs[1.0][1] < costs[0.0][1]


@pytest.mark.parametrize("step", [60.0, 28.0, 12.0])
def test_a_flat_picture_of_any_colour_stays_in_reach(step: float) -> None:
    """However fine the step, black, white and pure colours come back to within a few levels."""
    found = allocate(128, 1.0, step)
    folding = Folding(found.bits, found.widening)
    functions = lapped.basis()[found.coefficients]
    corners = torch.cartesian_prod(*[torch.tensor([-127.5, 127.5])] * 3)
    flat = corners[:, :, None, None].expand(-1, -1, 16, 16)
    latents = F.conv2d(flat, functions)
    back = folding.unfold((folding.fold(latents / step) > 0).float()) * step
    assert (back - latents).abs().max() < 4 * step


def test_a_finer_step_leaves_the_bits_where_they_are() -> None:
    coarse, fine = allocate(128, 1.0, 60.0), allocate(128, 1.0, 12.0)
    assert (coarse.coefficients, coarse.bits) == (fine.coefficients, fine.bits)
    assert fine.widening[0] > coarse.widening[0] and fine.widening[3:] == coarse.widening[3:]
