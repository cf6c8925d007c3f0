"""One browser for all pages that are opened as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

pytest.register_assert_rewrite("tests.end_to_end.pages")


@pytest.fixture(scope="session")
def browser() -> Iterator[Chrome]:
    from tests.browser import chromium

    with chromium() as window:
        yield window
