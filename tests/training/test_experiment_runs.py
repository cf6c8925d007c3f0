"""Experiments go on where they stopped, and take no run for another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from experiments.runs import Run, run_all


def test_a_finished_run_is_taken_and_another_one_refused(tmp_path: Path) -> None:
    overrides = ("noise.std=7", "trainer.accelerator=cpu")
    record = {"state": "finished", "overrides": [*overrides, "threads=2"], "metrics": {"loss": 1.0}}
    record |= {"seed": 0, "started": 0.0, "provenance": {}, "timing": {}}
    for name in ("same", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(json.dumps(record))
    runs = [Run("same", overrides), Run("other", ("noise.std=8", "trainer.accelerator=cpu"))]
    with pytest.raises(SystemExit, match=r"run other failed; see .*output\.log"):
        run_all(runs, tmp_path, jobs=2, threads=1, progress=False)
    for name in ("same", "other"):
        assert json.loads((tmp_path / name / "run.json").read_text()) == record
    assert "finished before, skipped" in (tmp_path / "same" / "output.log").read_text()
    said = (tmp_path / "other" / "output.log").read_text()
    assert "holds another run" in said and "noise.std=7" in said
