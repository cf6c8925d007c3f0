"""What a user sees of ``bitcodec compare``: its page in a real browser, opened as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("altair", reason="comparing needs bitcodec[eval]")
pytest.importorskip("selenium", reason="needs selenium")
pytest.importorskip("axe_core_python", reason="needs bitcodec[dev]")

from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from bitcodec.code_pictures import article_figure
from tests.comparison.synthetic import PICTURES, make_run, metrics
from tests.end_to_end.pages import (
    TAGS,
    assert_in_step,
    assert_looks_right,
    fetched,
    main_with,
    missed_by_tab,
    one,
    rows,
    seen_as,
    text,
    wait,
)
from tests.tiny import textured

NOISES = (0, 0.5, 3, 15)
WEIGHTS = (0, 0.01, 0.1)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``many``: two sweeps, 60 runs; ``one``: a single one; ``failed``: none has finished."""
    folder = tmp_path_factory.mktemp("compared")
    places = [(noise, weight, seed) for noise in NOISES for weight in WEIGHTS for seed in range(4)]
    for number, (noise, weight, seed) in enumerate(places):
        final = metrics(
            31 - noise / 3, 15 + 0.7 * noise - seed / 4, 2.0 + noise, 0.001 + noise / 300
        )
        make_run(folder / "a" / str(number), noise, weight, seed, final=final, photographs=(0, 1))
    make_run(folder / "a" / "55", 30, state="failed", error="<b>no</b> memory", photographs=())
    low = metrics(28, 18, 5, 0.02)
    for number in range(11):
        make_run(folder / "b" / str(number), 7, 0.1, number, final=low, binarizer="ste")
    make_figures(folder / "a" / "0", (400, 4))
    large = make_run(folder / "c" / "0") / "panels" / "image_0"
    for number, name in enumerate(PICTURES[:3]):
        textured(320, 240, number).save(large / f"{name}.png")
    make_run(folder / "d" / "0", state="failed", error="no memory", photographs=())
    for sweeps, out in ((["a", "b"], "many"), (["c"], "one"), (["d"], "failed")):
        main_with(["compare", *(str(folder / name) for name in sweeps), "-o", str(folder / out)])
    return folder


def make_figures(run: Path, steps: tuple[int, ...]) -> None:
    """The article's figure as training leaves it, from pictures of the run in its last state."""
    parts = [np.asarray(Image.open(run / f"panels/image_0/{name}.png")) for name in PICTURES]
    for number, step in enumerate(steps):
        shifted = [parts[0], *(part + np.uint8(20 * number + 20) for part in parts[1:])]
        figure = Image.fromarray(article_figure(*shifted, "caption"))
        figure.save(run / "panels" / f"step_{step:06d}.png")
    (run / "panels" / "step_000800.png").write_bytes(b"")


Open = Callable[[str], Chrome]


@pytest.fixture
def open_page(browser: Chrome, pages: Path) -> Iterator[Open]:
    """Opens a page anew; nothing that a test does may leave a message in the console."""

    def call(name: str) -> Chrome:
        browser.get((pages / name / "index.html").as_uri())
        wait(lambda: browser.execute_script("return document.body.dataset.ready"))
        return browser

    yield call
    assert browser.get_log("browser") == []


def pick(window: Chrome, label: str, choice: str) -> None:
    select = window.find_element(By.XPATH, f"//form[@id='filters']//label[text()='{label}']/select")
    Select(select).select_by_visible_text(choice)


def test_what_the_page_says_and_that_it_fetches_nothing(open_page: Open) -> None:
    window = open_page("many")
    assert text(window, "#summary") == "60 runs: 59 finished, 1 failed"
    first, best, small = window.find_elements(By.CSS_SELECTOR, "#decisions button")
    # 31 - 5 - (15 + 10.5) = 0.5 and above at noise 15 for all but the first seed.
    assert "none" in first.text and "the smallest gap" in first.text
    assert "25.12 dB" in best.text and "24.75 to 25.50 over 4 seeds" in best.text
    assert "17.00 bpp" in small.text
    keys = window.execute_script(
        "return [...document.querySelectorAll('[data-chart]')].map((c) => c.dataset.chart)"
    )
    assert keys == [
        *("gap", "psnr", "penalty", "penalty", "rate_distortion"),
        *("learning_curves", "learning_curves", "parallel"),
    ]
    drawings = window.find_elements(By.CSS_SELECTOR, ".chart svg")
    assert len(drawings) == 8 and all(drawing.size["width"] > 300 for drawing in drawings)
    assert fetched(window) == []
    notes = text(window, "#notes")
    assert "failed (<b>no</b> memory)" in notes and "binarizer ste instead of noise" in notes
    best.click()
    assert "4 chosen" in text(window, "#count")


def test_choosing_anywhere_leads_all_views(open_page: Open) -> None:
    window = open_page("many")
    chart = one(window, "[data-chart=gap] .canvas")
    said = []
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.END, Keys.HOME):
        chart.send_keys(key)
        said.append(text(window, "[data-chart=gap] .tip"))
    assert len(set(said)) == 3 and said[3] == said[0]
    assert "noise std 0" in said[0] and "lowest 16.00" in said[0] and "highest 16.75" in said[0]
    chart.send_keys(Keys.ENTER)
    assert "4 chosen" in text(window, "#count")
    assert {row[1] for row in marked(window)} == {"a/0", "a/1", "a/2", "a/3"}
    assert Select(one(window, "#left-run")).first_selected_option.text.startswith("a/0 ")
    assert Select(one(window, "#right-run")).first_selected_option.text.startswith("a/1 ")
    chart.send_keys(Keys.ESCAPE)
    assert text(window, "[data-chart=gap] .tip") == ""
    # The mouse: a click on the first mark takes the choice back.
    canvas = one(window, "[data-chart=rate_distortion] svg")
    window.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    one(window, "#clear").click()
    assert "0 chosen" in text(window, "#count") and marked(window) == []
    size = canvas.size
    ActionChains(window).move_to_element_with_offset(
        canvas, 50 - size["width"] // 2, 12 - size["height"] // 2
    ).click_and_hold().move_by_offset(size["width"] - 60, size["height"] - 70).release().perform()
    wait(lambda: "0 chosen" not in text(window, "#count"))
    box = one(window, "tbody input:not(:checked)")
    before = len(marked(window))
    box.send_keys(Keys.SPACE)
    assert len(marked(window)) == before + 1


def marked(window: Chrome) -> list[list[str]]:
    return window.execute_script(
        "return [...document.querySelectorAll('tbody tr.here')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))"
    )


def test_filters_and_sorting(open_page: Open) -> None:
    window = open_page("many")
    assert len(rows(window)) == 60
    pick(window, "noise std", "15")
    assert "12 of 60 runs shown" in text(window, "#count") and len(rows(window)) == 12
    pick(window, "penalty weight", "0.1")
    assert {(row[3], row[4]) for row in rows(window)} == {("15", "0.1")}
    drawn = "return document.querySelector('#gallery').children.length"
    assert window.execute_script(drawn) == 4, "the photographs follow"
    chart = one(window, "[data-chart=rate_distortion] .canvas")
    chart.send_keys(Keys.HOME)
    first = text(window, "[data-chart=rate_distortion] .tip")
    assert "noise std 15" in first and "penalty weight A 0.1" in first
    pick(window, "noise std", "all")
    pick(window, "penalty weight", "all")
    heading = window.find_element(By.XPATH, "//thead//button[text()='binarized dB']")
    for direction in ("ascending", "descending"):
        heading.send_keys(Keys.ENTER)
        cells = [row[9] for row in rows(window)]
        assert cells[-1] == "", "what a run lacks comes last either way"
        numbers = [float(cell) for cell in cells[:-1]]
        assert numbers == sorted(numbers, reverse=direction == "descending")
        assert (
            window.execute_script("return document.querySelector('[aria-sort]').ariaSort")
            == direction
        )
    link = window.find_element(By.LINK_TEXT, "a/0").get_attribute("href")
    assert link is not None and Path(link.removeprefix("file://")).name == "0"


def test_the_command_of_a_run_is_copied(open_page: Open) -> None:
    window = open_page("one")
    window.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    one(window, "tbody button").click()
    wait(lambda: one(window, "tbody button").text == "Copied")
    pasted = window.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert pasted == "python train.py noise.std=15 penalty.weight=0.01 seed=0"
    assert text(window, "#decisions strong") == "none" and len(rows(window)) == 1


def test_photographs_under_one_divider(open_page: Open) -> None:
    window = open_page("many")
    wait(lambda: window.execute_script(TAGS) == ["input", "a/0, binarized"])
    figures = text(window, "#right-codes dl")
    assert figures.startswith("sigmoid") and "dB" in figures
    assert len(window.find_elements(By.CSS_SELECTOR, "#right-codes img")) == 2
    divider = one(window, "#divider")
    window.execute_script("arguments[0].scrollIntoView({block: 'center'})", divider)
    ActionChains(window).drag_and_drop_by_offset(divider, 120, 0).perform()
    assert int(divider.get_attribute("aria-valuenow") or 0) > 60
    divider.send_keys(Keys.HOME)
    assert divider.get_attribute("aria-valuenow") == "0"
    steps = one(window, "#step")
    assert text(window, "#step-value") == "the last"
    steps.send_keys(Keys.ARROW_LEFT)
    wait(lambda: window.execute_script(TAGS)[1] == "a/0, binarized, step 400")
    assert text(window, "#right-codes dl") != figures, "the figures are those of the step"
    steps.send_keys(Keys.HOME)
    wait(lambda: window.execute_script(TAGS)[1] == "a/0, binarized, step 4")
    one(window, "#noise").send_keys(Keys.END)
    wait(lambda: window.execute_script(TAGS)[1] == "a/36, binarized")
    assert text(window, "#noise-value") == "15"
    Select(one(window, "#photograph")).select_by_visible_text("1")
    one(window, "label:has([value=difference])").click()
    assert one(window, "#viewport").get_attribute("data-mode") == "difference"


def test_photographs_are_zoomed_and_moved_in_step(open_page: Open) -> None:
    window = open_page("one")
    wait(lambda: window.execute_script(TAGS) == ["input", "0, binarized"])
    assert_in_step(window)


def test_a_run_that_failed_is_told_though_it_is_alone(open_page: Open) -> None:
    window = open_page("failed")
    assert text(window, "#summary") == "1 run: 1 failed"
    one(window, "#notes summary").click()
    assert "failed (no memory)" in one(window, "#notes").text
    assert [row[2] for row in rows(window)] == ["failed"]
    one(window, "tbody input").click()
    assert "no memory" in one(window, "#chosen").text
    for part in ("#charts", "#photographs"):
        assert not one(window, part).is_displayed()


@pytest.mark.parametrize("name", ["many", "one", "failed"])
def test_widths_schemes_and_axe(open_page: Open, name: str) -> None:
    window = open_page(name)
    for scheme, width in (("light", 400), ("dark", 1150), ("light", 1600)):
        with seen_as(window, scheme, width):
            assert_looks_right(window, scheme)
            if width == 1150:
                table, frame = window.execute_script(
                    "return [document.querySelector('table').offsetWidth, "
                    "document.querySelector('.scroll').clientWidth]"
                )
                assert table <= frame, "the whole table is seen"


def test_tab_reaches_what_can_be_operated(open_page: Open) -> None:
    window = open_page("one")
    assert missed_by_tab(window) == []
