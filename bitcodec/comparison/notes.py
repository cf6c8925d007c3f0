"""What a reader has to know before believing a comparison, and what it decides, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from bitcodec.comparison.names import AXIS_NAMES, METRICS, written
from bitcodec.comparison.pairing import Pairing, Setting
from bitcodec.comparison.runs import Run

GAP_LIMIT = 0.5
"""dB: below it a bitmap is worth about as much as the sigmoids that it is made of."""
NEAR = 0.5
"""dB: files of this much less PSNR than the best may win by their size."""
_MOST_DIFFERENCES = 4
_MOST_NAMES = 6


def plural(count: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def summary(runs: Sequence[Run]) -> str:
    """``24 runs: 22 finished, 1 failed, 1 running``."""
    states = Counter(run.state for run in runs).most_common()
    return f"{plural(len(runs), 'run')}: " + ", ".join(f"{n} {state}" for state, n in states)


def notes(pairing: Pairing) -> Iterator[str]:
    """A sentence about each run that is not like the others, and about groups and commits."""
    for run in pairing.runs:
        if run.state != "finished":
            state = "still running or killed" if run.state == "running" else run.state
            reason = f" ({error})" if (error := run.record.get("error")) else ""
            yield f"{run.shown}: {state}{reason}; it is in the table, its figures are not drawn"
        if run.problem:
            yield f"{run.shown}: {run.problem}; it is in the table, but compared with no other"
        if later := pairing.superseded.get(run.name):
            same = f"{later.shown} has the same settings and seed and is later"
            yield f"{run.shown}: {same}; only that one is drawn"
    for group, runs in pairing.groups.items() if len(pairing.groups) > 1 else ():
        names = _listed([run.name for run in runs], ", ", _MOST_NAMES)
        if group == "A":
            differ = "differ in more than noise std, penalty weight and seed"
            apart = f"{differ}; they are drawn apart and never averaged"
            yield f"{len(pairing.groups)} groups of runs {apart}. Group A is {names}"
        else:
            keys = _listed(pairing.differences(group), "; ", _MOST_DIFFERENCES)
            yield f"Group {group}, {names}, differs from A: {keys}"
    found = (run.record.get("provenance.commit") for run in pairing.drawn)
    commits = Counter(str(commit)[:7] for commit in found if commit).most_common()
    if len(commits) > 1:
        counts = ", ".join(f"{commit} ({count})" for commit, count in commits)
        yield f"The runs come from {len(commits)} commits: {counts}"
    if dirty := sum(run.record.get("provenance.dirty") is True for run in pairing.drawn):
        yield f"Made with uncommitted changes: {dirty} of the drawn runs"


def _listed(texts: Sequence[str], between: str, most: int) -> str:
    """As many as a sentence holds, and how many more there are."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return between.join(texts[:most]) + more


def decide(pairing: Pairing) -> list[dict[str, Any]]:
    """The three settings that most readers look for, with the spread over their seeds.

    Each has ``question``, ``answer``, ``detail`` and the names of its ``runs``.
    """
    found = []

    def answer(question: str, text: str, setting: Setting, *keys: str) -> None:
        name = ("the smallest gap: " if text == "none" else "") + _named(pairing, setting)
        detail = "; ".join([name, *(_spread(setting, key) for key in keys)])
        runs = [run.name for run in setting.runs]
        found.append({"question": question, "answer": text, "detail": detail, "runs": runs})

    if gaps := [each for each in pairing.grid if each.noise is not None and each.values("gap")]:
        narrow = [each for each in gaps if each.mean("gap") < GAP_LIMIT]
        least = min(narrow or gaps, key=lambda e: (e.noise if narrow else 0, e.mean("gap")))
        text = f"noise std {least.noise:g}" if narrow else "none"
        answer(f"Least noise whose gap is below {GAP_LIMIT:g} dB", text, least, "gap")
    if coded := [each for each in pairing.grid if each.values("psnr_binary")]:
        best = max(coded, key=lambda each: each.mean("psnr_binary"))
        most = best.mean("psnr_binary")
        answer("Best binarized PSNR", f"{most:.2f} dB", best, "psnr_binary")
        if near := [e for e in coded if e.mean("psnr_binary") >= most - NEAR and e.values("bpp")]:
            small = min(near, key=lambda each: each.mean("bpp"))
            text = f"{small.mean('bpp'):.2f} bpp"
            answer(f"Smallest file within {NEAR:g} dB of it", text, small, "bpp", "psnr_binary")
    return found


def _named(pairing: Pairing, setting: Setting) -> str:
    parts = [pairing.label(setting.group)] if len(pairing.groups) > 1 else []
    axes = zip(AXIS_NAMES.values(), (setting.noise, setting.weight), strict=True)
    return ", ".join(parts + [f"{name} {v:g}" for name, v in axes if v is not None])


def _spread(setting: Setting, key: str) -> str:
    """The mean, and the range if there are several seeds."""
    mean, *ends = (written(key, f(setting.values(key))) for f in (fmean, min, max))
    count = len(setting.values(key))
    seeds = f"{' to '.join(ends)} over {count} seeds" if count > 1 else "one seed"
    return f"{METRICS[key].heading} {mean}, {seeds}"
