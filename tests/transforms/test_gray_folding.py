"""Folding: levels to bits and back, one bit a step, smoothly in between."""

from __future__ import annotations

import pytest
import torch

from bitcodec.transforms.gray_folding import Folding


@pytest.mark.parametrize("bits", [[1], [2, 2], [5, 3, 2, 1], [7, 7, 4, 2]])
def test_every_level_of_every_latent_comes_back_and_zero_is_all_zeros(bits: list[int]) -> None:
    folding = Folding(bits)
    for latent, count in enumerate(bits):
        levels = torch.arange(-(2 ** (count - 1)), 2 ** (count - 1))
        values = torch.zeros(len(levels), len(bits), 1, 1)
        values[:, latent, 0, 0] = levels
        # Anywhere inside a level gives the same bits, and those the middle of the level.
        off_centre = torch.rand(len(levels), generator=torch.Generator().manual_seed(count)) - 0.5
        moved = values.clone()
        moved[:, latent, 0, 0] += 0.98 * off_centre
        code = (folding.fold(moved) > 0).float()
        assert code.shape[1] == sum(bits)
        torch.testing.assert_close(folding.unfold(code), values)
        assert not code[levels == 0].any()


def test_neighbouring_levels_differ_in_one_bit() -> None:
    """Gray's property: a value at a threshold is wrong by one step at most."""
    folding = Folding([7])
    levels = torch.arange(-64.0, 64.0).view(-1, 1, 1, 1)
    code = (folding.fold(levels) > 0).int()
    assert (code[1:] != code[:-1]).sum(dim=1).flatten().tolist() == [1] * 127


def test_values_out_of_range_keep_the_outermost_level() -> None:
    folding = Folding([3])
    code = (folding.fold(torch.tensor([-40.0, 40.0]).view(2, 1, 1, 1)) > 0).float()
    # The fold reflects once at either end; one level beyond the range is still the last one.
    near = (folding.fold(torch.tensor([-4.9, 3.9]).view(2, 1, 1, 1)) > 0).float()
    assert folding.unfold(near).flatten().tolist() == [-4.0, 3.0]
    assert folding.unfold(code).abs().max() <= 4


def test_the_soft_reading_is_continuous_and_differentiable_across_a_threshold() -> None:
    folding = Folding([4])
    y = torch.linspace(-7, 6, 20001).view(-1, 1, 1, 1).requires_grad_()
    value = folding.unfold(torch.sigmoid(40 * folding.fold(y)))
    assert (value[1:] - value[:-1]).abs().max() < 0.02
    value.sum().backward()
    assert y.grad is not None
    # Over whole levels the value rises as much as the latent.
    assert y.grad.mean().item() == pytest.approx(1.0, abs=0.05)
