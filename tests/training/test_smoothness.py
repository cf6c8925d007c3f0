"""The penalty on stairs: blind to texture, sighted for edges that a smooth place did not have."""

from __future__ import annotations

import numpy as np
import torch

from bitcodec.evaluation import false_edges
from bitcodec.training import smoothness
from bitcodec.training.smoothness import stairs


def sky() -> torch.Tensor:
    return torch.linspace(0.4, 0.6, 64).expand(1, 3, 64, 64).clone()


def test_nothing_is_charged_for_a_true_picture_or_another_brightness() -> None:
    assert stairs(sky(), sky()) == 0
    assert stairs(sky() + 0.1, sky()) < 1e-10


def test_steps_cost_wherever_they_lie_and_in_both_directions() -> None:
    costs = []
    for place in (21, 24, 32):
        for dim in (2, 3):
            image = sky()
            image.narrow(dim, place, 64 - place).add_(4 / 255)
            costs.append(stairs(image, sky()).item())
    assert min(costs) > 0.9 * max(costs) > 0


def test_texture_is_not_charged_for() -> None:
    noisy = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert stairs(noisy + 0.1 * torch.randn(1, 3, 64, 64), noisy) == 0


def test_smoothing_is_the_way_down() -> None:
    image = sky()
    image[..., 32:] += 4 / 255
    image.requires_grad_()
    stairs(image, sky()).backward()
    assert image.grad is not None
    assert image.grad[..., 33].mean() > 0 > image.grad[..., 30].mean()


def test_places_and_steps_are_those_that_false_edges_are_counted_by() -> None:
    luma = np.random.default_rng(0).normal(scale=np.linspace(0, 3, 70), size=(60, 70)) + 128
    light = torch.from_numpy(luma)[None, None] / 255
    ours = smoothness.smooth_places(light)[0, 0].numpy() > 0
    assert np.array_equal(ours, false_edges.smooth_places(luma)) and 0 < ours.mean() < 1
    for dim, plane in ((3, luma), (2, luma.T)):
        step = smoothness.wide_step(light, dim)[0, 0].abs().numpy() * 255
        expected = false_edges.wide_step(plane)
        np.testing.assert_allclose(step if dim == 3 else step.T, expected, atol=1e-9)
