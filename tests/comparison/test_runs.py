"""Run folders in every condition."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bitcodec.comparison.runs import find_runs, read_run, read_runs
from bitcodec.errors import UsageError
from tests.comparison.synthetic import COMMIT, cut, make_run


def test_a_finished_run_is_read_whole(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path / "0", 15, 0.01, 3, overrides=["data=folder", "+a.b=1"]))
    assert run.state == "finished" and run.value("seed") == 3
    assert run.record["started"] == 1_000_000
    assert run.overrides == {
        "noise.std": "15",
        "penalty.weight": "0.01",
        "seed": "3",
        "data": "folder",
        "a.b": "1",
    }
    assert run.settings["noise.std"] == 15.0 and run.settings["model.kind"] == "article"
    assert run.settings["trainer.check_val_every_n_epoch"] is None
    assert run.settings["quiet"] is True and run.settings["callbacks.panels.images"] == "[0]"
    assert run.metrics["psnr_sigmoid"] == 31.5 and run.metrics["steps"] == 8
    assert run.record["timing.wall_seconds"] == 63.25
    assert run.record["timing.device"] == "cpu"
    assert run.record["provenance.commit"] == COMMIT and run.record["provenance.dirty"] is False
    assert run.record["error"] is None and not run.problem


def test_a_failed_run_keeps_its_sentence_on_one_line(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0", state="failed", error="first line\n\x1b[31msecond")
    run = read_run(folder)
    assert run.state == "failed" and not run.metrics
    assert run.record["error"] == "first line \N{REPLACEMENT CHARACTER}[31msecond"


BROKEN_RECORDS = {
    "missing": (None, "run.json is missing"),
    "empty": (b"", "run.json is not readable JSON"),
    "not text": (b"\x80\xff\x00", "run.json is not readable JSON"),
    "a list": (b"[1, 2]", "run.json is not the record of a run"),
    "another state": (b'{"state": "asleep"}', "run.json is not the record of a run"),
    "deep": (b"[" * 200_000, "run.json is not readable JSON"),
}


@pytest.mark.parametrize("kind", BROKEN_RECORDS)
def test_a_broken_record_leaves_the_rest(tmp_path: Path, kind: str) -> None:
    content, sentence = BROKEN_RECORDS[kind]
    folder = make_run(tmp_path / "0", 5)
    (folder / "run.json").unlink()
    if content is not None:
        (folder / "run.json").write_bytes(content)
    run = read_run(folder)
    assert run.state == "unreadable" and str(run.record["error"]).startswith(sentence)
    assert run.settings["noise.std"] == 5, "the config is still read"
    assert run.value("seed") == 0, "the config knows the seed too"


@pytest.mark.parametrize("share", [0.05, 0.5, 0.97])
def test_a_record_that_was_cut_is_unreadable(tmp_path: Path, share: float) -> None:
    folder = make_run(tmp_path / "0")
    cut(folder / "run.json", share)
    assert read_run(folder).state == "unreadable"


def test_fields_of_another_type_are_passed_over(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0")
    record = json.loads((folder / "run.json").read_text())
    record |= {
        "overrides": "noise.std=15",
        "seed": "zero",
        "started": None,
        "timing": [1],
        "provenance": 7,
        "metrics": {"psnr_binary": 21.5, "gap": "wide", "bpp": None, "loss": float("nan")},
    }
    (folder / "run.json").write_text(json.dumps(record))
    run = read_run(folder)
    assert run.state == "finished" and run.overrides == {}
    assert run.metrics["psnr_binary"] == 21.5 and set(run.metrics) == {"psnr_binary", "loss"}
    for key in ("timing.wall_seconds", "timing.device", "provenance.commit"):
        assert key not in run.record


BROKEN_CONFIGS = {
    "missing": (None, "config.yaml is missing"),
    "empty": (b"", "config.yaml is not a readable config"),
    "no keys": (b"{}\n", "config.yaml is not a readable config"),
    "a list": (b"- 1\n", "config.yaml is not a readable config"),
    "not text": (b"\x80\xff\x00", "config.yaml is not a readable config"),
    "not YAML": (b"noise: {std: [", "config.yaml is not a readable config"),
    "a tag": (b"a: !!python/object/apply:os.getcwd []", "config.yaml is not a readable config"),
    "aliases": (b"a: &x [1]\nb: [*x, *x]\n", "config.yaml is not a readable config"),
    "odd keys": (b"a: [{2024-01-01: 1}]\n", "config.yaml is not a readable config"),
    "huge": (
        b"a: " + b"x" * (1 << 21),
        "config.yaml cannot be read (not a file of at most 1,048,576 bytes)",
    ),
}


@pytest.mark.parametrize("kind", BROKEN_CONFIGS)
def test_a_broken_config_leaves_the_rest(tmp_path: Path, kind: str) -> None:
    content, sentence = BROKEN_CONFIGS[kind]
    folder = make_run(tmp_path / "0", seed=2)
    (folder / "config.yaml").unlink()
    if content is not None:
        (folder / "config.yaml").write_bytes(content)
    run = read_run(folder)
    assert run.settings == {} and run.problem == sentence
    assert run.state == "finished" and run.value("seed") == 2 and run.overrides["noise.std"] == "15"


def test_runs_are_found_at_any_depth_once_and_in_natural_order(tmp_path: Path) -> None:
    for name in ("b/10", "b/2", "a/deep/er/0"):
        make_run(tmp_path / name)
    (tmp_path / "b" / "3" / ".hydra").mkdir(parents=True)  # killed before it wrote anything
    (tmp_path / "b" / "multirun.yaml").write_text("hydra: {}\n")
    found, empty = find_runs([tmp_path / "b", tmp_path, tmp_path / "b" / "2"])
    names = [str(folder.relative_to(tmp_path)) for folder in found]
    assert names == ["b/2", "b/3", "b/10", "a/deep/er/0"] and empty == []
    assert [run.name for run in read_runs(found)] == names
    assert [run.name for run in read_runs(found[:3])] == ["2", "3", "10"]


def test_a_folder_without_runs_beside_one_with_runs_is_told(tmp_path: Path) -> None:
    run = make_run(tmp_path / "sweep" / "0")
    (tmp_path / "nothing").mkdir()
    assert find_runs([tmp_path / "sweep", tmp_path / "nothing"]) == ([run], [tmp_path / "nothing"])
    with pytest.raises(UsageError, match="nothing: holds no run"):
        find_runs([tmp_path / "nothing"])
    with pytest.raises(UsageError, match="there is no such folder"):
        find_runs([tmp_path / "sweep", tmp_path / "typo"])


def test_names_stay_different_when_they_print_alike(tmp_path: Path) -> None:
    folders = [make_run(tmp_path / name) for name in ("a\x1b", "a\x07", "a\x08", "b  c", "b c")]
    names = [run.name for run in read_runs(folders)]
    assert len(set(names)) == 5 and all(name.isprintable() for name in names)
