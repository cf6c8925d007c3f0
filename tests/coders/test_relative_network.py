"""Networks of proportions: exact arithmetic, and what they are there for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bitcodec.coders.context import ContextCoder
from bitcodec.coders.integer_network import (
    EIGHTHS,
    EXACT,
    HIDDEN_MAX,
    MAGNITUDE_MAX,
    SIGNED_MAX,
)
from bitcodec.coders.relative_network import (
    EXPECTED_STEP,
    PROPORTION_MAX,
    TURN_MAX,
    FastRelative,
    RelativeNetworks,
    in_proportion,
    reference,
)
from bitcodec.errors import UnknownModelError
from tests.coders import made

SIGNED, UNITS = 18, 5


def some() -> RelativeNetworks:
    return RelativeNetworks(
        hidden=made.numbers(21, (2, UNITS, SIGNED), 300),
        spread=made.numbers(22, (2, 1, 2 * UNITS), 900),
        expected=made.numbers(23, (2, 1, UNITS), 250),
    )


def largest(path: str, more: int = 0) -> RelativeNetworks:
    """One path's sums as large as float32 holds, or more."""
    networks = some()
    weights = getattr(networks, path)
    weights[1, 0] = 0
    weights[1, 0, :4] = (EXACT - 1) // (PROPORTION_MAX if path == "hidden" else TURN_MAX) // 4
    weights[1, 0, 3] += 4 * more
    weights[1, 0, 1] *= -1
    return networks


@pytest.mark.parametrize("number", [0, 1])
def test_the_fast_arithmetic_is_the_plain_one(number: int) -> None:
    """float32 against int64, on differences of every size, and the largest there are."""
    for most in (0, 1, 5, 40, SIGNED_MAX):
        s = made.numbers(24 + most, (SIGNED, 200), most)
        found = FastRelative(some())(number, s.astype(np.float32))
        for fast, plain in zip(found, reference(some(), number, s), strict=True):
            assert np.array_equal(fast, plain)


@pytest.mark.parametrize("path", ["hidden", "spread", "expected"])
def test_sums_up_to_2_to_the_24_are_exact_and_larger_ones_refused(path: str) -> None:
    networks = largest(path)
    networks.check()
    for most in (1, SIGNED_MAX):
        s = made.numbers(40 + most, (SIGNED, 300), most)
        found = FastRelative(networks)(1, s.astype(np.float32))
        for fast, plain in zip(found, reference(networks, 1, s), strict=True):
            assert np.array_equal(fast, plain)
    with pytest.raises(ValueError, match="float32"):
        largest(path, more=1).check()


def test_proportions_by_hand() -> None:
    """Of 3, -1 and 0, the size is (4 + 1) / 3 with half a level: 3 is 1.8 times that."""
    ratio, size = in_proportion(np.array([[3], [-1], [0]], np.int32))
    assert size.tolist() == [5]
    assert ratio[:, 0].tolist() == [28, -10, 0]  # 16 * 9 / 5 and 16 * -3 / 5, rounded down


def test_what_is_expected_grows_with_the_differences() -> None:
    """The same shape, ten times as strong: ten times the correction; its spread stays."""
    networks = replace(some(), hidden=0 * some().hidden + made.numbers(25, (UNITS, SIGNED), 300))
    shape = made.numbers(26, (SIGNED, 40), 9) * 3
    faint, strong = (FastRelative(networks)(0, (k * shape / 3).astype(np.float32)) for k in (3, 13))
    half = EIGHTHS / 2 * 250 * UNITS * TURN_MAX / EXPECTED_STEP  # the half level beside the size
    assert np.abs(13 / 3 * faint[1] - strong[1]).max() < half
    assert np.abs(strong[1]).max() > 4 * half


@pytest.mark.parametrize("path", ["spread", "expected"])
def test_bounds_of_what_is_added_are_kept_and_counted(path: str) -> None:
    """What is added may be as large as its bound says, and tables whose sums it takes beyond what
    float32 holds, or expectations beyond what can be coded, are refused.
    """
    networks = some()
    s = np.where(made.numbers(27, (SIGNED, 2000), 1) > 0, SIGNED_MAX, -SIGNED_MAX)
    for number in range(2):
        spread, expected = FastRelative(networks)(number, s.astype(np.float32))
        assert np.abs(spread).max() <= networks.most_spread
        assert np.abs(expected).max() <= networks.most_expected
    tables = made.tables()
    if path == "spread":  # nearly as much as may be, without what is added
        units, features = tables["mean_hidden"].shape[1:]
        reach = units * HIDDEN_MAX + features * MAGNITUDE_MAX
        tables["mean_output"][:] = EXACT // 16 * 15 // reach
    ContextCoder.from_tables(tables)
    large = tables[f"relative_{path}"].copy()
    large[0, 0, :] = EXACT // TURN_MAX // large.shape[2] - 1
    with pytest.raises(UnknownModelError):
        ContextCoder.from_tables({**tables, f"relative_{path}": large})


@pytest.mark.parametrize("name", ["hidden", "spread", "expected"])
def test_tables_that_do_not_fit_are_refused(name: str) -> None:
    tables = made.tables()
    for wrong in (tables[f"relative_{name}"][:-1], tables[f"relative_{name}"].astype(float)):
        with pytest.raises(UnknownModelError):
            ContextCoder.from_tables({**tables, f"relative_{name}": wrong})


def test_a_program_that_knows_no_such_tables_refuses_them() -> None:
    """It reads two numbers, latents and means, and meets a third; so does this one a fourth."""
    tables = made.tables()
    assert len(tables["latents"]) == 3
    for numbers in ([*tables["latents"], 1], [*tables["latents"][:2], 3]):
        with pytest.raises(UnknownModelError):
            ContextCoder.from_tables({**tables, "latents": np.array(numbers, np.int32)})
