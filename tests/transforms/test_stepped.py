"""The transforms of every step begin as a lapped transform, and nothing is cut off or built in."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import skimage.data
import torch

from bitcodec.layout import PER_OCTAVE, step_of
from bitcodec.training.module import psnr
from bitcodec.transforms import lapped_transform as lapped
from bitcodec.transforms.fineness import CORNERS, CRUDE_STEP, FINE_MEANS, MOST_CRUDE, fineness
from bitcodec.transforms.stepped import (
    LATENTS,
    MEANS,
    StepDecoder,
    StepEncoder,
    step_index,
    step_range,
    toward_zero,
)

RANGE = step_range(step_index(6.0), step_index(300.0))


def photo(side: int = 256) -> torch.Tensor:
    pixels = skimage.data.astronaut()[:side, :side].copy()
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def through(image: torch.Tensor, step: float) -> torch.Tensor:
    torch.manual_seed(0)
    encoder, decoder = StepEncoder(16, 1), StepDecoder(16, 1)
    layout = RANGE.layout(step_index(step))
    size = torch.tensor([step_of(layout.index)])
    with torch.no_grad():
        levels = torch.floor(encoder(image, size, layout.latents) + 0.5)
        bits = layout.bitmap(levels[0].numpy().astype(np.int16))
        assert np.array_equal(layout.levels(bits), levels[0].numpy()), "nothing is cut off"
        return decoder(levels, size).clamp(0, 1)


def test_untrained_a_finer_step_gives_a_better_picture_up_to_that_of_a_fine_quantizer() -> None:
    decibels = [psnr(through(photo(), step), photo()).item() for step in (120, 54, 24, 6.5)]
    assert decibels == sorted(decibels)
    # A uniform quantizer of step 6.5 leaves 6.5**2 / 12.
    assert decibels[0] > 24 and decibels[-1] > 10 * np.log10(255**2 / (6.5**2 / 12)) - 0.1


@pytest.mark.parametrize("step", [7.0, 60.0])
def test_black_text_on_white_is_not_cut_off(step: float) -> None:
    rng = np.random.default_rng(0)
    pixels = (rng.random((1, 1, 96, 96)) < 0.5).repeat(3, axis=1).astype(np.float32)
    through(torch.from_numpy(pixels), step)


def test_flat_black_grey_white_and_full_colours_come_out_within_a_level_at_every_step() -> None:
    for colour in itertools.product((0, 128, 255), repeat=3):
        image = (torch.tensor(colour).float() / 255).view(1, 3, 1, 1).expand(1, 3, 24, 24)
        for step in (299.0, 127.0, 33.0):
            off = (through(image, step) - image).mean(dim=(2, 3)).abs().max().item() * 255
            assert off <= 1.0, (colour, step, off)


def test_no_mean_is_cut_off_at_any_step() -> None:
    largest = torch.tensor([lapped.largest_mean(index) for index in lapped.MEANS])
    for index in range(RANGE.finest, RANGE.coarsest + 1):
        step = torch.tensor([step_of(index)])
        levels = largest * fineness(step).flatten() / step
        last = torch.tensor([1 << (bits - 1) for bits in RANGE.layout(index).bits[:MEANS]])
        assert (levels <= last - 1).all(), index


def test_no_machine_can_round_the_means_fineness_another_way() -> None:
    """The whole number of steps in a corner, found from a power in single precision, is never so
    near to a tie that the last digits decide.
    """
    steps = 2.0 ** (np.arange(RANGE.finest, RANGE.coarsest + 1) / PER_OCTAVE)
    light = np.clip((steps / 19) ** 0.7, 0.75, FINE_MEANS)
    more = light * np.clip(CRUDE_STEP / steps, MOST_CRUDE, 1) ** 0.5 - 1
    for corner, finer in zip(CORNERS, (1 + more, 1 + more / 4, 1 + more / 2), strict=True):
        wanted = finer * corner / steps
        assert np.abs(wanted % 1 - 0.5).min() > 20 * np.finfo(np.float32).eps * wanted.max()
        exact = np.round(wanted) * steps / corner
        single = [fineness(torch.tensor([step])).flatten().tolist() for step in steps]
        assert np.abs(np.array(single)[:, CORNERS.index(corner)] - exact).max() < 1e-5


def test_layouts_of_the_range_grow_from_a_few_latents_to_all() -> None:
    coarse, fine = RANGE.layout(RANGE.coarsest), RANGE.layout(RANGE.finest)
    assert 12 <= coarse.latents <= 64 and fine.latents == LATENTS
    assert coarse.means == fine.means == MEANS
    assert 50 < coarse.channels < 400 and fine.channels > 1280


def test_the_means_have_a_finer_step_above_all_in_the_middle_of_the_range() -> None:
    factors = torch.stack(
        [fineness(torch.tensor([s])).flatten() for s in (8.0, 40.0, 100.0, 172.0, 300.0)]
    )
    light, red_blue, green = factors.T.tolist()
    assert light == pytest.approx([0.75, 1.2, 1.2, 1.17, 1.02], rel=0.05)
    assert red_blue == pytest.approx([0.94, 1.05, 1.05, 1.0, 0.95], rel=0.2)
    assert green == pytest.approx([0.88, 1.1, 1.1, 1.0, 0.9], rel=0.3)


def test_the_dead_zone_moves_thresholds_and_nothing_else() -> None:
    """Levels round up beyond n + 1/2 + dead, on both sides of zero, and stay in order."""
    levels = torch.linspace(-4, 4, 4001)
    for dead in (-0.4, -0.1, 0.0, 0.1, 0.4):
        moved = toward_zero(levels, torch.full_like(levels, dead))
        size = levels.abs()
        expected = torch.sign(levels) * torch.floor((size + 0.5 - dead).clamp_min(0))
        near = ((size + 0.5 - dead) % 1 < 2e-3) | ((size + 0.5 - dead) % 1 > 1 - 2e-3)
        assert torch.equal(torch.round(moved)[~near], expected[~near])
        assert (moved.diff() >= -1e-6).all()
        assert torch.equal(toward_zero(-levels, torch.full_like(levels, dead)), -moved)


def test_no_training_can_move_what_a_flat_picture_makes_of_the_means() -> None:
    torch.manual_seed(0)
    encoder, decoder = StepEncoder(16, 1), StepDecoder(16, 1)
    colours = torch.tensor(list(itertools.product((0, 127.5, 255), repeat=3)))
    flats = (colours / 255)[..., None, None].expand(-1, -1, 64, 64)
    steps = [torch.tensor([size]) for size in (118.0, 28.0, 7.0)]

    def through_means() -> list[torch.Tensor]:
        pictures = []
        for step in steps:
            means = encoder(flats, step)[:, :MEANS]
            assert means.sub(means.round()).abs().max() < 0.01, "no whole number of steps"
            others = torch.zeros(len(flats), 1, *means.shape[2:])
            pictures.append(decoder(torch.cat([means.round(), others], dim=1), step))
        return pictures

    with torch.no_grad():
        before = through_means()
        for parameter in [*encoder.parameters(), decoder.linear.weight]:
            parameter.add_(0.1 * torch.randn_like(parameter))
        after = through_means()
    for one, other in zip(before, after, strict=True):
        assert one.sub(other).abs().max() < 0.01 / 255
        assert one.sub(flats).abs().max() < 0.01 / 255, "the means alone draw flat pictures flat"


def test_fewer_latents_are_the_first_ones_of_all() -> None:
    torch.manual_seed(0)
    encoder, step = StepEncoder(8, 1), torch.tensor([50.0])
    torch.nn.init.normal_(encoder.head.weight, std=0.1)
    torch.nn.init.normal_(encoder.gate.weight, std=0.1)
    few, every = encoder(photo(64), step, 20), encoder(photo(64), step)
    torch.testing.assert_close(few, every[:, :20])
    decoder = StepDecoder(8, 1)
    torch.nn.init.normal_(decoder.gate.weight, std=0.1)
    padded = torch.cat([few, torch.zeros(1, LATENTS - 20, 8, 8)], dim=1)
    torch.testing.assert_close(decoder(few, step), decoder(padded, step), atol=1e-5, rtol=1e-4)


def test_the_decoder_is_shift_equivariant_in_code_positions() -> None:
    """A level moved by one position moves the picture by one stride: no grid is built in."""
    torch.manual_seed(0)
    decoder, step = StepDecoder(8, 1), torch.tensor([50.0])
    for parameter in decoder.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    levels = torch.zeros(1, 30, 25, 25)
    moved = levels.clone()
    levels[:, :, 12, 12], moved[:, :, 12, 13] = 1, 1
    empty = decoder(torch.zeros_like(levels), step)
    here, there = decoder(levels, step) - empty, decoder(moved, step) - empty
    torch.testing.assert_close(here[..., 8:-16], there[..., 16:-8], atol=1e-4, rtol=1e-4)
    assert here.abs().max() > 0.01


def test_indices_are_whole_parts_of_an_octave() -> None:
    assert step_index(32.0) == 5 * PER_OCTAVE
    assert step_of(step_index(54.0)) == pytest.approx(54, rel=0.5 * np.log(2) / PER_OCTAVE)


def test_the_networks_stay_small() -> None:
    pair = StepEncoder(96, 2), StepDecoder(96, 2)
    assert sum(p.numel() for network in pair for p in network.parameters()) <= 2_500_000
