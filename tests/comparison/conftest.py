"""Running ``bitcodec compare`` in this process."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bitcodec.cli import main

pytest.importorskip("altair", reason="comparing needs bitcodec[eval]")


@dataclass
class Compared:
    """Exit code and standard error, and the folder that was to be written."""

    code: int
    error: str
    folder: Path

    @property
    def sentences(self) -> list[str]:
        return self.error.splitlines()

    def sentence(self, *parts: str) -> str:
        """The one line of standard error that holds all parts."""
        [found] = [line for line in self.sentences if all(part in line for part in parts)]
        return found

    @property
    def rows(self) -> dict[str, dict[str, str]]:
        """The lines of ``runs.csv`` by the name of the run's folder."""
        with (self.folder / "runs.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        found = {Path(row["folder"]).name: row for row in rows}
        assert len(found) == len(rows)
        return found

    @property
    def data(self) -> dict[str, Any]:
        """What the page shows."""
        page = (self.folder / "index.html").read_text()
        text = page.split('<script type="application/json" id="data">')[1].split("</script>")[0]
        return json.loads(text)

    def seen(self, key: str, number: int = 0, kind: str = "symbol") -> list[dict[str, str]]:
        """What Vega itself says of the marks of a PNG's chart, or of the corners of its lines."""
        import vl_convert

        data = self.data
        spec = [chart["spec"] for chart in data["charts"] if chart["key"] == key][number]
        datasets = {"runs": data["rows"], "curves": data["curves"]}
        drawn = vl_convert.vegalite_to_scenegraph(spec | {"datasets": datasets})
        found: list[dict[str, str]] = []

        def walk(item: dict[str, Any]) -> None:
            for below in item.get("items", []):
                if item.get("marktype") == kind and item.get("role") == "mark":
                    parts = [part.split(": ", 1) for part in below["description"].split("; ")]
                    found.append(dict(parts) | {"fill": below.get("fill", "")})
                walk(below)

        walk(drawn["scenegraph"])
        return found


Compare = Callable[..., Compared]


@pytest.fixture
def compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Compare:
    """``compare(FOLDER...)`` writes ``out`` in an empty working folder, unless told otherwise."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object, output: str | Path = "out") -> Compared:
        capsys.readouterr()
        words = [*map(str, arguments), "-o", str(output)]
        monkeypatch.setattr(sys, "argv", ["bitcodec", "compare", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        return Compared(int(stop.value.code or 0), capsys.readouterr().err, tmp_path / output)

    return call
