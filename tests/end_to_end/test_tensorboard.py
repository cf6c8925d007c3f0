"""What a user sees: TensorBoard's pages in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.conftest import tiny_run
from tests.tensorboard import tensorboard, wait

TAGS = {
    "panel/input",
    "panel/sigmoid",
    "panel/binary",
    "panel/article",
    "code/sigmoid",
    "code/binary",
}

# TensorBoard nests its images in shadow roots; a picture is real if its pixels differ.
IMAGES = """
const found = [];
function walk(node) {
  const image = node.tagName === 'TF-IMAGE-LOADER' && node.shadowRoot.querySelector('img');
  if (image && image.naturalWidth > 0) {
    const canvas = document.createElement('canvas');
    canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
    const context = canvas.getContext('2d');
    context.drawImage(image, 0, 0);
    const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
    const values = new Set();
    for (let i = 0; i < data.length; i += 4) values.add(data[i]);
    found.push([node.tag, canvas.width, canvas.height, values.size]);
  }
  if (node.shadowRoot) walk(node.shadowRoot);
  for (const child of node.children || []) walk(child);
}
walk(document);
return found;
"""

# The texts of the page, through all shadow roots, in the order of the page.
TEXTS = """
const found = [];
function walk(node) {
  if (node.tagName === 'STYLE') return;
  if (node.nodeType === Node.TEXT_NODE && node.textContent.trim())
    found.push(node.textContent.trim());
  if (node.shadowRoot) walk(node.shadowRoot);
  for (const child of node.childNodes) walk(child);
}
walk(document.body);
return found;
"""


def test_all_image_tags_show_real_pixels(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    assert train(*tiny_run(photo_folder, tmp_path / "run", "noise.std=15")).code == 0
    with tensorboard(tmp_path) as server, chromium() as window:
        window.get(f"{server}/#images")
        wait(lambda: {tag for tag, *_ in window.execute_script(IMAGES)} >= TAGS)
        window.save_screenshot(str(tmp_path / "images.png"))
        shown = {tag: rest for tag, *rest in window.execute_script(IMAGES)}
    for tag in ("panel/input", "panel/sigmoid", "panel/binary"):
        width, height, levels = shown[tag]
        assert (width, height) == (32, 32)
        assert levels > 10
    for tag in ("code/sigmoid", "code/binary", "panel/article"):
        width, height, levels = shown[tag]
        assert width > 16 * 32 and height > 8 * 32  # 128 channels, 16 a row
        assert levels > 2


@pytest.mark.slow
def test_the_hparams_tab_lists_the_runs_of_a_sweep(
    photo_folder: Path, tmp_path: Path, train: Callable
) -> None:
    short = ("trainer.max_steps=2", "trainer.val_check_interval=2", "binarizer=ste,noise")
    sweep = tiny_run(photo_folder, None, *short, f"hydra.sweep.dir={tmp_path}")
    assert train("-m", *sweep).code == 0
    with tensorboard(tmp_path) as server, chromium() as window:
        window.set_window_size(3000, 1400)  # the table draws only columns that can be seen
        window.get(f"{server}/#hparams")
        names = ["binarizer=noise", "binarizer=ste"]
        trials = [f"{name}/tensorboard" for name in names]
        wait(lambda: set(trials) <= set(window.execute_script(TEXTS)))
        window.save_screenshot(str(tmp_path / "hparams.png"))
        texts = window.execute_script(TEXTS)
    table = texts[texts.index("Trial ID") :]
    assert {"binarizer", "final/psnr_sigmoid", "final/psnr_binary"} <= set(table)
    assert {"seed", "noise.std", "quiet"}.isdisjoint(table), "these are the same in all runs"
    middle = table.index(trials[1])
    rows = (table[table.index(trials[0]) : middle], table[middle:])
    for name, row in zip(names, rows, strict=True):
        assert name.removeprefix("binarizer=") in row
        metrics = json.loads((tmp_path / name / "run.json").read_text())["metrics"]
        for key in ("psnr_sigmoid", "psnr_binary"):
            assert f"{metrics[key]:#.5g}" in row
