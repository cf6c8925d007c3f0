"""Pages that stand alone, as a person uses and sees them: for the tests of all of them."""

from __future__ import annotations

import operator
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from axe_core_python.selenium import Axe
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from bitcodec.cli import main
from tests.end_to_end.contrast import contrast
from tests.tensorboard import wait as wait_long

wait = partial(wait_long, seconds=10)
TAGS = "return [...document.querySelectorAll('.tag')].map((tag) => tag.textContent)"
"""What lies left and right under the divider."""


def main_with(words: list[str]) -> None:
    """``bitcodec WORDS`` in this process."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as stop:
        patch.setattr(sys, "argv", ["bitcodec", *words, "--quiet"])
        main()
    assert not stop.value.code


def one(window: Chrome, selector: str) -> WebElement:
    return window.find_element(By.CSS_SELECTOR, selector)


def text(window: Chrome, selector: str) -> str:
    return window.execute_script(
        "return document.querySelector(arguments[0]).textContent", selector
    )


def rows(window: Chrome, selector: str = "tbody tr") -> list[list[str]]:
    """The cells of a table's visible rows."""
    return window.execute_script(
        "return [...document.querySelectorAll(arguments[0])].filter((row) => !row.hidden)"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))",
        selector,
    )


def box(window: Chrome, selector: str) -> dict[str, float]:
    """Where an element is in the window: ``left``, ``top``, ``width``, ``height``."""
    return window.execute_script(
        "return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector
    )


def see(window: Chrome, selector: str) -> WebElement:
    """An element in the middle of the window, where a mouse can reach it."""
    found = one(window, selector)
    window.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    return found


def assert_in_step(window: Chrome) -> None:
    """Buttons, keys, mouse and wheel zoom and move both pictures of a stage as one."""

    def place() -> tuple[float, float, float]:
        """Left, top and width of the pictures, as the frame sees them."""
        left, right = (box(window, f"#picture-{side}") for side in ("left", "right"))
        assert left == right, "a picture is where the other is"
        frame = box(window, "#viewport")
        return left["left"] - frame["left"], left["top"] - frame["top"], left["width"]

    viewport = see(window, "#viewport")
    width, height = (box(window, "#viewport")[side] for side in ("width", "height"))
    assert place() == pytest.approx((0, 0, width), abs=0.5), "at first the whole picture is seen"
    one(window, "#zoom-in").click()
    assert place() == pytest.approx((-width / 2, -height / 2, 2 * width), abs=0.5)
    viewport.send_keys(Keys.ARROW_RIGHT)
    assert place() == pytest.approx((-width / 2 - 40, -height / 2, 2 * width), abs=0.5)
    see(window, "#viewport")
    start = ActionChains(window).move_to_element_with_offset(viewport, 60, 0)
    start.click_and_hold().move_by_offset(30, 20).release().perform()
    assert place() == pytest.approx((-width / 2 - 10, -height / 2 + 20, 2 * width), abs=0.5)
    viewport.send_keys("-")
    assert place()[2] == pytest.approx(2**0.5 * width, abs=0.5)
    one(window, "#zoom-fit").click()
    assert place() == pytest.approx((0, 0, width), abs=0.5)
    assert not one(window, "#zoom-out").is_enabled()


def axe(window: Chrome) -> list[str]:
    """What axe-core objects to, with the markup of each."""
    found = Axe().run(window)["violations"]
    return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]


def fetched(window: Chrome) -> list[str]:
    """What the page has loaded from elsewhere."""
    script = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    return [name for name in window.execute_script(script) if not name.startswith("data:")]


@contextmanager
def seen_as(window: Chrome, scheme: str, width: int) -> Iterator[None]:
    """A light or dark window of a width in CSS pixels."""

    def emulate(**feature: Any) -> None:
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)

    emulate(features=[{"name": "prefers-color-scheme", "value": scheme}])
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield
    finally:
        window.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        emulate(features=[])


def assert_looks_right(window: Chrome, scheme: str) -> None:
    """Nothing is wider than the window, all text can be read, and axe-core finds no fault."""
    room = "return [document.documentElement.scrollWidth, innerWidth]"
    wait(lambda: operator.le(*window.execute_script(room)))
    count, least, hardest, paper = contrast(window)
    assert count > 10 and (paper < 0.1) == (scheme == "dark")
    assert least >= 4.5, f"{hardest!r} has a contrast of {least:.2f}"
    assert axe(window) == []


def missed_by_tab(window: Chrome) -> list[str]:
    """What can be operated, but is not reached with the Tab key alone."""
    wanted = window.execute_script(
        "return [...document.querySelectorAll('summary, button:not(:disabled), select, "
        'input:not([type=radio]), input:checked, a[href], [tabindex="0"]\')]'
        ".filter((node) => node.checkVisibility())"
    )
    reached = []
    for _ in range(len(wanted) + 3):
        ActionChains(window).send_keys(Keys.TAB).perform()
        reached.append(window.switch_to.active_element)
    return [str(node.get_attribute("outerHTML"))[:80] for node in wanted if node not in reached]
