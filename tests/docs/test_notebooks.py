"""The notebooks: formulas without macros, and what becomes of each kind of block."""

import json
from pathlib import Path

import nbformat
import pytest

from book_math import Macro, read_macros
from book_notebooks.__main__ import pack
from book_notebooks.formulas import portable
from book_notebooks.markdown import escaped
from book_notebooks.trial import texts
from minibook import ROOT, build

PAGE = """---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---

# Logistic regression

Five * three_stars, by {eq}`eq-log-one` and {prf:ref}`thm-log-one`.

```{code-cell}
:tags: [glue]
value = 2.5
assert 2 < value < 3
glue("log-value", value)
```

The value is {glue:text}`log-value:.2f`.

:::{prf:theorem} A name
:label: thm-log-one

For $\\vect{x} \\in \\R^n$,

$$
\\begin{aligned}
a &\\coloneqq b && \\why{by $\\mat{X}$ and \\eqref{eq-log-two}} \\\\
&= c
\\end{aligned}
$$ (eq-log-one)
:::

:::{prf:proof}
Short.
:::

$$
\\norm{\\vect{x}} = 1
$$ (eq-log-two)

| left | right |
|:---|---:|
| $\\|x\\|$ | 2 |

```{code-cell}
:tags: [oracle]
print(value)
```

```{exercise} Try
:label: exr-log-try
:grade: compute

What is it?
```

```{solution-start} exr-log-try
:label: sol-log-try
```

This:

```{code-cell}
:tags: [live]
print("answer")
```

So it is.

```{solution-end}
```
"""


@pytest.fixture(scope="module")
def macros() -> dict[str, Macro]:
    """The macros of the book by name."""
    return {macro.name: macro for macro in read_macros(ROOT / "docs" / "macros.toml")}


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        (r"\mat{A}^\T\vect x", r"\boldsymbol{A}^{\top}\boldsymbol{x}"),
        (r"\norm{\vect{x}}", r"\left\lVert \boldsymbol{x} \right\rVert"),
        (r"\vec(\Var)", r"\operatorname{vec}(\operatorname{Var})"),
        (r"\Rightarrow a\coloneqq b", r"\Rightarrow a\mathrel{:=} b"),
        (r"\why{as $\mat{A}$ is}", r"\text{as }{\textstyle \boldsymbol{A}}\text{ is}"),
        (r"\why{by \eqref{eq-x}, twice}", r"\text{by (5.1), twice}"),
        ("a<b", "a< b"),
    ],
)
def test_formulas_without_macros(macros: dict[str, Macro], tex: str, plain: str) -> None:
    assert portable(tex, macros, lambda label: "(5.1)") == plain


def test_a_brace_that_is_not_closed_is_named(macros: dict[str, Macro]) -> None:
    with pytest.raises(ValueError, match="not closed; close it"):
        portable(r"\vect{x", macros, str)


def test_words_are_not_read_as_markdown() -> None:
    assert escaped("a_b *c* $d$\n1. e\n# f") == "a\\_b \\*c\\* \\$d\\$\n1\\. e\n\\# f"


def test_a_page_becomes_a_notebook(tmp_path: Path) -> None:
    """Numbers, folds, captions and outputs stand where a reader looks for them; the bytes never change."""
    pages = {
        "index.md": "# Book\n\n```{toctree}\nderivations/06-logistic-regression\n```\n",
        "derivations/06-logistic-regression.md": PAGE,
    }
    done = build(tmp_path, pages)
    assert done.returncode == 0, done.output
    path = done.out / "notebooks" / "derivations" / "06-logistic-regression.ipynb"
    first = path.read_bytes()
    notebook = nbformat.reads(first.decode(), as_version=4)
    nbformat.validate(notebook)
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "Five \\* three\\_stars, by [(6.1)](#equation-eq-log-one) and [Theorem 6.1](#thm-log-one)." in text
    assert "The value is 2.50." in text
    assert "> **Theorem 6.1 (A name)**" in text
    assert r"\text{by }{\textstyle \boldsymbol{X}}\text{ and (6.2)}" in text
    assert r"\tag{6.1} $$" in text
    assert "\\tag{6.2}\n$$" in text
    assert "| --- | ---: |\n| $\\vert x\\vert$ | 2 |" in text
    assert "> **Exercise 6.1 (Try)** · *compute*" in text
    assert text.count("<summary>Solution to Exercise 6.1</summary>") == 2  # before and after its cell
    assert "[plot,estimators]" in text
    code = {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}
    assert [one.metadata["tags"] for one in code.values()] == [["glue"], ["glue"], ["oracle"], ["live"]]
    assert code["cell-1"].outputs[0]["text"] == "log-value = 2.5\n"
    assert code["cell-2"].outputs[0]["text"] == "2.5\n"
    assert code["cell-3"].metadata["jupyter"]["source_hidden"]
    page = (done.out / "derivations" / "06-logistic-regression.html").read_text(encoding="utf8")
    assert 'href="../notebooks/derivations/06-logistic-regression.ipynb"' in page
    again = build(tmp_path, pages, "html", "-E")
    assert again.returncode == 0, again.output
    assert path.read_bytes() == first


def test_archives_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    (tmp_path / "derivations").mkdir()
    (tmp_path / "derivations" / "01-x.ipynb").write_text(json.dumps({}), encoding="utf8")
    wheel = tmp_path / "mlderived-0-py3-none-any.whl"
    wheel.write_bytes(b"")
    first = pack(tmp_path, wheel)[0].read_bytes()
    assert pack(tmp_path, wheel)[0].read_bytes() == first


def test_what_a_cell_prints_in_pieces_is_one_text() -> None:
    pieces = [{"output_type": "stream", "name": "stdout", "text": text} for text in ("a\n", "b\n")]
    figure = {"output_type": "display_data", "data": {"text/plain": "<Figure>"}}
    assert texts({"outputs": [*pieces, figure, pieces[0]]}) == ["a\nb\n", "<Figure>", "a\n"]
