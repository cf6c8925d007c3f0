"""Closed streams, terminals without columns, folders that are gone, talkative libraries."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from bitcodec.installed_models import SEARCH_PATH
from bitcodec.model_folder import ModelFolder
from tests.cli.conftest import Run
from tests.conftest import REPOSITORY
from tests.odd import saved

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell's redirections")
Shell = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(tiny_folder: ModelFolder, tmp_path: Path) -> Shell:
    """A line for a shell in an empty folder, in which ``$B`` is the command."""
    environment = os.environ | {
        SEARCH_PATH: str(tiny_folder.path.parent),
        "PYTHONPATH": str(REPOSITORY),
        "B": f"{shlex.quote(sys.executable)} -m bitcodec",
    }
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")

    def shell(line: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            ["sh", "-c", line], capture_output=True, text=True, cwd=tmp_path, env=environment
        )
        assert "Traceback" not in done.stderr
        return done

    return shell


def test_closed_streams(shell: Shell, tmp_path: Path) -> None:
    """What does not need them does not miss them; what does, says so."""
    done = shell("$B encode a.png --model tiny <&- >&- 2>&-")
    assert done.returncode == 0
    whole = (tmp_path / "a.bitc").read_bytes()
    for line, what in (
        ("$B info a.bitc --json >&-", "written"),
        ("$B encode a.png --model tiny -o - >&-", "written"),
        ("$B decode - -o b.png <&-", "read"),
    ):
        done = shell(line)
        assert done.returncode and what in done.stderr and "standard" in done.stderr, line
    assert (tmp_path / "a.bitc").read_bytes() == whole and not (tmp_path / "b.png").exists()


def test_a_terminal_without_columns(shell: Shell) -> None:
    done = shell("$B encode a.png --model tiny; COLUMNS=0 $B info a.bitc")
    assert "picture" in done.stdout and "bytes" in done.stdout


def test_a_current_folder_that_is_gone(shell: Shell) -> None:
    done = shell("mkdir gone && cd gone && rmdir ../gone && $B encode ../a.png")
    assert done.returncode == 2 and "current folder" in done.stderr


@pytest.mark.skipif(not features.check("libtiff"), reason="needs libtiff")
def test_one_sentence_for_each_file_is_all_there_is(run: Run, tmp_path: Path) -> None:
    """libtiff would add its own, without a file's name."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = bytearray(saved(Image.fromarray(noise), "TIFF", compression="tiff_adobe_deflate"))
    data[4000] ^= 1
    for name in ("a.tif", "b.tif"):
        (tmp_path / name).write_bytes(data)
    Image.new("RGB", (16, 16)).save(tmp_path / "c.png")
    done = run("encode", "a.tif", "b.tif", "c.png", "--model", "tiny")
    *sentences, summary = done.stderr.decode().splitlines()
    assert sorted(line.split(":")[0] for line in sentences) == ["a.tif", "b.tif"]
    assert summary == "1 of 3 encoded, 2 failed" and done.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_outside_of_batches(tiny_folder: ModelFolder, tmp_path: Path, number: int) -> None:
    """A sentence and the signal's own code, also where no batch has begun."""
    os.mkfifo(tmp_path / "slow.png")
    process = subprocess.Popen(
        [sys.executable, "-m", "bitcodec", "encode", "slow.png", "--model", "tiny"],
        cwd=tmp_path,
        env=os.environ | {SEARCH_PATH: str(tiny_folder.path.parent), "PYTHONPATH": str(REPOSITORY)},
        stderr=subprocess.PIPE,
        # What runs the tests may ignore some of them, as nohup does.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    said = b""
    with (tmp_path / "slow.png").open("wb"):  # waits until somebody reads
        for _ in range(6):
            process.send_signal(number)
            # One that comes just before the reading begins is not noticed until it ends.
            with suppress(subprocess.TimeoutExpired):
                _, said = process.communicate(timeout=10)
                break
    assert (process.returncode, said) == (128 + number, b"interrupted\n")
