"""What the process uses of the machine: what it was granted, and no more."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from bitcodec.cli.batch import share_cores
from bitcodec.codec import Codec
from bitcodec.evaluation import bench
from bitcodec.machine import THREADS, cores
from tests.tiny import textured

needs_masks = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs two cores and a way to choose between them",
)


@needs_masks
def test_cores_are_those_of_the_mask_or_as_many_as_the_user_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(THREADS, raising=False)
    assert cores() == len(os.sched_getaffinity(0))
    with bench.cores(only_one=True):
        assert cores() == 1
    for value, expected in (
        ("1", 1),
        (" 1,4", 1),
        ("", cores()),
        ("0", cores()),
        ("many", cores()),
    ):
        monkeypatch.setenv(THREADS, value)
        assert cores() == expected
    monkeypatch.setenv(THREADS, "99999")
    assert cores() == len(os.sched_getaffinity(0))


def test_a_picture_has_one_thread_where_there_are_several_pictures() -> None:
    assert share_cores(1, 10) == (1, None)
    assert share_cores(None, 1) == (1, None)
    assert share_cores(4, 10) == (4, 1)
    assert share_cores(4, 3) == (3, 1)


THREADS_OF_A_CODEC = """
import os, sys
import bitcodec
before = len(os.listdir("/proc/self/task"))
codec = bitcodec.load(sys.argv[1])
codec.decode(codec.encode(sys.argv[2]))
print(len(os.listdir("/proc/self/task")) - before)
"""


@needs_masks
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_onnx_runtime_starts_threads_for_the_granted_cores_only(
    tiny: Codec, tmp_path: Path
) -> None:
    textured(64, 64).save(tmp_path / "a.png")
    environment = {k: v for k, v in os.environ.items() if k != THREADS}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-c", THREADS_OF_A_CODEC, str(tiny.folder.path), "a.png"]

    def started(more: dict[str, str]) -> int:
        done = subprocess.run(
            command, env=environment | more, cwd=tmp_path, capture_output=True, check=True
        )
        return int(done.stdout)

    alone = started({THREADS: "1"})
    assert alone <= 1  # ONNX Runtime keeps one that does not compute.
    with bench.cores(only_one=True):
        assert started({}) == alone
    assert started({THREADS: "2"}) == alone + 2  # One more for each of the two networks.


@needs_masks
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_one_core_is_one_core_for_threads_that_run_already() -> None:
    """As those of a library's pool do."""
    go, asked = threading.Event(), threading.Event()
    seen: list[int] = []

    def look() -> None:
        for _ in range(2):
            go.wait(10)
            go.clear()
            seen.append(len(os.sched_getaffinity(0)))
            asked.set()

    thread = threading.Thread(target=look)
    thread.start()

    def ask() -> None:
        asked.clear()
        go.set()
        assert asked.wait(10)

    before = len(os.sched_getaffinity(0))
    with bench.cores(only_one=True):
        ask()
    ask()
    thread.join(10)
    assert seen == [1, before]


def test_small_pictures_do_not_wait_for_what_they_do_not_need(tiny: Codec, tmp_path: Path) -> None:
    """The start is most of a small picture's time: only one command's module, and no pydantic,
    which newer versions of Typer load for every parameter."""
    Image.new("RGB", (1, 1)).save(tmp_path / "one.png")
    program = (
        "import sys; from bitcodec.cli import main\n"
        f"sys.argv = ['bitcodec', 'encode', 'one.png', '--model', {str(tiny.folder.path)!r}]\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
    )
    loaded = set(done.stdout.split())
    assert "bitcodec.cli.encode" in loaded and (tmp_path / "one.bitc").exists()
    unneeded = {"pydantic", "bitcodec.cli.bench", "bitcodec.cli.decode", "rich", "torch"}
    unneeded |= {"numpy.ma", "concurrent.futures", "secrets", "email"}
    assert not loaded & unneeded
