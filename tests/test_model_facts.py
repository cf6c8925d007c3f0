"""``model.json``: what is refused, and which step a quality means."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from bitcodec.errors import UsageError
from bitcodec.layout import Layout
from bitcodec.model_facts import ModelFacts
from tests.stepped import QUALITIES, STEPS, facts

PLAIN = ModelFacts(name="plain", channels=7, stride=8)


def test_facts_survive_their_json() -> None:
    for known in (facts(), PLAIN):
        assert ModelFacts.from_json(known.to_json()) == known


def test_qualities_lie_on_their_knots_and_rise_between_them() -> None:
    known = facts()
    indices = [known.index_of(quality) for quality in range(1, 101)]
    assert all(coarse > fine for coarse, fine in pairwise(indices))
    assert [(q, known.index_of(q)) for q, _ in QUALITIES] == list(QUALITIES)
    assert known.index_of(None) == known.index_of(50)
    assert [known.quality_of(index) for index in indices] == list(range(1, 101))


@pytest.mark.parametrize("quality", [0, 101, -1, 50.5, True, "50"])
def test_other_qualities_are_refused(quality: Any) -> None:
    with pytest.raises(UsageError, match="from 1 to 100"):
        facts().index_of(quality)


def test_a_model_without_steps_has_one_quality() -> None:
    assert PLAIN.index_of(None) == 0 and PLAIN.quality_of(0) is None
    assert PLAIN.layout(0) == Layout((1,) * 7)
    with pytest.raises(UsageError, match="one quality"):
        PLAIN.index_of(50)
    with pytest.raises(ValueError, match="no steps"):
        PLAIN.layout(300)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": {"finest": 1}},
        {"steps": 5},
        {"steps": None},
        {"qualities": [[1, 700], [50, 800], [100, 200]]},
        {"qualities": [[2, 700], [100, 200]]},
        {"qualities": [[1, STEPS[1] + 1], [100, 200]]},
        {"qualities": 3},
        {"default_quality": 101},
        {"default_quality": None},
        {"channels": 128},
        {"training": None},
        {"coder": 3},
        {"name": 3},
        {"fingerprint": None},
    ],
)
def test_unusable_facts_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        ModelFacts.from_json(json.dumps(json.loads(facts().to_json()) | change))


@pytest.mark.parametrize(
    "change", [{"reach": "abc"}, {"cutoff": [1, 2]}, {"means": 1.5}, {"more": 1}, {"finest": None}]
)
def test_unusable_steps_are_refused(change: dict[str, Any]) -> None:
    found = json.loads(facts().to_json())
    found["steps"] |= change
    with pytest.raises(ValueError, match=r"."):
        ModelFacts.from_json(json.dumps(found))
