"""What ``docs/collections.md`` shows works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bitcodec.codec import Codec
from bitcodec.installed_models import SEARCH_PATH
from tests.conftest import REPOSITORY
from tests.tiny import textured

DOCUMENT = (REPOSITORY / "docs" / "collections.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_an_array_of_jobs_does_every_picture_once(tiny: Codec, tmp_path: Path) -> None:
    (tmp_path / "photos" / "deeper").mkdir(parents=True)
    for number in range(12):
        place = tmp_path / "photos" / ("deeper" if number % 2 else ".")
        textured(16, 16, number).save(place / f"{number}.png")
    (tmp_path / "photos" / "broken.png").write_bytes(b"nothing")
    command = tmp_path / "bin" / "bitcodec"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bitcodec "$@" --model tiny\n')
    command.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        SEARCH_PATH: str(tiny.folder.path.parent),
        "SLURM_ARRAY_TASK_MAX": "2",
    }
    codes = []
    for task in ("0", "1", "2"):
        job = ["bash", "-c", block("sh")]
        done = subprocess.run(job, cwd=tmp_path, env=environment | {"SLURM_ARRAY_TASK_ID": task})
        codes.append(done.returncode)
    assert sorted(codes) == [0, 0, 1]
    outputs = {path.stem for path in (tmp_path / "small").rglob("*.bitc")}
    assert outputs == {str(number) for number in range(12)}
    lines = [
        json.loads(line)
        for path in tmp_path.glob("manifest-*.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert len(lines) == 13 and sum(line["error"] is not None for line in lines) == 1


def test_the_worker_for_ray(tiny: Codec, tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    encoder = names["Encoder"](model=tiny.folder.path, out=tmp_path / "small")
    textured(16, 16).save(tmp_path / "a.png")
    good = (tmp_path / "a.png").read_bytes()
    rows = encoder({"path": ["x/a.png", "x/b.png"], "bytes": [good, b"nothing"]})
    assert rows["path"] == ["x/a.png", "x/b.png"] and rows["error"][0] == "" != rows["error"][1]
    data = (tmp_path / "small" / "a.bitc").read_bytes()
    assert rows["bytes"] == [len(data), 0] and tiny.decode(data).size == (16, 16)
