"""Whole runs of `train.py` on tiny crops of real photographs."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from bitcodec.code_pictures import article_boxes
from bitcodec.coders.huffman import HuffmanCoder
from bitcodec.training.module import BitCodecModule
from tests.conftest import REPOSITORY, tiny_run

PANELS = {"panel/input", "panel/sigmoid", "panel/binary", "panel/article"}
CODES = {"code/sigmoid", "code/binary"}


def record(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "run.json").read_text())


def logged(folder: Path) -> list[dict[str, str]]:
    with (folder / "csv" / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def finished(photo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One uninterrupted run, in a process of its own as users start it."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    arguments = tiny_run(photo_folder, folder, "noise.std=15")
    subprocess.run([sys.executable, "train.py", *arguments], cwd=REPOSITORY, check=True)
    return folder


def test_a_run_leaves_its_record(finished: Path) -> None:
    content = record(finished)
    assert content["state"] == "finished"
    assert "noise.std=15" in content["overrides"]
    assert content["metrics"]["steps"] == 8
    expected = {"psnr_sigmoid", "psnr_binary", "gap", "ones", "entropy_bpp", "bpp", "mse", "loss"}
    assert expected <= content["metrics"].keys()
    metrics = content["metrics"]
    assert metrics["gap"] == pytest.approx(
        metrics["psnr_sigmoid"] - metrics["psnr_binary"], abs=1e-4
    )
    assert {"commit", "versions", "processor"} <= content["provenance"].keys()
    assert content["timing"]["steps_per_second"] > 0
    assert OmegaConf.load(finished / "config.yaml").noise.std == 15


def test_tensorboard_holds_every_image_tag_with_real_pixels(finished: Path) -> None:
    events = EventAccumulator(str(finished / "tensorboard"), size_guidance={"images": 0})
    events.Reload()
    assert set(events.Tags()["images"]) == PANELS | CODES
    for tag in PANELS | CODES:
        images = events.Images(tag)
        assert [image.step for image in images][:2] == [4, 8]
        pixels = np.asarray(_decode(images[-1].encoded_image_string))
        assert len(np.unique(pixels)) > (2 if "code" in tag else 20)


def _decode(data: bytes) -> Image.Image:
    import io

    return Image.open(io.BytesIO(data)).convert("RGB")


def test_the_panel_is_the_reconstruction_of_the_checkpoint(finished: Path) -> None:
    module = _load(finished / "checkpoints" / "last.ckpt")
    folder = finished / "panels" / "image_0"
    shown = np.asarray(Image.open(folder / "panel_input.png"))
    image = torch.from_numpy(shown.copy()).permute(2, 0, 1)[None].float() / 255
    reading = module.read(image)
    for name in ("sigmoid", "binary"):
        pixels = np.asarray(Image.open(folder / f"panel_{name}.png")).astype(int)
        ours = (getattr(reading, name)[0].permute(1, 2, 0) * 255).round().int().numpy()
        assert np.abs(pixels - ours).max() <= 1


def test_every_picture_carries_the_figures_of_its_caption(finished: Path) -> None:
    panels = finished / "panels"
    for path, step in (
        (panels / "image_0" / "panel_binary.png", 8),
        (panels / "step_000004.png", 4),
    ):
        facts = json.loads(Image.open(path).info["bitcodec"])
        assert facts["step"] == step and facts["noise_std"] == 15.0
        assert facts["psnr_sigmoid"] != facts["psnr_binary"] and 0 < facts["bpp"] < 200
    last = json.loads(Image.open(panels / "image_0" / "panel_binary.png").info["bitcodec"])
    image, binary = (
        np.asarray(Image.open(panels / "image_0" / f"panel_{name}.png"), np.float64)
        for name in ("input", "binary")
    )
    mse = float(((image - binary) ** 2).mean())
    assert last["psnr_binary"] == pytest.approx(10 * np.log10(255**2 / mse), abs=1e-3)
    size, boxes = article_boxes((image.shape[1], image.shape[0]), _grid(panels))
    figure = Image.open(panels / "step_000008.png")
    assert figure.size == size
    part = figure.crop(boxes["binary"]).resize(image.shape[1::-1], Image.Resampling.NEAREST)
    assert np.abs(np.asarray(part, np.float64) - binary).mean() < 8, "the figure's parts are found"
    grid = figure.crop(boxes["bitmap"]).convert("RGB").tobytes()
    assert grid == Image.open(panels / "image_0" / "code_binary.png").tobytes()


def _grid(panels: Path) -> tuple[int, int]:
    return Image.open(panels / "image_0" / "code_binary.png").size


def test_the_logged_rate_is_that_of_real_files(finished: Path, photo_folder: Path) -> None:
    """Recomputed from the checkpoint with nothing but the coder and the header's size."""
    from bitcodec.container import Header, write
    from bitcodec.training.data import FolderData

    config = OmegaConf.to_container(OmegaConf.load(finished / "config.yaml"))["data"]
    del config["_target_"]
    data = FolderData(**config, seed=0)
    data.setup()
    module = _load(finished / "checkpoints" / "last.ckpt")
    with torch.no_grad():
        fit = [module.encoder(b) > 0 for b in data.sample_crops(4)]
        coder = HuffmanCoder.fit(b for batch in fit for b in batch.numpy())
        sizes = []
        for image in torch.cat(data.val_batches):
            bitmap = (module.encoder(image[None])[0] > 0).numpy()
            payload = coder.encode(bitmap, module.shown)
            decoded = coder.decode(payload, bitmap.shape[1:], module.shown)
            assert np.array_equal(decoded, bitmap)
            header = Header("training", bytes(4), 32, 32, coder.id, len(payload))
            sizes.append(len(write(header, payload)))
    expected = np.mean(sizes) * 8 / (32 * 32)
    assert record(finished)["metrics"]["bpp"] == pytest.approx(expected, rel=2e-3)


def _load(path: Path) -> BitCodecModule:
    module = BitCodecModule.load_from_checkpoint(path, map_location="cpu", weights_only=True)
    return module.eval()


def test_one_seed_gives_one_metrics_file(
    finished: Path, photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    again = tmp_path / "again"
    assert train(*tiny_run(photo_folder, again, "noise.std=15")).code == 0
    assert logged(again) == logged(finished)
    assert record(again)["metrics"] == record(finished)["metrics"]
    other = tmp_path / "other"
    assert train(*tiny_run(photo_folder, other, "noise.std=15", "seed=1")).code == 0
    assert record(other)["metrics"]["mse"] != record(finished)["metrics"]["mse"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_goes_on_as_if_nothing_had_happened(
    number: signal.Signals, photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    """A schedule, a learned prior and a cosine, so that every kind of state has to survive."""
    recipe = [
        "noise.schedule=geometric",
        "penalty=entropy",
        "optimizer=cosine",
        "optimizer.warmup=3",
        "trainer.max_steps=60",
        "trainer.val_check_interval=20",
        "callbacks.last.every=5",
    ]
    whole, part, rest = (tmp_path / name for name in ("whole", "part", "rest"))
    assert train(*tiny_run(photo_folder, whole, *recipe)).code == 0

    process = subprocess.Popen(
        [sys.executable, "train.py", *tiny_run(photo_folder, part, *recipe)],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    checkpoint = part / "checkpoints" / "last.ckpt"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, error = process.communicate(timeout=120)
    if number == signal.SIGTERM:
        assert process.returncode == 128 + number
        assert f"ckpt_path={checkpoint}" in error and "Traceback" not in error
        assert record(part)["state"] == "interrupted"
    step = torch.load(checkpoint, weights_only=True)["global_step"]
    assert 0 < step < 60, "the run was over before the signal came"

    assert train(*tiny_run(photo_folder, rest, *recipe, f"ckpt_path={checkpoint}")).code == 0
    assert record(rest)["metrics"] == record(whole)["metrics"]
    tail = [row for row in logged(whole) if int(row["step"]) >= step and row["train/loss"]]
    resumed = [row for row in logged(rest) if int(row["step"]) >= step and row["train/loss"]]
    assert [row["train/loss"] for row in tail] == [row["train/loss"] for row in resumed]


def test_a_sweep_runs_every_value_in_its_own_folder(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    arguments = tiny_run(photo_folder, None, "trainer.max_steps=2", "trainer.val_check_interval=2")
    outcome = train("-m", *arguments, "noise.std=0,15", f"hydra.sweep.dir={tmp_path}")
    assert outcome.code == 0
    stds = {
        folder.name: OmegaConf.load(folder / "config.yaml").noise.std
        for folder in tmp_path.iterdir()
        if folder.is_dir()
    }
    assert stds == {"noise.std=0": 0, "noise.std=15": 15}
    assert all(record(tmp_path / name)["state"] == "finished" for name in stds)


ERRORS = [
    (["noise.stdd=15"], 2, "noise.stdd"),
    (["model=unet"], 2, "unet"),
    (["noise.std=-1"], 2, "noise.std=-1.0: the noise std must be zero or more"),
    (["noise.std=loud"], 2, "noise.std=loud: give a number"),
    (["penalty.weight=-1"], 2, "penalty.weight"),
    (["binarizer=round"], 2, "noise, ste, bernoulli"),
    (["+trainer.max_step=3"], 2, "trainer.max_step: lightning.pytorch.Trainer has no such"),
    (["+callbacks.last.evry=3"], 2, "callbacks.last.evry: bitcodec.training.last_checkpoint"),
    (["trainer.strategy=fsdp", "trainer=cpu"], 2, "trainer: The strategy `fsdp` requires a GPU"),
    (["data=folder"], 2, "data.root=DIR"),
    (["data=folder", "data.root=/no/such/folder"], 1, "/no/such/folder: no such folder"),
    (["ckpt_path=/no/such.ckpt"], 1, "/no/such.ckpt: no such checkpoint"),
    (["init_from=/no/such.ckpt"], 1, "/no/such.ckpt: no such checkpoint; check init_from"),
    (["frozen=[decoders]"], 2, "frozen=['decoders']: give a list of encoder, decoder, penalty"),
    (["frozen=decoder"], 2, "frozen=decoder: give a list of encoder, decoder, penalty"),
    (["frozen=[encoder,decoder]"], 2, "frozen=['encoder', 'decoder']: nothing is left to learn"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), ERRORS)
def test_mistakes_get_one_sentence(
    arguments: list[str], code: int, words: str, train: Callable, tmp_path: Path
) -> None:
    outcome = train(*arguments, f"hydra.run.dir={tmp_path}", "quiet=true")
    assert outcome.code == code
    assert words in outcome.error
    assert outcome.error.strip().count("\n") == 0
    assert "Traceback" not in outcome.error


def test_checkpoints_that_cannot_be_used_are_named(
    finished: Path, photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    good = finished / "checkpoints" / "last.ckpt"
    cut = tmp_path / "cut.ckpt"
    cut.write_bytes(good.read_bytes()[:5000])
    text = tmp_path / "text.ckpt"
    text.write_text("not a checkpoint")
    for path in (cut, text):
        outcome = train(*tiny_run(photo_folder, tmp_path / "a", f"ckpt_path={path}"))
        assert outcome.code == 1 and f"{path}: not a readable checkpoint" in outcome.error
    other = train(*tiny_run(photo_folder, tmp_path / "b", f"ckpt_path={good}", "noise.std=3"))
    assert other.code == 2 and "noise" in other.error and "repeat the overrides" in other.error
    assert other.error.strip().count("\n") == 0
