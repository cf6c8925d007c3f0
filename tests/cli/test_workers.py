"""Several tasks at a time: what a crash, a kill or too few processes leave of the batch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux")

BATCH = """
import os, signal, sys, time
from pathlib import Path
import typer
from bitcodec.cli.batch import run
from bitcodec.cli.manifest import Done, Manifest
from bitcodec.cli.plan import Task

def work(task):
    {work}
    return Done("", 1, 1)

tasks = [Task(Path(f"{{n}}.png"), Path(f"{{n}}.bitc")) for n in range(12)]
try:
    run(tasks, work, {jobs}, False, "done", Manifest(Path("m.jsonl")))
except typer.Exit as end:
    sys.exit(end.exit_code)
"""


def start(folder: Path, work: str, jobs: int = 2) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", BATCH.format(work=work, jobs=jobs)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_crash_is_one_pictures_failure(tmp_path: Path, jobs: int) -> None:
    crash = 'task.name.stem in "37" and os.kill(os.getpid(), signal.SIGSEGV)'
    process = start(tmp_path, crash, jobs)
    _, said = process.communicate(timeout=60)
    lines = sorted(said.decode().splitlines())
    what = f"cannot be done (its process was ended, code -{int(signal.SIGSEGV)})"
    assert [line for line in lines if ".png" in line] == [f"3.png: {what}", f"7.png: {what}"]
    assert "10 of 12 done, 2 failed" in lines and len(lines) == 3
    assert process.returncode == 1
    manifest = (tmp_path / "m.jsonl").read_text().splitlines()
    assert len(manifest) == 12 and sum(what in line for line in manifest) == 2


def test_a_kill_is_explained(tmp_path: Path) -> None:
    kill = 'task.name.stem == "5" and os.kill(os.getpid(), signal.SIGKILL)'
    _, said = start(tmp_path, kill).communicate(timeout=60)
    assert b"if memory is short, give fewer --jobs" in said and b"11 of 12 done" in said


def test_nothing_goes_on_without_the_first_process(tmp_path: Path) -> None:
    """What has begun is finished; then its copies end too."""
    process = start(tmp_path, 'Path(f"pid{os.getpid()}").touch(); time.sleep(0.2)')
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("pid*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    members = [path.name.removeprefix("pid") for path in tmp_path.glob("pid*")]
    while any(Path("/proc", pid).exists() for pid in members) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path("/proc", pid).exists() for pid in members)
    assert len((tmp_path / "m.jsonl").read_text().splitlines()) < 12
