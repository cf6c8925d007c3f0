"""What the files around the package say of it, they say alike."""

from __future__ import annotations

import re
import tomllib

import yaml

from tests.conftest import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def load(path: str) -> dict:
    return yaml.safe_load((REPOSITORY / path).read_text())


def test_a_citation_names_the_version_and_licence_of_the_package() -> None:
    citation = load("CITATION.cff")
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert [author["name"] for author in citation["authors"]] == [
        author["name"] for author in PROJECT["authors"]
    ]


def test_every_python_that_is_promised_is_tested() -> None:
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    job = load(".github/workflows/ci.yml")["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == promised
    first, last = (int(version.split(".")[1]) for version in (promised[0], promised[-1]))
    assert PROJECT["requires-python"] == f">=3.{first},<3.{last + 1}"
    assert job["steps"][-1]["run"] == ".ci/run"


def test_hooks_before_a_commit_are_those_of_make_lint() -> None:
    (local,) = load(".pre-commit-config.yaml")["repos"]
    lint = (REPOSITORY / "Makefile").read_text().split("\nlint:")[1].split("\n\n")[0]
    for hook in local["hooks"]:
        command = hook["entry"].replace(" --force-exclude", "").replace(".venv/bin", "$(BIN)")
        assert command in lint, hook["id"]
    assert len(local["hooks"]) == lint.count("$(BIN)")


def test_every_dependency_that_is_named_has_a_tested_version() -> None:
    """All but those of ray and aim, which want an environment of their own."""
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (REPOSITORY / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    named = list(PROJECT["dependencies"])
    for extra, requirements in PROJECT["optional-dependencies"].items():
        named += requirements if extra not in ("ray", "aim") else []
    for requirement in named:
        name = re.match(r"[\w-]+", requirement)[0].lower()  # type: ignore[index]
        assert name == "bitcodec" or name in pinned, requirement
