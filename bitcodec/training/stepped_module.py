"""The LightningModule of the codec: one pair of transforms for every quantization step.

Each batch draws a step; the trade-off between rate and distortion is tied to it. The noise is the
article's: it is added before the sigmoid, and what comes out decides a bit. Of the bits of a level
only the one whose threshold is nearest can be in doubt (:mod:`bitcodec.transforms.gray_folding`):
training computes that one, validation all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from bitcodec.errors import UsageError
from bitcodec.layout import Layout, step_of
from bitcodec.training.config_check import build
from bitcodec.training.draws import Draws
from bitcodec.training.level_prior import LevelPrior
from bitcodec.training.module import OptimizerConfig, Reading, psnr
from bitcodec.training.noise import NoiseConfig, build_binarizer
from bitcodec.training.smoothness import stairs
from bitcodec.training.structure import dissimilarity
from bitcodec.training.whole_batch import WholeBatchModule
from bitcodec.transforms.gray_folding import Folding
from bitcodec.transforms.stepped import (
    LATENTS,
    MEANS,
    StepDecoder,
    StepEncoder,
    step_index,
    step_range,
)

LINEAR_RATE = 0.1
"""Learning rate of the linear paths beside that of the rest. They start as a transform that loses
nothing; at the full rate, every update would shift flat places by several levels."""

REFERENCE_STEP = 40.0
"""Where the trade-off's two rules meet, and the loss keeps its size."""


@dataclass(frozen=True)
class SteppedConfig:
    """The ``model`` config of ``kind: stepped``.

    Attributes:
        kind: ``stepped``.
        stride: 8.
        width: feature channels of the networks; even.
        blocks: residual blocks on each side.
        finest: smallest quantization step, in 8-bit levels.
        coarsest: largest.
        shown: the step at which validation reads images for panels and metrics.
    """

    kind: str
    stride: int
    width: int
    blocks: int
    finest: float
    coarsest: float
    shown: float

    def __post_init__(self) -> None:
        if self.stride != 8 or self.width < 2 or self.width % 2 or self.blocks < 0:
            raise UsageError(
                f"model.stride={self.stride}, model.width={self.width}: the stepped network takes "
                "stride 8 and an even width of at least 2"
            )
        if not 1 < self.finest <= self.shown <= self.coarsest < 1024:
            raise UsageError(
                f"model.finest={self.finest}, model.shown={self.shown}, model.coarsest="
                f"{self.coarsest}: give steps from 1 to 1024, in this order"
            )


@dataclass(frozen=True)
class LevelsConfig:
    """The ``penalty`` config of ``kind: levels``: bits a pixel under a prior, tied to the step.

    The loss is ``mse + structure * dissimilarity + smooth * stairs + weight * step**2 *
    (step / 40)**tilt * bpp``, times a factor that gives every step an equal say. At a high rate,
    squared error falls by 6.02 dB with each bit of a latent and a step leaves ``step**2 / 12``: a
    weight of 5.9e-7 and no tilt, where squared error is all there is.

    Attributes:
        kind: ``levels``.
        weight: of a bit a pixel, for a step of one 8-bit level.
        tilt: how much more a bit weighs at coarse steps, where few levels are not zero.
        smooth: factor of :func:`bitcodec.training.smoothness.stairs`.
        structure: factor of :func:`bitcodec.training.structure.dissimilarity`.
    """

    kind: str
    weight: float
    tilt: float
    smooth: float
    structure: float

    def __post_init__(self) -> None:
        if self.kind != "levels":
            raise UsageError(f"penalty.kind={self.kind}: model=stepped needs penalty=levels")
        for name in ("weight", "smooth", "structure"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise UsageError(f"penalty.{name}={getattr(self, name)}: give zero or more")

    def at(self, step: float) -> float:
        """The weight of a bit a pixel beside the mean square error of pixels in [0, 1]."""
        return self.weight * step**2 * (step / REFERENCE_STEP) ** self.tilt


class SteppedModule(WholeBatchModule):
    """Trains one encoder/decoder pair for all steps of a range.

    Args:
        model: fields of :class:`SteppedConfig`.
        noise: fields of :class:`bitcodec.training.noise.NoiseConfig`, in units of the logits.
        binarizer: ``noise``.
        penalty: fields of :class:`LevelsConfig`.
        optimizer: fields of :class:`bitcodec.training.module.OptimizerConfig`.
        seed: steps and noise are drawn from it as :mod:`bitcodec.training.draws` says, so a
            resumed run sees the same.
    """

    COST_STEPS = (118.0, 54.0, 28.0, 12.0)
    """Validation measures PSNR, prior rate and cost at these, as far as they are in range."""

    def __init__(
        self,
        model: dict[str, Any],
        noise: dict[str, Any],
        binarizer: str,
        penalty: dict[str, Any],
        optimizer: dict[str, Any],
        seed: int,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.seed = seed
        if binarizer != "noise":
            raise UsageError(f"binarizer={binarizer}: model=stepped needs binarizer=noise")
        self.config = build(SteppedConfig, "model", model)
        self.penalty_config = build(LevelsConfig, "penalty", penalty)
        self.optimizer_config = build(OptimizerConfig, "optimizer", optimizer)
        self.binarizer = build_binarizer(binarizer, build(NoiseConfig, "noise", noise))
        self.encoder = StepEncoder(self.config.width, self.config.blocks)
        self.decoder = StepDecoder(self.config.width, self.config.blocks)
        self.penalty = LevelPrior(LATENTS, MEANS)
        self.steps = step_range(step_index(self.config.finest), step_index(self.config.coarsest))
        #: The layout that panels and metrics show.
        self.shown = self.steps.layout(step_index(self.config.shown))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        config = self.optimizer_config
        linear = [*self.encoder.linear.parameters(), *self.decoder.linear.parameters()]
        known = {id(parameter) for parameter in linear}
        others = [
            parameter
            for network in (self.encoder, self.decoder)
            for parameter in network.parameters()
            if id(parameter) not in known
        ]
        groups: list[dict[str, Any]] = [
            {"params": others, "lr": config.lr},
            {"params": linear, "lr": LINEAR_RATE * config.lr},
            {"params": list(self.penalty.parameters()), "lr": config.prior_lr},
        ]
        return config.build(groups, self.trainer)

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        progress = self.global_step / max(1, self.trainer.max_steps)
        draws = self.draws(batch, batch_idx)
        layout = self.steps.layout(draws.integer(self.steps.finest, self.steps.coarsest + 1))
        step = self.step_tensor(layout)
        levels = self.encoder(batch, step, layout.latents).float()
        noisy = self._noisy(levels, progress, draws)
        reconstruction = self.decoder(noisy, step).float()
        mse = (reconstruction - batch).square().mean()
        bpp = self.penalty(noisy, step) / _pixels(batch)
        weight = self.penalty_config.at(step_of(layout.index))
        loss = mse + weight * bpp
        if self.penalty_config.structure:
            loss = loss + self.penalty_config.structure * dissimilarity(reconstruction, batch)
        if self.penalty_config.smooth:
            loss = loss + self.penalty_config.smooth * stairs(reconstruction, batch)
        loss = loss * math.sqrt(self.penalty_config.at(REFERENCE_STEP) / weight)
        if not torch.isfinite(loss):
            raise UsageError(
                f"the loss is {loss.item()} at step {self.global_step}: lower optimizer.lr"
            )
        parts = {"train/loss": loss, "train/mse": mse, "train/penalty": bpp}
        self.log_training(parts, batch_idx)
        return loss

    def _noisy(self, levels: Tensor, progress: float, draws: Draws) -> Tensor:
        """The levels that a decoder would read if the bit of the nearest threshold were the sigmoid
        of its noisy logit: what folding, noise, sigmoid and unfolding make of them while every
        other bit is sure.
        """
        below = torch.floor(levels).detach()
        return below + self.binarizer.sample(levels - below - 0.5, progress, draws)

    def validation_step(self, batch: Tensor, batch_idx: int) -> dict[str, Reading]:
        with torch.autocast(self.device.type, enabled=False):
            reading = self.read(batch)
            costs = self.costs(batch)
        metrics = reading.metrics() | {"val/mse": (reading.binary - batch).square().mean()}
        metrics["val/loss"] = costs.pop("loss")
        metrics |= {f"val/{name}": value for name, value in costs.items()}
        self.log_validation(metrics, len(batch))
        return {"reading": reading}

    @torch.no_grad()
    def costs(self, image: Tensor) -> dict[str, Tensor]:
        """PSNR and prior rate of the bitmap at each of :attr:`COST_STEPS`, and ``loss``: the mean
        over them of ``mse / weight + bpp``, in bits a pixel.
        """
        found: dict[str, Tensor] = {}
        total = []
        for size in self.COST_STEPS:
            if not self.config.finest <= size <= self.config.coarsest:
                continue
            picture, bpp = self.coded(image, size)
            decibels = psnr(picture, image)
            weight = self.penalty_config.at(step_of(step_index(size)))
            total.append((10 ** (-decibels / 10)).mean() / weight + bpp)
            found |= {f"psnr/step{size:.0f}": decibels.mean(), f"prior_bpp/step{size:.0f}": bpp}
        return found | {"loss": torch.stack(total).mean()}

    @torch.no_grad()
    def coded(self, image: Tensor, size: float) -> tuple[Tensor, Tensor]:
        """What the bitmap at a step makes of images ``N x 3 x H x W`` in [0, 1], H and W multiples
        of 16, and its rate under the prior, in bits a pixel.
        """
        layout = self.steps.layout(step_index(size))
        step = self.step_tensor(layout)
        levels = torch.floor(self.encoder(image, step, layout.latents) + 0.5)
        return self.decoder(levels, step).clamp(0, 1), self.penalty(levels, step) / _pixels(image)

    @torch.no_grad()
    def read(self, image: Tensor, index: int | None = None) -> Reading:
        """Both reconstructions of images ``N x 3 x H x W`` in [0, 1], with their codes.

        Args:
            image: H and W multiples of 8.
            index: of the step; the one of ``model.shown`` unless given.
        """
        layout = self.shown if index is None else self.steps.layout(index)
        step, folding = self.step_tensor(layout), Folding(layout.bits).to(self.device)
        logits = folding.fold(self.encoder(image, step, layout.latents).float())
        code, bits = self.binarizer.soft(logits), self.binarizer.hard(logits)
        sigmoid, binary = (
            self.decoder(folding.unfold(either), step).clamp(0, 1) for either in (code, bits)
        )
        return Reading(image, sigmoid, binary, code, bits > 0)

    @torch.no_grad()
    def bitmaps(self, image: Tensor) -> Tensor:
        """The bitmaps at ``model.shown`` of images ``N x 3 x H x W``: boolean ``N x C x h x w``."""
        return self.read(image).bitmap

    @torch.no_grad()
    def pass_through(self, image: Tensor) -> None:
        """What a training step computes forwards at ``model.shown``, to count its operations."""
        step = self.step_tensor(self.shown)
        levels = self.encoder(image, step, self.shown.latents)
        self.decoder(levels, step)
        self.penalty(levels, step)

    def step_tensor(self, layout: Layout) -> Tensor:
        """The step of a layout as the transforms take it: shape ``[1]``."""
        return torch.tensor([step_of(layout.index)], device=self.device)


def _pixels(image: Tensor) -> int:
    return image[:, 0].numel()
