"""Which runs may be compared with each other, and which only stand side by side.

Runs that differ in nothing but noise std, penalty weight and seed form a group. Within a group,
seeds are averaged and lines are drawn; between groups nothing is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from bitcodec.comparison.runs import Run
from bitcodec.comparison.settings import (
    NOISE,
    SEED,
    WEIGHT,
    Settings,
    Value,
    number,
    shown,
    typed,
)

_AXES = frozenset({NOISE, WEIGHT, SEED})
_ABSENT = "absent"
_LONGEST_LABEL = 40


def is_bystander(key: str) -> bool:
    """Whether a key says how a run is carried out or watched, not what it computes."""
    if key.startswith("callbacks.rate."):
        return False
    return key.startswith(("callbacks.", "logger.")) or key in {
        "quiet",
        "threads",
        "ckpt_path",
        "resume_sweep",
        "resume_changed",
        "overwrite",
        "trainer.log_every_n_steps",
        "trainer.val_check_interval",
        "data.memory_share",
        "data.workers",
    }


@dataclass(frozen=True)
class Setting:
    """Finished runs that differ in nothing but their seed."""

    group: int
    noise: float | None
    weight: float | None
    runs: tuple[Run, ...]

    def values(self, metric: str) -> list[float]:
        """The metric of each run that has it."""
        found = (number(run.metrics.get(metric)) for run in self.runs)
        return [value for value in found if value is not None]

    def mean(self, metric: str) -> float:
        """Over the seeds; at least one run has to have the metric."""
        return fmean(self.values(metric))


class Pairing:
    """All runs of a comparison, sorted into groups and settings.

    Args:
        runs: as read, in the order of the table.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = list(runs)
        self._rests = {run.name: _rest(run.settings) for run in runs if run.settings}
        kinds = list(dict.fromkeys(self._rests.values()))
        self._group_of = {name: kinds.index(rest) for name, rest in self._rests.items()}
        self.group_count = len(kinds)

    def group(self, run: Run) -> int | None:
        """The number of the run's group; None if its settings are not known."""
        return self._group_of.get(run.name)

    def members(self, group: int) -> list[Run]:
        """The runs of a group."""
        return [run for run in self.runs if self.group(run) == group]

    @cached_property
    def superseded(self) -> dict[str, Run]:
        """Name of a finished run → a later one with the same settings and seed."""
        latest: dict[object, Run] = {}
        finished = [run for run in self.runs if run.finished and run.settings]
        for run in sorted(finished, key=lambda run: run.started):
            latest[self._identity(run)] = run
        pairs = ((run.name, latest[self._identity(run)]) for run in finished)
        return {name: last for name, last in pairs if last.name != name}

    @cached_property
    def drawn(self) -> list[Run]:
        """The runs whose figures are plotted: finished, with known settings, each once."""
        return [
            run
            for run in self.runs
            if run.finished and run.settings and run.name not in self.superseded
        ]

    @cached_property
    def grid(self) -> list[Setting]:
        """The drawn runs by group, noise std and penalty weight, in this order."""
        found: dict[tuple[int, float | None, float | None], list[Run]] = {}
        for run in self.drawn:
            noise, weight = (number(run.settings.get(key)) for key in (NOISE, WEIGHT))
            found.setdefault((self._group_of[run.name], noise, weight), []).append(run)
        ordered = sorted(found, key=lambda each: (each[0], *map(_order, each[1:])))
        return [Setting(*place, tuple(found[place])) for place in ordered]

    @cached_property
    def overridden_keys(self) -> list[str]:
        """Every key that any run overrode, in the order of first use."""
        return list(dict.fromkeys(key for run in self.runs for key in run.overrides))

    @cached_property
    def differing_keys(self) -> list[str]:
        """Keys, those of bystanders aside, in which not all runs agree; the axes first."""
        known = [run.settings for run in self.runs if run.settings]
        return _differing(known, lambda key: not is_bystander(key))

    @cached_property
    def group_keys(self) -> list[str]:
        """Keys in which the groups differ from each other."""
        return self._keys_of(range(self.group_count))

    @cached_property
    def _label_keys(self) -> list[str]:
        """Those of the groups that are drawn: one failed run must not lengthen every label."""
        drawn = sorted({group for run in self.drawn if (group := self.group(run)) is not None})
        return self._keys_of(drawn) if len(drawn) > 1 else self.group_keys

    def _keys_of(self, groups: Iterable[int]) -> list[str]:
        firsts = [self.members(group)[0].settings for group in groups]
        return _differing(firsts, lambda key: not is_bystander(key) and key not in _AXES)

    def value(self, run: Run, key: str) -> Value:
        """What a key is in a run: resolved, or the option chosen of a group; None if unset."""
        if key in run.settings:
            return run.settings[key]
        return typed(run.overrides[key]) if key in run.overrides else None

    def group_label(self, group: int) -> str:
        """``B: binarizer ste`` where that is short, else ``B``."""
        settings = self.members(group)[0].settings
        text = ", ".join(f"{key} {_shown(settings, key)}" for key in self._label_keys)
        return letter(group) + (f": {text}" if text and len(text) <= _LONGEST_LABEL else "")

    def differences(self, group: int) -> list[str]:
        """How a group differs from the first, ``key value instead of value`` for each key."""
        first, other = (self.members(number)[0].settings for number in (0, group))
        return [
            f"{key} {_shown(other, key)} instead of {_shown(first, key)}"
            for key in self.group_keys
            if _shown(other, key) != _shown(first, key)
        ]

    def _identity(self, run: Run) -> object:
        return self._rests[run.name], *(_canonical(run.settings.get(key)) for key in sorted(_AXES))


def letter(group: int) -> str:
    """``A``, ``B``, … ``Z``, ``AA``, …"""
    group, last = divmod(group, 26)
    return (letter(group - 1) if group else "") + chr(ord("A") + last)


def _rest(settings: Settings) -> tuple[tuple[str, str], ...]:
    return tuple(
        (key, _canonical(settings[key]))
        for key in sorted(settings)
        if key not in _AXES and not is_bystander(key)
    )


def _canonical(value: Value) -> str:
    return json.dumps(value)


def _differing(settings: Sequence[Settings], wanted: Callable[[str], bool]) -> list[str]:
    keys = dict.fromkeys(key for each in settings for key in each if wanted(key))
    different = [key for key in keys if len({_shown(each, key) for each in settings}) > 1]
    return sorted(different, key=lambda key: (key not in _AXES, different.index(key)))


def _shown(settings: Settings, key: str) -> str:
    return shown(settings[key]) if key in settings else _ABSENT


def _order(value: float | None) -> float:
    return -1.0 if value is None else value
