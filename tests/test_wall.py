"""The house has one direction: rooms below never import rooms above, and a wall stands at torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import bitcodec

PACKAGE = Path(bitcodec.__file__).parent
BEYOND_THE_WALL = ("transforms", "training")

STOREYS = (
    {"errors", "machine", "varint", "temporary", "files", "bitmap", "tiles", "pixels"},
    {"metadata", "open_file", "jpeg2000", "refusals", "samples", "profiles", "video_colours"},
    {"colour", "inference", "provenance"},
    {"layout", "coders", "container", "transforms"},
    {"images", "model_facts", "model_folder", "installed_models"},
    {"codec", "loading"},
    {"targets", "pillow_plugin", "code_pictures", "pages", "evaluation", "training"},
    {"comparison", "inspect_page"},
    {"cli", "__main__", "__init__"},
)
"""From the ground up. A module of the root that is not named here stands on the storey of the
highest that it imports: what is below may import it only from there upwards."""


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: set[str]) -> set[str]:
    """Modules of the package that a module imports, at its top or inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative imports are not a habit of this house"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {dotted if dotted in known else str(node.module) for dotted in names}
    return (found & known) - {name}


def storey(name: str, arrows: dict[str, set[str]]) -> int:
    room = [*name.split("."), "__init__"][1]
    named = [level for level, rooms in enumerate(STOREYS) if room in rooms]
    return named[0] if named else max((storey(t, arrows) for t in arrows[name]), default=0)


@pytest.fixture(scope="module")
def arrows() -> dict[str, set[str]]:
    known = modules()
    return {name: imports(name, path, set(known)) for name, path in known.items()}


def test_no_module_imports_one_above(arrows: dict[str, set[str]]) -> None:
    upwards = [
        (source, target)
        for source, targets in arrows.items()
        for target in sorted(targets)
        if storey(source, arrows) < storey(target, arrows)
    ]
    assert set(upwards) == set()


def test_nothing_goes_round_in_a_circle(arrows: dict[str, set[str]]) -> None:
    drawing = {
        source: targets
        for source, targets in arrows.items()
        # The package's own file names what it hands on; everything else stands below it.
        if source != "bitcodec"
    }
    try:
        TopologicalSorter(drawing).prepare()
    except CycleError as error:
        pytest.fail(f"imports go round: {' -> '.join(error.args[1])}")


def test_only_the_trainers_side_and_the_commands_import_it(arrows: dict[str, set[str]]) -> None:
    allowed = ("bitcodec.training", "bitcodec.transforms", "bitcodec.cli.")
    through = [
        (source, target)
        for source, targets in arrows.items()
        if not source.startswith(allowed)
        for target in sorted(targets)
        if target.split(".")[1:2] and target.split(".")[1] in BEYOND_THE_WALL
    ]
    assert set(through) == set()


def test_a_wall_stands_at_torch() -> None:
    names = [
        name
        for name in modules()
        if name != "bitcodec.__main__"
        and name.split(".")[1:2] not in ([r] for r in BEYOND_THE_WALL)
    ]
    assert {"bitcodec.codec", "bitcodec.cli.export", "bitcodec.comparison.report"} <= set(names)
    program = (
        "import importlib, sys\n"
        f"for name in {names}: importlib.import_module(name)\n"
        "heavy = {'torch', 'lightning', 'hydra', 'onnx'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
