from __future__ import annotations

import numpy as np
import pytest
import skimage.data
import torch
from scipy.fft import dctn

from bitcodec import dct


def test_basis_is_the_orthonormal_dct_of_a_library() -> None:
    block = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(0))
    ours = torch.einsum("kcij,cij->k", dct.basis(), block)
    theirs = dctn(block.double().numpy(), norm="ortho").reshape(-1)
    torch.testing.assert_close(ours, torch.from_numpy(theirs).float(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("channels", [8, 16, 64, 127, 128])
def test_allocation_spends_every_bit_and_never_a_single_one(channels: int) -> None:
    chosen, bits = dct.allocate(channels)
    assert sum(bits) == channels
    assert min(bits) >= 2 and max(bits) <= dct.MAX_BITS
    assert len(set(chosen)) == len(chosen) == len(bits)
    assert chosen[0] == 0 and bits[0] == max(bits), "the mean of light gets most"


def test_the_rule_of_deviations_describes_photographs() -> None:
    """Within a factor of two for the coefficients that get bits, on photographs it never saw."""
    photos = (skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea())
    chosen, _ = dct.allocate(128)
    coefficients = []
    for photo in photos:
        image = torch.from_numpy(np.ascontiguousarray(photo)).permute(2, 0, 1)[None].float()
        coefficients.append(
            torch.nn.functional.conv2d(image - 127.5, dct.basis()[chosen], stride=8).flatten(2)[0]
        )
    measured = torch.cat(coefficients, dim=1).std(dim=1)
    ratio = measured / dct.deviations()[chosen]
    assert 0.5 < ratio.median() < 2
    assert (ratio.log2().abs() < 1.5).float().mean() > 0.8
