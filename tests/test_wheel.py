"""The wheel: all of the package is in it, and it works where only its own requirements are."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import bitcodec
from tests.conftest import REPOSITORY
from tests.tiny import textured


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing of an earlier build is in it."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    for name in ("bitcodec", "conf"):
        shutil.copytree(
            REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--quiet", "--wheel-dir")
    pip = (sys.executable, "-m", "pip", "wheel")
    subprocess.run([*pip, *options, str(source), str(source)], check=True)
    (built,) = source.glob("*.whl")
    return built


def required(distribution: str, found: set[str]) -> set[str]:
    """The names of what a distribution needs without extras, and of what that needs."""
    for requirement in importlib.metadata.requires(distribution) or []:
        name = re.match(r"[\w.-]+", requirement)[0]  # type: ignore[index]
        if "extra ==" not in requirement and name not in found:
            try:
                importlib.metadata.distribution(name)
            except importlib.metadata.PackageNotFoundError:
                continue  # for other systems or versions of Python
            found |= {name} | required(name, found | {name})
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What stands on ``sys.path`` after ``pip install``: the wheel, and links to what it needs."""
    installed, needed = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("needed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    (information,) = installed.glob("*.dist-info")
    names: set[str] = set()
    for requirement in importlib.metadata.Distribution.at(information).requires or []:
        if "extra ==" not in requirement:
            name = re.match(r"[\w.-]+", requirement)[0]  # type: ignore[index]
            names |= {name} | required(name, set())
    for name in names:
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            link = needed / top
            if not link.exists():
                link.symlink_to(Path(str(distribution.locate_file(top))))
    return [installed, needed]


def test_everything_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    of_package = [p for p in (REPOSITORY / "bitcodec").rglob("*") if p.suffix != ".pyc"]
    of_package += (REPOSITORY / "conf").rglob("*.yaml")
    for path in of_package:
        inside = path.relative_to(REPOSITORY)
        inside = "bitcodec" / inside if inside.parts[0] == "conf" else inside
        assert path.is_dir() or str(inside) in names, inside
    assert [name for name in names if name.endswith("licenses/LICENSE")]
    assert not [name for name in names if name.startswith(("tests", "experiments"))]


COMMANDS = """
import importlib.util, os, sys
sys.path = {path} + [p for p in sys.path if "site-packages" not in p]
from bitcodec import cli
assert importlib.util.find_spec("torch") is None
for words in (["encode", "photo.png"], ["decode", "photo.bitc", "-o", "back.png"], ["train"]):
    sys.argv = ["bitcodec", *words]
    try:
        cli.main()
    except SystemExit as stop:
        print(words[0], stop.code)
"""


def test_it_works_without_torch(environment: list[Path], tmp_path: Path) -> None:
    textured(97, 65).save(tmp_path / "photo.png")
    program = COMMANDS.format(path=[str(path) for path in environment])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True
    )
    results = [line for line in done.stdout.splitlines() if re.fullmatch(r"\w+ \d+", line)]
    assert results == ["encode 0", "decode 0", "train 2"], done.stderr
    said = " ".join(done.stderr.split())
    assert "needs the package torch: pip install 'bitcodec[train]'" in said
    there = np.asarray(Image.open(tmp_path / "back.png"))
    assert (there == np.asarray(bitcodec.open(tmp_path / "photo.bitc"))).all()


def test_its_configs_are_those_of_the_checkout(environment: list[Path]) -> None:
    program = f"import sys; sys.path.insert(0, {str(environment[0])!r})\n"
    program += "from bitcodec.training import entry; print(entry.CONFIGS)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == environment[0] / "bitcodec" / "conf"
