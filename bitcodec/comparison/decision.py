"""The three settings that most readers look for, each with the spread over its seeds."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from bitcodec.comparison.charts import GAP_LIMIT
from bitcodec.comparison.metrics import METRICS
from bitcodec.comparison.pairing import Pairing, Setting
from bitcodec.comparison.settings import AXIS_NAMES, NOISE, WEIGHT

NEAR = 0.5
"""dB: files of this much less PSNR than the best may win by their size."""


def decide(pairing: Pairing) -> list[dict[str, Any]]:
    """Each with ``question``, ``answer``, ``detail`` and the names of its ``runs``."""
    gaps = [each for each in pairing.grid if each.noise is not None and each.values("gap")]
    narrow = [each for each in gaps if each.mean("gap") < GAP_LIMIT]
    question = f"Least noise whose gap is below {GAP_LIMIT:g} dB"
    found = []
    if narrow:
        least = min(narrow, key=lambda each: (each.noise or 0.0, each.mean("gap")))
        found.append(_entry(pairing, question, f"noise std {least.noise:g}", least, "gap"))
    elif gaps:
        least = min(gaps, key=lambda each: each.mean("gap"))
        found.append(_entry(pairing, question, "none", least, "gap", prefix="the smallest gap: "))
    coded = [each for each in pairing.grid if each.values("psnr_binary")]
    if not coded:
        return found
    best = max(coded, key=lambda each: each.mean("psnr_binary"))
    value = METRICS["psnr_binary"].full(best.mean("psnr_binary"))
    found.append(_entry(pairing, "Best binarized PSNR", value, best, "psnr_binary"))
    limit = best.mean("psnr_binary") - NEAR
    near = [e for e in coded if e.mean("psnr_binary") >= limit and e.values("bpp")]
    if near:
        small = min(near, key=lambda each: each.mean("bpp"))
        question = f"Smallest file within {NEAR:g} dB of it"
        value = METRICS["bpp"].full(small.mean("bpp"))
        found.append(_entry(pairing, question, value, small, "bpp", "psnr_binary"))
    return found


def sentence(entry: dict[str, Any]) -> str:
    """An entry of :func:`decide` as one line."""
    return f"{entry['question']}: {entry['answer']} ({entry['detail']})"


def _entry(
    pairing: Pairing, question: str, answer: str, setting: Setting, *metrics: str, prefix: str = ""
) -> dict[str, Any]:
    parts = [pairing.group_label(setting.group)] if pairing.group_count > 1 else []
    for key, value in ((NOISE, setting.noise), (WEIGHT, setting.weight)):
        parts += [] if value is None else [f"{AXIS_NAMES[key]} {value:g}"]
    spreads = [f"{METRICS[key].heading} {_spread(setting.values(key), key)}" for key in metrics]
    return {
        "question": question,
        "answer": answer,
        "detail": prefix + "; ".join([", ".join(parts), *spreads]),
        "runs": [run.name for run in setting.runs],
    }


def _spread(found: Sequence[float], key: str) -> str:
    """The mean, and the range if there are several seeds."""
    text = METRICS[key].text
    if len(found) == 1:
        return f"{text(found[0])}, one seed"
    return f"{text(fmean(found))}, {text(min(found))} to {text(max(found))} over {len(found)} seeds"
