"""Run folders as ``train.py`` leaves them, made in milliseconds.

``test_real_run.py`` compares their layout with that of a real run.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

COLUMNS = [
    "epoch",
    "lr-Adam",
    "step",
    "train/loss",
    "train/mse",
    "train/penalty",
    "val/binarization_gap",
    "val/bpp",
    "val/entropy_bpp",
    "val/loss",
    "val/mse",
    "val/ones",
    "val/psnr_binary",
    "val/psnr_sigmoid",
]
PICTURES = ("panel_input", "panel_sigmoid", "panel_binary", "code_sigmoid", "code_binary")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def config(noise: float, weight: float, seed: int, **more: Any) -> dict[str, Any]:
    """Part of a resolved config; ``more`` replaces whole top-level keys."""
    return {
        "model": {"kind": "article", "channels": 128, "stride": 1},
        "noise": {"std": noise, "schedule": "constant"},
        "penalty": {"kind": "sparsity", "weight": weight},
        "data": {"root": "photos", "val_size": 32},
        "trainer": {"max_steps": 8, "val_check_interval": 4, "check_val_every_n_epoch": None},
        "callbacks": {"panels": {"images": [0], "folder": "panels"}, "rate": {"fit_images": 4}},
        "binarizer": "noise",
        "seed": seed,
        "threads": 1,
        "quiet": True,
        **more,
    }


def metrics(psnr_sigmoid: float, psnr_binary: float, bpp: float, ones: float) -> dict[str, float]:
    """Final metrics as in ``run.json``."""
    return {
        "psnr_sigmoid": psnr_sigmoid,
        "psnr_binary": psnr_binary,
        "ones": ones,
        "entropy_bpp": bpp * 1.25,
        "mse": 10 ** (-psnr_sigmoid / 10),
        "loss": 10 ** (-psnr_sigmoid / 10) + ones / 100,
        "bpp": bpp,
        "gap": psnr_sigmoid - psnr_binary,
        "steps": 8,
    }


def make_run(
    folder: Path,
    noise: float = 15.0,
    weight: float = 0.01,
    seed: int = 0,
    *,
    state: str = "finished",
    overrides: Sequence[str] = (),
    final: Mapping[str, float] | None = None,
    error: str | None = None,
    started: float = 1_000_000.0,
    commit: str = COMMIT,
    dirty: bool = False,
    validations: Iterable[tuple[int, float, float]] | None = None,
    photographs: Sequence[int] = (0,),
    **more: Any,
) -> Path:
    """Write one run.

    Args:
        folder: of the run; made.
        noise: ``noise.std``.
        weight: ``penalty.weight``.
        seed: of the run.
        state: as in ``run.json``; only ``finished`` has metrics.
        overrides: typed beside noise std, weight and seed.
        final: metrics; by default some that depend on noise and seed.
        error: the sentence of a run that did not finish.
        started: Unix time in seconds.
        commit: of the code.
        dirty: whether it had uncommitted changes.
        validations: triples of the step as logged, sigmoid and binarized PSNR in dB.
        photographs: positions that there are pictures of.
        more: top-level keys of the config.
    """
    if final is None and state == "finished":
        final = metrics(30.0 - noise / 10 + seed, 20.0 + noise / 3 + seed, 2.0 + noise, 0.02)
    if validations is None:
        validations = [(3, 20.0 + seed, 15.0), (7, 25.0, 18.0)] if state == "finished" else []
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(_yaml(config(noise, weight, seed, **more)))
    typed = [f"noise.std={noise:g}", f"penalty.weight={weight:g}", f"seed={seed}", *overrides]
    record = {
        "state": state,
        "overrides": typed,
        "seed": seed,
        "started": started,
        "provenance": {"commit": commit, "dirty": dirty, "processor": "some"},
        "timing": {"steps_per_second": 20.5, "device": "cpu", "wall_seconds": 63.25},
        "metrics": dict(final or {}),
        "error": error,
        "fast_dev_run": False,
        "after_preemption": False,
    }
    (folder / "run.json").write_text(json.dumps(record, indent=2) + "\n")
    _write_scalars(folder / "csv" / "metrics.csv", validations)
    for number in photographs:
        _write_pictures(folder / "panels" / f"image_{number}", number, noise, seed)
    return folder


def _yaml(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, sort_keys=False)


def _write_scalars(path: Path, validations: Iterable[tuple[int, float, float]]) -> None:
    path.parent.mkdir()
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerow({"step": 0, "lr-Adam": 0.001})
        for step, sigmoid, binary in validations:
            mse = 10 ** (-sigmoid / 10)
            writer.writerow({"epoch": 0, "step": step, "train/loss": mse, "train/mse": mse})
            writer.writerow(
                {
                    "epoch": 0,
                    "step": step,
                    "val/psnr_sigmoid": sigmoid,
                    "val/psnr_binary": binary,
                    "val/binarization_gap": sigmoid - binary,
                }
            )


def _write_pictures(folder: Path, number: int, noise: float, seed: int) -> None:
    """Plain pictures of 16 x 16, all different; the input is the same in all runs."""
    folder.mkdir(parents=True)
    for place, name in enumerate(PICTURES):
        shift = 0 if name == "panel_input" else int(noise * 10) + 37 * seed
        colour = [(40 * place + 90 * number + shift) % 256, (7 * shift) % 256, 128]
        pixels = np.tile(np.array(colour, np.uint8), (16, 16, 1))
        Image.fromarray(pixels).save(folder / f"{name}.png")


def cut(path: Path, share: float = 0.5) -> None:
    """Leave the beginning of a file, as a full disk or a kill does."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
