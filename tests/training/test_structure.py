"""The training loss on structure is MS-SSIM's."""

from __future__ import annotations

import pytest
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from bitcodec.evaluation.metrics import MsSsim
from bitcodec.pixels import to_bytes
from bitcodec.training.structure import contrast_structure, dissimilarity


def pair(noise: float, side: int = 192) -> tuple[torch.Tensor, torch.Tensor]:
    """A texture of several scales and what noise makes of it."""
    random = torch.Generator().manual_seed(3)
    image = torch.full((1, 3, side, side), 0.5)
    for scale in (1, 4, 16):
        small = torch.randn(1, 3, -(-side // scale), -(-side // scale), generator=random)
        image = image + 0.06 * torch.nn.functional.interpolate(small, size=(side, side))
    noisy = image + noise * torch.randn(image.shape, generator=random)
    return image.clamp(0, 1), noisy.clamp(0, 1)


def test_each_scale_is_that_of_a_library() -> None:
    image, noisy = pair(0.05)
    _, theirs = structural_similarity_index_measure(
        noisy, image, data_range=1.0, return_contrast_sensitivity=True
    )
    ours = contrast_structure(noisy, image).mean()
    assert ours.item() == pytest.approx(theirs.item(), abs=2e-3)


@pytest.mark.parametrize("noise", [0.01, 0.02, 0.04])
def test_it_is_close_to_what_the_evaluation_says(noise: float) -> None:
    image, noisy = pair(noise)
    said = 1 - MsSsim(to_bytes(image[0].numpy()))(to_bytes(noisy[0].numpy()))
    assert dissimilarity(noisy, image).item() == pytest.approx(said, rel=0.25)
    assert dissimilarity(image, image).item() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("side", [12, 35, 88])
def test_flat_pictures_and_lost_structure_have_gradients_with_a_bound(side: int) -> None:
    """MS-SSIM itself has none where a scale has nothing in common."""
    image, _ = pair(0.0, side)
    for target in (torch.full_like(image, 0.3), image, 1 - image):
        guess = torch.full_like(image, 0.3).requires_grad_()
        dissimilarity(guess + 0.1 * (1 - image), target).backward()
        assert guess.grad is not None and guess.grad.isfinite().all()
