"""What the documents say is what the files and the program say."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest

from experiments.documents import documents, filled
from tests.conftest import REPOSITORY

DOCUMENTS = [pytest.param(path, id=str(path.relative_to(REPOSITORY))) for path in documents()]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_quoted_tables_are_up_to_date(path: Path) -> None:
    assert filled(path.read_text()) == path.read_text(), "run python -m experiments.documents"


@pytest.mark.parametrize("path", DOCUMENTS)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


def test_the_article_s_claim_holds_in_the_committed_results() -> None:
    """Three seeds each: without noise the bitmap is destroyed, with noise 15 it is not."""
    gaps = defaultdict(list)
    with (REPOSITORY / "experiments" / "article" / "results.csv").open() as file:
        for row in csv.DictReader(file):
            gap = float(row["psnr_sigmoid"]) - float(row["psnr_binary"])
            assert gap == pytest.approx(float(row["gap"]), abs=1e-3)
            gaps[float(row["noise_std"])].append(gap)
    assert len(gaps[15.0]) >= 3 and max(gaps[15.0]) <= 0.3
    assert len(gaps[0.0]) >= 6 and min(gaps[0.0]) >= 10
