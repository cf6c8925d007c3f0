"""Damage by the million, without a fuzzer: of files, and of the folders of models.

    python -m tests.fuzz.damage files 1000000
    python -m tests.fuzz.damage folders 20000

Whatever happens must be a BitcodecError or a picture. Most damages are made credible first: a file
gets the right checksum, a folder the right digest, as anyone can compute them; behind those is the
code that has to stand firm. Each execution follows from its number alone, so that a finding can
be looked at again: ``--first NUMBER`` and a count of 1.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PIL import Image

from bitcodec import container
from bitcodec.codec import Codec
from bitcodec.errors import BitcodecError
from bitcodec.model_folder import FACTS, ModelFolder
from tests.fuzz.harness import DATA, MOST_PIXELS, golden_codec

SLOW_SECONDS = 5.0
"""What no damage of a small file may cost."""
_CHUNK = 20_000


def damaged(whole: bytes, rng: random.Random) -> bytes:
    """Bits flipped, bytes changed, stretches cut, doubled, moved, emptied, or the end gone."""
    data = bytearray(whole)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        if not data:
            break
        at = rng.randrange(len(data))
        length = min(len(data) - at, 1 << rng.randrange(8))
        kind = rng.randrange(8)
        if kind <= 1:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        elif kind == 3:
            data[at : at + length] = rng.randbytes(length)
        elif kind == 4:
            del data[at : at + length]
        elif kind == 5:
            data[at:at] = data[at : at + length] if rng.random() < 0.5 else rng.randbytes(length)
        elif kind == 6:
            data[at : at + length] = bytes(length)
        else:
            del data[at:]
    return bytes(data)


class Files:
    """Damaged ``.bitc`` files of the committed tiny model."""

    def __init__(self) -> None:
        self._codec = golden_codec()
        self._seeds = [path.read_bytes() for path in sorted((DATA / "golden").glob("*.bitc"))]

    def __call__(self, number: int) -> str:
        """Damage one, and say what came of it."""
        rng = random.Random(number)
        whole = rng.choice(self._seeds)
        data = self._of_payload(whole, rng) if rng.random() < 0.5 else damaged(whole, rng)
        if rng.random() < 0.8 and len(data) > 4:
            data = data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little")
        try:
            header, _ = container.read(data)
            if header.width * header.height > MOST_PIXELS:
                return "large"  # Legal, but the others are waiting.
            header, bitmap = self._codec.unpack(data)
            self._codec.reconstruct(bitmap, (header.width, header.height))
        except BitcodecError as error:
            return f"refused ({type(error).__name__})"
        return "decoded" if data != whole else "whole"

    @staticmethod
    def _of_payload(whole: bytes, rng: random.Random) -> bytes:
        """The payload alone, so that the coder gets to see it."""
        header, payload = container.read(whole)
        payload = damaged(payload, rng)
        size = (header.width, header.height)
        if rng.random() < 0.2:
            size = (rng.randint(1, 300), rng.randint(1, 200))
        header = replace(header, width=size[0], height=size[1], payload_length=len(payload))
        return container.write(header, payload)


class Folders:
    """Damaged folders of the committed tiny model, asked to decode and to encode."""

    def __init__(self, place: Path) -> None:
        self._source = DATA / "tiny_model"
        self._place = place / "model"
        self._file = (DATA / "golden" / "square-context.bitc").read_bytes()
        self._picture = Image.open(DATA / "golden" / "square.png").convert("RGB")
        self._wanted = self._use(self._source)

    def __call__(self, number: int) -> str:
        """Damage one, and say what came of it."""
        rng = random.Random(number)
        shutil.rmtree(self._place, ignore_errors=True)
        shutil.copytree(self._source, self._place)
        names = sorted(path.name for path in self._place.iterdir())
        for name in rng.sample(names, rng.choice((1, 1, 1, 2))):
            path = self._place / name
            if name == FACTS and rng.random() < 0.7:
                path.write_text(self._other_facts(path.read_text(), rng))
            elif rng.random() < 0.03:
                path.unlink()
            else:
                path.write_bytes(damaged(path.read_bytes(), rng))
        try:
            credible = rng.random() < 0.7
            if credible:
                self._make_credible()
            out = self._use(self._place)
        except BitcodecError as error:
            return f"refused ({type(error).__name__})"
        if not credible and out != self._wanted:
            raise AssertionError("a damaged folder made another picture")
        return "as before" if out == self._wanted else "another picture, by a digest made anew"

    def _use(self, folder: Path) -> tuple[bytes, bytes]:
        codec = Codec(ModelFolder(folder), threads=1)
        return codec.decode(self._file).tobytes(), codec.encode(self._picture, coder="context")

    def _make_credible(self) -> None:
        folder = ModelFolder(self._place)
        facts = json.loads((self._place / FACTS).read_text())
        facts["integrity"] = folder.compute_integrity()
        (self._place / FACTS).write_text(json.dumps(facts))

    @staticmethod
    def _other_facts(text: str, rng: random.Random) -> str:
        facts = json.loads(text)
        name = rng.choice(sorted(facts))
        values = (None, -1, 0, 1, 7, 1 << 40, 0.5, "", "x" * 50, [], {}, [[1]], True, float("nan"))
        facts[name] = rng.choice(values)
        return json.dumps(facts)


@contextmanager
def executions(kind: str) -> Iterator[Callable[[int], str]]:
    """What runs one execution of a kind, ``files`` or ``folders``."""
    # In memory where there is such a place: a folder is written for every execution.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        yield Files() if kind == "files" else Folders(Path(place))


def work(kind: str, first: int, count: int, progress: Path | None = None) -> Counter[str]:
    """Run executions one after the other, and count what came of them.

    Findings count as such, with the number of the execution on standard error.
    """
    outcomes: Counter[str] = Counter()
    # Forged weights make numbers that are none; what they are as pixels does not matter.
    with executions(kind) as execute, warnings.catch_warnings(action="ignore"):
        for number in range(first, first + count):
            if progress is not None and number % 16 == 0:
                progress.write_text(str(number))
            start = time.monotonic()
            try:
                outcome = execute(number)
            except Exception:
                print(f"--- {kind} {number}\n{traceback.format_exc(limit=-4)}", file=sys.stderr)
                outcome = "FOUND"
            if time.monotonic() - start > SLOW_SECONDS:
                print(f"--- {kind} {number}: slow", file=sys.stderr)
                outcome = "SLOW"
            outcomes[outcome] += 1
    return outcomes


def main() -> None:
    """Run executions in processes of their own, which a crash in a library may end."""
    parser = argparse.ArgumentParser(description="Damage files or model folders.")
    parser.add_argument("kind", choices=("files", "folders"))
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--progress", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.progress is not None:
        print(json.dumps(work(chosen.kind, chosen.first, chosen.count, chosen.progress)))
        return
    total: Counter[str] = Counter()
    end, start = chosen.first + chosen.count, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        progress = Path(folder, "progress")
        for first in range(chosen.first, end, _CHUNK):
            part = [chosen.kind, str(min(_CHUNK, end - first)), "--first", str(first)]
            command = [sys.executable, "-m", "tests.fuzz.damage", *part, "--progress", progress]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
            if done.returncode:
                print(f"--- ended by {done.returncode} soon after {progress.read_text()}")
                total["CRASH"] += 1
            else:
                total.update(json.loads(done.stdout.splitlines()[-1]))
    seconds = time.monotonic() - start
    print(f"{sum(total.values()):,} executions in {seconds:.0f} s from number {chosen.first}")
    for outcome, number in total.most_common():
        print(f"{number:>12,}  {outcome}")
    sys.exit(any(name in total for name in ("FOUND", "SLOW", "CRASH")))


if __name__ == "__main__":
    main()
