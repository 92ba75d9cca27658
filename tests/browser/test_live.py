"""Live cells in Chromium: all of the book run in its pages, and their outputs compared with the built ones.

The libraries of the page are other versions, built for another machine, so the last digits that a cell prints
may differ; words, shapes and the number of figures may not.
"""

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser.conftest import Site

NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?%?", re.IGNORECASE)
RELATIVE = 1e-6
"""Sums in another order change the last bits; iterations stop by tolerances of 1e-8 and smaller."""
ROUNDING = 1e-12
"""Below this a printed number is what rounding left of zero, and has no digits of its own."""
AMPLIFIED = {
    ("ordinary-least-squares", "3"): "the error of the inverse, at the condition number 1e16",
    ("bayesian-regression", "11"): "the plain step, which has lost all digits",
}
"""Cells that show amplified rounding, by page and number: their words are compared, their numbers are not."""
CELL_TIMEOUT = 300_000  # milliseconds; the first cell of a page loads 46 MB

OUTPUTS = """() => [...document.querySelectorAll("div.cell .live-bar")].map((bar) => {
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
        if not page.is_closed():
            page.evaluate("localStorage.clear()")
            page.close()
    assert not faults, "\n".join(faults)


def numbers_apart(text: str) -> tuple[list[str], list[str]]:
    """Return the words between the numbers of a text, without the blanks that align them, and the numbers."""
    return [" ".join(words.split()) for words in NUMBER.split(text)], NUMBER.findall(text)


def last_digit(number: str) -> float:
    """Return one unit of the last digit that is printed of a number; none of an integer."""
    if number.endswith("%"):
        return 1.0
    mantissa, _, power = number.lower().partition("e")
    digits = mantissa.partition(".")[2]
    return 10.0 ** (int(power or 0) - len(digits)) if "." in mantissa or power else 0.0


def difference(built: str, run: str, words_only: bool = False) -> str:
    """Tell how two printed texts differ; nothing if they agree."""
    words, numbers = numbers_apart(built)
    other_words, other_numbers = numbers_apart(run)
    if words != other_words:
        return f"other words:\n{built}\n--- in the page\n{run}"
    for one, other in () if words_only else zip(numbers, other_numbers, strict=True):
        left, right = float(one.rstrip("%")), float(other.rstrip("%"))
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
        # The last cells may stand in a folded solution.
        page.evaluate("document.querySelectorAll('article details').forEach((fold) => (fold.open = true))")
        start = perf_counter()
        if page.locator("div.cell .live-bar").count() > 1:
            page.locator("div.cell .live-bar").last.get_by_role("button", name="Run all above").click()
        page.locator("div.cell .live-bar").last.get_by_role("button", name=re.compile("^Run, ")).click()
        wait_until_idle(page)
        for cell in page.evaluate(OUTPUTS):
            cells += 1
            amplified = (Path(name).stem, cell["number"]) in AMPLIFIED
            where = f"{name}, cell {cell['number']}"
            if not cell["state"].startswith("Ran in"):
                faults.append(f"{where}: {cell['state'] or 'did not run'} {cell['run']}")
            elif apart := difference(cell["built"], cell["run"], amplified):
                faults.append(f"{where}: {apart}")
            elif cell["builtFigures"] != cell["runFigures"]:
                faults.append(f"{where}: figures {cell['builtFigures']}, in the page {cell['runFigures']}")
        print(f"{name}: {perf_counter() - start:.0f} s")
        page.close()  # ends the worker
    assert cells > len(live_pages)
    assert not faults, "\n".join(faults)


def type_code(page: Page, code: str) -> None:
    """Write code into the first cell of a page, with the keyboard alone."""
    bar = page.locator(".live-bar").first
    bar.get_by_role("button", name="Edit, cell 1").press("Enter")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(code)


def test_the_reader_edits_runs_stops_and_resets(
    live_pages: list[str], open_live: Callable[[str], Page]
) -> None:
    page = open_live(live_pages[0])
    cell = page.locator("div.cell:has(.live-bar)").first
    bar = cell.locator(".live-bar")
    output, state = cell.locator(".live-output"), bar.locator(".live-state")
    original = cell.locator(".cell_input pre").text_content()

    type_code(page, "total = 2**40\nprint(total)\ntotal / 0")
    page.keyboard.press("ControlOrMeta+Enter")
    wait_until_idle(page)
    assert output.locator("pre").all_text_contents() == [
        "1099511627776\n",
        "line 3: total / 0\nZeroDivisionError: division by zero",
    ]
    assert output.locator(".live-source").text_content() == "Yours"
    assert state.text_content() == "Stopped by an error."

    # The text survives a reload, and Tab leaves the editor.
    page.reload()
    editor = cell.locator("textarea")
    assert editor.input_value().startswith("total = 2**40")
    editor.focus()
    page.keyboard.press("Tab")
    assert not editor.evaluate("(e) => e === document.activeElement")

    editor.fill("while True:\n    pass")
    bar.get_by_role("button", name="Run, cell 1").click()
    state.get_by_text("Running").wait_for(timeout=CELL_TIMEOUT)
    bar.get_by_role("button", name="Stop, cell 1").click()
    assert (state.text_content() or "").startswith("Stopped. The names of this page are gone")
    editor.fill("6 * 7")
    bar.get_by_role("button", name="Run, cell 1").click()
    wait_until_idle(page)
    assert output.locator("pre").all_text_contents() == ["42"]

    bar.get_by_role("button", name="Reset, cell 1").click()
    assert cell.locator(".cell_input pre").is_visible()
    assert cell.locator(".cell_input pre").text_content() == original
    assert not cell.locator("textarea").count()
    assert not output.locator("pre").count()
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('live '))") == []


def test_a_cell_loads_only_what_it_imports(
    live_pages: list[str], open_live: Callable[[str], Page], context: BrowserContext
) -> None:
    page = open_live(live_pages[0])
    asked: list[str] = []

    def note(url: str) -> None:
        if "/_static/live" in url:
            asked.append(url.rpartition("/")[2].partition("-")[0])

    context.on("request", lambda request: note(request.url))
    type_code(page, "import numpy as np\nnp.float64(2.0)")
    assert not asked
    page.keyboard.press("ControlOrMeta+Enter")
    wait_until_idle(page)
    assert "numpy" in asked
    assert not {"scipy", "openblas", "matplotlib"} & set(asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_buttons_and_editor_fit_a_phone(
    live_pages: list[str], book_site: Site, browser: Browser, scheme: str
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 700}, color_scheme=scheme)
    page.goto(f"{book_site.address}/{live_pages[0]}")
    page.locator(".live-bar").nth(1).get_by_role("button", name="Edit").click()
    sizes = page.locator(".live-bar button:visible").evaluate_all(
        "(all) => all.map((e) => [e.offsetWidth, e.offsetHeight])"
    )
    assert sizes
    assert min(map(min, sizes)) >= 24
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.close()


def test_a_page_from_the_disk_has_no_buttons(
    live_pages: list[str], book_site: Site, browser: Browser
) -> None:
    page = browser.new_page()
    page.goto((book_site.folder / live_pages[0]).as_uri())
    assert page.locator(".live-bar").first.is_hidden()
    assert not page.locator(".live-bar button").count()
    page.close()


def test_the_server_names_the_type_of_the_interpreter(
    live_pages: list[str], book_site: Site, browser: Browser
) -> None:
    page = browser.new_page()
    address = f"{book_site.address}/_static/live/pyodide/pyodide.asm.wasm"
    assert page.request.head(address).headers["content-type"] == "application/wasm"
    page.close()


def test_an_exercise_answers_and_its_solution_stays_open(
    live_pages: list[str], book_site: Site, open_live: Callable[[str], Page]
) -> None:
    name = next(page for page in live_pages if "live-answer" in (book_site.folder / page).read_text())
    page = open_live(name)
    box = page.locator(".live-answer").first
    box.locator("textarea").fill("1 + no_such_name")
    box.get_by_role("button", name="Check, your formula").click()
    output = box.locator(".live-output pre")
    output.wait_for(timeout=CELL_TIMEOUT)
    assert output.all_text_contents() == [
        "line 1: 1 + no_such_name\nNameError: name 'no_such_name' is not defined"
    ]
    box.locator("textarea").fill("-1.0")
    page.keyboard.press("ControlOrMeta+Enter")
    box.locator(".live-differs").wait_for(timeout=CELL_TIMEOUT)
    assert "differs by" in box.locator(".live-output").inner_text()

    fold = page.locator("details.solution").first
    fold.locator("> summary").click()
    page.reload()
    assert fold.evaluate("(e) => e.open")
    fold.locator("> summary").click()
    page.reload()
    assert not fold.evaluate("(e) => e.open")
