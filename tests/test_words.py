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


@pytest.mark.parametrize("path", SOURCES, ids=dotted)
def test_modules_and_public_functions_begin_with_a_summary(path: Path) -> None:
    tree = ast.parse(path.read_text())
    if not tree.body:
        return  # an empty __init__.py
    for node in [tree, *tree.body]:
        name = getattr(node, "name", "the module")
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and name[0] != "_":
            summary = ast.get_docstring(node) or ""
            assert summary and not summary.startswith(SECTIONS), name
        for method in node.body if isinstance(node, ast.ClassDef) else []:
            # What overrides another method may leave its words to that one.
            if isinstance(method, ast.FunctionDef) and method.name[0] != "_":
                assert not (ast.get_docstring(method) or "").startswith(SECTIONS), method.name
