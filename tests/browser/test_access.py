"""Accessibility of every page (axe-core: WCAG 2.2 A and AA), and valid HTML (the Nu HTML checker)."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.conftest import Site

MODULES = Path(__file__).parent / "node_modules"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# Formulas are many and all alike: as words they cost a tenth of the time.  One page is tested with them.
AS_WORDS = """() => {
  for (const formula of document.querySelectorAll(".katex")) {
    const words = document.createElement("span");
    words.textContent = formula.querySelector("annotation").textContent;
    formula.replaceWith(words);
  }
}"""
LAY_OUT_ALL = "* { content-visibility: visible !important; }"
RUN = "(tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] })"

# What KaTeX and myst-nb write, and browsers agree on.
ALLOWED = (
    r"Element “mi” not allowed as child of element “mo”",  # a relation with letters, in MathML
    r"The “mi” element is a completely-unknown element",  # the same, said twice
    r"Element “(?:mo|mrow)” not allowed as child of element “(?:mover|msub|mfrac)”",  # a sign of application
    r"Element “p” not allowed as child of element “summary”",  # of myst-nb: the fold of a hidden cell
    r"CSS: “height”: “-[\d.]+em” negative values",  # a strut that KaTeX reckons below zero
)


def file_of(name: str) -> Path:
    """Return a file of the tools of the tests."""
    path = MODULES / name
    if not path.is_file():
        pytest.fail(f"{path} is not there: make test installs it (make _setup-test)", pytrace=False)
    return path


def violations(
    browser: Browser, site: Site, pages: list[str], scheme: str, width: int, words: bool
) -> list[str]:
    """Return what axe finds, a line each."""
    script = file_of("axe-core/axe.min.js").read_text(encoding="utf8")
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    found = []
    for name in pages:
        page = context.new_page()
        page.goto(f"{site.address}/{name}")
        page.add_style_tag(content=LAY_OUT_ALL)
        if words:
            page.evaluate(AS_WORDS)
        page.evaluate(script)
        for rule in page.evaluate(RUN, TAGS)["violations"]:
            found += [f"{name}: {rule['id']}: {node['html'][:200]}" for node in rule["nodes"]]
        page.close()
    context.close()
    return found


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_on_any_page(site: Site, browser: Browser, scheme: str, width: int) -> None:
    pages = [page for page in site.pages if not page.startswith("_modules/")]
    found = violations(browser, site, pages, scheme, width, words=True)
    assert found == []


def test_axe_finds_nothing_in_formulas(book_site: Site, browser: Browser) -> None:
    assert violations(browser, book_site, ["notation.html"], "light", 1280, words=False) == []


def test_every_page_is_valid_html(book_site: Site) -> None:
    jar = file_of("vnu-jar/build/dist/vnu.jar")
    if not shutil.which("java"):
        pytest.skip("the Nu HTML checker needs Java, and there is no command java")
    pages = [str(book_site.folder / page) for page in book_site.pages if not page.startswith("_modules/")]
    done = subprocess.run(
        ["java", "-jar", str(jar), "--errors-only", "--format", "json", *pages],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found = [
        f"{Path(one['url']).name}: {one['message']}: {one.get('extract', '')}"
        for one in json.loads(done.stderr)["messages"]
        if not any(re.match(rule, one["message"]) for rule in ALLOWED)
    ]
    assert found == []
