"""The bound of 2^24 below which float32 adds integers exactly: kept by tables, and sharp."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bitcodec.coders.integer_network import (
    EXACT,
    EXPECTED_STEP,
    HIDDEN_MAX,
    MAGNITUDE_MAX,
    SIGNED_MAX,
    FastNetworks,
    Networks,
    reference,
)
from bitcodec.errors import UnknownModelError
from tests.coders import made

UNITS, MAGNITUDES, SIGNED, OUTPUTS = 5, 40, 30, 3
LARGEST = {
    "hidden": (EXACT - 1) // MAGNITUDE_MAX,
    "linear": (EXACT - 1) // MAGNITUDE_MAX,
    "output": (EXACT - 1) // HIDDEN_MAX,
    "signed": (EXACT - 1 - EXPECTED_STEP) // SIGNED_MAX,
}
"""Of each path, the largest sum of absolute weights that the bound leaves."""


def split(total: int, parts: int, seed: int) -> NDArray[np.int64]:
    """Weights of both signs whose absolute values have this sum."""
    sizes = made.numbers(seed, (parts,), total // parts // 2) + total // parts
    sizes[-1] += total - sizes.sum()
    return sizes * np.where(made.numbers(seed + 1, (parts,), 1) > 0, 1, -1)


def at_the_bound(path: str, more: int = 0) -> Networks:
    """One network, with the largest weights that are allowed on one path, plus ``more``."""
    networks = Networks(
        made.numbers(1, (1, UNITS, MAGNITUDES), 50),
        made.numbers(2, (1, OUTPUTS, UNITS + MAGNITUDES), 50),
        made.numbers(3, (1, OUTPUTS, SIGNED), 50),
    )
    total = LARGEST[path] + more
    if path == "hidden":
        networks.hidden[0, 1] = split(total, MAGNITUDES, 4)
    elif path == "signed":
        networks.signed[0, 1] = split(total, SIGNED, 4)
    else:
        networks.output[0, 1] = 0
        part = slice(UNITS) if path == "output" else slice(UNITS, None)
        count = len(networks.output[0, 1, part])
        networks.output[0, 1, part] = split(total, count, 4)
    return networks


@pytest.mark.parametrize("path", LARGEST)
def test_sums_up_to_2_to_the_24_are_accepted_and_exact(path: str) -> None:
    """Features at their bounds, with the weights' signs: sums get as large as they can."""
    networks = at_the_bound(path)
    networks.check()
    linear = networks.output[0, 1, UNITS:]
    weights = networks.hidden[0, 1] if path in ("hidden", "output") else linear
    away = made.numbers(8, (MAGNITUDES, 64), 1) * (np.arange(64) > 1)
    x = MAGNITUDE_MAX * np.where(weights < 0, -1, 1)[:, None] - np.abs(away)
    signs = np.where(networks.signed[0, 1] < 0, -1, 1)[:, None]
    s = SIGNED_MAX * signs - made.numbers(9, (SIGNED, 64), 1) * (np.arange(64) > 1)
    x, s = np.clip(x, -MAGNITUDE_MAX, MAGNITUDE_MAX), np.clip(s, -SIGNED_MAX, SIGNED_MAX)
    x[:, 1], s[:, 1] = -x[:, 0], -s[:, 0]
    found = FastNetworks(networks)(0, x.astype(np.float32), s.astype(np.float32))
    for fast, plain in zip(found, reference(networks, 0, x, s), strict=True):
        assert np.array_equal(fast, plain)


@pytest.mark.parametrize("path", LARGEST)
def test_sums_of_2_to_the_24_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="float32"):
        at_the_bound(path, more=1).check()


@pytest.mark.parametrize("name", ["hidden", "output", "signed"])
@pytest.mark.parametrize("weight", [-(1 << 63), 1 << 62, -(1 << 58), EXACT])
def test_weights_that_would_wrap_around_in_the_proof_are_refused(name: str, weight: int) -> None:
    networks = at_the_bound("hidden")
    array = getattr(networks, name).copy()
    array[0, 0, :2] = weight
    with pytest.raises(ValueError, match="float32"):
        replace(networks, **{name: array}).check()


def test_a_model_whose_sums_pass_the_bound_is_refused() -> None:
    coder = made.coder()
    for name in ("other_hidden", "other_output", "other_signed", "mean_hidden", "mean_signed"):
        tables = {key: table.astype(np.int64) for key, table in coder.tables().items()}
        tables[name][-1, -1, -1] = 300_000
        with pytest.raises(UnknownModelError):
            type(coder).from_tables(tables)
