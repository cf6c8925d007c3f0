"""Files appear whole or not at all, where the user said, and nothing that was there is lost."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bitcodec import temporary
from bitcodec.errors import BitcodecError, UsageError
from bitcodec.files import replacing, replacing_folder, replacing_path, write_file
from bitcodec.temporary import PREFIX, SUFFIX


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_failed_block_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.bitc"
    path.write_bytes(b"before")
    with pytest.raises(RuntimeError), replacing(path) as stream:
        stream.write(b"half of")
        raise RuntimeError
    assert path.read_bytes() == b"before" and names(tmp_path) == ["a.bitc"]
    write_file(path, b"after")
    assert path.read_bytes() == b"after" and names(tmp_path) == ["a.bitc"]


def test_a_link_stays_one_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    real, link = tmp_path / "deep" / "real", tmp_path / "link"
    link.symlink_to("deep/real")
    for data in (b"through a dangling link", b"and again"):
        write_file(link, data)
        assert link.is_symlink() and real.read_bytes() == data
    assert names(tmp_path / "deep") == ["real"]


def test_a_link_to_itself_is_one_sentence(tmp_path: Path) -> None:
    link = tmp_path / "loop"
    link.symlink_to("loop")
    with pytest.raises(UsageError, match="loop: cannot be written"):
        write_file(link, b"x")
    assert link.is_symlink()


def test_devices_and_pipes_are_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, b"x" * 200_000, overwrite=False)
    reader.join(10)
    assert received == [b"x" * 200_000] and stat.S_ISFIFO(pipe.stat().st_mode)
    write_file("/dev/null", b"x")
    assert not Path("/dev/null").is_file()


def test_an_open_file_is_written_to_through_its_number(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("wb") as stream:
        inode = os.fstat(stream.fileno()).st_ino
        write_file(f"/dev/fd/{stream.fileno()}", b"x", overwrite=False)
    assert path.read_bytes() == b"x" and path.stat().st_ino == inode


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_not_the_users_typing() -> None:
    with pytest.raises(BitcodecError, match="No space left") as caught:
        write_file("/dev/full", b"x")
    assert caught.value.exit_code == 1


def test_the_mode_of_a_replaced_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "private"
    path.write_bytes(b"")
    for mode in (0o600, 0o444, 0o664):
        path.chmod(mode)
        write_file(path, b"new")
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "new", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


def test_a_name_as_long_as_may_be(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write_file(path, b"x")
    assert path.read_bytes() == b"x"
    with pytest.raises(UsageError, match="File name too long"):
        write_file(tmp_path / ("n" * 256), b"x")


@pytest.mark.parametrize("hard_links", [True, False])
def test_of_many_writers_without_overwrite_one_succeeds(
    tmp_path: Path, hard_links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hard_links:

        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "as FAT has it")

        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "one"
    start = threading.Barrier(8)

    def write(number: int) -> int | None:
        start.wait()
        try:
            write_file(path, bytes([number]) * 1000, overwrite=False)
        except UsageError as error:
            assert "exists already" in str(error)
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        winners = [number for number in pool.map(write, range(8)) if number is not None]
    assert len(winners) == 1
    assert path.read_bytes() == bytes(winners) * 1000 and names(tmp_path) == ["one"]


def test_refusals_name_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "below", tmp_path / "nowhere" / "x"):
        with pytest.raises(UsageError, match=f"{path}: cannot be written"):
            write_file(path, b"x")
    assert names(tmp_path) == ["file"]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / ("f" * 250)
    for number in range(2):
        with replacing_folder(folder) as new:
            (new / str(number)).touch()
    with pytest.raises(RuntimeError), replacing_folder(folder):
        raise RuntimeError
    assert names(folder) == ["1"] and names(tmp_path) == [folder.name]


def test_temporary_names_are_hidden_and_known(tmp_path: Path) -> None:
    with replacing_path(tmp_path / "x") as path:
        assert names(tmp_path) == [path.name]
        assert path.name.startswith(PREFIX) and path.name.endswith(SUFFIX)


def test_leftovers_of_killed_processes_go_and_nothing_else(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""])
    gone.wait()
    machine, process, token = temporary.new_name().removeprefix(PREFIX).split("-")
    assert process == str(os.getpid())

    def leave(machine: str, process: object, age: float = 0) -> str:
        path = tmp_path / f"{PREFIX}{machine}-{process}-{token}"
        path.touch()
        os.utime(path, (time.time() - age,) * 2)
        return path.name

    day = temporary.STALE_SECONDS
    kept = {
        leave(machine, os.getpid()),
        leave("00000000", gone.pid, age=day / 2),
        leave(machine + "0", gone.pid, age=2 * day),  # No name of ours.
        ".bitcodec-notes",
    }
    (tmp_path / ".bitcodec-notes").touch()
    leave(machine, gone.pid)
    leave("00000000", os.getpid(), age=2 * day)
    write_file(tmp_path / "new", b"")
    assert set(names(tmp_path)) == {"new", *kept}


def test_what_replaces_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    synced: list[tuple[int, bytes]] = []
    sync = os.fsync

    def watched(handle: int) -> None:
        sync(handle)
        synced.append((os.fstat(handle).st_ino, path.read_bytes()))

    monkeypatch.setattr(os, "fsync", watched)
    write_file(path, b"old")
    assert synced == []
    write_file(path, b"new")
    assert synced == [(path.stat().st_ino, b"old")]
