"""Pictures of both pages for the documents, as headless Chromium shows them.

    python -m experiments.page_pictures [compare] [inspect]

The page of `bitcodec compare` is of a sweep that is trained for it, six runs of seconds each on the
photographs that come with scikit-image; the page of `bitcodec inspect` is of one of these
photographs and the shipped model. Written to `docs/images/`.
"""

from __future__ import annotations

import argparse
import base64
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import skimage.data
from PIL import Image
from selenium.webdriver import Chrome

from bitcodec.files import replacing
from experiments.documents import REPOSITORY
from tests.browser import chromium
from tests.tensorboard import wait

FOLDER = REPOSITORY / "docs" / "images"
WIDTH = 1150
"""Of the pages in CSS pixels; the table of the sweep is made to fit it."""
MARGIN = 20
"""CSS pixels below the last part that is shown."""
MOST_BYTES = 300_000
COLOURS = (256, 192, 128, 64)
"""Of a picture, the most with which it stays below its size: PNGs of photographs are large."""
SWEEP = (
    *("experiment=short", "noise.std=0,3,15", "seed=0,1", "trainer.max_steps=150"),
    *("trainer.val_check_interval=50", "data.batch.batch_size=8", "data.val_size=128"),
    *("callbacks.rate.fit_images=8", "threads=1", "quiet=true"),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="compare, inspect; both if none")
    wanted = parser.parse_args().pages or ["compare", "inspect"]
    if unknown := set(wanted) - {"compare", "inspect"}:
        parser.error(f"no such page: {', '.join(sorted(unknown))}")
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        raise SystemExit("the pictures need Debian's packages chromium and chromium-driver")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pages = [compared(folder) if page == "compare" else inspected(folder) for page in wanted]
        with chromium() as window:
            for name, page in zip(wanted, pages, strict=True):
                take(window, page, FOLDER / f"{name}_page.png")


def compared(folder: Path) -> tuple[Path, str]:
    """The page of a small sweep, and the last part of it that is shown."""
    sweep = folder / "sweep"
    python("train.py", "-m", *SWEEP, f"hydra.sweep.dir={sweep}")
    python("-m", "bitcodec", "compare", sweep, "-o", folder / "compared", "--quiet")
    return folder / "compared" / "index.html", "#charts"


def inspected(folder: Path) -> tuple[Path, str]:
    """The page of a photograph, and the last part of it that is shown."""
    Image.fromarray(skimage.data.coffee()).save(folder / "coffee.png")
    page = folder / "coffee.html"
    python("-m", "bitcodec", "inspect", folder / "coffee.png", "-o", page, "--quiet")
    return page, "main > section:nth-of-type(2)"


def python(*arguments: str | Path) -> None:
    """Run a program of this checkout."""
    subprocess.run([sys.executable, *map(str, arguments)], cwd=REPOSITORY, check=True)


def take(window: Chrome, page: tuple[Path, str], target: Path) -> None:
    """Save a page from its top to the end of one of its parts."""
    path, last = page
    window.set_window_size(WIDTH, 1000)
    window.get(path.as_uri())
    pictures = "return [...document.images].every((picture) => picture.complete)"
    wait(lambda: window.execute_script(pictures), seconds=20)
    if path.name == "index.html":
        wait(lambda: window.execute_script("return document.body.dataset.ready"), seconds=20)
    end = "return Math.ceil(document.querySelector(arguments[0]).getBoundingClientRect().bottom)"
    height = window.execute_script(end, last) + MARGIN
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 1}
    shot = window.execute_cdp_cmd(
        "Page.captureScreenshot", {"clip": clip, "captureBeyondViewport": True}
    )
    with Image.open(io.BytesIO(base64.b64decode(shot["data"]))) as picture:
        whole = picture.convert("RGB")
    for colours in COLOURS:
        buffer = io.BytesIO()
        whole.quantize(colours).save(buffer, "PNG", optimize=True)
        if buffer.tell() < MOST_BYTES:
            break
    with replacing(target) as stream:
        stream.write(buffer.getvalue())
    name = target.relative_to(REPOSITORY)
    print(f"{name}: {whole.width} x {whole.height}, {buffer.tell():,} bytes, {colours} colours")


if __name__ == "__main__":
    main()
