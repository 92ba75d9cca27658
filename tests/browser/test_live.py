"""Live cells in Chromium: all of the book run in its pages, and their outputs compared with the built ones.

The libraries of the page are other versions, built for another machine, so the last digits that a cell prints
may differ; words, shapes and the number of figures may not.
"""

import math
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser.conftest import Site

NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)
RELATIVE = 1e-6
"""Sums in another order change the last bits; iterations stop by tolerances of 1e-8 and smaller."""
ROUNDING = 1e-12
"""Below this a printed number is what rounding left of zero, and has no digits of its own."""
CELL_TIMEOUT = 300_000  # milliseconds; the first cell of a page loads 46 MB

OUTPUTS = """() => [...document.querySelectorAll(".live-bar")].map((bar) => {
  const cell = bar.closest("div.cell");
  const texts = (area) => [...cell.querySelectorAll(`${area} pre`)].map((e) => e.textContent).join("");
  const figures = (area) => [...cell.querySelectorAll(`${area} svg.book-figure`)].map((e) => e.ariaLabel);
  return {
    number: bar.dataset.cell,
    state: bar.querySelector(".live-state").textContent,
    built: texts(".cell_output"),
    run: texts(".live-output"),
    builtFigures: figures(".cell_output"),
    runFigures: figures(".live-output"),
  };
})"""
IDLE = """() => [...document.querySelectorAll(".live-bar button")]
  .every((button) => button.textContent !== "Stop")"""


@pytest.fixture(scope="session")
def live_pages(book_site: Site) -> list[str]:
    """The pages with live cells."""
    if not (book_site.folder / "_static" / "live" / "manifest.json").is_file():
        pytest.skip("the book was built without Python for its pages: make runtime, then make book")
    found = [page for page in book_site.pages if "live-bar" in (book_site.folder / page).read_text()]
    assert found
    return found


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One context, so that Chromium keeps the compiled interpreter from page to page."""
    made = browser.new_context(viewport={"width": 1280, "height": 900})
    yield made
    made.close()


@pytest.fixture
def open_live(book_site: Site, context: BrowserContext) -> Iterator[Callable[[str], Page]]:
    """Open a page over http; at the end nothing may have gone wrong behind it."""
    faults: list[str] = []
    opened: list[Page] = []
    home = urlsplit(book_site.address).netloc

    def asked(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != home:
            faults.append(f"asks {url}")

    def make(name: str) -> Page:
        page = context.new_page()
        opened.append(page)
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{book_site.address}/{name}")
        return page

    context.on("request", lambda request: asked(request.url))
    context.on("requestfailed", lambda request: faults.append(f"fails {request.url}"))
    yield make
    for page in opened:
        page.evaluate("localStorage.clear()")
        page.close()
    assert not faults, "\n".join(faults)


def numbers_apart(text: str) -> tuple[list[str], list[str]]:
    """Return the words between the numbers of a text, without the blanks that align them, and the numbers."""
    return [" ".join(words.split()) for words in NUMBER.split(text)], NUMBER.findall(text)


def last_digit(number: str) -> float:
    """Return one unit of the last digit that is printed of a number; none of an integer."""
    mantissa, _, power = number.lower().partition("e")
    digits = mantissa.partition(".")[2]
    return 10.0 ** (int(power or 0) - len(digits)) if "." in mantissa or power else 0.0


def difference(built: str, run: str) -> str:
    """Tell how two printed texts differ; nothing if they agree."""
    words, numbers = numbers_apart(built)
    other_words, other_numbers = numbers_apart(run)
    if words != other_words:
        return f"other words:\n{built}\n--- in the page\n{run}"
    for one, other in zip(numbers, other_numbers, strict=True):
        left, right = float(one), float(other)
        unit = max(last_digit(one), last_digit(other)) * 1.01
        if not math.isclose(left, right, rel_tol=RELATIVE, abs_tol=max(unit, ROUNDING)):
            return f"{one} in the book, {other} in the page"
    return ""


def wait_until_idle(page: Page) -> None:
    page.wait_for_function(IDLE, timeout=CELL_TIMEOUT)


def test_every_live_cell_shows_in_the_page_what_it_shows_in_the_book(
    live_pages: list[str], open_live: Callable[[str], Page]
) -> None:
    faults, cells = [], 0
    for name in live_pages:
        page = open_live(name)
        if page.locator(".live-bar").count() > 1:
            page.locator(".live-bar").last.get_by_role("button", name="Run all above").click()
        page.locator(".live-bar").last.get_by_role("button", name=re.compile("^Run, ")).click()
        wait_until_idle(page)
        for cell in page.evaluate(OUTPUTS):
            cells += 1
            where = f"{name}, cell {cell['number']}"
            if not cell["state"].startswith("Ran in"):
                faults.append(f"{where}: {cell['state'] or 'did not run'} {cell['run']}")
            elif apart := difference(cell["built"], cell["run"]):
                faults.append(f"{where}: {apart}")
            elif cell["builtFigures"] != cell["runFigures"]:
                faults.append(f"{where}: figures {cell['builtFigures']}, in the page {cell['runFigures']}")
        page.evaluate("localStorage.clear()")
        page.goto("about:blank")  # ends the worker
    assert cells > len(live_pages)
    assert not faults, "\n".join(faults)
