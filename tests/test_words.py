"""Words in the code: examples that run, modules and functions that say what they are."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

import bitcodec
from bitcodec import loading, targets
from bitcodec.codec import Codec
from tests.conftest import REPOSITORY

SECTIONS = ("Raises", "Args", "Returns")
SOURCES = sorted((REPOSITORY / "bitcodec").rglob("*.py"))
OTHERS = sorted(
    p for folder in ("experiments", "tests") for p in (REPOSITORY / folder).rglob("*.py")
)


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")


WITH_EXAMPLES = [dotted(path) for path in SOURCES if ">>> " in path.read_text()]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that holds a `photo.png` of 96 x 64 pixels, with the default codec loaded."""
    Image.fromarray(skimage.data.chelsea()[100:164, 100:196]).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testmod(
        importlib.import_module(name),
        extraglobs={"bitcodec": bitcodec, "codec": bitcodec.load()},
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
    )
    assert tried > 0 and failed == 0


def test_the_public_functions_have_examples() -> None:
    """In the package's docstring, which is where a newcomer looks."""
    assert bitcodec.__doc__ is not None
    used = [line for line in bitcodec.__doc__.splitlines() if line.lstrip().startswith(">>> ")]
    for name in ("load", "open", "save"):
        assert any(f"bitcodec.{name}(" in line for line in used), name


@pytest.mark.parametrize("thing", [Codec, loading, targets], ids=lambda thing: thing.__name__)
def test_what_users_call_has_an_example_of_its_own(thing: object) -> None:
    for name, member in vars(thing).items():
        own = getattr(member, "__module__", None) == getattr(thing, "__module__", thing.__name__)
        if inspect.isfunction(member) and own and not name.startswith("_"):
            assert ">>> " in (inspect.getdoc(member) or ""), name


def test_every_module_opens_with_one_sentence() -> None:
    for path in [*SOURCES, *OTHERS, REPOSITORY / "train.py"]:
        if not path.read_text() and path.name == "__init__.py":
            assert path not in SOURCES, path
            continue
        summary, *rest = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")
        assert summary and summary[-1] in ".?" and not (rest and rest[0]), path


@pytest.mark.parametrize("path", SOURCES, ids=dotted)
def test_public_functions_begin_with_a_summary(path: Path) -> None:
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name[0] == "_":
            continue
        summary = ast.get_docstring(node) or ""
        assert summary and not summary.startswith(SECTIONS), node.name
        for method in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(method, ast.FunctionDef) and method.name[0] != "_":
                summary = ast.get_docstring(method) or ""
                # What overrides another method may leave its words to that one.
                assert summary or node.bases, f"{node.name}.{method.name}"
                assert not summary.startswith(SECTIONS), f"{node.name}.{method.name}"
