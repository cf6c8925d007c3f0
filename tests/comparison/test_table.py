"""``runs.csv`` and the page's table."""

from __future__ import annotations

import json
from pathlib import Path

from tests.comparison.conftest import Compare
from tests.comparison.synthetic import COMMIT, make_run


def test_the_csv_has_a_row_a_run_with_every_overridden_key_and_final_metric(
    compare: Compare, tmp_path: Path
) -> None:
    make_run(tmp_path / "s" / "0", 0, 0.001, 0, overrides=["data=folder", "+model.channels=128"])
    make_run(tmp_path / "s" / "1", 15, 0.001, 1, overrides=["quiet=true"])
    make_run(tmp_path / "s" / "2", 3, 0.001, 1, state="failed", error='a "bad", value')
    compared = compare("s")
    rows = compared.rows
    assert list(rows) == ["0", "1", "2"]
    assert list(rows["0"]) == [
        *("folder", "state", "group"),
        *("noise.std", "penalty.weight", "data", "model.channels", "quiet", "seed"),
        *("psnr_sigmoid", "psnr_binary", "gap", "ones", "entropy_bpp", "bpp", "mse", "loss"),
        *("steps", "wall_seconds", "steps_per_second", "commit", "dirty", "device", "error"),
    ]
    assert rows["0"]["folder"] == "s/0" and rows["0"]["group"] == "A"
    assert rows["0"]["data"] == "folder" and rows["1"]["data"] == ""
    assert rows["0"]["model.channels"] == "128", "the resolved value"
    assert rows["0"]["quiet"] == "true", "also of a run that did not override it"
    for name in ("0", "1"):
        record = json.loads((tmp_path / "s" / name / "run.json").read_text())
        for key, value in record["metrics"].items():
            assert float(rows[name][key]) == value, "numbers in full"
    assert [rows[name]["noise.std"] for name in "012"] == ["0", "15", "3"]
    assert [rows[name]["seed"] for name in "012"] == ["0", "1", "1"]
    assert rows["1"]["wall_seconds"] == "63.25" and rows["1"]["steps_per_second"] == "20.5"
    assert rows["1"]["commit"] == COMMIT and rows["1"]["dirty"] == "false"
    assert rows["2"]["state"] == "failed" and rows["2"]["error"] == 'a "bad", value'
    assert rows["2"]["gap"] == "" and rows["2"]["psnr_binary"] == ""


def test_a_key_in_which_runs_differ_has_a_column_though_nobody_typed_it(
    compare: Compare, tmp_path: Path
) -> None:
    make_run(tmp_path / "a" / "0")
    make_run(tmp_path / "b" / "0", seed=1, binarizer="ste")
    rows = compare("a", "b").data["rows"]
    assert compare("a", "b").data["settings"] == ["run", "state", "seed", "binarizer", "group"]
    assert [[cell[0] for cell in row["cells"][:5]] for row in rows] == [
        ["a/0", "finished", "0", "noise", "A"],
        ["b/0", "finished", "1", "ste", "B"],
    ]


def test_a_metric_that_is_not_known_here_is_kept(compare: Compare, tmp_path: Path) -> None:
    make_run(tmp_path / "s" / "0", final={"psnr_binary": 20.0, "ssim": 0.5, "loss": float("nan")})
    row = compare("s").rows["0"]
    assert row["ssim"] == "0.5" and row["loss"] == "nan" and row["psnr_binary"] == "20"


def test_numbers_sort_as_numbers_though_a_run_has_lost_its_config(
    compare: Compare, tmp_path: Path
) -> None:
    for number, noise in enumerate((0.1, 0.03, 15)):
        make_run(tmp_path / "s" / str(number), noise)
    (tmp_path / "s" / "1" / "config.yaml").unlink()
    data = compare("s").data
    place = data["settings"].index("noise std")
    cells = [row["cells"][place] for row in data["rows"]]
    assert cells == [["0.1", 0.1], ["0.03", 0.03], ["15", 15]]


def test_the_table_rounds_and_keeps_what_it_sorts_by(compare: Compare, tmp_path: Path) -> None:
    final = {"psnr_binary": 19.987654, "ones": 0.0236, "mse": 0.0019, "bpp": 2.0, "steps": 1000}
    make_run(tmp_path / "s" / "0", final=final)
    make_run(tmp_path / "s" / "1", seed=1, state="running")
    data = compare("s").data
    headings = data["settings"] + data["metrics"]
    first, second = (dict(zip(headings, row["cells"], strict=True)) for row in data["rows"])
    assert first["binarized dB"] == ["19.99", 19.987654]
    assert first["ones"] == ["2.36%", 0.0236]
    assert second["binarized dB"] == ["", None], "sorts last"
    more = dict(data["rows"][0]["details"])
    assert more["mse"] == "0.00190" and more["steps"] == "1,000" and more["commit"] == COMMIT


def test_a_run_has_its_link_and_the_command_that_repeats_it(
    compare: Compare, tmp_path: Path
) -> None:
    make_run(tmp_path / "s" / "a b#?", 15, overrides=["+data.root=my photos", "experiment=short"])
    (make_run(tmp_path / "s" / "1", seed=1) / "run.json").unlink()
    one, other = sorted(compare("s").data["rows"], key=lambda row: row["run"], reverse=True)
    assert one["href"] == "../s/a%20b%23%3F/"
    assert one["command"] == (
        "python train.py noise.std=15 penalty.weight=0.01 seed=0 '+data.root=my photos' "
        "experiment=short"
    )
    assert other["command"] == ""


def test_many_varied_settings_leave_the_table_narrow(compare: Compare, tmp_path: Path) -> None:
    for number in range(2):
        model = {f"key{n}": number for n in range(20)}
        make_run(tmp_path / "s" / str(number), seed=number, model=model)
    data = compare("s").data
    assert (len(data["settings"]), len(data["metrics"])) == (2 + 6, 5)
    assert dict(data["rows"][1]["details"])["model.key19"] == "1"
