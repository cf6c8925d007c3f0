"""What a user sees of ``bitcodec inspect``: its page in a real browser, opened as a file."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

pytest.importorskip("selenium", reason="needs selenium")
pytest.importorskip("axe_core_python", reason="needs bitcodec[dev]")

from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from bitcodec import container
from bitcodec.bitmap import Bitmap
from bitcodec.inspect_page import rivals
from bitcodec.inspect_page.renderings import SHOWN
from bitcodec.loading import load
from bitcodec.pixels import psnr
from tests.end_to_end.pages import (
    TAGS,
    assert_in_step,
    assert_looks_right,
    fetched,
    main_with,
    missed_by_tab,
    one,
    rows,
    see,
    seen_as,
    text,
    wait,
)

SIZE = (240, 184)
DRAWN = "return document.querySelector('#picture-right').naturalWidth"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``photo.html`` of ``photo.png`` at all qualities, and ``file.html`` of its ``.bitc`` file."""
    folder = tmp_path_factory.mktemp("inspected")
    cup = Image.fromarray(skimage.data.coffee()).crop(
        (130, 20, 130 + 2 * SIZE[0], 20 + 2 * SIZE[1])
    )
    cup.resize(SIZE, Image.Resampling.BOX).save(folder / "photo.png")
    (folder / "photo.bitc").write_bytes(load().encode(Image.open(folder / "photo.png")))
    for name, out in (("photo.png", "photo.html"), ("photo.bitc", "file.html")):
        main_with(["inspect", str(folder / name), "-o", str(folder / out)])
    return folder


Open = Callable[[str], Chrome]


@pytest.fixture
def open_page(browser: Chrome, pages: Path) -> Iterator[Open]:
    """Opens a page anew; nothing that a test does may leave a message in the console."""

    def call(name: str) -> Chrome:
        browser.get((pages / f"{name}.html").as_uri())
        wait(lambda: browser.execute_script("return !!document.querySelector('.tile')"))
        return browser

    yield call
    assert browser.get_log("browser") == []


def encoded(pages: Path, quality: int) -> tuple[bytes, str, str, str, Bitmap]:
    """A file as the codec alone makes it; its bytes, bpp and PSNR as the page writes them."""
    codec, picture = load(), Image.open(pages / "photo.png").convert("RGB")
    data = codec.encode(picture, quality=quality)
    distance = psnr(np.asarray(picture), np.asarray(codec.decode(data)))
    rate = 8 * len(data) / (SIZE[0] * SIZE[1])
    return data, f"{len(data):,}", f"{rate:.3f}", f"{distance:.2f}", codec.unpack(data)[1]


def choose(window: Chrome, side: str, name: str) -> None:
    Select(one(window, f"#{side}")).select_by_visible_text(name)


def test_the_quality_slider_shows_the_files_that_the_codec_writes(
    open_page: Open, pages: Path
) -> None:
    window = open_page("photo")
    assert text(window, "#title") == "photo.png" and fetched(window) == []
    assert f"{SIZE[0]} × {SIZE[1]} pixels" in text(window, "#summary")
    slider = one(window, "#quality")
    for key, quality in (
        (Keys.HOME, SHOWN[0]),
        (Keys.ARROW_RIGHT, SHOWN[1]),
        (Keys.END, SHOWN[-1]),
    ):
        slider.send_keys(key)
        _, size, rate, distance, bitmap = encoded(pages, quality)
        assert text(window, "#quality-value") == f"{quality}: {size} bytes"
        ours, *others = rows(window, "#figures tr")
        assert ours[:5] == ["bitcodec", f"-q {quality}", size, rate, distance]
        assert [row[0] for row in others] == ["JPEG", "WebP", "AVIF"]
        assert float(ours[5]) < 1 and float(ours[6]) >= 0, "MS-SSIM and false edges"
        here = rows(window, "#all-figures tr.here")
        assert [row[:4] for row in here] == [[str(quality), size, rate, distance]]
        wait(
            lambda s=size, d=distance: (
                window.execute_script(TAGS)[1] == f"bitcodec, {s} bytes, {d} dB"
            )
        )
        assert text(window, "#bits-summary").startswith(f"{len(bitmap)} channels of 30 × 23 bits")
    assert len(rows(window, "#all-figures tr")) == len(SHOWN)


def assert_as_near_as_it_gets(row: list[str], ours: int, picture: Image.Image) -> None:
    """Another codec's bytes are within 2 % of ours, or no setting beside its own is nearer."""
    name, setting, size, *_ = row
    off = abs(math.log(int(size.replace(",", "")) / ours))
    if off < 0.02:
        return
    codec = next(one for one in rivals.present() if rivals.RIVALS[one.name] == name)
    every = codec.all_settings
    index = [f"quality {value}" for value in every].index(setting)
    for beside in every[max(0, index - 1) : index] + every[index + 1 : index + 2]:
        assert abs(math.log(len(codec.encode(picture, beside)) / ours)) >= off


def test_another_codec_lies_on_the_other_side_at_equal_bytes(open_page: Open, pages: Path) -> None:
    window = open_page("photo")
    original = np.asarray(Image.open(pages / "photo.png").convert("RGB"))
    one(window, "#quality").send_keys(Keys.END)  # JPEG has no file as small as the others
    choose(window, "left", "bitcodec")
    _, ours, *_ = rows(window, "#figures tr")[0][1:]
    for row in rows(window, "#figures tr")[1:]:
        name, _, size, _, distance = row[:5]
        choose(window, "right", name)
        wait(lambda n=name: window.execute_script(TAGS)[1].startswith(f"{n}, "))
        left, right = window.execute_script(TAGS)
        assert left.startswith("bitcodec, ") and right == f"{name}, {size} bytes, {distance} dB"
        assert_as_near_as_it_gets(row, int(ours.replace(",", "")), Image.fromarray(original))
        # The picture in the page is the very file that the figures are of.
        address = str(one(window, "#picture-right").get_attribute("src"))
        data = base64.b64decode(address.partition(",")[2])
        assert f"{len(data):,}" == size
        with Image.open(io.BytesIO(data)) as file:
            assert f"{psnr(original, np.asarray(file.convert('RGB'))):.2f}" == distance
        wait(lambda: window.execute_script(DRAWN) == SIZE[0])


def test_the_divider_by_mouse_and_keys_and_the_other_views(open_page: Open) -> None:
    window = open_page("photo")
    divider = see(window, "#divider")

    def cut() -> float:
        clip = one(window, "#layer-right").value_of_css_property("clip-path")
        return float(clip.removesuffix("%)").split()[-1])

    assert cut() == 50
    width = one(window, "#viewport").size["width"]
    ActionChains(window).drag_and_drop_by_offset(divider, round(width / 4), 0).perform()
    assert cut() == pytest.approx(75, abs=0.5)
    assert divider.get_attribute("aria-valuenow") == "75"
    divider.send_keys(Keys.ARROW_LEFT)
    assert cut() == pytest.approx(73, abs=0.5)
    divider.send_keys(Keys.END)
    assert cut() == 100
    assert_in_step(window)
    modes = one(window, "[name=mode]:checked")
    modes.send_keys(Keys.ARROW_RIGHT)
    assert (
        not divider.is_displayed()
        and one(window, "#viewport").get_attribute("data-mode") == "difference"
    )
    window.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert one(window, "#layer-map").is_displayed() and one(window, "#legend").is_displayed()
    assert int(text(window, "#most")) > 0


def test_a_channel_is_enlarged_with_its_figures(open_page: Open, pages: Path) -> None:
    window = open_page("photo")
    quality = int(text(window, "#quality-value").split(":")[0])
    data, *_, bitmap = encoded(pages, quality)
    payload = len(container.read(data)[1])

    def assert_told(channel: int) -> float:
        assert text(window, "#channel-name").startswith(f"Channel {channel}")
        share = float(bitmap[channel].mean())
        entropy = -sum(p * np.log2(p) for p in (share, 1 - share) if p)
        said = [each.text for each in window.find_elements(By.CSS_SELECTOR, "#channel dd")]
        assert said[0] == f"{share:.2%}" and said[1] == f"{entropy:.3f} bit"
        size, _, part = said[2].partition(" (")
        assert float(size.replace(",", "")) / payload == pytest.approx(
            float(part.rstrip("%)")) / 100, abs=0.6 / payload + 6e-5
        )
        return float(part.rstrip("%)"))

    see(window, "#channel-9").click()
    assert_told(9)
    grid = one(window, "#grid-tiles")
    assert grid.get_attribute("aria-activedescendant") == "channel-9"
    for key, channel in (
        (Keys.ARROW_RIGHT, 10),
        (Keys.ARROW_DOWN, 26),
        (Keys.PAGE_DOWN, 154),
        (Keys.HOME, 0),
        (Keys.ARROW_LEFT, 0),
        (Keys.END, len(bitmap) - 1),
    ):
        grid.send_keys(key)
        assert_told(channel)
    assert Select(one(window, "#grid")).first_selected_option.text.endswith(str(len(bitmap) - 1))
    # Every channel told in turn adds up to the file.
    every = "return data.qualities[state.quality].channels.map((texts) => parseFloat(texts[3]))"
    shares = window.execute_script(
        "const data = JSON.parse(document.querySelector('#data').textContent);"
        "const state = { quality: document.querySelector('#quality').valueAsNumber };" + every
    )
    assert sum(shares) == pytest.approx(100, abs=0.005 * len(shares))


def test_a_file_without_its_original(open_page: Open, pages: Path) -> None:
    window = open_page("file")
    assert text(window, "#notes li").startswith("A .bitc file does not hold the original")
    [ours] = rows(window, "#figures tr")
    assert ours[2] == f"{(pages / 'photo.bitc').stat().st_size:,}" and ours[4:] == ["", "", ""]
    for part in ("#all", "#quality-label"):
        assert not one(window, part).is_displayed()
    assert missed_by_tab(window) == []


@pytest.mark.parametrize("name", ["photo", "file"])
def test_widths_schemes_and_axe(open_page: Open, name: str) -> None:
    window = open_page(name)
    for scheme, width in (("light", 400), ("dark", 1600)):
        with seen_as(window, scheme, width):
            assert_looks_right(window, scheme)


def test_tab_reaches_what_can_be_operated(open_page: Open) -> None:
    assert missed_by_tab(open_page("photo")) == []
