"""The reader of the sources: what it finds, where, and what it leaves alone."""

import ast
from pathlib import Path

import pytest

from book_source import EXTENSIONS, Check, Page, read_book, read_chapters, read_page
from minibook import ROOT

PAGE = """\
---
file_format: mystnb
---

# Title

Text with $a$ and {eq}`eq-lin-a`,
a second line with $b = c$, and `$no$ {eq}`.
Two in one: $$d$$ here.

$$
x = y
$$ (eq-lin-a)

::::{prf:theorem} The $t$ of {cite:t}`someone`
:label: thm-lin-t
:checks: eq-lin-a
:class: wide

By {eq}`the words <asm-lin-b>`:

- in a list,

  $$
  z
  $$ (eq-lin-b)

:::{admonition} Note
Inside {prf:ref}`thm-lin-t`.

```{math}
:label: eq-lin-c
u = v
```
:::
::::

:::{prf:proof} {prf:ref}`thm-lin-t`
Clear.
:::

```{check} eq-lin-a
:sizes: n=2 d=3

route = 1.0
printed = 1.0
```

````md
$$ not = read $$ (eq-lin-md)

```{check} eq-lin-md
route = 1
```
````

```{code-cell} ipython3
:tags: [live]
cost = "$5 {eq}`eq-lin-no` $$"
```

```python
>>> 1 + 1
2
```

```python
no_prompt = 1
```

```{prf:example-start} Over cells
:label: exm-lin-e
```

Inside $e$.

```{prf:example-end}
```

| a | b |
|---|---|
| $f$ | {eq}`eq-lin-a` |

> quoted {ref}`sec-lin-x`

% a comment with $g$ and {eq}`eq-lin-h`

After $h$.
"""


@pytest.fixture(scope="module")
def page() -> Page:
    return read_page(PAGE, "derivations/05-linear-regression.md", read_chapters(ROOT / "docs"))


def line_of(text: str, nth: int = 1) -> int:
    """The number of the nth line of the page that holds the text."""
    return [number for number, line in enumerate(PAGE.splitlines(), start=1) if text in line][nth - 1]


def test_displays(page):
    assert [(d.label, d.tex, d.line, d.context, d.form) for d in page.displays] == [
        ("", "d", line_of("Two in one"), (), "$$"),
        ("eq-lin-a", "x = y", line_of("$$", 2), (), "$$"),
        ("eq-lin-b", "z", line_of("  $$"), ("prf:theorem",), "$$"),
        ("eq-lin-c", "u = v", line_of("{math}"), ("prf:theorem", "admonition"), "math"),
    ]
    assert page.displays[1].kind == "eq"


def test_inline_formulas_and_references_have_their_own_lines(page):
    assert {formula.tex: formula.line for formula in page.inlines} == {
        "a": line_of("Text with"),
        "b = c": line_of("a second line"),
        "t": line_of("The $t$"),
        "e": line_of("Inside $e$"),
        "f": line_of("| $f$"),
        "h": line_of("After"),
    }
    assert [(r.role, r.target, r.line) for r in page.references] == [
        ("eq", "eq-lin-a", line_of("Text with")),
        ("cite:t", "someone", line_of("The $t$")),
        ("eq", "asm-lin-b", line_of("the words")),
        ("prf:ref", "thm-lin-t", line_of("Inside {prf")),
        ("prf:ref", "thm-lin-t", line_of("{prf:proof}")),
        ("eq", "eq-lin-a", line_of("| $f$")),
        ("ref", "sec-lin-x", line_of("quoted")),
    ]


def test_environments(page):
    theorem, proof, example = page.environments
    assert (theorem.kind, theorem.label, theorem.argument) == (
        "theorem",
        "thm-lin-t",
        "The $t$ of {cite:t}`someone`",
    )
    assert theorem.options == {"label": "thm-lin-t", "checks": "eq-lin-a", "class": "wide"}
    assert (theorem.line, theorem.end) == (line_of("::::{prf:theorem"), line_of("::::", 2))
    assert [d.label for d in page.displays if theorem.holds(d)] == ["eq-lin-b", "eq-lin-c"]
    assert (proof.kind, proof.argument) == ("proof", "{prf:ref}`thm-lin-t`")
    assert (example.kind, example.label, example.end) == ("example", "exm-lin-e", line_of("example-end") + 1)
    assert [formula.tex for formula in page.inlines if example.holds(formula)] == ["e"]


def test_checks_and_examples(page):
    (check,) = page.checks
    assert isinstance(check, Check)
    assert (check.label, check.options, check.line) == ("eq-lin-a", {"sizes": "n=2 d=3"}, line_of("{check}"))
    assert check.body == "route = 1.0\nprinted = 1.0"
    assert check.body_line == line_of("route = 1.0")
    (example,) = page.examples
    assert (example.text, example.line) == (">>> 1 + 1\n2\n", line_of(">>>"))


def test_the_chapter_comes_from_the_file():
    chapters = read_chapters(ROOT / "docs")
    assert read_page("", "derivations/13-em-gmm/index.md", chapters).chapter.key == "em"
    assert read_page("", "derivations/13-em-gmm.md", chapters).chapter.key == "em"
    assert read_page("", "preface.md", chapters).chapter is None


def test_the_extensions_are_those_of_the_configuration():
    settings = {
        node.targets[0].id: node.value
        for node in ast.parse((ROOT / "conf.py").read_text(encoding="utf8")).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    assert set(ast.literal_eval(settings["myst_enable_extensions"])) == EXTENSIONS
    assert ast.literal_eval(settings["myst_dmath_double_inline"]) is True


def test_a_book_leaves_out_folders_with_an_underscore(tmp_path: Path):
    (tmp_path / "_ext").mkdir()
    (tmp_path / "_ext" / "README.md").write_text("$$ a $$")
    (tmp_path / "index.md").write_text("# Book")
    (tmp_path / "chapters.toml").write_bytes((ROOT / "docs" / "chapters.toml").read_bytes())
    assert [page.file for page in read_book(tmp_path).pages] == ["index.md"]
