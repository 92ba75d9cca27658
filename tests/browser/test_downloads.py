"""The menu of files, permalinks, how to cite, the header's buttons, and the offline copy."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, Page

from book_downloads import offline
from browser.conftest import Site
from browser.web import serve

Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a page in a context of its own, which may use the clipboard; closed after the test."""
    opened = []

    def make(url: str, width: int = 1280) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
        )
        opened.append(context)
        page = context.new_page()
        page.goto(url)
        return page

    yield make
    for context in opened:
        context.close()


@pytest.fixture(scope="module")
def copy(sample_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked offline copy of the sample book, with a PDF."""
    build = tmp_path_factory.mktemp("offline") / "build"
    shutil.copytree(sample_site.folder, build / "html")
    (build / "pdf").mkdir()
    (build / "pdf" / "mlderived.pdf").write_bytes(b"%PDF-1.7 a sample")
    assert offline.main([str(build)]) is None
    with ZipFile(build / offline.ZIP) as archive:
        archive.extractall(build.parent)
    return next(build.parent.glob("mlderived-*"))


def clipboard(page: Page) -> str:
    """Return what was copied."""
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_the_copy_works_from_the_disk(copy: Path, sample_site: Site, open_page: Open) -> None:
    page = open_page("about:blank")
    faults: list[str] = []
    # What a turned page no longer needs is aborted, which is no fault.
    page.on(
        "requestfailed",
        lambda request: None if "ERR_ABORTED" in (request.failure or "") else faults.append(request.url),
    )
    page.on(
        "request", lambda request: None if request.url.startswith("file:") else faults.append(request.url)
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    for name in sample_site.pages:
        page.goto((copy / name).as_uri())
        page.evaluate("document.fonts.ready.then(() => true)")
    page.goto((copy / sample_site.chapter).as_uri())
    page.evaluate("document.fonts.ready.then(() => true)")
    assert page.locator(".katex-html").count() > 10
    assert page.evaluate("document.fonts.check('16px KaTeX_Main')")
    page.goto((copy / "search.html").as_uri() + "?q=Samplewise")
    page.wait_for_selector("#search-results ul.search li a", timeout=20_000)
    page.locator("#search-results ul.search li a").first.click()
    page.wait_for_url("**/05-linear-regression.html*")
    assert not faults


def test_the_menu_offers_the_files_of_the_copy(copy: Path, sample_site: Site, open_page: Open) -> None:
    with serve(copy) as address:
        page = open_page(f"{address}/{sample_site.chapter}")
        button = page.get_by_role("button", name="Download the book")
        button.focus()
        page.keyboard.press("Enter")
        link = page.locator(".dropdown-book-files a")
        assert link.count() == 1
        assert link.inner_text().split() == ["PDF", "1", "KB", "for", "paper"]
        with page.expect_download() as download:
            link.click()
        assert download.value.suggested_filename == "mlderived.pdf"


def test_without_files_there_is_no_button(sample_site: Site, open_page: Open) -> None:
    page = open_page(f"{sample_site.address}/{sample_site.chapter}")
    assert not page.get_by_role("button", name="Download the book").is_visible()


@pytest.mark.parametrize("place", ["http", "disk"])
def test_a_permalink_is_reached_by_keyboard_and_copies_its_address(
    sample_site: Site, copy: Path, open_page: Open, place: str
) -> None:
    root = sample_site.address if place == "http" else copy.as_uri()
    page = open_page(f"{root}/{sample_site.chapter}")
    for selector in (".environment.theorem a.headerlink", "h1 > a.headerlink", "div.math > .eqno a"):
        link = page.locator(selector).first
        if "headerlink" in selector:
            assert link.evaluate("e => getComputedStyle(e).opacity") == "0"
        before = page.evaluate("document.body.scrollHeight")
        link.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert link.evaluate("e => e === document.activeElement")
        assert link.evaluate("e => getComputedStyle(e).opacity") == "1"
        assert page.evaluate("document.body.scrollHeight") == before
        page.keyboard.press("Enter")
        page.get_by_text("Link copied").wait_for()
        assert clipboard(page) == link.evaluate("e => e.href")
        assert page.url == clipboard(page)
    assert clipboard(page).partition("#")[2].startswith("eq-lin-")


@pytest.mark.parametrize("place", ["http", "disk"])
def test_the_citation_is_copied(sample_site: Site, copy: Path, open_page: Open, place: str) -> None:
    root = sample_site.address if place == "http" else copy.as_uri()
    page = open_page(f"{root}/{sample_site.chapter}")
    fold = page.locator("details.cite")
    assert fold.get_attribute("open") is None
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    fold.locator("button.copybtn").last.click()
    page.wait_for_timeout(100)
    assert clipboard(page).startswith("@incollection{mlderived:05-linear-regression,")


@pytest.mark.parametrize("width", [390, 1280])
def test_every_button_of_the_header_has_a_name_and_does_what_it_says(
    sample_site: Site, open_page: Open, width: int
) -> None:
    page = open_page(f"{sample_site.address}/{sample_site.chapter}", width)
    header = page.locator(".bd-header-article")
    for button in header.get_by_role("button").all():
        if button.is_visible():
            assert button.get_attribute("aria-label"), button.evaluate("e => e.outerHTML")
    page.get_by_role("button", name="Search").locator("visible=true").first.click()
    assert page.locator("dialog[open] input[type=search]").is_visible()
    page.keyboard.press("Escape")
    theme = page.evaluate("document.documentElement.dataset.theme")
    page.locator("button.theme-switch-button").first.click()
    page.locator("button.theme-change-button[data-mode=dark]").first.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark" != theme
    page.get_by_role("button", name="Fullscreen mode").click()
    page.wait_for_function("document.fullscreenElement !== null")
