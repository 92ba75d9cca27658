"""The bibliography: author-year citations, back-links across pages, entries that nothing cites."""

import re
from pathlib import Path

import pytest

from minibook import Build, build

BIB = """@article{hoerl1970ridge,
  author = {Hoerl, Arthur E. and Kennard, Robert W.},
  title = {Ridge Regression},
  journal = {Technometrics},
  year = {1970},
}

@article{theobald1974,
  author = {Theobald, C. M.},
  title = {Generalizations of Mean Square Error},
  journal = {Journal of the Royal Statistical Society B},
  year = {1974},
}
"""
A, B = "derivations/05-linear-regression.md", "derivations/06-logistic-regression.md"
PAGES = {
    "references.bib": BIB,
    "index.md": f"# Mini\n\n```{{toctree}}\n{A}\n{B}\n```\n\n```{{toctree}}\nwords\nbibliography\n```\n",
    A: "# First\n\n## Ridge\n\n### Below\n\n"
    "{cite:t}`hoerl1970ridge` began, {cite:t}`hoerl1970ridge` again.\n\n"
    "## Later\n\nNo source.\n",
    B: "# Second\n\n## Where\n\nNothing.\n\n## When\n\nSee {cite:p}`theobald1974,hoerl1970ridge`.\n",
    "words.md": "# Words\n\nThanks to {cite:t}`theobald1974`.\n",
    "bibliography.md": "# Bibliography\n\n```{bibliography}\n```\n",
}


def entry(built: Build, author: str) -> str:
    """Return the HTML of the entry that begins with ``author``."""
    page = (built.out / "bibliography.html").read_text(encoding="utf8")
    entries = re.findall(r'<p class="bibliography-entry">.*?</p>', page, flags=re.DOTALL)
    return next(text for text in entries if author in text)


def links(html: str) -> list[tuple[str, str]]:
    """Return (target, text) of the back-links of an entry."""
    return re.findall(r'<a class="reference internal" href="([^"]+)"><span>([^<]+)</span></a>', html)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build the pages once, reading in parallel."""
    return build(tmp_path_factory.mktemp("citations"), PAGES, "html", "-j", "2")


def test_builds(first: Build) -> None:
    assert first.returncode == 0, first.output


def test_citation_is_author_and_year(first: Build) -> None:
    text = re.sub(r"<[^>]+>", "", (first.out / A.replace(".md", ".html")).read_text(encoding="utf8"))
    assert "Hoerl and Kennard (1970) began" in text
    page = re.sub(r"<[^>]+>", "", (first.out / B.replace(".md", ".html")).read_text(encoding="utf8"))
    assert "See (Hoerl and Kennard, 1970, Theobald, 1974)." in page


def test_back_links_name_each_section_once_in_book_order(first: Build) -> None:
    assert [name for _, name in links(entry(first, "Hoerl"))] == ["5.1", "6.2"]
    assert [name for _, name in links(entry(first, "Theobald"))] == ["6.2", "Words"]


def test_back_links_land_on_the_citation(first: Build) -> None:
    for target, _ in links(entry(first, "Hoerl")):
        page, anchor = target.split("#")
        assert f'id="{anchor}"' in (first.out / page).read_text(encoding="utf8")


def test_incremental_build_moves_a_back_link_and_reports_what_is_no_longer_cited(tmp_path: Path) -> None:
    assert build(tmp_path, PAGES).returncode == 0
    moved = build(tmp_path, {A: "# First\n\n## Ridge\n\nNone.\n\n## Later\n\n{cite:t}`hoerl1970ridge`.\n"})
    assert moved.returncode == 0, moved.output
    assert [name for _, name in links(entry(moved, "Hoerl"))] == ["5.2", "6.2"]
    uncited = build(tmp_path, {A: "# First\n", B: "# Second\n\n{cite:p}`theobald1974`.\n"}, "html", "-j", "2")
    assert uncited.returncode != 0
    assert re.search(
        r"references\.bib:1: WARNING: nothing cites \"hoerl1970ridge\": cite it with", uncited.output
    )


def test_latex_links_to_the_section(first: Build, tmp_path: Path) -> None:
    built = build(tmp_path, PAGES, "latex")
    assert built.returncode == 0, built.output
    tex = (built.out / "mlderived.tex").read_text(encoding="utf8")
    assert re.search(
        r"Cited in \{\\hyperref\[\\detokenize\{derivations/05-linear-regression:ridge\}\]"
        r"\{\\sphinxcrossref\{5\.1\}\}\}",
        tex,
    )
    labels = set(re.findall(r"\\label\{\\detokenize\{([^}]+)\}\}", tex))
    used = set(re.findall(r"\\hyperref\[\\detokenize\{([^}]+)\}\]", tex))
    assert used <= labels


def test_unknown_key_is_reported(tmp_path: Path) -> None:
    built = build(
        tmp_path, {**PAGES, "words.md": "# Words\n\nSee {cite:t}`theobald1974` and {cite:t}`nobody2000`.\n"}
    )
    assert built.returncode != 0
    assert 'could not find bibtex key "nobody2000"' in built.output
    assert re.search(r"words\.md:\d", built.output)
