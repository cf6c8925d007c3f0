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
    gaps = [each for each in pairing.grid if each.noise is not None and _values(each, "gap")]
    narrow = [each for each in gaps if _mean(each, "gap") < GAP_LIMIT]
    question = f"Least noise whose gap is below {GAP_LIMIT:g} dB"
    found = []
    if narrow:
        least = min(narrow, key=lambda each: (each.noise or 0.0, _mean(each, "gap")))
        found.append(_entry(pairing, question, f"noise std {least.noise:g}", least, "gap"))
    elif gaps:
        least = min(gaps, key=lambda each: _mean(each, "gap"))
        found.append(_entry(pairing, question, "none", least, "gap", "the smallest gap: "))
    coded = [each for each in pairing.grid if _values(each, "psnr_binary")]
    if not coded:
        return found
    best = max(coded, key=lambda each: _mean(each, "psnr_binary"))
    value = METRICS["psnr_binary"].full(_mean(best, "psnr_binary"))
    found.append(_entry(pairing, "Best binarized PSNR", value, best, "psnr_binary"))
    limit = _mean(best, "psnr_binary") - NEAR
    near = [e for e in coded if _mean(e, "psnr_binary") >= limit and _values(e, "bpp")]
    if near:
        small = min(near, key=lambda each: _mean(each, "bpp"))
        question = f"Smallest file within {NEAR:g} dB of it"
        value = METRICS["bpp"].full(_mean(small, "bpp"))
        found.append(_entry(pairing, question, value, small, "bpp", "", "psnr_binary"))
    return found


def sentence(entry: dict[str, Any]) -> str:
    """An entry of :func:`decide` as one line."""
    return f"{entry['question']}: {entry['answer']} ({entry['detail']})"


def _entry(
    pairing: Pairing, question: str, answer: str, setting: Setting, *keys: str
) -> dict[str, Any]:
    """The keys are metrics; what is none of them is text in front."""
    parts = [pairing.group_label(setting.group)] if pairing.group_count > 1 else []
    for key, value in ((NOISE, setting.noise), (WEIGHT, setting.weight)):
        parts += [] if value is None else [f"{AXIS_NAMES[key]} {value:g}"]
    prefix = "".join(key for key in keys if key not in METRICS)
    spreads = [
        f"{METRICS[k].heading} {_spread(_values(setting, k), k)}" for k in keys if k in METRICS
    ]
    detail = prefix + "; ".join([", ".join(parts), *spreads])
    return {
        "question": question,
        "answer": answer,
        "detail": detail,
        "runs": [run.name for run in setting.runs],
    }


def _values(setting: Setting, key: str) -> list[float]:
    return setting.values(key)


def _mean(setting: Setting, key: str) -> float:
    return fmean(setting.values(key))


def _spread(found: Sequence[float], key: str) -> str:
    """The mean, and the range if there are several seeds."""
    text = METRICS[key].text
    if len(found) == 1:
        return f"{text(found[0])}, one seed"
    return f"{text(fmean(found))}, {text(min(found))} to {text(max(found))} over {len(found)} seeds"
