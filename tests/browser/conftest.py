"""Chromium, the built book and a sample book, for the tests of the pages."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser import sample
from browser.web import ChromiumMissingError, chromium, serve
from minibook import ROOT, build


@dataclass(frozen=True)
class Site:
    """A built book and where it is served."""

    folder: Path
    address: str

    @property
    def pages(self) -> list[str]:
        """All pages, by their path below the folder; _static holds templates of the theme."""
        paths = sorted(p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*.html"))
        return [path for path in paths if not path.startswith("_static/")]

    @property
    def chapters(self) -> list[str]:
        """The pages of chapters: those whose names, or whose folders, begin with a number; no index."""
        paths = map(Path, self.pages)
        return [
            path.as_posix()
            for path in paths
            if path.name[:2].isdigit() or (path.parent.name[:2].isdigit() and path.stem != "index")
        ]

    @property
    def chapter(self) -> str:
        """The first page of a chapter that has a theorem."""
        return next(
            page for page in self.chapters if "environment theorem" in (self.folder / page).read_text()
        )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    try:
        with chromium() as started:
            yield started
    except ChromiumMissingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of a desk."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def sample_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A small book with one of everything."""
    done = build(tmp_path_factory.mktemp("sample"), sample.PAGES)
    assert done.returncode == 0, done.output
    with serve(done.out) as address:
        yield Site(done.out, address)


@pytest.fixture(scope="session")
def book_site() -> Iterator[Site]:
    """The book itself, as `make book` left it."""
    folder = Path(os.environ.get("BOOK_HTML", ROOT / "build" / "html"))
    if not (folder / "index.html").is_file():
        pytest.fail(f"{folder} has no built book: run make book, or set BOOK_HTML", pytrace=False)
    with serve(folder) as address:
        yield Site(folder, address)


@pytest.fixture(scope="session", params=["sample_site", "book_site"])
def site(request: pytest.FixtureRequest) -> Site:
    """Both books, one after the other."""
    return request.getfixturevalue(request.param)
