"""Previews: what is cut out of a page."""

import json
import re
from pathlib import Path

import pytest

from book_previews import element_at, targets
from minibook import Build, build

PAGES = {
    "index.md": "# Mini\n\n```{toctree}\nderivations/05-linear-regression\n```\n",
    "derivations/05-linear-regression.md": "# Linear regression\n\n"
    "A {define}`fit` is made.\nThe {define}`residual` is what is left.\n\n"
    ":::{prf:theorem} Main\n:label: thm-lin-main\n:checks: eq-lin-main\n\nAlways\n\n"
    "$$\na = a .\n$$ (eq-lin-main)\n:::\n\n"
    ":::{prf:proof}\nLook.\n:::\n\n```{check} eq-lin-main\n:few: one\na = 1.0\nroute = a\nprinted = a\n```\n",
}


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build a theorem, its equation and a term."""
    return build(tmp_path_factory.mktemp("previews"), PAGES)


def html_of(built: Build, anchor: str) -> str:
    """The HTML in the script of an anchor."""
    text = (built.out / "previews" / f"{anchor}.js").read_text(encoding="utf8")
    found = re.fullmatch(r"bookPreview\((\".*?\"), (\".*\")\);\n", text, re.S)
    assert found, text
    assert json.loads(found[1]) == anchor
    return str(json.loads(found[2]))


def test_each_target_has_a_script(mini: Build) -> None:
    assert mini.returncode == 0, mini.output
    found = {path.stem for path in (mini.out / "previews").iterdir()}
    assert found == {"equation-eq-lin-main", "thm-lin-main", "term-fit", "term-residual"}


def test_a_preview_is_the_whole_thing_without_its_check(mini: Build) -> None:
    theorem = html_of(mini, "thm-lin-main")
    assert theorem.startswith('<div class="environment theorem"')
    assert theorem.endswith("</div>")
    for part in ("Theorem 5.1", "katex"):
        assert part in theorem
    for part in ("headerlink", "check-panel"):
        assert part not in theorem
    assert "(5.1)" in html_of(mini, "equation-eq-lin-main")
    assert "what is left" in html_of(mini, "term-residual")


def test_the_preview_of_a_label_that_is_gone_goes(tmp_path: Path) -> None:
    name = "derivations/05-linear-regression.md"
    assert build(tmp_path, PAGES).returncode == 0
    again = build(tmp_path, {name: PAGES[name].replace("thm-lin-main", "thm-lin-other")})
    found = {path.stem for path in (again.out / "previews").iterdir()}
    assert found == {"equation-eq-lin-main", "thm-lin-other", "term-fit", "term-residual"}


def test_elements_inside_elements() -> None:
    html = '<p>x</p><div class="environment lemma" id="lem-lin-a"><div>1</div><div>2</div></div><div>3</div>'
    assert (
        element_at(html, 8) == '<div class="environment lemma" id="lem-lin-a"><div>1</div><div>2</div></div>'
    )
    assert [anchor for anchor, _ in targets(html)] == ["lem-lin-a"]
    with pytest.raises(ValueError, match="has no end"):
        element_at("<div><div></div>", 0)
