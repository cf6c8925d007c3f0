"""Odd pictures are right, or refused in one sentence that names the file."""

from __future__ import annotations

import io
import os
import sys
import threading
from importlib import import_module
from pathlib import Path

import pytest

from bitcodec.codec import Codec
from bitcodec.errors import BitcodecError
from bitcodec.images import open_rgb, to_rgb
from tests.cli.conftest import Run
from tests.odd import ODD, flag, saved

for kind in ("png", "tiff_and_jpeg", "others", "colours", "scans", "screens", "old"):
    import_module(f"tests.odd.{kind}")


@pytest.mark.parametrize("name", ODD)
def test_right_or_refused(name: str, tmp_path: Path) -> None:
    wanted = ODD[name]()
    path = tmp_path / name
    path.write_bytes(wanted.data)
    if wanted.refused:
        with pytest.raises(BitcodecError) as refusal:
            open_rgb(path)
        sentence = str(refusal.value)
        assert sentence.startswith(f"{path}: ") and wanted.refused in sentence
        assert "\n" not in sentence
        return
    picture = open_rgb(path)
    assert (picture.mode, picture.size) == ("RGB", wanted.size)
    y, quarter = picture.height // 2, picture.width // 4
    for x, colour in ((quarter, wanted.left), (picture.width - 1 - quarter, wanted.right)):
        found = picture.getpixel((x, y))
        assert found == pytest.approx(colour, abs=wanted.tolerance)
    # The same from a stream; and nothing is left that would be done once more.
    again = open_rgb(Path("standard input"), stream=io.BytesIO(wanted.data))
    assert again.tobytes() == to_rgb(picture).tobytes() == picture.tobytes()
    assert to_rgb(picture).size == picture.size


def test_a_batch_of_all_of_them(run: Run, tiny: Codec, tmp_path: Path) -> None:
    """Each by itself an output or a sentence; the outputs decode."""
    folder = tmp_path / "in"
    folder.mkdir()
    wanted = {f"{number:02}-{name}": ODD[name]() for number, name in enumerate(ODD)}
    for name, file in wanted.items():
        (folder / name).write_bytes(file.data)
    done = run("encode", "in", "-o", "out", "--model", "tiny", "-j", 2)
    lines = done.stderr.decode().splitlines()
    # Not among them: what a folder is not searched for, by its name.
    outputs = {path.stem for path in (tmp_path / "out").iterdir()}
    named = {line.split(":")[0].removeprefix("in/") for line in lines[:-1]}
    assert outputs == {Path(name).stem for name, file in wanted.items() if not file.refused}
    assert named == {name for name, file in wanted.items() if file.refused}
    assert len(lines) == len(named) + 1 and done.returncode == 1
    assert f"{len(outputs)} of {len(wanted)} encoded, {len(named)} failed" in lines[-1]
    for path in (tmp_path / "out").iterdir():
        tiny.decode(path.read_bytes())


@pytest.mark.skipif(sys.platform == "win32", reason="names and pipes of POSIX")
def test_odd_names(run: Run, tmp_path: Path) -> None:
    """Names that are no words, and what is no file although it is called like one."""
    folder = tmp_path / "in"
    names = (
        b"-o.png", b"--help.png", b"-.png", b" .png", b"trailing .png", b"new\nline.png",
        b"\xff\xfeutf-16\x00"[:-1] + b".png", "e\u0301 \u202egnp.png".encode(), b"[red]x[bold].png",
        b"%s%n.PNG", b"a*b?.png", b"x.png.png", b"~.png", b"$HOME.png", b"back\\slash.png",
    )  # fmt: skip
    (folder / "folder.png").mkdir(parents=True)
    for name in names:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(saved(flag(), "PNG"))
    os.mkfifo(folder / "pipe.png")
    (folder / "link-to-a-pipe.png").symlink_to("pipe.png")
    (folder / "link-without-an-end.png").symlink_to("/dev/zero")
    (folder / "dangling.png").symlink_to("nowhere")
    done = run("encode", "in", "-o", "out", "--model", "tiny")
    said = done.stderr.decode()
    assert f"{len(names)} of {len(names) + 1} encoded, 1 failed" in said
    assert "dangling.png: there is no such file" in said
    found = {os.fsencode(path.name) for path in (tmp_path / "out").iterdir()}
    assert found == {os.path.splitext(name)[0] + b".bitc" for name in names}  # noqa: PTH122
    done = run("decode", "out", "-o", "back")
    assert done.returncode == 0 and len(list((tmp_path / "back").iterdir())) == len(names)
    # Named by the user, also behind a name that begins like an option.
    done = run("encode", "--model", "tiny", "--", "in/-o.png", "in/ .png")
    assert done.returncode == 0
    assert run("encode", "in/folder.png", "--model", "tiny").returncode == 2
    # A pipe that a user names is read.
    pipe = folder / "pipe.png"
    writer = threading.Thread(target=lambda: pipe.write_bytes(saved(flag(), "PNG")))
    writer.start()
    done = run("encode", "in/pipe.png", "-o", "pipe.bitc", "--model", "tiny")
    writer.join(20)
    assert done.returncode == 0, done.stderr.decode()
