"""The synthetic runs of these tests have the layout of a real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bitcodec.comparison.runs import BINARY, SIGMOID, TRAINING, read_curves, read_run
from tests.comparison.conftest import Compare
from tests.comparison.synthetic import COLUMNS, PICTURES, make_run
from tests.conftest import tiny_run

pytest.importorskip("lightning", reason="training needs bitcodec[train]")


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def keys(content: Any) -> dict[str, str]:
    """Dotted keys with the types of their values."""
    if not isinstance(content, dict):
        return {}
    found = {key: type(value).__name__ for key, value in content.items()}
    for key, value in content.items():
        found |= {f"{key}.{below}": kind for below, kind in keys(value).items()}
    return found


def test_a_real_run_beside_a_synthetic_one(
    compare: Compare, train: Callable, photo_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "sweep" / "0"
    assert train(*tiny_run(photo_folder, folder, "noise.std=15", "penalty.weight=0.01")).code == 0
    synthetic = make_run(tmp_path / "made" / "0", 15.0, 0.01)

    assert names(synthetic) <= names(folder)
    assert {f"panels/image_0/{name}.png" for name in PICTURES} <= names(folder)
    header = (folder / "csv" / "metrics.csv").read_text().splitlines()[0]
    assert header.split(",") == COLUMNS
    real, made = (json.loads((each / "run.json").read_text()) for each in (folder, synthetic))
    assert list(real) == list(made) and real["metrics"].keys() == made["metrics"].keys()
    assert keys(made).items() <= keys(real).items()
    real, made = (
        yaml.safe_load((each / "config.yaml").read_text()) for each in (folder, synthetic)
    )
    # A number may be written as 15 or 15.0.
    assert keys(made).keys() <= keys(real).keys()

    compared = compare("sweep")
    assert compared.code == 0 and compared.sentences[-1].endswith("1 run: 1 finished")
    assert compared.rows["0"]["state"] == "finished" and compared.rows["0"]["noise.std"] == "15"
    record = json.loads((folder / "run.json").read_text())
    for key, value in record["metrics"].items():
        assert float(compared.rows["0"][key]) == value
    run = read_run(folder)
    assert not run.problem and run.record["timing.device"] == "cpu"
    assert run.record["provenance.commit"] == record["provenance"]["commit"]
    curves = read_curves(run)
    assert list(curves[BINARY]) == list(curves[SIGMOID]) == [4, 8]
    assert curves[BINARY][8] == pytest.approx(run.metrics["psnr_binary"], abs=1e-4)
    assert list(curves[TRAINING]) == list(range(1, 9))
    [before, last] = compared.data["photographs"]["frames"]["0"]["image_0"]
    parts = {"input", "sigmoid", "binary", "code", "bitmap"}
    assert before["step"] == 4 and last["step"] is None and before.keys() == last.keys() >= parts
    assert before["binary"] != last["binary"] and before["input"] == last["input"]
    figures = dict(last["figures"])
    assert figures.keys() == {
        *("sigmoid dB", "binarized dB", "gap dB", "order-0 bpp", "file bpp", "ones"),
    }
