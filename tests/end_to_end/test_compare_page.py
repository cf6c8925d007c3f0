"""What a user sees of ``bitcodec compare``: its page in a real browser, opened as a file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

pytest.importorskip("matplotlib", reason="comparing needs bitcodec[eval]")
pytest.importorskip("selenium", reason="needs selenium")

from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser import chromium
from tests.comparison.synthetic import make_run, metrics
from tests.conftest import REPOSITORY
from tests.end_to_end.contrast import contrast
from tests.tensorboard import wait

NOISES = (0, 0.5, 3, 15)

# Every element that Tab should stop at, and those that share a stop: one radio button of a group.
FOCUSABLE = """
const nodes = document.querySelectorAll(
  'summary, button, select, input:not([type=radio]), input:checked, a[href], [tabindex="0"]');
return [...nodes].filter((node) => node.checkVisibility());
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page on two sweeps with every kind of run."""
    folder = tmp_path_factory.mktemp("compared")
    for seed in (0, 1):
        for number, noise in enumerate(NOISES):
            final = metrics(
                31 - noise / 3, 15 + 0.7 * noise - seed, 2.0 + noise, 0.001 + noise / 300
            )
            name = str(2 * number + seed)
            make_run(folder / "a" / name, noise, seed=seed, final=final, photographs=(0, 1))
    make_run(folder / "a" / "10", 30, state="failed", error="<b>no</b> memory", photographs=())
    for number, noise in enumerate((1, 7)):
        make_run(folder / "b" / str(number), noise, 0.1, seed=5, binarizer="ste")
    command = [sys.executable, "-m", "bitcodec", "compare", folder / "a", folder / "b", "--quiet"]
    subprocess.run([*command, "-o", folder / "out"], cwd=REPOSITORY, check=True)
    return (folder / "out" / "index.html").as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as window:
        yield window


@pytest.fixture
def window(browser: Chrome, page: str) -> Iterator[Chrome]:
    """The page, newly opened; nothing that a test does may leave a message in the console."""
    browser.get(page)
    browser.get_log("browser")
    browser.get(page)
    yield browser
    assert browser.get_log("browser") == []


def one(window: Chrome, selector: str) -> WebElement:
    return window.find_element(By.CSS_SELECTOR, selector)


def column(window: Chrome, heading: str) -> list[str]:
    """The texts of a column from top to bottom."""
    return window.execute_script(
        """
        const names = [...document.querySelectorAll('thead button')].map((b) => b.textContent);
        const rows = [...document.querySelectorAll('tbody tr')];
        return rows.map((row) => row.cells[names.indexOf(arguments[0])].textContent);
        """,
        heading,
    )


def button(window: Chrome, heading: str) -> WebElement:
    return window.find_element(By.XPATH, f"//thead//button[text()='{heading}']")


def pixel(window: Chrome, selector: str) -> list[int]:
    """The colour in the middle of a picture, as it was decoded."""
    return window.execute_async_script(
        """
        const [image, done] = [document.querySelector(arguments[0]), arguments[1]];
        image.decode().then(() => {
          const canvas = document.createElement('canvas');
          canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
          const context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          done([...context.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data]);
        });
        """,
        selector,
    )


def test_the_page_is_filled_and_fetches_nothing(window: Chrome) -> None:
    assert one(window, "#summary").text == "11 runs: 10 finished, 1 failed"
    assert len(column(window, "run")) == 11
    charts = [c.get_attribute("data-chart") for c in window.find_elements(By.CLASS_NAME, "chart")]
    assert {"gap", "psnr", "bpp", "ones", "rate_distortion", "learning_binary"} <= set(charts)
    fetched = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    assert [name for name in window.execute_script(fetched) if not name.startswith("data:")] == []
    notes = one(window, "#notes").get_attribute("textContent")
    assert "failed (<b>no</b> memory)" in notes and "binarizer ste instead of noise" in notes


def test_clicking_a_heading_sorts_numbers_as_numbers(window: Chrome) -> None:
    before = column(window, "noise.std")
    button(window, "noise.std").click()
    up = column(window, "noise.std")
    numbers = [float(text) for text in up]
    assert numbers == sorted(numbers) == [0, 0, 0.5, 0.5, 1, 3, 3, 7, 15, 15, 30] and up != before
    assert column(window, "run")[4] == "b/0", "whole rows move"
    button(window, "noise.std").click()
    assert [float(text) for text in column(window, "noise.std")] == numbers[::-1]


def test_what_a_run_lacks_sorts_last_either_way(window: Chrome) -> None:
    for _ in range(2):
        button(window, "binarized dB").click()
        texts = column(window, "binarized dB")
        assert texts[-1] == "" and "" not in texts[:-1]
    numbers = [float(text) for text in texts[:-1]]
    assert numbers == sorted(numbers, reverse=True)


@pytest.mark.parametrize("key", [Keys.ENTER, Keys.SPACE])
def test_the_keyboard_sorts_too(window: Chrome, key: str) -> None:
    heading = button(window, "run")
    heading.send_keys(key)
    names = [f"a/{number}" for number in (0, 1, 2, 3, 4, 5, 6, 7, 10)] + ["b/0", "b/1"]
    assert column(window, "run") == names, "10 comes after 7"
    header = "return arguments[0].closest('th').ariaSort"
    assert window.execute_script(header, heading) == "ascending"
    heading.send_keys(key)
    assert column(window, "run") == names[::-1]
    assert window.execute_script(header, heading) == "descending"
    assert window.switch_to.active_element == heading, "focus stays"


def test_the_slider_changes_picture_bitmap_and_figures(window: Chrome) -> None:
    slider = one(window, "#slider")
    seen: list[Any] = []
    for noise in NOISES:
        assert one(window, "#slider-value").text == f"{noise:g}"
        assert slider.get_attribute("aria-valuetext") == f"{noise:g}"
        assert (
            f"binarized reconstruction, noise std {noise:g}" in one(window, "#picture-caption").text
        )
        gap = metrics(31 - noise / 3, 15 + 0.7 * noise, 1, 1)["gap"]
        assert f"{gap:.2f} dB" in one(window, "#figures").text
        seen.append((pixel(window, "#picture"), pixel(window, "#code")))
        slider.send_keys(Keys.ARROW_RIGHT)
    assert len({str(pictures) for pictures in seen}) == len(NOISES)
    assert len({str(pictures[0]) for pictures in seen}) == len(NOISES)
    slider.send_keys(Keys.HOME)
    assert (pixel(window, "#picture"), pixel(window, "#code")) == seen[0]


def test_the_readings_are_flipped_with_the_arrow_keys(window: Chrome, page: str) -> None:
    folder = Path(page.removeprefix("file://")).parent.parent / "a" / "0" / "panels" / "image_0"
    one(window, "input[name=reading]:checked").send_keys(Keys.ARROW_LEFT)
    for name, key in (("sigmoid", Keys.ARROW_LEFT), ("input", Keys.ARROW_LEFT), ("binary", "")):
        checked = one(window, "input[name=reading]:checked")
        assert checked.get_attribute("value") == name
        colour = Image.open(folder / f"panel_{name}.png").getpixel((8, 8))
        assert pixel(window, "#picture") == [*colour, 255], "what the run has left, unchanged"
        if key:
            checked.send_keys(key)
    one(window, "label:has([value=input])").click()
    before = pixel(window, "#picture")
    one(window, "#slider").send_keys(Keys.ARROW_RIGHT)
    assert pixel(window, "#picture") == before, "all runs were shown the same photograph"


def test_selects_lead_to_every_group_and_photograph(window: Chrome) -> None:
    names = [
        label.text.split("\n")[0]
        for label in window.find_elements(By.CSS_SELECTOR, "#choices label")
    ]
    assert names == ["group", "penalty weight", "seed", "photograph"]
    selects = window.find_elements(By.CSS_SELECTOR, "#choices select")
    first = pixel(window, "#picture")
    # The other group shares neither noise std, nor weight, nor seed with the run that is shown.
    selects[0].send_keys(Keys.ARROW_DOWN)
    assert one(window, "#picture-caption").text.startswith("Run b/0: ")
    assert pixel(window, "#picture") != first
    selects[0].send_keys(Keys.ARROW_UP)
    assert one(window, "#picture-caption").text.startswith("Run a/")
    selects[3].send_keys(Keys.ARROW_DOWN)
    assert pixel(window, "#picture") != first


def tip(window: Chrome, key: str) -> WebElement:
    return one(window, f"[data-chart={key}] .tip")


def test_hovering_over_a_point_shows_its_value(window: Chrome) -> None:
    mark = window.find_elements(By.CSS_SELECTOR, "[data-chart=gap] .mark")[1]
    assert not tip(window, "gap").is_displayed()
    window.execute_script("arguments[0].scrollIntoView({block: 'center'})", mark)
    ActionChains(window).move_to_element(mark).perform()
    wait(tip(window, "gap").is_displayed)
    # 31 - 0.5 / 3 - (15 + 0.35) = 15.48; the other seed has 1 more.
    said = "noise std 0.5: gap dB 15.98 (15.48 to 16.48 over 2 seeds)"
    assert tip(window, "gap").text.endswith(said)
    box, shown = (one(window, s).rect for s in ("body", "[data-chart=gap] .tip"))
    assert shown["x"] >= 0 and shown["x"] + shown["width"] <= box["width"]
    ActionChains(window).move_to_element(one(window, "h1")).perform()
    wait(lambda: not tip(window, "gap").is_displayed())


def test_arrow_keys_step_through_a_plot(window: Chrome) -> None:
    plot = one(window, "[data-chart=rate_distortion] > svg")
    said = []
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.END, Keys.ARROW_LEFT):
        plot.send_keys(key)
        said.append(tip(window, "rate_distortion").text)
    assert len(set(said)) == 4 and all("bpp, binarized" in text for text in said)
    assert said[2].startswith("a/7 (noise std 15") and "17.00 bpp, binarized 24.50 dB" in said[2]
    plot.send_keys(Keys.ESCAPE)
    assert not tip(window, "rate_distortion").is_displayed()


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_every_text_is_readable_in_light_and_dark(
    window: Chrome, tmp_path: Path, scheme: str, dark: bool
) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    one(window, "[data-chart=gap] > svg").send_keys(Keys.ARROW_RIGHT)  # its tip is a text too
    if one(window, "#notes").get_attribute("open") is None:
        one(window, "#notes summary").click()
    count, least, text, paper = contrast(window)
    assert count > 100 and (paper < 0.1) == dark
    assert least >= 4.5, f"{text!r} has a contrast of {least:.2f}"
    window.save_screenshot(str(tmp_path / f"{scheme}.png"))


def test_tab_reaches_everything(window: Chrome) -> None:
    wanted = window.execute_script(FOCUSABLE)
    assert {node.tag_name for node in wanted} >= {"summary", "button", "select", "input", "svg"}
    reached = []
    for _ in range(len(wanted) + 5):
        ActionChains(window).send_keys(Keys.TAB).perform()
        reached.append(window.switch_to.active_element)
    missed = [node.get_attribute("outerHTML")[:80] for node in wanted if node not in reached]
    assert missed == []
    for node in (one(window, "#slider"), button(window, "run")):
        node.send_keys(Keys.SHIFT)  # makes focus visible as a key does
        style = "const s = getComputedStyle(arguments[0]); return [s.outlineStyle, s.outlineWidth]"
        assert window.execute_script(style, node) == ["solid", "2px"]


def test_a_narrow_window_does_not_scroll_sideways(window: Chrome) -> None:
    size = window.get_window_size()
    try:
        metrics_ = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
        window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics_)
        script = "return [document.documentElement.scrollWidth, innerWidth]"
        wide, room = window.execute_script(script)
        assert wide <= room == 390
    finally:
        window.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        window.set_window_size(size["width"], size["height"])
