"""The glossary: terms where they are defined, their sentences, and links to them."""

import re
from pathlib import Path

import pytest

from minibook import Build, build

ONE, TWO = "derivations/05-linear-regression.md", "derivations/06-logistic-regression.md"
PAGES = {
    "index.md": "# Mini\n\n```{toctree}\n:glob:\nderivations/*\nglossary\n```\n",
    ONE: "# One\n\nA line before.\nThe {define}`residual` is $y - f$, what is left.\nA line after.\n\n"
    "The {define}`Leverage` of a sample is the number\n\n$$\nh \\coloneqq 1 ,\n$$ (def-lin-leverage)\n\n"
    "and no more.\n",
    TWO: "# Two\n\n$$\na = b .\n$$ (eq-log-two)\n\nThese are the {define}`normal equations`.\n"
    "A long thing is short.\nIt is the {define}`second way`.\n\n"
    "$$\nc = d\n$$ (eq-log-three)\n\nis its {define}`standard error`.\n"
    "A {term}`residual` is orthogonal.\n",
    "glossary.md": "# Glossary\n\n```{glossary-of-the-book}\n```\n",
}


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build three definitions on two pages."""
    return build(tmp_path_factory.mktemp("glossary"), PAGES, "html", "-j", "2")


def items(built: Build) -> list[tuple[str, str]]:
    """Each term with the text of its definition."""
    page = (built.out / "glossary.html").read_text(encoding="utf8")
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page, re.S)
    plain = [
        [re.sub(r"<math.*?</math>|<[^>]+>", "", part, flags=re.S).strip() for part in one] for one in found
    ]
    return [(term, text) for term, text in plain]


def test_the_book_builds(mini: Build) -> None:
    assert mini.returncode == 0, mini.output


def test_terms_stand_in_alphabetical_order_each_with_its_sentence(mini: Build) -> None:
    terms = dict(items(mini))
    assert list(terms) == ["Leverage", "normal equations", "residual", "second way", "standard error"]
    assert terms["residual"].startswith("The residual is")
    assert terms["residual"].endswith("what is left.")
    assert "A line" not in terms["residual"]


def test_a_display_is_referred_to_by_its_number(mini: Build) -> None:
    page = (mini.out / "glossary.html").read_text(encoding="utf8")
    assert 'href="derivations/05-linear-regression.html#equation-def-lin-leverage"' in page
    assert 'href="derivations/06-logistic-regression.html#equation-eq-log-two"' in page
    terms = dict(items(mini))
    assert re.search(r"sample is the number: \(5\.1\)\.$", terms["Leverage"])
    assert terms["normal equations"] == "(6.1). These are the normal equations."
    assert terms["standard error"] == "(6.2) is its standard error."


def test_a_sentence_that_points_back_brings_the_one_before_it(mini: Build) -> None:
    assert dict(items(mini))["second way"] == "A long thing is short. It is the second way."


def test_terms_link_to_the_place_of_their_definition(mini: Build) -> None:
    assert '<dfn id="term-residual">residual</dfn>' in (mini.out / ONE.replace(".md", ".html")).read_text(
        encoding="utf8"
    )
    for page, link in ((TWO, "05-linear-regression"), ("glossary.md", "derivations/05-linear-regression")):
        text = (mini.out / page.replace(".md", ".html")).read_text(encoding="utf8")
        assert f'href="{link}.html#term-residual"' in text


def test_the_glossary_follows_a_changed_definition(tmp_path: Path) -> None:
    assert build(tmp_path, PAGES).returncode == 0
    again = build(tmp_path, {ONE: PAGES[ONE].replace("what is left", "the rest")})
    assert again.returncode == 0, again.output
    assert dict(items(again))["residual"].endswith("the rest.")


def test_a_term_is_defined_once(tmp_path: Path) -> None:
    twice = {**PAGES, TWO: PAGES[TWO] + "\nThe {define}`residual` again.\n"}
    built = build(tmp_path, twice)
    assert built.returncode == 1
    assert "'residual' is defined in derivations/05-linear-regression and in derivations/06" in built.output


def test_print_has_the_glossary_too(tmp_path: Path) -> None:
    built = build(tmp_path, PAGES, "latex")
    assert built.returncode == 0, built.output
    source = next(built.out.glob("*.tex")).read_text(encoding="utf8")
    assert r"\textbf{residual}" in source
    assert source.count("term-residual") >= 3, (
        "the target, the reference in the text and that of the glossary"
    )
