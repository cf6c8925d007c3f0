"""Smoothed means: nearer to what was rounded where the picture is smooth, untouched elsewhere."""

from __future__ import annotations

import torch

from bitcodec.transforms.smooth_means import CLOSE, ROUNDS, smooth_means


def planes(means: torch.Tensor, others: int = 2) -> torch.Tensor:
    """Levels ``1 x (V + others) x H x W``, the others zero."""
    zeros = means.new_zeros(others, *means.shape[1:])
    return torch.cat([means, zeros])[None]


def slopes(side: int = 48) -> torch.Tensor:
    """Three faint slopes, in levels, not rounded."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    return torch.stack([columns / 6, rows / 9 - columns / 20, 3 + 0 * rows])


def test_rounded_slopes_are_nearer_to_themselves_and_without_steps() -> None:
    exact = slopes()
    levels = torch.floor(exact + 0.5)
    found = smooth_means(planes(levels), 3)[0]
    assert (found - exact).square().mean() < 0.4 * (levels - exact).square().mean()
    steps = [(plane[:, 1:] - plane[:, :-1]).abs().max() for plane in (levels[0], found[0])]
    assert steps[0] == 1 and steps[1] < 0.5


def test_no_mean_leaves_its_cell_and_equal_ones_stay() -> None:
    generator = torch.Generator().manual_seed(0)
    levels = torch.randint(-3, 4, (3, 40, 40), generator=generator).float()
    assert (smooth_means(planes(levels), 3)[0] - levels).abs().max() <= 0.5
    flat = torch.full((3, 9, 9), -7.0)
    assert smooth_means(planes(flat), 3).equal(flat[None])
    single = levels[:, :1, :1]
    assert smooth_means(planes(single, 0), 3).equal(single[None])


def test_edges_and_what_has_other_levels_are_left_alone() -> None:
    levels = torch.floor(slopes() + 0.5)
    edge = levels.clone()
    edge[1, :, 20:] += CLOSE + 3  # of one mean, and an edge of all three
    halves = torch.cat(
        [
            smooth_means(planes(edge[..., :20]), 3),
            smooth_means(planes(edge[..., 20:]), 3),
        ],
        dim=-1,
    )
    torch.testing.assert_close(smooth_means(planes(edge), 3), halves)
    busy = planes(levels)
    busy[0, -1, 10, 10] = -1
    found = smooth_means(busy, 3)
    assert found[..., 10, 10].equal(busy[:, :3, 10, 10])
    busy[0, :3, 10, 10] += 1
    again = smooth_means(busy, 3)
    again[..., 10, 10] -= 1
    assert again.equal(found), "nor is it looked at"


def test_a_mean_is_felt_as_far_as_there_are_rounds() -> None:
    levels = planes(torch.floor(slopes(64) + 0.5))
    other = levels.clone()
    other[:, 0, 32, 32] += 1
    changed = (smooth_means(levels, 3) != smooth_means(other, 3)).any(1)[0].nonzero()
    assert 2 < (changed - 32).abs().max() <= ROUNDS + 1


def test_gradients_reach_means_through_the_rounds() -> None:
    levels = planes(torch.floor(slopes() + 0.5)).requires_grad_()
    smooth_means(levels, 3)[0, :, 24, 24].sum().backward()
    assert levels.grad is not None
    assert levels.grad[0, :3].isfinite().all() and levels.grad[0, 0, 24, 24] > 0
