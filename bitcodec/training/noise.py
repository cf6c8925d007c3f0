"""From logits to a code: noise before the sigmoid, and the two alternatives to it.

In training every binarizer maps logits to a code in [0, 1] that lets a gradient through. For
evaluation each offers two readings of the same logits: ``soft`` (the sigmoid, no noise) and
``hard`` (the bitmap). The distance between their reconstructions is the binarization gap.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bitcodec.errors import UsageError
from bitcodec.training.draws import Draws

SCHEDULES = ("constant", "linear", "geometric")
NORMS = ("none", "unit_rms")


@dataclass(frozen=True)
class NoiseConfig:
    """The ``noise`` config; values come from ``conf/noise``.

    Attributes:
        std: standard deviation of the Gaussian noise, in units of the logits (the article: 15).
        schedule: ``constant``, or a ramp from ``start`` to ``std``: ``linear`` or ``geometric``
            (the article's weak-noise pretraining).
        start: noise std at the first step of a ramp.
        ramp: share of training after which a ramp has reached ``std``.
        logit_norm: ``none`` as in the article, or ``unit_rms``: logits are divided by their RMS
            over the channels at each position, so that they cannot outgrow the noise.
        gain: what the (normalised) logits are multiplied by before the noise is added, at the
            end of the ramp; the article: 1.
        gain_start: that factor at the first step; a small one makes a flat sigmoid.
        hard: share of training, at its end, with hard bits instead of noise.
        surrogate_slope: slope of the sigmoid whose gradient stands in for that of a hard bit.
    """

    std: float
    schedule: str
    start: float
    ramp: float
    logit_norm: str
    gain: float
    gain_start: float
    hard: float
    surrogate_slope: float

    def __post_init__(self) -> None:
        if not 0 <= self.std < float("inf"):
            raise UsageError(f"noise.std={self.std}: the noise std must be zero or more")
        if self.schedule not in SCHEDULES:
            raise UsageError(f"noise.schedule={self.schedule}: choose one of {_list(SCHEDULES)}")
        if self.logit_norm not in NORMS:
            raise UsageError(f"noise.logit_norm={self.logit_norm}: choose one of {_list(NORMS)}")
        if not 0 < self.start < float("inf"):
            raise UsageError(f"noise.start={self.start}: a ramp must start above zero")
        for name in ("ramp", "hard"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"noise.{name}={getattr(self, name)}: give a share from 0 to 1")
        for name in ("gain", "gain_start", "surrogate_slope"):
            if not 0 < getattr(self, name) < float("inf"):
                raise UsageError(f"noise.{name}={getattr(self, name)}: must be above zero")

    def std_at(self, progress: float) -> float:
        """Noise std when the share ``progress`` (0 to 1) of training is done."""
        return self._ramped(self.start, self.std, progress) if self.std else 0.0

    def gain_at(self, progress: float) -> float:
        """Factor of the logits when the share ``progress`` of training is done."""
        return self._ramped(self.gain_start, self.gain, progress)

    def _ramped(self, start: float, end: float, progress: float) -> float:
        if self.schedule == "constant" or progress >= self.ramp:
            return end
        share = progress / self.ramp
        if self.schedule == "linear":
            return start + (end - start) * share
        return start * (end / start) ** share


class Binarizer(nn.Module, ABC):
    """Base of the three ways to make bits. Shapes in and out: ``N x C x h x w``."""

    def __init__(self, config: NoiseConfig) -> None:
        super().__init__()
        self.config = config

    def forward(self, logits: Tensor, progress: float, draws: Draws) -> Tensor:
        """The training code in [0, 1], with a gradient.

        Args:
            logits: the encoder's output.
            progress: share of training done, 0 to 1; drives the schedules.
            draws: source of the noise.
        """
        if progress >= 1 - self.config.hard and self.config.hard > 0:
            return self.straight_through(logits)
        return self.sample(logits, progress, draws)

    @abstractmethod
    def sample(self, logits: Tensor, progress: float, draws: Draws) -> Tensor:
        """The code of logits ``N x C x h x w`` while training; ``progress`` runs from 0 to 1."""

    def straight_through(self, logits: Tensor) -> Tensor:
        """Hard bits with the gradient of ``sigmoid(surrogate_slope * logits)``."""
        proxy = torch.sigmoid(self.config.surrogate_slope * self.normalise(logits))
        return self.hard(logits).to(proxy.dtype) + proxy - proxy.detach()

    def normalise(self, logits: Tensor) -> Tensor:
        """Logits of unit RMS over the channels, or unchanged; never a change of sign."""
        if self.config.logit_norm == "none":
            return logits
        return logits * torch.rsqrt(logits.square().mean(dim=1, keepdim=True) + 1e-6)

    def scale(self, logits: Tensor, progress: float) -> Tensor:
        """The logits as the sigmoid sees them, in the units of the noise std."""
        gain = self.config.gain_at(progress)
        return self.normalise(logits) if gain == 1 else gain * self.normalise(logits)

    def soft(self, logits: Tensor) -> Tensor:
        """The sigmoid reading: ``sigmoid(logits)`` without noise, as at the end of training."""
        return torch.sigmoid(self.scale(logits, 1.0))

    def hard(self, logits: Tensor) -> Tensor:
        """The bitmap: 1 where the logit is above 0, else 0, in the dtype of ``logits``."""
        return (logits > 0).to(logits.dtype)


class NoiseBinarizer(Binarizer):
    """``sigmoid(logits + std * n)``, n standard normal: the article's layer."""

    def sample(self, logits: Tensor, progress: float, draws: Draws) -> Tensor:
        scaled = self.scale(logits, progress)
        std = self.config.std_at(progress)
        if std == 0:
            return torch.sigmoid(scaled)
        return torch.sigmoid(scaled + draws.normal(scaled, std))


class StraightThroughBinarizer(Binarizer):
    """Hard bits forward, the gradient of a sigmoid backward (Bengio et al., 2013)."""

    def sample(self, logits: Tensor, progress: float, draws: Draws) -> Tensor:
        return self.straight_through(logits)


class BernoulliBinarizer(Binarizer):
    """Bits drawn with probability ``sigmoid(logits)``; the gradient is that of the probability.

    The estimator of Raiko et al. (2015) and of Toderici et al. (2016, there with tanh units).
    """

    def sample(self, logits: Tensor, progress: float, draws: Draws) -> Tensor:
        probability = torch.sigmoid(self.scale(logits, progress))
        draw = draws.uniform(probability)
        return (draw < probability).to(probability.dtype) + probability - probability.detach()


BINARIZERS: dict[str, type[Binarizer]] = {
    "noise": NoiseBinarizer,
    "ste": StraightThroughBinarizer,
    "bernoulli": BernoulliBinarizer,
}


def build_binarizer(kind: str, config: NoiseConfig) -> Binarizer:
    """The binarizer of this kind: one of the names in :data:`BINARIZERS`.

    Raises:
        UsageError: for a kind that does not exist.
    """
    if kind not in BINARIZERS:
        raise UsageError(f"binarizer={kind}: choose one of {_list(BINARIZERS)}")
    return BINARIZERS[kind](config)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
