"""Which runs may be compared with each other, and which only stand side by side.

Runs that differ in nothing but noise std, penalty weight and seed form a group. Within a group,
seeds are averaged and lines are drawn; between groups nothing is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from statistics import fmean
from typing import NamedTuple

from bitcodec.comparison.names import NOISE, SEED, WEIGHT
from bitcodec.comparison.runs import Run, number, shown

GROUP = "group"
"""The key of the letter that all runs of a group have among their settings."""
_AXES = (NOISE, WEIGHT, SEED)
_LONGEST_LABEL = 40
_BYSTANDERS = {
    *("quiet", "threads", "ckpt_path", "resume_sweep", "resume_changed", "overwrite"),
    *("trainer.log_every_n_steps", "trainer.val_check_interval"),
    *("data.memory_share", "data.workers"),
}


class Setting(NamedTuple):
    """Finished runs that differ in nothing but their seed."""

    group: str
    noise: float | None
    weight: float | None
    runs: list[Run]

    def values(self, metric: str) -> list[float]:
        """The metric of each run that has it."""
        return [v for run in self.runs if (v := number(run.metrics.get(metric))) is not None]

    def mean(self, metric: str) -> float:
        """Over the seeds; at least one run has to have the metric."""
        return fmean(self.values(metric))


class Pairing:
    """All runs of a comparison, sorted into groups and settings.

    ``runs`` have the letters of their groups among their settings; ``groups`` are the runs of each
    letter, without those whose settings are not known. ``superseded`` leads from the name of a
    finished run to a later one with the same settings and seed, ``drawn`` are the other finished
    ones, whose figures are plotted, and ``grid`` is these by group, noise std and penalty weight.
    ``differing_keys`` are those in which not all runs agree, bystanders aside; the axes first.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        letters: dict[object, str] = {}
        self.runs: list[Run] = []
        self.groups: defaultdict[str, list[Run]] = defaultdict(list)
        for run in runs:
            if run.settings:
                rest = tuple((key, _shown(run, key)) for key in sorted(run.settings) if _parts(key))
                group = letters.setdefault(rest, letter(len(letters)))
                run = replace(run, settings={**run.settings, GROUP: group})
                self.groups[group].append(run)
            self.runs.append(run)
        self.differing_keys = _differing([run for run in self.runs if run.settings])

        finished = [run for run in self.runs if run.state == "finished" and run.settings]
        by_start = sorted(finished, key=lambda run: number(run.record.get("started")) or 0)
        latest = {_identity(run): run for run in by_start}
        last = {run.name: latest[_identity(run)] for run in finished}
        self.superseded = {name: run for name, run in last.items() if run.name != name}
        self.drawn = [run for run in finished if run.name not in self.superseded]
        places: defaultdict[tuple[str, float | None, float | None], list[Run]] = defaultdict(list)
        for run in self.drawn:
            noise, weight = (number(run.settings.get(key)) for key in (NOISE, WEIGHT))
            places[str(run.settings[GROUP]), noise, weight].append(run)
        order = [*self.groups]
        self.grid = sorted(
            (Setting(*place, found) for place, found in places.items()),
            key=lambda s: (order.index(s.group), *(-1 if v is None else v for v in s[1:3])),
        )

    def label(self, group: str) -> str:
        """``B: binarizer ste`` where that is short, else ``B``."""
        # One failed run must not lengthen every label.
        drawn = {str(run.settings[GROUP]): run for run in self.drawn}
        keys = filter(_parts, _differing(drawn.values()))
        text = ", ".join(f"{key} {_shown(drawn[group], key)}" for key in keys)
        return f"{group}: {text}" if 0 < len(text) <= _LONGEST_LABEL else group

    def differences(self, group: str) -> list[str]:
        """How a group differs from the first, ``key value instead of value`` for each key."""
        first, other = self.groups["A"][0], self.groups[group][0]
        keys = filter(_parts, _differing([first, other]))
        return [f"{key} {_shown(other, key)} instead of {_shown(first, key)}" for key in keys]


def letter(group: int) -> str:
    """``A``, ``B``, … ``Z``, ``AA``, …"""
    group, last = divmod(group, 26)
    return (letter(group - 1) if group else "") + chr(ord("A") + last)


def _matters(key: str) -> bool:
    """Whether a key says what a run computes, not how it is carried out or watched."""
    watches = key.startswith(("callbacks.", "logger.")) and not key.startswith("callbacks.rate.")
    return not watches and key not in _BYSTANDERS


def _parts(key: str) -> bool:
    """Whether runs that differ in a key are of different groups."""
    return _matters(key) and key not in (*_AXES, GROUP)


def _identity(run: Run) -> tuple[str, ...]:
    return tuple(_shown(run, key) for key in (GROUP, *_AXES))


def _differing(runs: Collection[Run]) -> list[str]:
    keys = dict.fromkeys(key for run in runs for key in run.settings if _matters(key))
    different = [key for key in keys if len({_shown(run, key) for run in runs}) > 1]
    return sorted(different, key=lambda key: (key == GROUP) - (key in _AXES))


def _shown(run: Run, key: str) -> str:
    return shown(run.settings[key]) if key in run.settings else "absent"
