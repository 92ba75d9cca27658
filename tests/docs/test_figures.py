"""Figures: one drawing for both themes and for paper, named, described and mentioned."""

import base64
import re
from xml.etree import ElementTree

import pytest

import minibook
from book_cells import store
from book_cells.execute import execute
from book_cells.pages import read_pages
from book_figures import chapter_key, wrong_words
from book_figures.svg import inline
from mlderived.plotting import PALETTE

ALT = "Two lines from the origin, one twice as steep as the other."
DRAW = """\
import matplotlib.pyplot as plt
from mlderived.plotting import MARKERS, SERIES, use_house_style

use_house_style()
fig, ax = plt.subplots()
ax.plot([0, 1])
ax.scatter([0, 1], [0, 2], marker=MARKERS[1], color=SERIES[1], label="$x^2$")
ax.fill_between([0, 1], [0, 1], color=SERIES[2], alpha=0.2, hatch="//")
ax.legend();
"""


def figure(name, code=DRAW, caption="See the *slope*.", alt=ALT, tags="live"):
    words = f"  figure:\n    name: {name}\n    caption: {caption!r}\n  image:\n    alt: {alt!r}\n"
    return f"```{{code-cell}}\n---\ntags: [{tags}]\nmystnb:\n{words}---\n{code}```\n"


RED = DRAW.replace("SERIES[1]", '"red"')
WIDE = DRAW.replace("plt.subplots()", "plt.subplots(figsize=(7, 3))")
PIXELS = DRAW.replace("ax.plot([0, 1])", "ax.imshow([[0, 1], [1, 0]])")
TWO = DRAW + "fig, ax = plt.subplots()\nax.plot([1, 2]);\n"
CHAPTER = "derivations/05-linear-regression"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """Build a chapter with two figures as HTML, on two processes, and as LaTeX."""
    folder = tmp_path_factory.mktemp("good")
    shown = [
        figure("fig-lin-one"),
        figure("fig-lin-two"),
        figure("fig-lin-map", PIXELS, tags="live, colormap"),
    ]
    pages = {
        "index.md": f"# Book\n\n```{{toctree}}\n{CHAPTER}\nother\n```\n",
        f"{CHAPTER}.md": "# Linear\n\nSee {numref}`fig-lin-one`, {numref}`fig-lin-map`.\n\n"
        + "\n".join(shown),
        "other.md": "# Other\n\nAnother page has {numref}`fig-lin-two`.\n",
    }
    html = minibook.build(folder, pages, "html", "-j", "2")
    latex = minibook.build(folder, {}, "latex")
    return html, latex


def svgs(html):
    page = (html.out / f"{CHAPTER}.html").read_text(encoding="utf8")
    return [
        ElementTree.fromstring(found)
        for found in re.findall(r"<svg[^>]*book-figure.*?</svg>", page, re.DOTALL)
    ]


def test_good_figures_give_no_warning(good):
    html, latex = good
    assert (html.returncode, html.output) == (0, "")
    assert (latex.returncode, latex.output) == (0, "")


def test_svg_is_in_the_page_with_its_name(good):
    one, two, _ = svgs(good[0])
    for svg in (one, two):
        assert svg.attrib["role"] == "img"
        assert svg.attrib["aria-label"] == ALT
        width, height = (float(size) for size in svg.attrib["viewBox"].split()[2:])
        assert (width, float(svg.attrib["width"]), float(svg.attrib["height"])) == (360, 360, height)
    page = (good[0].out / f"{CHAPTER}.html").read_text(encoding="utf8")
    assert 'id="fig-lin-one"' in page
    assert "<img" not in re.search(r"<article.*</article>", page, re.DOTALL)[0]
    assert re.search(r"<figcaption>.*?See the <em>slope</em>", page, re.DOTALL)


def test_ids_do_not_clash_and_all_references_resolve(good):
    page = (good[0].out / f"{CHAPTER}.html").read_text(encoding="utf8")
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    inner = [name for name in ids if "--" in name]
    assert len(inner) > 10
    assert all(name.startswith(("fig-lin-one--", "fig-lin-two--", "fig-lin-map--")) for name in inner)
    used = set(re.findall(r'(?:url\(#|href="#)(fig-lin-\w+--[^")]+)', page))
    assert used == set(inner)


def test_colours_follow_the_theme(good):
    svg = ElementTree.tostring(svgs(good[0])[0], encoding="unicode")
    rest = re.sub(r"var\(--fig-\w+, (#[0-9a-f]{6}|currentColor)\)", "", svg)
    assert not re.search(r"#[0-9a-f]{6}\b(?!-)", rest), "every colour has its variable"
    roles = dict(re.findall(r"var\(--fig-(\w+), (#[0-9a-f]{6})\)", svg))
    assert {"ink", "muted", "grid", "1", "2", "3"} <= set(roles)
    assert all(PALETTE[role] == colour for role, colour in roles.items())
    css = (good[0].out / "_static" / "book_figures.css").read_text(encoding="utf8")
    assert all(f"--fig-{role}:" in css for role in PALETTE)
    assert "book_figures.css" in (good[0].out / f"{CHAPTER}.html").read_text(encoding="utf8")


def test_no_rule_of_a_figure_reaches_the_page(good):
    for svg in svgs(good[0]):
        assert not list(svg.iter("{http://www.w3.org/2000/svg}style"))
        assert not list(svg.iter("{http://www.w3.org/2000/svg}metadata"))


def test_latex_has_the_same_figure_as_vectors(good):
    tex = (good[1].out / "mlderived.tex").read_text(encoding="utf8")
    names = re.findall(r"\\sphinxincludegraphics\{\{(\w+)\}\.pdf\}", tex)
    assert len(names) == 3
    assert r"\caption{See the \sphinxstyleemphasis{slope}.}" in tex
    pdf = (good[1].out / f"{names[0]}.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert b"/Subtype /Image" not in pdf


def test_two_executions_give_the_same_bytes(good, tmp_path):
    html, _ = good
    pages, _ = read_pages(html.source)
    kept = html.source.parent / "build" / "cells"
    again = execute(pages, tmp_path, minibook.ROOT / "code")
    assert len(again.executed) == 1
    first, second = (store.load(folder, again.keys[CHAPTER]) for folder in (kept, tmp_path))
    assert first == second
    data = second[0][0]["data"]
    assert {"image/svg+xml", "application/pdf"} <= set(data)
    pdf = base64.b64decode(data["application/pdf"])
    assert b"2000" in re.search(rb"/CreationDate \(D:(\d+)", pdf)[1], "the fixed date, not today's"


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """Build a chapter in which each figure lacks something."""
    cells = {
        "red": figure("fig-lin-red", RED),
        "wide": figure("fig-lin-wide", WIDE),
        "pixels": figure("fig-lin-pixels", PIXELS),
        "two": figure("fig-lin-both", TWO),
        "empty": figure("fig-lin-empty", "x = 1\n"),
        "unmentioned": figure("fig-lin-unmentioned"),
        "bare": f"```{{code-cell}}\n:tags: [live]\n\n{DRAW}```\n",
    }
    used = ("red", "wide", "pixels", "both", "empty")
    text = "# Linear\n\n" + " ".join(f"{{numref}}`fig-lin-{name}`" for name in used) + "\n\n"
    starts = {}
    for name, cell in cells.items():
        starts[name] = text.count("\n") + 1
        text += cell + "\n"
    pages = {"index.md": f"# Book\n\n```{{toctree}}\n{CHAPTER}\n```\n", f"{CHAPTER}.md": text}
    return minibook.build(tmp_path_factory.mktemp("bad"), pages), starts


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (
            "red",
            "figure fig-lin-red has colours outside the palette (#ff0000): call mlderived.plotting.use_house",
        ),
        ("wide", "figure fig-lin-wide is 7 inches wide: use figure_size(height), 5 inches fit a phone"),
        ("pixels", "figure fig-lin-pixels holds a picture of pixels: draw with lines and areas"),
        ("two", "figure fig-lin-both comes from a cell that shows 2 figures and 0 other values"),
        ("empty", "figure fig-lin-empty comes from a cell that shows 0 figures and 0 other values"),
        (
            "unmentioned",
            "figure fig-lin-unmentioned is not mentioned in the text: write {numref}`fig-lin-unm",
        ),
        ("bare", "figure (no name) has no caption: add `mystnb: figure: caption:`"),
        ("bare", "figure (no name) has no alternative text"),
        ("bare", "figure (no name) `mystnb: figure: name:` is ''"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(bad, cell, words):
    build, starts = bad
    assert build.returncode == 1
    lines = [line for line in build.output.splitlines() if words in line]
    assert len(lines) == 1, build.output
    assert f"{CHAPTER}.md:{starts[cell]}: WARNING: " in lines[0]


@pytest.mark.parametrize(
    ("name", "caption", "alt", "words"),
    [
        ("fig-svm-x", "See.", ALT, "name it fig-lin-slug"),
        ("fig-lin-Two_words", "See.", ALT, "name it fig-lin-slug"),
        ("fig-lin-x", ALT, ALT, "has its caption as alternative text"),
        ("fig-lin-x", "See.", "Two lines.", "say what is shown in 30 characters"),
        ("fig-lin-x", "See.", "A plot of two lines from the origin to the right.", "begins with 'A plot of'"),
    ],
)
def test_words_of_a_figure(name, caption, alt, words):
    assert any(words in message for message in wrong_words(name, caption, alt, "lin"))


def test_right_words_of_a_figure():
    assert list(wrong_words("fig-lin-two-words", "See.", ALT, "lin")) == []
    assert list(wrong_words("fig-app-x", "See.", ALT, None)) == []


def test_key_of_a_chapter_and_of_its_pages():
    docs = str(minibook.ROOT / "docs")
    assert chapter_key(docs, CHAPTER) == "lin"
    assert chapter_key(docs, "derivations/13-em-gmm/proofs") == "em"
    assert chapter_key(docs, "preface") is None


def test_inline_treats_attributes_and_links():
    svg = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
    viewBox="0 0 10 5"><defs><path id="p" d="M 1.23456 2"/><path id="unused" d="M 0 0"/></defs>
    <use xlink:href="#p" fill="#0d6fae"/><g clip-path="url(#p)" style="stroke: #123456"/></svg>"""
    found = inline(svg, "fig-a-b", 'one & "two"', PALETTE)
    root = ElementTree.fromstring(found.markup)
    assert root.attrib["aria-label"] == 'one & "two"'
    assert found.foreign_colours == ["#123456"]
    assert (found.width, found.has_pixels) == (10, False)
    assert 'style="fill: var(--fig-1, #0d6fae)"' in found.markup
    assert found.markup.count("fig-a-b--p") == 3
    assert "unused" not in found.markup
    assert 'd="M 1.23 2"' in found.markup
