from __future__ import annotations

import math

import pytest
import torch

from bitcodec.coders.context_features import GROUP, known
from bitcodec.errors import UsageError
from bitcodec.training.context_prior import ContextPenalty
from bitcodec.training.penalties import PenaltyConfig, build_penalty


def seeded(channels: int) -> ContextPenalty:
    torch.manual_seed(0)
    prior = ContextPenalty(channels)
    for parameter in prior.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return prior


@pytest.mark.parametrize("column", [4, 5])
def test_a_probability_depends_on_bits_that_the_coder_knows_by_then(column: int) -> None:
    channels, row = 12, 4
    prior = seeded(channels)
    code = torch.rand(1, channels, 9, 9).requires_grad_()
    logits = prior.logits(code)
    for target in range(channels):
        (gradient,) = torch.autograd.grad(logits[0, target, row, column], code, retain_graph=True)
        for channel, y, x in gradient[0].nonzero().tolist():
            dy, dx = y - row, x - column
            assert max(abs(dy), abs(dx)) <= 1
            # Bits of a group are coded at once, and here one after another: within the group the
            # prior may know a little more than the coder, never the bit itself or a later one.
            same_group = channel // GROUP == target // GROUP
            if same_group and dy >= 0:
                assert channel < target or (channel == target and dy == 0 and column % 2 == 1)
                assert (channel, dy, dx) != (target, 0, 0)
            elif not same_group:
                assert channel < target
            else:
                assert known(target // GROUP, column % 2, channel, dy, dx, channels // GROUP)


def test_a_constant_prior_costs_its_entropy() -> None:
    prior = ContextPenalty(8)
    with torch.no_grad():
        prior.bias.fill_(math.log(0.25 / 0.75))
    code = torch.zeros(1, 8, 4, 4)
    code[:, :2] = 1  # a quarter of ones
    entropy = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    assert prior(code, 1024).item() == pytest.approx(entropy * 128 / 1024, rel=1e-5)


def test_it_learns_that_neighbours_agree() -> None:
    """Bits copied from the channel before cost nothing once the prior has seen them."""
    torch.manual_seed(0)
    prior = ContextPenalty(8)
    optimizer = torch.optim.Adam(prior.parameters(), 0.05)
    for _ in range(150):
        half = (torch.rand(2, 4, 8, 8) < 0.5).float()
        loss = prior(torch.cat([half, half], dim=1), 2 * 8 * 8)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() == pytest.approx(4.0, abs=0.3), "four random bits, four copies"


def test_channels_that_do_not_fill_groups_are_refused() -> None:
    with pytest.raises(UsageError, match="multiple of 4"):
        build_penalty(PenaltyConfig("context", 0.01, 0.0), 10)
