"""docs/_ext/book_math: what a formula becomes, and how a bad one is reported."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from book_math import katex_macros, latex_preamble, read_macros, unused_macros
from book_math import typeset as typeset_module
from book_math.typeset import Fault, KatexMissingError, Typesetter
from minibook import ROOT, Build, build

MACROS = read_macros(ROOT / "docs" / "macros.toml")

INDEX = """# Book

```{toctree}
derivations/05-linear-regression
derivations/06-logistic-regression
```
"""
GOOD = r"""# The square $x^2$

First sentence.
A formula $\E[x] \ne y$, and {eq}`eq-lin-second`.

$$
\begin{aligned}
a &= b && \why{by definition, $b \ge 1$} \\
&= c && \why{by \eqref{eq-lin-second} – and so on}
\end{aligned}
$$ (eq-lin-first)

$$
x^2
$$ (eq-lin-second)
"""
BAD = r"""# Bad $\titlefault$

First sentence.
Second sentence with $\inlinefault$ inside.

| head |
|---|
| $\tablefault$ |

:::{admonition} Title with $\captionfault$
Text.
:::

$$
a \\ b
$$ (eq-log-newline)

$$
a = \eqref{eq-lin-nowhere}
$$

$$
\newcommand{\x}{y} \x
$$
"""
REPAIRED = "# Repaired\n\n$x$\n"


def pages(**texts: str) -> dict[str, str]:
    names = {"good": "derivations/05-linear-regression.md", "bad": "derivations/06-logistic-regression.md"}
    return {"index.md": INDEX} | {names[name]: text for name, text in texts.items()}


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Build]:
    """Build with faults, again with nothing changed, and after the repair."""
    folder = tmp_path_factory.mktemp("math")
    return {
        "faults": build(folder, pages(good=GOOD, bad=BAD), "html", "-j", "2"),
        "unchanged": build(folder, {}, "html", "-j", "2"),
        "repaired": build(folder, pages(bad=REPAIRED), "html", "-j", "2"),
    }


@pytest.fixture(scope="module")
def good(builds: dict[str, Build]) -> str:
    return (builds["repaired"].out / "derivations" / "05-linear-regression.html").read_text(encoding="utf8")


@pytest.mark.parametrize("run", ["faults", "unchanged"])
@pytest.mark.parametrize(
    ("line", "found", "remedy"),
    [
        (1, r"Undefined control sequence: \titlefault", "add it to docs/macros.toml"),
        (4, r"Undefined control sequence: \inlinefault", "add it to docs/macros.toml"),
        (8, r"Undefined control sequence: \tablefault", "add it to docs/macros.toml"),
        (10, r"Undefined control sequence: \captionfault", "add it to docs/macros.toml"),
        (15, r"the formula eq-log-newline cannot be typeset: In LaTeX, \\ or \newline", "aligned"),
        (19, "no equation is labelled 'eq-lin-nowhere'", "correct the label"),
        (23, r"'\\newcommand' defines a macro", "put the macro into docs/macros.toml"),
    ],
)
def test_a_bad_formula_is_reported_in_every_build_until_it_is_mended(
    builds: dict[str, Build], run: str, line: int, found: str, remedy: str
) -> None:
    done = builds[run]
    assert done.returncode != 0
    report = done.output.partition(f"06-logistic-regression.md:{line}: WARNING: ")[2].partition(
        "[book_math]"
    )[0]
    assert found in report
    assert "TeX: " in report
    assert remedy in report.partition("remedy: ")[2]


def test_the_repaired_book_builds(builds: dict[str, Build]) -> None:
    assert builds["repaired"].returncode == 0, builds["repaired"].output


def test_formulas_are_typeset_twice_for_eye_and_ear(good: str) -> None:
    assert good.count('<math xmlns="http://www.w3.org/1998/Math/MathML"') >= 4
    assert good.count('class="katex-html"') == good.count("<math ")
    assert "katex-error" not in good
    assert "formula-fault" not in good
    assert "mathjax" not in good.lower().replace("mathjax_ignore", "")


def test_a_display_has_its_number_a_permalink_and_both_anchors(good: str) -> None:
    for anchor in ("equation-eq-lin-first", "eq-lin-first", "equation-eq-lin-second", "eq-lin-second"):
        assert good.count(f'id="{anchor}"') == 1
    assert re.search(
        r'<span class="eqno"><a href="#eq-lin-first" title="Link to this equation">\(\S+\)</a></span>', good
    )


def test_a_reason_refers_to_an_equation(good: str) -> None:
    reference = re.search(r'<a class="reference internal" href="#equation-eq-lin-second">(\(.+?\))</a>', good)
    assert reference
    number = re.escape(reference[1])
    assert re.search(rf'<a tabindex="-1" href="#equation-eq-lin-second">.*?{number}', good)
    assert re.search(
        rf'<span class="equation-uses">Uses <a href="#equation-eq-lin-second">{number}</a></span>', good
    )


def test_the_page_title_is_plain(good: str) -> None:
    assert "<title>The square x^2 " in good


def test_style_sheet_and_fonts_are_in_the_output(builds: dict[str, Build]) -> None:
    katex = builds["repaired"].out / "_static" / "katex"
    urls = re.findall(r"url\(([^)]+)\)", (katex / "katex.min.css").read_text(encoding="utf8"))
    assert len(urls) >= 15
    assert all(url.endswith(".woff2") and (katex / url).is_file() for url in urls)
    assert "MIT" in (katex / "LICENSE").read_text(encoding="utf8")


def test_a_changed_macro_changes_the_page(tmp_path: Path) -> None:
    table = 'R = { tex = "%s", means = "a letter" }\n'
    texts = {"index.md": "# Book\n\n$\\R$\n"}
    first = build(tmp_path, texts | {"macros.toml": "[macro]\n" + table % "A"})
    assert first.returncode == 0, first.output
    assert "<mi>A</mi>" in (first.out / "index.html").read_text(encoding="utf8")
    second = build(tmp_path, {"macros.toml": "[macro]\n" + table % "B"})
    assert second.returncode == 0, second.output
    assert "<mi>B</mi>" in (second.out / "index.html").read_text(encoding="utf8")


@pytest.fixture
def typesetter(tmp_path: Path):
    made = Typesetter(katex_macros(MACROS), tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("macro", MACROS, ids=lambda macro: macro.name)
def test_every_macro_of_the_book_is_typeset(typesetter: Typesetter, macro) -> None:
    assert isinstance(typesetter.html(f"\\{macro.name}{'{x}' * macro.args}", True), str)


@pytest.mark.parametrize(
    ("tex", "found", "remedy"),
    [
        (r"a \\ b", "does nothing in display mode", "aligned"),
        (r"\frac{1", "Unexpected end of input", "correct the TeX"),
        (r"x ≤ y", "≤", r"\le"),
        (r"x ≠ y", "used as mathematics", r"\le"),
        (r"é", "é", r"\text"),
        (r"\text{5 €}", "€", "TeX command"),
        (r"x %y", "comment", "remove the comment"),
        (r"\href{https://example.org}{x}", r"\href is not allowed", r"\eqref"),
        (r"\htmlClass{large}{x}", r"\htmlClass is not allowed", "plain TeX"),
        (r"\htmlStyle{color: red}{x}", r"\htmlStyle is not allowed", "plain TeX"),
        (r"\htmlId{x}{x}", r"\htmlId is not allowed", "plain TeX"),
        (r"\includegraphics{x.png}", r"\includegraphics is not allowed", "plain TeX"),
        (r"\left( x", "right", "correct the TeX"),
        (r"\begin{multline} a \end{multline}", "multline", "aligned"),
        (r"\begin{align*} a \end{align*}", "numbers of its own", "aligned"),
        (r"\begin{equation} a \end{equation}", "numbers of its own", "aligned"),
        (r"\begin{flalign} a \end{flalign}", "No such environment", "aligned"),
        ("a\n\nb", "blank line", "two displays"),
        (r"a \tag{1}", "by hand", "(eq-key-slug)"),
        (r"\label{x}", "by hand", "(eq-key-slug)"),
        (r"\def\x{y}", "defines a macro", "macros.toml"),
        (r"\let\x=y", "defines a macro", "macros.toml"),
        (r"\DeclareMathOperator{\x}{y}", "defines a macro", "macros.toml"),
        (r"\mathbbm{1}", r"\mathbbm", r"\mathbb"),
        (r"\argmim f", r"\argmim", r"did you mean \argmin?"),
    ],
)
def test_what_is_refused(typesetter: Typesetter, tex: str, found: str, remedy: str) -> None:
    fault = typesetter.html(tex, True)
    assert isinstance(fault, Fault)
    assert found in fault.found
    assert remedy in fault.remedy


@pytest.mark.parametrize(
    "tex",
    [
        r"\left( x \right)",
        r"\text{café – “quoted”}",
        r"a \coloneqq b \ne c \le d",
        r"\begin{aligned} a &= b && \why{by $x \ge 1$} \\ &= c \end{aligned}",
        r"\begin{cases} a & x > 0 \\ b & \text{else} \end{cases}",
        r"\left\lVert x \right\rVert_2^2",
        r"\underbrace{a + b}_{\text{bias}}",
    ],
)
def test_what_is_accepted(typesetter: Typesetter, tex: str) -> None:
    assert isinstance(typesetter.html(tex, True), str)


def test_a_formula_cannot_change_the_next(typesetter: Typesetter) -> None:
    first = typesetter.html(r"\R", False)
    assert isinstance(typesetter.html(r"\global\edefx\R{x}", False), Fault)
    typesetter.close()
    typesetter.store.unlink()
    assert typesetter.html(r"\R", False) == first


def test_the_store_answers_without_node(typesetter: Typesetter, monkeypatch: pytest.MonkeyPatch) -> None:
    html = typesetter.html("x^2", True)
    typesetter.close()
    monkeypatch.setattr(typeset_module, "node_program", lambda: pytest.fail("node was asked"))
    assert typesetter.html("x^2", True) == html


def test_another_macro_table_has_another_store(typesetter: Typesetter) -> None:
    typesetter.html("x", True)
    typesetter.close()
    other = Typesetter({}, typesetter.store.parent)
    assert other.store != typesetter.store
    assert not typesetter.store.exists()


def test_missing_katex_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(typeset_module, "KATEX", tmp_path / "katex")
    with pytest.raises(KatexMissingError, match=r"npm ci --prefix docs/_ext/book_math"):
        Typesetter({}, tmp_path)


def test_missing_node_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(typeset_module.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KatexMissingError, match=r"make setup"):
        typeset_module.node_program()


def test_the_lock_pins_the_installed_katex() -> None:
    lock = json.loads((typeset_module.HERE / "package-lock.json").read_text(encoding="utf8"))
    wanted = json.loads((typeset_module.HERE / "package.json").read_text(encoding="utf8"))["dependencies"][
        "katex"
    ]
    assert lock["packages"]["node_modules/katex"]["version"] == wanted == typeset_module.katex_version()


# The macro table


def test_every_macro_is_used() -> None:
    texts = [
        page.read_text(encoding="utf8")
        for page in [*(ROOT / "docs").glob("**/*.md"), ROOT / "docs" / "notation.toml"]
        if "_ext" not in page.parts
    ]
    unused = unused_macros(MACROS, texts)
    assert not unused, f"docs/macros.toml: no page uses {unused}; remove their lines"


def test_unused_macros_are_found() -> None:
    assert unused_macros(MACROS, [r"$\R^d$ and \argminimum"])[:2] == ["Cov", "E"]
    assert "argmin" in unused_macros(MACROS, [r"\argminimum"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('x = { means = "m" }', "macro x has no `tex`"),
        ('x = { tex = "a" }', "macro x has no `means`"),
        ('x1 = { tex = "a", means = "m" }', "macro x1 must have a name of letters"),
        ('x = { tex = "#1", means = "m" }', "macro x has args = 0 but `#1`"),
        ('x = { tex = "a", args = 1, means = "m" }', "macro x has args = 1 but `a`"),
        ('x = { tex = "≤", means = "m" }', "macro x must be written in ASCII"),
        ('x = { tex = "a", mean = "m", means = "m" }', r"macro x has an unknown key \['mean'\]"),
    ],
)
def test_a_malformed_macro_is_refused(tmp_path: Path, line: str, message: str) -> None:
    table = tmp_path / "macros.toml"
    table.write_text(f"[macro]\n{line}\n", encoding="utf8")
    with pytest.raises(ValueError, match=f"macros.toml:2: the {message}"):
        read_macros(table)


def test_a_macro_that_katex_cannot_typeset_is_reported(tmp_path: Path) -> None:
    table = '[macro]\nR = { tex = "\\\\nosuch", means = "m" }\n'
    done = build(tmp_path, {"index.md": "# Book\n", "macros.toml": table})
    assert done.returncode != 0
    assert r"macros.toml:2: WARNING: the macro \R cannot be typeset" in done.output


def test_latex_gets_the_same_macros() -> None:
    preamble = latex_preamble(ROOT / "docs" / "macros.toml")
    assert preamble.count("\\DeclareRobustCommand") == len(MACROS)
    assert r"\DeclareRobustCommand{\R}{\mathbb{R}}" in preamble
    assert r"\DeclareRobustCommand{\norm}[1]{\left\lVert #1 \right\rVert}" in preamble


def test_latex_accepts_the_macros_also_where_it_has_its_own(tmp_path: Path) -> None:
    uses = "\n".join(f"$ \\{macro.name}{'{x}' * macro.args} $" for macro in MACROS)
    (tmp_path / "macros.tex").write_text(
        "\\documentclass{article}\\usepackage{mathtools,amssymb}\n"
        f"{latex_preamble(ROOT / 'docs' / 'macros.toml')}\n"
        f"\\begin{{document}}\\section{{$\\R^\\T$}}\n{uses}\n\\end{{document}}\n",
        encoding="utf8",
    )
    command = ["xelatex", "-interaction=nonstopmode", "-halt-on-error", "macros.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_latex_refers_to_equations_by_the_labels_of_sphinx(tmp_path: Path) -> None:
    done = build(tmp_path, pages(good=GOOD, bad=REPAIRED), "latex")
    assert done.returncode == 0, done.output
    tex = (done.out / "mlderived.tex").read_text(encoding="utf8")
    (label,) = set(re.findall(r"\\label\{(equation:[^}]*eq-lin-second)\}", tex))
    assert f"by \\eqref{{{label}}}" in tex
