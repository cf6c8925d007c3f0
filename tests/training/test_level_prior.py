"""The prior on levels: a code length, by what is known, in the coder's order."""

from __future__ import annotations

import pytest
import torch

from bitcodec.coders.context_planes import GROUP
from bitcodec.training.level_prior import LEAST_SCALE, LevelPrior, laplace_bits, mixture_bits

STEP = torch.tensor([40.0])


@pytest.mark.parametrize("scale", [LEAST_SCALE, 0.3, 1.0, 5.0])
@pytest.mark.parametrize("centre", [0.0, 0.3, -0.5])
def test_levels_of_a_laplace_density_have_probabilities_that_sum_to_one(
    scale: float, centre: float
) -> None:
    levels = torch.arange(-200.0, 201.0)
    bits = laplace_bits(levels - centre, torch.tensor(scale))
    assert (2 ** -bits.double()).sum().item() == pytest.approx(1, abs=1e-4)


def test_levels_of_a_mixture_have_probabilities_that_sum_to_one_and_outliers_a_fair_price() -> None:
    levels = torch.arange(-200.0, 201.0).view(1, 1, 1, -1)
    scale, tail = torch.full_like(levels, 0.1), torch.tensor([[-4.0, 1.5, -1.0]])
    bits = mixture_bits(levels - 0.2, scale, tail)
    assert (2 ** -bits.double()).sum().item() == pytest.approx(1, abs=1e-4)
    assert bits[..., 200 + 5].item() < 20 < 60 < laplace_bits(torch.tensor(4.8), scale[0, 0, 0, 0])


def test_far_levels_keep_a_finite_price_and_a_gradient() -> None:
    x = torch.tensor([0.0, 0.49, 0.51, 30.0, 2000.0], requires_grad=True)
    bits = laplace_bits(x, torch.full((5,), 0.01))
    bits.sum().backward()
    assert bits.isfinite().all() and x.grad is not None and x.grad.isfinite().all()
    assert (x.grad[2:] > 0).all()


def prior(latents: int = 27) -> LevelPrior:
    """Every weight random, so that whatever may be seen is seen."""
    torch.manual_seed(0)
    result = LevelPrior(latents, 3)
    for parameter in result.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return result


def test_a_group_is_priced_without_looking_at_later_groups() -> None:
    model, levels = prior(), torch.randn(1, 27, 8, 8).round()
    first = 3 + GROUP
    few = model(levels[:, :first], STEP)
    other = levels.clone()
    other[:, first:] = torch.randn(1, 27 - first, 8, 8).round()
    whole, changed = model(levels, STEP), model(other, STEP)
    assert not torch.isclose(whole, changed)
    torch.testing.assert_close(model(other[:, :first], STEP), few)


def test_a_first_phase_does_not_know_its_own_group() -> None:
    """A group's bits at the first phase's positions are the same whatever the later phases hold."""
    model = prior(3 + GROUP)
    with torch.no_grad():
        size = torch.rand(1, GROUP, 8, 8)
        other = size.clone()
        other[..., 1::2, 1::2] += 1
        before, after = model._own_group(size, 1), model._own_group(other, 1)
    assert torch.equal(before[..., 0::2, 0::2], after[..., 0::2, 0::2])
    assert torch.equal(before[..., 1::2, 1::2], after[..., 1::2, 1::2]), "nor does it know itself"
    assert not torch.equal(before[..., 0::2, 1::2], after[..., 0::2, 1::2])


def test_brightness_itself_costs_nothing() -> None:
    model, levels = prior(), torch.randn(1, 27, 8, 8).round()
    brighter = levels.clone()
    brighter[:, 0] += 37
    torch.testing.assert_close(model(levels, STEP), model(brighter, STEP), rtol=1e-4, atol=1e-2)


def test_it_learns_that_busy_places_are_busy() -> None:
    torch.manual_seed(0)
    model = LevelPrior(11, 3)
    busy = torch.nn.functional.interpolate((torch.rand(8, 1, 4, 4) < 0.3).float(), scale_factor=4)
    levels = (torch.randn(8, 11, 16, 16) * (0.2 + 3 * busy)).round()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    count, flat = levels.numel(), 0.0
    for turn in range(150):
        optimizer.zero_grad()
        bits = model(levels, STEP) / count
        bits.backward()
        optimizer.step()
        if turn == 0:
            flat = bits.item()
    share = levels.abs().clamp_max(20).long().flatten().bincount() / count
    order0 = -(share[share > 0] * share[share > 0].log2()).sum().item() + (1 - share[0].item())
    assert bits.item() < 0.85 * order0 < flat


def test_one_set_of_weights_prices_fine_steps_and_coarse_ones() -> None:
    """Sizes of levels double from octave to octave of the step, and differ by place: the price of
    the finest must come as close to what the density asks as that of the coarsest.
    """
    torch.manual_seed(0)
    model = LevelPrior(11, 3)
    spread = 0.5 + 7.5 * torch.nn.functional.interpolate(torch.rand(8, 1, 4, 4), scale_factor=4)
    noise = torch.distributions.Laplace(0.0, 1.0).sample((8, 11, 16, 16))
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    steps = (64.0, 16.0, 4.0)
    prices: dict[float, float] = {}
    for turn in range(240):
        step = steps[turn % 3]
        levels = (noise * spread * (16 / step)).round()
        optimizer.zero_grad()
        bits = model(levels, torch.tensor([step])) / levels.numel()
        bits.backward()
        optimizer.step()
        prices[step] = bits.item()
    for step in steps:
        scale = spread * (16 / step)
        ideal = laplace_bits((noise * scale).round(), scale.expand_as(noise)).mean().item()
        assert prices[step] < 1.1 * ideal, step


def test_levels_cost_the_same_in_a_region_of_lower_precision() -> None:
    """A scale of 400 levels in bfloat16 made ``1 - exp(-1 / scale)`` zero, and gradients NaN."""
    wide = prior()
    torch.nn.init.constant_(wide.means_bias[..., 0], 8.6)
    levels = (200 * torch.randn(1, 27, 8, 8)).round().requires_grad_()
    costs, gradients = [], []
    for enabled in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled):
            cost = wide(levels, STEP)
        cost.backward()
        costs.append(cost.item())
        gradients.append(wide.means_bias.grad)
        wide.means_bias.grad = None
    assert costs[0] == costs[1]
    assert gradients[0].isfinite().all() and (gradients[0] == gradients[1]).all()
