"""What the documents say is what the files and the program say."""

from __future__ import annotations

import ast
import csv
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from experiments.article.report import table as article_table
from experiments.documents import documents, filled
from experiments.sweep_report import table as sweep_table
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


def results(experiment: str) -> list[dict[str, str]]:
    with (REPOSITORY / "experiments" / experiment / "results.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_article_s_claim_holds_in_the_committed_results() -> None:
    """Three seeds each: without noise the bitmap is destroyed, with noise 15 it is not."""
    gaps = defaultdict(list)
    for row in results("article"):
        gap = float(row["psnr_sigmoid"]) - float(row["psnr_binary"])
        assert gap == pytest.approx(float(row["gap"]), abs=1e-3)
        gaps[float(row["noise_std"])].append(gap)
    assert len(gaps[15.0]) >= 3 and max(gaps[15.0]) <= 0.3
    assert len(gaps[0.0]) >= 6 and min(gaps[0.0]) >= 10


def means(rows: list[dict[str, str]], key: str, metric: str) -> dict[float, float]:
    """The mean of a metric over three seeds, for every value of ``key``."""
    found = defaultdict(list)
    for row in rows:
        found[float(row[key])].append(float(row[metric]))
    assert {len(values) for values in found.values()} == {3}
    return {value: sum(found[value]) / 3 for value in sorted(found)}


def test_the_penalty_sweep_says_what_it_measured() -> None:
    rows = results("penalty_sweep")
    bpp, psnr = (means(rows, "penalty_weight", key) for key in ("bpp", "psnr_binary"))
    assert list(bpp.values()) == sorted(bpp.values(), reverse=True), "weight buys bytes"
    assert bpp[0] > 72 and 8 < bpp[0.01] < 10
    assert max(psnr, key=lambda weight: psnr[weight]) == 0.01
    assert psnr[0.01] - psnr[0.03] < 0.5 and psnr[0.01] - psnr[0.1] > 3
    assert max(float(row["gap"]) for row in rows) < 0.4


@pytest.mark.parametrize(
    ("experiment", "table"),
    [("article", article_table), ("noise_sweep", sweep_table), ("penalty_sweep", sweep_table)],
)
def test_tables_are_what_their_rows_come_to(experiment: str, table: Callable) -> None:
    rows = [{key: _value(text) for key, text in row.items()} for row in results(experiment)]
    assert table(rows) == (REPOSITORY / "experiments" / experiment / "table.md").read_text()


def _value(text: str) -> int | float | str:
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        return text


TOUR = (REPOSITORY / "docs" / "tour.md").read_text()
PLACE = re.compile(r"([\w/]+\.py): (\w[\w.]*)")


def definition(file: str, dotted: str) -> str:
    """The source of a function or method of the package."""
    (path,) = [p for p in (REPOSITORY / "bitcodec").rglob("*.py") if str(p).endswith(f"/{file}")]
    node: ast.AST = ast.parse(path.read_text())
    for name in dotted.split("."):
        (node,) = [n for n in ast.iter_child_nodes(node) if getattr(n, "name", None) == name]
    return ast.unparse(node)


@pytest.mark.parametrize(("file", "name"), PLACE.findall(TOUR))
def test_what_the_tour_names_is_there(file: str, name: str) -> None:
    assert definition(file, name)


def test_the_five_hops_are_calls() -> None:
    rows = [row for row in TOUR.split("\n") if row.startswith("| ") and row.count(".py: ") == 5]
    assert len(rows) == 2
    for row in rows:
        hops = PLACE.findall(row)
        for here, (_, following) in pairwise(hops):
            assert re.search(rf"\b{following.split('.')[-1]}\(", definition(*here)), (here, row)
