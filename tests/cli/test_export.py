"""``bitcodec export`` from a training run, then the exported model at work."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bitcodec.cli.export import evenly, find_checkpoint
from bitcodec.errors import UsageError
from tests.cli.conftest import Run
from tests.conftest import tiny_run

pytest.importorskip("torch", reason="exporting needs bitcodec[train]")


def test_from_a_run_to_a_model_that_works(
    run: Run, train: Callable, photo_folder: Path, tmp_path: Path, photo: Image.Image
) -> None:
    trained = train(*tiny_run(photo_folder, tmp_path / "run"))
    assert trained.code == 0, trained.error
    done = run(
        "export", "run", "-o", "mine", "--images", photo_folder, "--quality", 4, "--fit-steps", 20
    )
    assert done.returncode == 0, done.stderr.decode()
    facts = json.loads((tmp_path / "mine" / "model.json").read_text())
    assert facts["name"] == "mine" and facts["quality"] == 4
    assert facts["training"]["network"]["channels"] == facts["channels"]
    assert facts["training"]["seed"] == 0 and facts["training"]["steps"] == 8
    assert str(tmp_path) not in json.dumps(facts)
    assert facts["coder"] in ("huffman", "context")
    photo.save(tmp_path / "photo.png")
    assert run("encode", "photo.png", "--model", tmp_path / "mine").returncode == 0
    foreign = run("decode", "photo.bitc", "-o", "back.png")
    assert foreign.returncode == 1 and b"--model" in foreign.stderr
    assert run("decode", "photo.bitc", "-o", "back.png", "--model", "./mine").returncode == 0
    with Image.open(tmp_path / "back.png") as back:
        assert back.size == photo.size
    again = run("export", "run", "-o", "mine", "--images", photo_folder)
    assert again.returncode == 2 and b"exists already" in again.stderr

    more = run("export", "run", "-o", "both", "--model", "./mine", "--tune", "ms-ssim")
    assert more.returncode == 0, more.stderr.decode()
    facts = json.loads((tmp_path / "both" / "model.json").read_text())
    assert facts["training"]["tuned"]["ms-ssim"]["steps"] == 8
    tuned = ("--model", "./both", "--tune", "ms-ssim", "-o", "tuned.bitc")
    assert run("encode", "photo.png", *tuned).returncode == 0
    # The run's own encoder once more, so these are the same bits, and the first folder reads them.
    assert (tmp_path / "tuned.bitc").read_bytes() == (tmp_path / "photo.bitc").read_bytes()
    assert run("decode", "tuned.bitc", "-o", "two.png", "--model", "./mine").returncode == 0
    none = run("encode", "photo.png", "--model", "./mine", "--tune", "ms-ssim", "-o", "no.bitc")
    assert none.returncode == 2 and b"no encoder tuned for 'ms-ssim'" in none.stderr
    assert not (tmp_path / "no.bitc").exists()


def test_refusals(run: Run, photos: Path, tmp_path: Path) -> None:
    done = run("export", "nothing-here", "-o", "new", "--images", photos)
    assert done.returncode == 2 and b"no checkpoint" in done.stderr
    (tmp_path / "x.ckpt").write_bytes(b"nonsense")
    done = run("export", "x.ckpt", "-o", "new")
    assert done.returncode == 2 and b"name some with --images" in done.stderr
    done = run("export", "x.ckpt", "-o", "new", "--tune", "ms-ssim")
    assert done.returncode == 2 and b"--model and --tune go together" in done.stderr
    both = ("--tune", "ms-ssim", "--model", "photo")
    done = run("export", "x.ckpt", "-o", "new", *both, "--images", photos)
    assert done.returncode == 2 and b"leave --images away" in done.stderr
    assert not (tmp_path / "new").exists()
    done = run("export", "x.ckpt", "-o", "Bad Name", "--images", photos)
    assert done.returncode == 2 and b"cannot be a model's name" in done.stderr
    done = run("export", "x.ckpt", "-o", "new", "--images", photos)
    assert done.returncode == 1 and b"x.ckpt: not a checkpoint" in done.stderr


def test_the_last_checkpoint_is_taken(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no checkpoint"):
        find_checkpoint(tmp_path)
    for age, name in enumerate(["step=9.ckpt", "last.ckpt", "step=5.ckpt"]):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    assert find_checkpoint(tmp_path).name == "last.ckpt"
    (tmp_path / "last.ckpt").unlink()
    assert find_checkpoint(tmp_path).name == "step=9.ckpt"
    assert find_checkpoint(tmp_path / "step=5.ckpt").name == "step=5.ckpt"


def test_pictures_are_spread_evenly() -> None:
    paths = [Path(str(i)) for i in range(10)]
    assert evenly(paths, 50) == paths
    assert [p.name for p in evenly(paths, 4)] == ["0", "2", "5", "7"]
