"""What a user sees: TensorBoard's pages in a real browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.conftest import tiny_run

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


@pytest.fixture
def server(photo_folder: Path, tmp_path: Path, train: Callable) -> Iterator[str]:
    """The address of a TensorBoard that shows a finished tiny run."""
    arguments = tiny_run(photo_folder, tmp_path / "run", "noise.std=15")
    assert train(*arguments).code == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(tmp_path)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--samples_per_plugin", "images=9"]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(lambda: urllib.request.urlopen(address, timeout=2).status == 200)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(ready: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if ready():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.5)


def test_all_image_tags_show_real_pixels(server: str, tmp_path: Path) -> None:
    with chromium() as window:
        window.get(f"{server}/#images")
        _wait(lambda: {tag for tag, *_ in window.execute_script(IMAGES)} >= TAGS)
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
