"""How fine the means are quantized, beside the step of the other latents.

Finer means cost bits and take stairs out of skies. Flat black, white, grey and full colours are
levels of the means at every step, so each fineness is rounded to what these ask for.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bitcodec.transforms import lapped_transform as lapped

FINE_MEANS = 1.2
"""The means' step is about so many times finer than the others' at most, in the middle of the
range, where other latents help to draw a slope."""

ROUNDED = 1.1
"""By how much :func:`fineness` may exceed :data:`FINE_MEANS`, because it is rounded."""

CRUDE_STEP = 128.0
"""From here on the first mean's own step grows faster than the step ..."""

MOST_CRUDE = 0.44
"""... until the root of this is left of its fineness: at the coarsest step five levels lead from
black to white."""

CORNERS = (
    127.5 * lapped.BLOCK / math.sqrt(3),
    127.5 * lapped.BLOCK / math.sqrt(2),
    127.5 * lapped.BLOCK / math.sqrt(6),
)
"""Each mean of a flat picture in black, white, middle grey or a full colour is a multiple of this:
the projections of a cube's corners on the colour axes."""


def fineness(step: Tensor) -> Tensor:
    """How many times finer than the step each mean is quantized: ``3 x 1 x 1``, about 0.75 to 1.3.

    Error and rate alone would have them hardly finer at all, and the decoder smooths stairs away
    (:mod:`bitcodec.transforms.smooth_means`); what it leaves of them in smooth places asks for a
    little more. They are of lightness, to which the first mean, and after it the third, green
    against red and blue, contribute most. Beyond :data:`CRUDE_STEP` little but the means has bits:
    a smaller file is only to be had from them. Each is rounded so that a whole number of the means'
    steps makes one of :data:`CORNERS`: paper, ink and full colours have exact means at every step.
    """
    light = (step / 19).pow(0.7).clamp(0.75, FINE_MEANS)
    more = light * (CRUDE_STEP / step).clamp(MOST_CRUDE, 1.0).sqrt() - 1
    wanted = torch.cat([1 + more, 1 + more / 4, 1 + more / 2])
    whole = wanted.new_tensor(CORNERS) / step
    return (torch.round(wanted * whole).clamp_min(1) / whole).view(-1, 1, 1)
