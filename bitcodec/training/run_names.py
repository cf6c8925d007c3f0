"""What was varied in a sweep, and the names that its runs have from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hydra.conf import HydraConf
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from bitcodec.training.control_keys import CONTROL_KEYS

FIRST = ("noise.std", "penalty.weight")
"""What the project is about; every other setting comes after."""
_LONGEST = 120


def run_name(swept: str, number: int) -> str:
    """The folder of a run: what was swept, as typed, or its number where that is no good name."""
    name = re.sub(r"[^\w.=,+-]+", "_", swept).strip("_")
    return name if name and len(name) <= _LONGEST else str(number)


OmegaConf.register_new_resolver("run_name", run_name, replace=True)


def name_by_what_is_swept(config: DictConfig) -> None:
    """Tell Hydra which of the typed overrides are the same for all runs of a sweep.

    A search may try one point twice, so its runs keep their numbers.
    """
    typed = [str(text) for text in config.hydra.overrides.task]
    parsed = OverridesParser.create().parse_overrides(typed)
    params = config.hydra.sweeper.get("params") or {}
    same = [each.key_or_group for each in parsed if not each.is_sweep_override()]
    names = ",".join(f"'{key}'" for key in same if key not in params)
    more = [f"hydra.job.config.override_dirname.exclude_keys=[{names}]"]
    given = [str(text) for text in config.hydra.overrides.hydra]
    numbered = not config.hydra.sweeper._target_.endswith(".BasicSweeper")
    if numbered and not any(text.startswith("hydra.sweep.subdir=") for text in given):
        more.append("hydra.sweep.subdir=${hydra.job.num}")
    config.hydra.overrides.hydra.extend(more)


def varied(hydra: HydraConf) -> dict[str, str]:
    """Key and value, as typed, of what tells a run from others: what was swept, or typed at all."""
    same = set(hydra.job.config.override_dirname.exclude_keys)
    pairs = (text.lstrip("+").partition("=")[::2] for text in hydra.overrides.task)
    return {key: value for key, value in pairs if key not in same and key not in CONTROL_KEYS}


def shown_settings(config: DictConfig, typed: Mapping[str, str]) -> dict[str, Any]:
    """The settings for TensorBoard's HPARAMS tab, which ticks the first few.

    Args:
        config: of the run.
        typed: what was varied; nothing if the run has everything from the config.
    """
    names = [*(name for name in FIRST if name in typed or not typed)]
    names += [name for name in typed if name not in FIRST]
    found = {}
    for name in names:
        value = OmegaConf.select(config, name)
        scalar = isinstance(value, str | int | float)
        found[name] = value if scalar else typed.get(name, str(value))
    return found
