"""A sample of the damages of which ``python -m tests.fuzz.damage`` runs a million."""

from __future__ import annotations

from tests.fuzz.damage import work


def test_damaged_files() -> None:
    outcomes = work("files", 0, 1500)
    assert outcomes.total() == 1500
    assert not {"FOUND", "SLOW"} & set(outcomes), "see the number on standard error"
    # Some pass all checks of the container, or the coders would not have been tried.
    assert outcomes["decoded"] >= 20 and outcomes["refused (DamagedFileError)"] >= 1000


def test_damaged_model_folders() -> None:
    outcomes = work("folders", 0, 120)
    assert outcomes.total() == 120
    assert not {"FOUND", "SLOW"} & set(outcomes), "see the number on standard error"
    assert outcomes["refused (UnknownModelError)"] >= 60
