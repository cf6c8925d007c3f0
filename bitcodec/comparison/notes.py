"""What a reader has to know before believing a comparison, a sentence each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bitcodec.comparison.pairing import Pairing, letter
from bitcodec.comparison.runs import Run

_MOST_DIFFERENCES = 4
_MOST_NAMES = 6


def summary(runs: Sequence[Run]) -> str:
    """``24 runs: 22 finished, 1 failed, 1 running``."""
    states = Counter(run.state for run in runs)
    counts = ", ".join(f"{count} {state}" for state, count in states.most_common())
    return f"{len(runs)} run{'s' if len(runs) > 1 else ''}: {counts}"


def notes(pairing: Pairing) -> list[str]:
    """A sentence about each run that is not like the others, and about the groups."""
    sentences = [
        f"{run.shown}: {problem}"
        for run in pairing.runs
        for problem in (*_about_state(run), *_about_settings(run))
    ]
    for run in pairing.runs:
        if later := pairing.superseded.get(run.name):
            sentences.append(
                f"{run.shown}: {later.shown} has the same settings and seed and is later; "
                "only that one is drawn"
            )
    return sentences + _about_groups(pairing) + _about_commits(pairing)


def _about_state(run: Run) -> list[str]:
    if run.finished:
        return []
    reason = f" ({run.error})" if run.error else ""
    kept = "it is in the table, its figures are not drawn"
    if run.state == "running":
        return [f"has not ended: it is still running or was killed; {kept}"]
    verbs = {"failed": "failed", "interrupted": "was interrupted", "preempted": "was preempted"}
    verb = verbs.get(run.state)
    return [f"{verb}{reason}; {kept}" if verb else f"{run.error}; {kept}"]


def _about_settings(run: Run) -> list[str]:
    return [
        f"{problem}; it is in the table, but compared with no other" for problem in run.problems
    ]


def _about_groups(pairing: Pairing) -> list[str]:
    if pairing.group_count < 2:
        return []
    first = pairing.members(0)
    sentences = [
        f"{pairing.group_count} groups of runs differ in more than noise std, penalty weight and "
        f"seed; they are drawn apart and never averaged. Group A is {_names(first)}"
    ]
    for group in range(1, pairing.group_count):
        differences = pairing.differences(group)
        more = len(differences) - _MOST_DIFFERENCES
        rest = f" and {more} more key{'s' if more > 1 else ''}" if more > 0 else ""
        sentences.append(
            f"Group {letter(group)}, {_names(pairing.members(group))}, differs from A: "
            f"{'; '.join(differences[:_MOST_DIFFERENCES])}{rest}"
        )
    return sentences


def _about_commits(pairing: Pairing) -> list[str]:
    commits = Counter(run.commit[:7] for run in pairing.drawn if run.commit)
    sentences = []
    if len(commits) > 1:
        counts = ", ".join(f"{commit} ({count})" for commit, count in commits.most_common())
        sentences.append(f"The runs come from {len(commits)} commits: {counts}")
    dirty = sum(run.dirty is True for run in pairing.drawn)
    if dirty:
        verb = "was" if dirty == 1 else "were"
        sentences.append(f"{dirty} of the drawn runs {verb} made with uncommitted changes")
    return sentences


def _names(runs: Sequence[Run]) -> str:
    names = ", ".join(run.name for run in runs[:_MOST_NAMES])
    more = len(runs) - _MOST_NAMES
    return f"{names} and {more} more" if more > 0 else names
