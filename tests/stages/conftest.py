"""A browser for the tests of pages: offline, and whatever appears on the console fails the test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "this test needs Debian's package chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """A function from HTML to the open page, in a window `width` pixels wide; other arguments are of the context."""
    logged: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(html: str, width: int = 1280, **settings: Any) -> Page:
        file = tmp_path / f"page_{len(contexts)}.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 800}, offline=True, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: logged.append(message.text))
        page.on("pageerror", lambda error: logged.append(str(error)))
        own = ("data:", file.as_uri())
        page.on("request", lambda each: None if each.url.startswith(own) else logged.append(each.url))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert logged == []
