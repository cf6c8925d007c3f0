"""Which runs are averaged, which only stand side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitcodec.comparison.notes import notes, summary
from bitcodec.comparison.pairing import Pairing, letter
from bitcodec.comparison.runs import find_runs, read_runs
from tests.comparison.synthetic import make_run


def paired(folder: Path) -> Pairing:
    return Pairing(read_runs(find_runs([folder])[0]))


def names(pairing: Pairing) -> list[list[str]]:
    return [[run.name for run in setting.runs] for setting in pairing.grid]


def test_seeds_of_one_setting_come_together_in_order_of_noise_and_weight(tmp_path: Path) -> None:
    grid = [(15, 0.01), (0, 0.1), (0, 0.01)]
    for seed in (0, 1):
        for number, (noise, weight) in enumerate(grid):
            make_run(tmp_path / f"{number}{seed}", noise, weight, seed)
    pairing = paired(tmp_path)
    assert list(pairing.groups) == ["A"]
    assert names(pairing) == [["20", "21"], ["10", "11"], ["00", "01"]]
    assert [(s.noise, s.weight) for s in pairing.grid] == [(0, 0.01), (0, 0.1), (15, 0.01)]
    # psnr_sigmoid is 30 - noise / 10 + seed.
    assert pairing.grid[2].values("psnr_sigmoid") == [28.5, 29.5]
    assert pairing.differing_keys == ["noise.std", "penalty.weight", "seed"]


def test_what_only_watches_a_run_does_not_part_runs(tmp_path: Path) -> None:
    make_run(tmp_path / "0", seed=0)
    watched = {"panels": {"images": [0, 1], "folder": "elsewhere"}, "rate": {"fit_images": 4}}
    make_run(tmp_path / "1", seed=1, threads=4, quiet=False, callbacks=watched)
    pairing = paired(tmp_path)
    assert names(pairing) == [["0", "1"]] and pairing.differing_keys == ["seed"]
    measured = {"panels": {"images": [0], "folder": "panels"}, "rate": {"fit_images": 60}}
    make_run(tmp_path / "2", seed=2, callbacks=measured)
    assert names(paired(tmp_path)) == [["0", "1"], ["2"]], "another rate is another measurement"


def test_a_run_of_another_sweep_is_apart_and_named(tmp_path: Path) -> None:
    for seed in (0, 1):
        make_run(tmp_path / "noise" / str(seed), seed=seed)
    make_run(tmp_path / "other" / "0", seed=2, binarizer="ste")
    pairing = paired(tmp_path)
    assert names(pairing) == [["noise/0", "noise/1"], ["other/0"]]
    assert [pairing.label(group) for group in "AB"] == [
        "A: binarizer noise",
        "B: binarizer ste",
    ]
    groups = [sentence for sentence in notes(pairing) if "roup" in sentence]
    assert groups == [
        "2 groups of runs differ in more than noise std, penalty weight and seed; they are drawn "
        "apart and never averaged. Group A is noise/0, noise/1",
        "Group B, other/0, differs from A: binarizer ste instead of noise",
    ]


def test_labels_tell_the_drawn_groups_apart_only(tmp_path: Path) -> None:
    make_run(tmp_path / "0")
    make_run(tmp_path / "1", binarizer="ste")
    make_run(tmp_path / "2", state="failed", model={"kind": "x" * 50})
    pairing = paired(tmp_path)
    assert [pairing.label(group) for group in "AB"] == [
        "A: binarizer noise",
        "B: binarizer ste",
    ]
    assert "model.kind xxx" in [*notes(pairing)][-1]


def test_many_differences_are_counted(tmp_path: Path) -> None:
    make_run(tmp_path / "0")
    model = {"kind": "residual", "channels": 64, "stride": 8, "width": 8, "blocks": 1}
    make_run(tmp_path / "1", model=model)
    sentence = [*notes(paired(tmp_path))][-1]
    assert "model.kind residual instead of article" in sentence and sentence.endswith("and 1 more")


def test_unfinished_runs_are_told_with_their_reason_and_not_averaged(tmp_path: Path) -> None:
    make_run(tmp_path / "0", seed=0)
    make_run(tmp_path / "1", seed=1, state="failed", error="out of memory")
    make_run(tmp_path / "2", seed=2, state="running")
    make_run(tmp_path / "3", seed=3, state="interrupted", error="interrupted; go on")
    (make_run(tmp_path / "4", seed=4) / "run.json").unlink()
    (make_run(tmp_path / "5", seed=5) / "config.yaml").unlink()
    pairing = paired(tmp_path)
    assert names(pairing) == [["0"]], "not even with a run whose config is not known"
    sentences = {sentence.split(":")[0]: sentence for sentence in notes(pairing)}
    kept = "it is in the table, its figures are not drawn"
    assert sentences == {
        str(tmp_path / "1"): f"{tmp_path / '1'}: failed (out of memory); {kept}",
        str(tmp_path / "2"): f"{tmp_path / '2'}: still running or killed; {kept}",
        str(tmp_path / "3"): f"{tmp_path / '3'}: interrupted (interrupted; go on); {kept}",
        str(tmp_path / "4"): f"{tmp_path / '4'}: unreadable (run.json is missing: the run was "
        f"stopped before it began); {kept}",
        str(tmp_path / "5"): f"{tmp_path / '5'}: config.yaml is missing; it is in the table, but "
        "compared with no other",
    }
    counts = "2 finished, 1 failed, 1 running, 1 interrupted, 1 unreadable"
    assert summary(pairing.runs) == f"6 runs: {counts}"


def test_of_equal_runs_the_latest_is_drawn(tmp_path: Path) -> None:
    make_run(tmp_path / "old", started=1.0)
    make_run(tmp_path / "new", started=3.0)
    make_run(tmp_path / "mid", started=2.0)
    make_run(tmp_path / "late and failed", started=4.0, state="failed", error="no")
    pairing = paired(tmp_path)
    assert names(pairing) == [["new"]]
    told = [sentence for sentence in notes(pairing) if "is later" in sentence]
    assert [sentence.split(":")[0] for sentence in told] == [
        str(tmp_path / "mid"),
        str(tmp_path / "old"),
    ]
    assert all(f"{tmp_path / 'new'} has the same settings and seed" in line for line in told)


def test_commits_and_uncommitted_changes_are_told(tmp_path: Path) -> None:
    make_run(tmp_path / "0", seed=0)
    make_run(tmp_path / "1", seed=1, commit="f" * 40, dirty=True)
    make_run(tmp_path / "2", seed=2)
    assert [*notes(paired(tmp_path))] == [
        "The runs come from 2 commits: 0123456 (2), fffffff (1)",
        "Made with uncommitted changes: 1 of the drawn runs",
    ]


@pytest.mark.parametrize(("number", "text"), [(0, "A"), (25, "Z"), (26, "AA"), (27 * 26, "AAA")])
def test_letters_go_on_after_z(number: int, text: str) -> None:
    assert letter(number) == text
