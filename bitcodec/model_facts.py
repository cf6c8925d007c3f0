"""``model.json``: what a model says of itself, and which step a quality means."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from itertools import pairwise
from typing import Any

from bitcodec.container import is_model_name
from bitcodec.errors import UsageError
from bitcodec.layout import Layout, StepRange

QUALITIES = range(1, 101)
"""What ``-q`` takes."""


@dataclass(frozen=True)
class ModelFacts:
    """The contents of ``model.json``.

    Args:
        name: as in the file header, 1 to 16 characters.
        channels: of the bitmap; of a model with steps, at the finest of them.
        stride: pixels per code position along each side.
        encoder_margin: receptive radius of the encoder in code positions, rounded up.
        decoder_margin: receptive radius of the decoder in code positions, rounded up.
        coder: name of the coder that is used unless another is asked for.
        fingerprint: SHA-256 in hexadecimal of all that turns a payload into a picture.
        integrity: SHA-256 in hexadecimal of the folder's files, byte for byte, and of the facts
            that decide what comes out; empty in folders that have none yet.
        steps: which latents have bits at which step; None for a model that has one quality.
        qualities: pairs of a quality and the index of its step, both ends of 1 to 100 among them;
            between two of them the index is interpolated.
        default_quality: the one that is taken unless another is asked for.
        quality: of a model without steps, its place among others; larger is better.
        training: free facts for people: data, steps, figures.
    """

    name: str
    channels: int
    stride: int
    encoder_margin: int = 0
    decoder_margin: int = 0
    coder: str = ""
    fingerprint: str = ""
    integrity: str = ""
    steps: StepRange | None = None
    qualities: tuple[tuple[int, int], ...] = ()
    default_quality: int | None = None
    quality: int = 1
    training: dict[str, Any] = field(default_factory=dict)

    def layout(self, index: int) -> Layout:
        """Which latents have bits at a step index, and how many each.

        Raises:
            ValueError: if the model has no such step; one without steps has the index 0 alone.
        """
        return _layout(self.steps, self.channels, index)

    def index_of(self, quality: int | None) -> int:
        """The step index of a quality, the default one if None is given.

        Raises:
            UsageError: if the model has no such quality.
        """
        if self.steps is None:
            if quality is None:
                return 0
            raise UsageError(f"model {self.name} has one quality: leave the quality away")
        if quality is None:
            quality = self.default_quality
        # A bool is an int to Python, and 50.0 is what a spreadsheet makes of 50.
        if quality is None or isinstance(quality, bool) or quality not in QUALITIES:
            raise UsageError(f"quality {quality}: choose a whole number from 1 to 100")
        quality = int(quality)
        for (low, coarse), (high, fine) in pairwise(self.qualities):
            if quality <= high:
                return coarse - round((coarse - fine) * (quality - low) / (high - low))
        raise AssertionError("the last quality is 100")

    def quality_of(self, index: int) -> int | None:
        """The quality whose step is nearest; None for a model without steps."""
        if self.steps is None:
            return None
        return min(QUALITIES, key=lambda quality: abs(self.index_of(quality) - index))

    def to_json(self) -> str:
        """The text of ``model.json``."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ModelFacts:
        """The facts in the text of a ``model.json``.

        Raises:
            ValueError: if a field is missing, unknown or outside its range.
        """
        try:
            found = json.loads(text)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        known = {f.name for f in fields(cls)}
        if not isinstance(found, dict) or not set(found) <= known:
            raise ValueError("unknown fields")
        try:
            if found.get("steps") is not None:
                found["steps"] = _steps(found["steps"])
            found["qualities"] = tuple((q, index) for q, index in found.get("qualities", ()))
            facts = cls(**found)
            _check(facts)
        except TypeError as error:
            raise ValueError(str(error)) from None
        return facts


@lru_cache(maxsize=256)
def _layout(steps: StepRange | None, channels: int, index: int) -> Layout:
    if steps is not None:
        return steps.layout(index)
    if index:
        raise ValueError("the model has no steps")
    return Layout((1,) * channels)


def _steps(found: Any) -> StepRange:
    if not isinstance(found, dict):
        raise ValueError("steps are a range of steps or null")
    numbers = {key: found[key] for key in ("finest", "coarsest", "means") if key in found}
    rows = {key: tuple(found[key]) for key in ("reach", "cutoff") if key in found}
    if not all(_is_number(n) for n in numbers.values()):
        raise ValueError("finest, coarsest and means are whole numbers")
    if not all(_is_number(n) for row in rows.values() for n in row):
        raise ValueError("reach and cutoff are whole numbers")
    if set(found) != set(numbers) | set(rows):
        raise ValueError("unknown fields in steps")
    return StepRange(**found | rows)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 1 << 16


def _check(facts: ModelFacts) -> None:
    if not all(_is_number(n) and 1 <= n <= 4096 for n in (facts.channels, facts.stride)):
        raise ValueError("channels and stride are numbers from 1 to 4096")
    if not _is_number(facts.quality):
        raise ValueError("quality is a number")
    margins = (facts.encoder_margin, facts.decoder_margin)
    if not all(_is_number(n) and 0 <= n <= 4096 for n in margins):
        raise ValueError("margins are numbers from 0 to 4096")
    if not isinstance(facts.name, str) or not is_model_name(facts.name):
        raise ValueError(f"{facts.name!r} cannot be the name of a model")
    if not all(isinstance(t, str) for t in (facts.coder, facts.fingerprint, facts.integrity)):
        raise ValueError("coder, fingerprint and integrity are texts")
    bytes.fromhex(facts.fingerprint)
    if not isinstance(facts.training, dict):
        raise ValueError("training holds named facts")
    if facts.steps is None:
        if facts.qualities or facts.default_quality is not None:
            raise ValueError("a model without steps has no qualities to choose")
        return
    if facts.channels != facts.steps.layout(facts.steps.finest).channels:
        raise ValueError("channels are those of the finest step")
    knots = facts.qualities
    if len(knots) < 2 or (knots[0][0], knots[-1][0]) != (QUALITIES[0], QUALITIES[-1]):
        raise ValueError("qualities go from 1 to 100")
    if not all(_is_number(n) for knot in knots for n in knot) or not all(
        low < high and coarse > fine for (low, coarse), (high, fine) in pairwise(knots)
    ):
        raise ValueError("qualities rise while their steps become finer")
    if not facts.steps.finest <= knots[-1][1] < knots[0][1] <= facts.steps.coarsest:
        raise ValueError("qualities lie among the steps")
    if isinstance(facts.default_quality, bool) or facts.default_quality not in QUALITIES:
        raise ValueError("the default quality is from 1 to 100")
