"""The bound of 2^24 below which float32 adds integers exactly: kept by tables, and sharp."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bitcodec.coders.integer_network import (
    CLASSES,
    EIGHTHS,
    EXPECTED_STEP,
    FARTHEST,
    HIDDEN_MAX,
    HIDDEN_STEP,
    MAGNITUDE_MAX,
    SIGNED_MAX,
    FastNetworks,
    Networks,
    reference,
)
from bitcodec.errors import UnknownModelError
from tests.coders import made

BOUND = 1 << 24
"""float32 has 24 bits: up to here it holds every integer, and no further."""
UNITS, MAGNITUDES, SIGNED, OUTPUTS = 5, 40, 30, 3
LARGEST = {
    "hidden": (BOUND - 1) // MAGNITUDE_MAX,
    "linear": (BOUND - 1) // MAGNITUDE_MAX,
    "output": (BOUND - 1) // HIDDEN_MAX,
    "signed": (FARTHEST * EIGHTHS * EXPECTED_STEP - 1 - EXPECTED_STEP) // SIGNED_MAX,
}
"""Of each path, the largest sum of absolute weights that is allowed: by the bound, and on the
signed path by how far from its expectation a level can be coded, which is a little less.
"""


def split(total: int, parts: int, seed: int) -> NDArray[np.int64]:
    """Weights of both signs whose sizes have this sum, half in each half; both begin small."""
    half = made.numbers(seed, (parts // 2,), total // parts // 2) + total // parts
    half[0] = 97
    half[-1] += total // 2 - half.sum()
    sizes = np.concatenate([half, half, [0] * (parts % 2)])
    sizes[0] += total - sizes.sum()
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


def extreme(weights: NDArray[np.integer], most: int) -> NDArray[np.int64]:
    """Features x 64: with the weights' signs, against them, and with half of them so that what the
    one half adds the other takes away, but for what the small weight there makes of it.
    """
    count = len(weights)
    x = np.repeat(np.where(weights < 0, -most, most)[:, None], 64, axis=1)
    x[:, 1] *= -1
    x[count // 2 :, 2:] *= -1
    x[count // 2, 3:] -= np.sign(x[count // 2, 3:]) * np.arange(61)
    return x


@pytest.mark.parametrize("path", LARGEST)
def test_sums_up_to_2_to_the_24_are_accepted_and_exact(path: str) -> None:
    """Features that make sums as large as they get, and sums that come back from half way there."""
    networks = at_the_bound(path)
    networks.check()
    weights = networks.output[0, 1, UNITS:] if path == "linear" else networks.hidden[0, 1]
    x = extreme(weights, MAGNITUDE_MAX)
    s = extreme(networks.signed[0, 1], SIGNED_MAX)
    found = FastNetworks(networks)(0, x.astype(np.float32), s.astype(np.float32))
    for fast, plain in zip(found, reference(networks, 0, x, s), strict=True):
        assert np.array_equal(fast, plain)
    if path == "hidden":  # clipped sums would compare equal whatever they are
        hidden = weights @ x // HIDDEN_STEP
        assert ((hidden > 0) & (hidden < HIDDEN_MAX)).sum() >= 10
    elif path == "linear":
        assert ((found[0][1] > 0) & (found[0][1] < CLASSES - 1)).sum() >= 10


def test_the_bound_is_where_float32_ends() -> None:
    assert int(np.float32(BOUND - 1)) == BOUND - 1
    assert int(np.float32(BOUND) + np.float32(1)) != BOUND + 1


@pytest.mark.parametrize("path", LARGEST)
def test_larger_sums_are_refused(path: str) -> None:
    assert BOUND > FARTHEST * EIGHTHS * EXPECTED_STEP
    with pytest.raises(ValueError, match="expectations" if path == "signed" else "float32"):
        at_the_bound(path, more=1).check()


@pytest.mark.parametrize("name", ["hidden", "output", "signed"])
@pytest.mark.parametrize("weight", [-(1 << 63), 1 << 62, -(1 << 58), BOUND])
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
