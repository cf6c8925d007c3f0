"""A batch's record, JSON lines: what became of each input, and from where a run goes on."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bitcodec.cli.plan import Task, is_there
from bitcodec.errors import BitcodecError, UsageError
from bitcodec.files import cannot


@dataclass(frozen=True)
class Done:
    """What a finished task reports: a line for people, figures for the manifest."""

    line: str
    bytes: int
    pixels: int


class Manifest:
    """Appends one line for each outcome, so that a killed run loses at most the last.

    A line holds ``input``, ``output``, ``bytes`` (of the .bitc file), ``bpp``, ``seconds`` and
    ``error`` (null if all went well). Several processes may append to one file.

    Args:
        path: the file; None to write nothing.

    Raises:
        UsageError: if it holds something else than such lines, or cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._done: set[tuple[str, str]] = set()
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a+b") as stream:
                stream.seek(0)
                self._read(stream.read(), path)
        except OSError as error:
            raise cannot("written", error, path) from None

    def has(self, task: Task) -> bool:
        """Whether an earlier run did this one, and its output is still there."""
        return _key(task) in self._done and is_there(task)

    def done(self, task: Task, outcome: Done, seconds: float) -> None:
        """Write down a success."""
        bpp = round(8 * outcome.bytes / outcome.pixels, 6)
        self._write(task, seconds, {"bytes": outcome.bytes, "bpp": bpp, "error": None})

    def failed(self, task: Task, error: BitcodecError, seconds: float) -> None:
        """Write down a failure."""
        self._write(task, seconds, {"bytes": None, "bpp": None, "error": str(error)})

    def _write(self, task: Task, seconds: float, rest: dict[str, Any]) -> None:
        if self.path is None:
            return
        source, target = _key(task)
        facts = {"input": source, "output": target, "seconds": round(seconds, 4)} | rest
        line = (json.dumps(facts) + "\n").encode()
        # One write to the end of the file: lines of several processes do not mix.
        with self._lock:
            try:
                handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
                try:
                    os.write(handle, line)
                finally:
                    os.close(handle)
            except OSError as error:
                raise cannot("written", error, self.path) from None

    def _read(self, data: bytes, path: Path) -> None:
        whole, _, torn = data.rpartition(b"\n")
        for line in whole.splitlines():
            if not line.strip():
                continue
            try:
                facts = json.loads(line)
                if facts["error"] is None:
                    self._done.add((facts["input"], facts["output"]))
            except (ValueError, KeyError, TypeError):
                # A line that a killed run left torn, before another run went on below it.
                if not line.startswith(b'{"input"'):
                    raise UsageError("holds no manifest: name another file", path) from None
        if torn:
            if not torn.startswith(b'{"input"'[: len(torn)]):
                raise UsageError("holds no manifest: name another file", path)
            with path.open("ab") as stream:
                stream.write(b"\n")


def _key(task: Task) -> tuple[str, str]:
    # Bytes of names that are no text survive as escapes.
    return str(task.name), str(task.target or "-")
