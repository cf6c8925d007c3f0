"""``bitcodec train``: what `python train.py` is in a checkout, for the installed package."""

from __future__ import annotations

from typing import Annotated

import typer

from bitcodec.cli.extras import require

SETTINGS = {"ignore_unknown_options": True, "allow_interspersed_args": False}
"""Hydra reads what follows, options and all."""


def train(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="What differs from the config."),
    ] = None,
) -> None:
    """Train a codec; every key is a config's: `bitcodec train noise.std=15`.

    `bitcodec train --help` lists the keys, `bitcodec train -m noise.std=0,5,15` runs a sweep.
    """
    require("train", ("torch", "torchvision", "lightning", "hydra"), extra="train")
    from bitcodec.training.entry import main

    main("bitcodec train", arguments or [])
