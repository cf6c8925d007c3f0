"""The LightningModule: encoder, binarizer, decoder and penalty. It computes; others watch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from bitcodec.errors import UsageError
from bitcodec.layout import Layout
from bitcodec.training.config_check import build
from bitcodec.training.draws import Draws
from bitcodec.training.noise import NoiseConfig, build_binarizer
from bitcodec.training.penalties import PenaltyConfig, build_penalty
from bitcodec.training.whole_batch import WholeBatchModule
from bitcodec.transforms.networks import build_transforms


@dataclass(frozen=True)
class OptimizerConfig:
    """The ``optimizer`` config; values come from ``conf/optimizer``.

    Attributes:
        lr: Adam's learning rate at its highest.
        schedule: ``constant`` (the article) or ``cosine`` down to a hundredth of ``lr``.
        warmup: steps of linear warm-up.
        prior_lr: learning rate of the parameters of a learned prior.
        eps: Adam's epsilon.
    """

    lr: float
    schedule: str
    warmup: int
    prior_lr: float
    eps: float

    def __post_init__(self) -> None:
        if self.schedule not in ("constant", "cosine"):
            raise UsageError(f"optimizer.schedule={self.schedule}: choose constant or cosine")
        if not 0 < self.lr < float("inf"):
            raise UsageError(f"optimizer.lr={self.lr}: the learning rate must be above zero")

    def build(self, groups: list[dict[str, Any]], trainer: pl.Trainer) -> OptimizerLRScheduler:
        """Adam over groups of parameters, each with its own rate, and the schedule of all."""
        optimizer = torch.optim.Adam(groups, eps=self.eps)
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: self.factor(step, trainer.max_steps)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

    def factor(self, step: int, total: int) -> float:
        """What ``lr`` is multiplied by at ``step`` of ``total``."""
        warm = min(1.0, (step + 1) / (self.warmup + 1))
        if self.schedule == "constant":
            return warm
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, step / max(1, total))))
        return warm * max(0.01, cosine)


class Reading(NamedTuple):
    """One validation batch, as callbacks see it; images in [0, 1], ``N x 3 x H x W``."""

    image: Tensor
    sigmoid: Tensor
    """Reconstruction from the sigmoid code."""
    binary: Tensor
    """Reconstruction from the bitmap."""
    code: Tensor
    """Sigmoid code, ``N x C x h x w`` in [0, 1]."""
    bitmap: Tensor
    """Boolean, ``N x C x h x w``."""

    def metrics(self) -> dict[str, Tensor]:
        """What every validation logs of its readings, as means over the batch."""
        sigmoid, binary = psnr(self.sigmoid, self.image), psnr(self.binary, self.image)
        return {
            "val/psnr_sigmoid": sigmoid.mean(),
            "val/psnr_binary": binary.mean(),
            "val/binarization_gap": (sigmoid - binary).mean(),
            "val/ones": self.bitmap.float().mean(),
            "val/entropy_bpp": entropy_bpp(self.bitmap, self.image).mean(),
        }


class BitCodecModule(WholeBatchModule):
    """Trains one encoder/decoder pair to write with bits.

    All arguments are plain scalars and dicts of scalars, so that a checkpoint holds nothing else
    and resumes under ``weights_only=True``.

    Args:
        model: keyword arguments of :func:`bitcodec.transforms.networks.build_transforms`.
        noise: fields of :class:`bitcodec.training.noise.NoiseConfig`.
        binarizer: ``noise``, ``ste`` or ``bernoulli``.
        penalty: fields of :class:`bitcodec.training.penalties.PenaltyConfig`.
        optimizer: fields of :class:`OptimizerConfig`.
        seed: noise is drawn from it as :mod:`bitcodec.training.draws` says, so a resumed run sees
            the same noise.
    """

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
        self.encoder, self.decoder = build_transforms(**model)
        self.binarizer = build_binarizer(binarizer, build(NoiseConfig, "noise", noise))
        #: Every channel is a latent of one bit.
        self.shown = Layout((1,) * model["channels"])
        self.penalty_config = build(PenaltyConfig, "penalty", penalty)
        self.penalty = build_penalty(self.penalty_config, model["channels"])
        self.optimizer_config = build(OptimizerConfig, "optimizer", optimizer)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        config = self.optimizer_config
        prior = list(self.penalty.parameters())
        groups: list[dict[str, Any]] = [
            {"params": [*self.encoder.parameters(), *self.decoder.parameters()], "lr": config.lr}
        ]
        if prior:
            groups.append({"params": prior, "lr": config.prior_lr})
        return config.build(groups, self.trainer)

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        progress = self.global_step / max(1, self.trainer.max_steps)
        loss, mse, penalty = self._loss(batch, progress, self.draws(batch, batch_idx))
        if not torch.isfinite(loss):
            raise UsageError(
                f"the loss is {loss.item()} at step {self.global_step}: lower optimizer.lr, or "
                "set noise.logit_norm=unit_rms if the logits ran away"
            )
        parts = {"train/loss": loss, "train/mse": mse, "train/penalty": penalty}
        self.log_training(parts, batch_idx)
        return loss

    def validation_step(self, batch: Tensor, batch_idx: int) -> dict[str, Reading]:
        # Whatever precision trains, float32 is what ships, so float32 is what is measured.
        with torch.autocast(self.device.type, enabled=False):
            loss, mse, _ = self._loss(batch, 1.0, self.validation_draws(batch_idx))
            reading = self.read(batch)
        metrics = reading.metrics() | {"val/mse": mse, "val/loss": loss}
        if self.penalty_config.kind != "sparsity":
            metrics["val/prior_bpp"] = self.penalty(reading.bitmap.float(), batch[:, 0].numel())
        self.log_validation(metrics, len(batch))
        return {"reading": reading}

    @torch.no_grad()
    def read(self, image: Tensor) -> Reading:
        """Both reconstructions of images ``N x 3 x H x W`` in [0, 1], with their codes."""
        logits = self.encoder(image)
        code, bits = self.binarizer.soft(logits), self.binarizer.hard(logits)
        sigmoid, binary = self.decoder(code).clamp(0, 1), self.decoder(bits).clamp(0, 1)
        return Reading(image, sigmoid, binary, code, bits > 0)

    @torch.no_grad()
    def bitmaps(self, image: Tensor) -> Tensor:
        """The bitmaps of images ``N x 3 x H x W`` in [0, 1]: boolean ``N x C x h x w``."""
        return self.encoder(image) > 0

    @torch.no_grad()
    def pass_through(self, image: Tensor) -> None:
        """What a training step computes forwards, for counting its operations."""
        code = torch.sigmoid(self.encoder(image))
        self.decoder(code)
        self.penalty(code, image[:, 0].numel())

    def _loss(self, image: Tensor, progress: float, draws: Draws) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, mean square error and penalty."""
        # float32 from here on: in bfloat16 the mean of a million small squares loses digits.
        logits = self.encoder(image).float()
        code = self.binarizer(logits, progress, draws)
        reconstruction = self.decoder(code).float()
        mse = (reconstruction - image).square().mean()
        pixels = image.shape[0] * image.shape[-2] * image.shape[-1]
        penalty = self.penalty(code, pixels)
        loss = mse + self.penalty_config.weight * penalty
        return loss, mse, penalty


def psnr(reconstruction: Tensor, image: Tensor) -> Tensor:
    """PSNR in dB of each image, both rounded to 8 bit: ``10 log10(255**2 / mse)``.

    The twin of :func:`bitcodec.pixels.psnr`, for batches; it never becomes infinite,
    so that it can be averaged.

    Args:
        reconstruction, image: ``N x 3 x H x W`` in [0, 1].

    Returns:
        N values; an exact reconstruction counts as an error of half a level in one sample.
    """
    levels = (reconstruction * 255).round() - (image * 255).round()
    floor = 0.25 / levels[0].numel()
    mse = levels.square().flatten(1).mean(dim=1).clamp_min(floor)
    return 10 * torch.log10(255**2 / mse)


def entropy_bpp(bitmap: Tensor, image: Tensor) -> Tensor:
    """Order-0 entropy, each channel under its own density, in bits per image pixel; N values.

    The same quantity as :func:`bitcodec.bitmap.order0_bits`, batched.
    """
    p = bitmap.float().flatten(2).mean(dim=2)
    entropy = -(torch.xlogy(p, p) + torch.xlogy(1 - p, 1 - p)) / math.log(2)
    bits = entropy.sum(dim=1) * bitmap[0, 0].numel()
    return bits / image[0, 0].numel()
