"""Penalties: what they charge, and that the learned one learns."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from bitcodec.bitmap import order0_bits
from bitcodec.errors import UsageError
from bitcodec.training.penalties import EntropyPenalty, PenaltyConfig, build_penalty


def test_sparsity_is_the_mean_square() -> None:
    penalty = build_penalty(PenaltyConfig("sparsity", 0.01), 4)
    code = torch.tensor([0.0, 0.5, 1.0, 1.0]).view(1, 4, 1, 1)
    assert penalty(code, 64).item() == pytest.approx((0.25 + 1 + 1) / 4)


def test_entropy_of_a_bitmap_under_its_own_densities_is_its_order0_entropy() -> None:
    rng = np.random.default_rng(0)
    density = np.array([0.02, 0.3, 0.5, 0.9])[:, None, None]
    bitmap = rng.random((4, 20, 30)) < density
    penalty = EntropyPenalty(4)
    p = torch.from_numpy(bitmap.mean(axis=(1, 2)))
    penalty.logit.data = torch.logit(p).float()
    pixels = 20 * 30 * 64
    bits = penalty(torch.from_numpy(bitmap)[None].float(), pixels).item() * pixels
    assert bits == pytest.approx(order0_bits(bitmap), rel=1e-5)


def test_untrained_prior_costs_one_bit_a_bit() -> None:
    code = torch.rand(2, 8, 4, 4)
    assert EntropyPenalty(8)(code, 2 * 32 * 32).item() == pytest.approx(8 * 16 / 1024)


def test_the_prior_learns_the_densities() -> None:
    penalty = EntropyPenalty(2)
    code = torch.cat([torch.full((1, 1, 8, 8), 0.1), torch.full((1, 1, 8, 8), 0.7)], dim=1)
    optimizer = torch.optim.Adam(penalty.parameters(), 0.1)
    for _ in range(300):
        optimizer.zero_grad()
        penalty(code, 64).backward()
        optimizer.step()
    learnt = torch.sigmoid(penalty.logit).tolist()
    assert learnt == pytest.approx([0.1, 0.7], abs=0.01)


@pytest.mark.parametrize(
    ("kind", "weight"), [("l1", 0.1), ("sparsity", -1.0), ("sparsity", math.inf)]
)
def test_impossible_values_are_named(kind: str, weight: float) -> None:
    with pytest.raises(UsageError, match=r"penalty\."):
        PenaltyConfig(kind, weight)
