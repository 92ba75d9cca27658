"""The files to take away, how to cite a page, and the offline copy."""

import json
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from book_downloads import files, offline
from book_downloads.cite import Source, bibtex, in_words
from minibook import ROOT, Build, build

PAGES = {
    "index.md": "# Mini\n\n## Take it\n\n```{downloads}\n```\n\n"
    "```{toctree}\nderivations/05-linear-regression\n```\n",
    "derivations/05-linear-regression.md": "# Linear regression\n\n## Least & squares\n\nText.\n",
}
SOURCE = Source(
    "Machine Learning, Derived", ("A. Author", "The B & C group"), "0.1.0", "2026-11-23", "2026", ""
)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A book of which nothing but the pages has been made."""
    done = build(tmp_path_factory.mktemp("downloads"), PAGES)
    assert done.returncode == 0, done.output
    return done


def rows(html: Path) -> list[dict[str, str]]:
    """Return the list of the button."""
    found = re.search(r"bookFiles = (.*?);\n", (html / files.LIST).read_text(encoding="utf8"), re.S)
    assert found
    listed: list[dict[str, str]] = json.loads(found[1])
    return listed


def test_without_files_nothing_is_offered(plain: Build) -> None:
    assert rows(plain.out) == []
    assert not (plain.out / files.FOLDER).exists()
    assert "not part of this build" in (plain.out / "index.html").read_text(encoding="utf8")


def test_what_has_been_made_is_offered_and_what_is_gone_is_not(tmp_path: Path) -> None:
    pdf = tmp_path / "build" / "pdf" / "mlderived.pdf"
    pdf.parent.mkdir(parents=True)
    pdf.write_bytes(b"%PDF" * 300_000)
    done = build(tmp_path, PAGES)
    assert done.returncode == 0, done.output
    assert [(row["kind"], row["file"], row["size"]) for row in rows(done.out)] == [
        ("PDF", "files/mlderived.pdf", "1.2 MB")
    ]
    assert (done.out / "files" / "mlderived.pdf").read_bytes() == pdf.read_bytes()
    assert 'href="files/mlderived.pdf"' in (done.out / "index.html").read_text(encoding="utf8")
    pdf.unlink()
    done = build(tmp_path, PAGES)
    assert rows(done.out) == []
    assert "files/mlderived.pdf" not in (done.out / "index.html").read_text(encoding="utf8")


def test_the_copy_is_made_of_the_pages_and_is_the_same_each_time(tmp_path: Path, plain: Build) -> None:
    made = tmp_path / "build"
    made.mkdir()
    (made / "html").symlink_to(plain.out, target_is_directory=True)
    (made / "epub").mkdir()
    (made / "epub" / "mlderived.epub").write_bytes(b"an EPUB")
    live = plain.out / "_static" / "live"
    live.mkdir()
    (live / "python.wasm").write_bytes(b"large")
    assert offline.main([str(made)]) is None
    first = (made / offline.ZIP).read_bytes()
    assert offline.main([str(made)]) is None
    assert (made / offline.ZIP).read_bytes() == first
    with ZipFile(made / offline.ZIP) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "copy")
    assert names == sorted(names)
    assert not [name for name in names if "/_static/live/" in name]
    top = f"mlderived-{offline.version_of(ROOT)}"
    assert {name.partition("/")[0] for name in names} == {top}
    copy = tmp_path / "copy" / top
    assert [row["kind"] for row in rows(copy)] == ["EPUB"]
    assert "files/mlderived.epub" in (copy / "README.txt").read_text(encoding="utf8")
    assert [row["kind"] for row in rows(made / "html")] == ["EPUB", files.OFFLINE]


def test_a_copy_without_pages_says_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "book_downloads.offline", str(tmp_path)]
    environment = {"PYTHONPATH": str(ROOT / "docs/_ext")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1
    assert "run make book first" in done.stderr


def test_a_page_says_how_it_is_cited(plain: Build) -> None:
    page = (plain.out / "derivations" / "05-linear-regression.html").read_text(encoding="utf8")
    assert "“Linear regression”, chapter 5. In: Machine Learning, Derived" in page
    assert "@incollection{mlderived:05-linear-regression," in page
    assert "http" not in page[page.index('<pre class="cite-words">') :].partition("</details>")[0]
    first = (plain.out / "index.html").read_text(encoding="utf8")
    assert "@book{mlderived," in first
    assert 'class="cite"' not in (plain.out / "search.html").read_text(encoding="utf8")


def test_a_site_with_an_address_is_cited_with_it(tmp_path: Path) -> None:
    done = build(tmp_path, PAGES, "html", "-D", "html_baseurl=https://book.example/")
    assert done.returncode == 0, done.output
    page = (done.out / "derivations" / "05-linear-regression.html").read_text(encoding="utf8")
    assert "url       = {https://book.example/derivations/05-linear-regression.html}" in page


def test_words_and_bibtex() -> None:
    assert in_words(SOURCE, "a/ridge", "Ridge & lasso", "5.5") == (
        "A. Author, The B & C group (2026). “Ridge & lasso”, section 5.5. "
        "In: Machine Learning, Derived, version 0.1.0 of 2026-11-23."
    )
    assert bibtex(SOURCE, "a/ridge", "Ridge & lasso", "5.5") == (
        "@incollection{mlderived:ridge,\n"
        "  author    = {{A. Author} and {The B \\& C group}},\n"
        "  title     = {Ridge \\& lasso},\n"
        "  booktitle = {Machine Learning, Derived},\n"
        "  chapter   = {5.5},\n"
        "  year      = {2026},\n"
        "  note      = {Version 0.1.0 of 2026-11-23},\n"
        "}"
    )


def test_another_version_in_the_citation_file_stops_the_build(tmp_path: Path) -> None:
    other = tmp_path / "CITATION.cff"
    other.write_text("title: x\nversion: 9.9.9\nauthors:\n  - name: N\n", encoding="utf8")
    done = build(tmp_path, PAGES, "html", "-D", f"book_citation_file={other}")
    assert done.returncode != 0
    assert "has the version 9.9.9" in done.output
