"""The ledger on a miniature book: basis, graph, marks, records, and what stops a build."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from book_checks import body, runner
from book_checks.evidence import Evidence, Mutants, Survivor, write_evidence
from book_ledger import stale
from book_ledger.functions import functions_of
from book_ledger.graph import graph_of
from book_ledger.records import Place, Record, ledger_of, mark_of
from book_source import Book, read_book, read_page
from minibook import ROOT, Build, build

FILE = "derivations/05-linear-regression.md"
OTHER = "derivations/06-logistic-regression.md"
FIRST = r"""# Linear regression

We assume

$$
\E\vect{\varepsilon} = \vect{0} .
$$ (asm-lin-noise)

$$
\mat{P} \coloneqq \mat{I}
$$ (def-lin-hat)

## Results

:::{prf:lemma} Known
:label: lem-lin-known
:cited: a famous paper
:checks: eq-lin-known

$$
\mat{P} = \mat{P}^\T
$$ (eq-lin-known)
:::

```{check} eq-lin-known
:sizes: n=9 | n=4 | n=1
:uses: def-lin-hat
P = eye(n)
route = P
printed = P.T
```

Under {eq}`asm-lin-noise`,

$$
\begin{aligned}
1 + 1 &= 2 && \why{count} \\
&= 4 - 2 && \why{by \eqref{eq-lin-known}}
\end{aligned}
$$ (eq-lin-derived)

```{check} eq-lin-derived
:sizes: n=9 d=3 | n=4 d=6 | n=7 d=1
route = n + d
printed = chain(d + n, "=", n + d)
```

:::{prf:theorem} Main
:label: thm-lin-main
:checks: eq-lin-main

For every $n$

$$
n = n + 0 .
$$ (eq-lin-main)
:::

```{check} eq-lin-main
:sizes: n=9 | n=4 | n=1
route = expectation(lambda e: n, noise(2))
printed = n + 0.0
```

:::{prf:proof}
By {eq}`eq-lin-derived` and {prf:ref}`lem-lin-known`,

$$
2 = 2 .
$$ (eq-lin-step)

This is {eq}`eq-lin-main`.
:::

```{unchecked} eq-lin-step
:reason: existence
```

The text goes on, and

$$
3 = 3 .
$$ (eq-lin-text)

$$
\min_w w^2
$$ (opt-lin-problem)

$$
1 = 2
$$ (not-lin-wrong)

:::{exercise}
:label: exr-lin-one
:grade: derive
Show it.
:::

:::{solution} exr-lin-one
:label: sol-lin-one

$$
5 = 5
$$ (eq-lin-solved)
:::
"""
SECOND = r"""# Logistic regression

:::{prf:corollary} Later
:label: cor-log-later
:checks: eq-lin-main

It holds.
:::

:::{prf:proof}
By {prf:ref}`thm-lin-main`.
:::
"""
INDEX = """# Book

```{toctree}
derivations/05-linear-regression
derivations/06-logistic-regression
ledger
```
"""
LEDGER = "# Ledger\n\n" + "\n\n".join(
    f"```{{ledger}} {part}\n```" for part in ("marks", "totals", "weakest", "without", "all")
)
PAGES = {"index.md": INDEX, FILE: FIRST, OTHER: SECOND, "ledger.md": LEDGER}
STRICT = ("-D", "book_ledger_strict=1")


def book_of(first: str = FIRST, second: str = SECOND) -> Book:
    chapters = read_book(ROOT / "docs").chapters
    pages = (read_page(first, FILE, chapters), read_page(second, OTHER, chapters))
    return Book(Path("docs"), chapters, pages)


def write_checks(folder: Path, **changed: Evidence) -> dict[str, Evidence]:
    """Write the record that running the checks of the miniature book leaves behind."""
    book = read_book(folder / "docs")
    prints = runner.fingerprints(book, runner.jobs_of(book))
    found = {
        check.label: Evidence(
            check.label,
            True,
            sizes=tuple(body.sizes(check)),
            draws=9,
            tolerance=1e-9,
            resolution=1e-9,
            entry_resolution=1e-8,
            evidence="enumerated" if "expectation" in check.body else "random instances",
            mutants=Mutants(killed_value=7, killed_shape=2, stillborn=1, set_aside=1),
            seconds=0.1,
            hash=prints[check.label],
        )
        for check in book.checks
    }
    found |= {label: evidence for label, evidence in changed.items() if evidence}
    write_evidence(folder / "build" / "checks.json", found)
    return found


def prepare(folder: Path, pages: dict[str, str] = PAGES) -> None:
    """Write the pages and the record of their checks."""
    for name, text in pages.items():
        (folder / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "docs" / name).write_text(text, encoding="utf8")
    shutil.copy(ROOT / "docs" / "chapters.toml", folder / "docs")
    write_checks(folder)


# The graph


def test_each_claim_has_its_basis_and_the_place_of_its_proof():
    results = graph_of(book_of()).results
    assert {label: (one.basis, one.where) for label, one in results.items()} == {
        "asm-lin-noise": ("assumption", ""),
        "def-lin-hat": ("definition", ""),
        "lem-lin-known": ("cited", "statement"),
        "eq-lin-known": ("cited", ""),
        "eq-lin-derived": ("proved here", "derivation"),
        "thm-lin-main": ("proved here", "statement"),
        "eq-lin-main": ("proved here", "statement"),
        "eq-lin-step": ("proved here", "proof"),
        "eq-lin-text": ("proved here", "text"),
        "opt-lin-problem": ("problem", ""),
        "not-lin-wrong": ("wrong on purpose", ""),
        "eq-lin-solved": ("proved here", "solution"),
        "cor-log-later": ("proved here", "statement"),
    }


def test_the_page_of_cited_results_makes_a_claim_cited():
    book = book_of()
    cited = read_page("# Cited\n\n`eq-lin-text`: by somebody.\n", "cited.md")
    assert graph_of(replace(book, pages=(*book.pages, cited))).results["eq-lin-text"].basis == "cited"


def test_uses_come_from_reasons_proofs_and_what_leads_in():
    results = graph_of(book_of()).results
    assert results["eq-lin-derived"].uses == ("asm-lin-noise", "lem-lin-known")
    assert results["thm-lin-main"].uses == ("lem-lin-known", "eq-lin-derived", "eq-lin-step")
    assert results["lem-lin-known"].uses == ("def-lin-hat",)
    assert results["eq-lin-text"].uses == ()
    assert results["cor-log-later"].uses == ("thm-lin-main",)


def test_used_by_and_rests_on_are_computed():
    graph = graph_of(book_of())
    assert graph.users("eq-lin-main") == graph.users("thm-lin-main") == ("cor-log-later",)
    assert graph.users("lem-lin-known") == ("eq-lin-derived", "thm-lin-main")
    assert graph.rests_on("cor-log-later") == ("asm-lin-noise", "lem-lin-known")
    assert graph.violations == ()


def test_a_cycle_is_named():
    first = FIRST.replace("This is {eq}`eq-lin-main`.", "By {prf:ref}`cor-log-later`.").replace(
        ":::{prf:proof}\n", ":::{prf:proof}\n:forward: cor-log-later\n"
    )
    found = graph_of(book_of(first)).violations
    assert [(one.file, one.label, one.what) for one in found] == [
        (FILE, "thm-lin-main", "it rests on itself: thm-lin-main → cor-log-later → thm-lin-main")
    ]


@pytest.mark.parametrize(
    ("old", "new", "label"),
    [
        ("This is {eq}`eq-lin-main`.", "By {eq}`eq-lin-text`.", "thm-lin-main"),
        (r"\why{count}", r"\why{by \eqref{eq-lin-main}}", "eq-lin-derived"),
        ("2 = 2 .", r"2 = 2 \why{\eqref{eq-lin-text}}", "eq-lin-step"),
    ],
)
def test_a_proof_points_ahead_only_when_it_says_so(old: str, new: str, label: str):
    first = FIRST.replace(old, new)
    found = [one for one in graph_of(book_of(first)).violations if "comes later" in one.what]
    assert {one.label for one in found} == {label}
    assert "`:forward:" in found[0].remedy
    assert found[0].file == FILE
    declared = first.replace(":::{prf:proof}\n", ":::{prf:proof}\n:forward: eq-lin-text\n")
    if "eq-lin-text" in new:
        assert graph_of(book_of(declared)).violations == ()


def test_what_a_proof_itself_displays_later_is_not_ahead():
    first = FIRST.replace("By {eq}`eq-lin-derived`", "We show {eq}`eq-lin-step` by {eq}`eq-lin-derived`")
    assert graph_of(book_of(first)).violations == ()


# The records


def records_of(evidence: dict[str, Evidence]) -> dict[str, Record]:
    book = book_of()
    places = {label: Place("5.1", FILE[:-3], label) for label in graph_of(book).results}
    return ledger_of(book, evidence, places).records


def test_basis_and_evidence_are_kept_apart():
    records = records_of({"eq-lin-known": Evidence("eq-lin-known", True, evidence="random instances")})
    assert (records["eq-lin-known"].basis, records["eq-lin-known"].evidence) == ("cited", "random instances")
    assert records["lem-lin-known"].evidence == "random instances"
    assert records["def-lin-hat"].evidence is None
    assert records["eq-lin-step"].reason == "an object exists, and the proof does not construct it"
    assert records["eq-lin-main"].reason == "its check has not been run"
    marks = {label: mark_of(one) for label, one in records.items() if one.is_display}
    assert marks["eq-lin-known"] == "cited"
    assert marks["eq-lin-step"] == "unchecked"
    assert marks["opt-lin-problem"] == "problem"
    assert marks["not-lin-wrong"] == "mistake"


def test_a_failed_check_is_no_evidence():
    failed = Evidence("eq-lin-main", False, message="no", evidence="enumerated")
    assert records_of({"eq-lin-main": failed})["eq-lin-main"].evidence == "none"


def test_the_weakest_checks_come_first():
    def one(label: str, resolution: float, killed: int, survived: int = 0) -> Evidence:
        survivors = (Survivor(1, "sign", "x"),) * survived
        return Evidence(
            label,
            True,
            resolution=resolution,
            evidence="random instances",
            mutants=Mutants(killed_value=killed, survived=survivors),
        )

    evidence = {
        "eq-lin-known": one("eq-lin-known", 1e-9, 9),
        "eq-lin-derived": one("eq-lin-derived", 1e-6, 9),
        "eq-lin-main": one("eq-lin-main", 1e-9, 9, survived=1),
    }
    book = book_of()
    places = {label: Place("5.1", FILE[:-3], label) for label in graph_of(book).results}
    weakest = [one.label for one in ledger_of(book, evidence, places).weakest]
    assert weakest == ["eq-lin-main", "eq-lin-derived", "eq-lin-known"]


def test_labels_lead_to_functions_and_their_tests():
    found = functions_of(ROOT / "code" / "mlderived", {"lin"})["eq-lin-ridge-bias"]
    assert [one.name for one in found] == ["mlderived.linear_regression.ridge_regression.ridge_bias"]
    assert found[0].file == "code/mlderived/linear_regression/ridge_regression.py"
    assert found[0].test_file == "tests/linear_regression/test_ridge_regression.py"
    line = (ROOT / found[0].test_file).read_text().splitlines()[found[0].test_line - 1]
    assert line.startswith("def test_")


# The build

ASKED = ("label", "kind", "chapter", "number", "url", "tex", "basis", "evidence", "reason", "check_file")
ASKED += ("check_line", "draws", "resolution", "mutants", "functions", "uses", "used_by", "rests_on")


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("ledger")
    prepare(folder)
    done = build(folder, PAGES, "html", *STRICT, "-j", "2")
    assert done.returncode == 0, done.output
    return done


def page_of(done: Build, name: str) -> str:
    return (done.out / name).with_suffix(".html").read_text(encoding="utf8")


def panel(done: Build, label: str) -> tuple[str, str]:
    """The mark and the text of the panel of a display."""
    page = page_of(done, FILE)
    found = re.search(
        rf'<details class="check">(<summary[^>]*>)(?:(?!</details>).)*id="check-{label}">(.*?)</details>',
        page,
        re.S,
    )
    assert found, f"{label} has no panel"
    return found[1], re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[2])).replace("\xa0", " ")


def test_every_display_has_a_mark_with_a_name(html: Build):
    assert page_of(html, FILE).count('<details class="check">') == 10
    mark, text = panel(html, "eq-lin-main")
    assert 'aria-label="Equation (5.5): Proved here; checked: enumerated"' in mark
    assert "Basis Proved here, with the proof that follows the statement." in text
    assert "Enumerated: 9 draws of generic data in float64, at n = 9; n = 4; n = 1." in text
    assert "An error of 1e-9 of the whole is noticed, in a single entry one of 1e-8" in text
    assert "9 of 10 altered versions of the formula noticed, 7 by a wrong value; 1 equivalent to it" in text
    assert "route = expectation" in text
    assert "pytest -k eq-lin-main" in text


def test_kinds_and_reasons_are_shown_in_the_same_place(html: Build):
    assert "Definition" in panel(html, "def-lin-hat")[0]
    assert "Assumption" in panel(html, "asm-lin-noise")[0]
    assert "an object exists, and the proof does not construct it" in panel(html, "eq-lin-step")[1]
    assert "Cited" in panel(html, "eq-lin-known")[1]


def test_statements_show_what_they_use_and_rest_on(html: Build):
    page = page_of(html, FILE)
    theorem = re.search(r'id="thm-lin-main">.*?<div class="result-links">(.*?)</div>', page, re.S)
    assert theorem
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", theorem[1]))
    assert words.strip() == (
        "Uses cited Lemma 5.1 and (5.4). Used by Corollary 6.1. Rests on assumption (5.1)."
    )


def test_the_ledger_page_and_the_panels_link_to_each_other(html: Build):
    ledger = page_of(html, "ledger")
    assert (
        f'<tr id="ledger-eq-lin-main"><th scope="row"><a href="{FILE[:-3]}.html#eq-lin-main">(5.5)</a>'
        in ledger
    )
    assert 'href="../ledger.html#ledger-eq-lin-main"' in page_of(html, FILE)
    assert "Chapter 5: Linear regression</caption>" in ledger


def test_the_json_has_a_record_for_each_label(html: Build):
    path = html.out.parent / "ledger.json"
    assert path.read_bytes() == (html.out / "ledger.json").read_bytes()
    data = json.loads(path.read_text(encoding="utf8"))
    assert data["schema"] == 1
    records = {one["label"]: one for one in data["records"]}
    asked = {*ASKED}
    assert all(asked <= one.keys() for one in records.values())
    main = records["eq-lin-main"]
    assert main["url"] == "derivations/05-linear-regression.html#eq-lin-main"
    assert main["check_line"] == FIRST[: FIRST.index("```{check} eq-lin-main")].count("\n") + 1
    assert {"killed_value", "killed_shape", "set_aside", "survived"} <= main["mutants"].keys()
    assert main["tex"] == "n = n + 0 ."
    assert data["chapters"][0]["claim"] == 6


def test_two_builds_agree_to_the_byte(html: Build, tmp_path: Path):
    prepare(tmp_path)
    found = json.loads((tmp_path / "build" / "checks.json").read_text())
    for record in found.values():
        record["seconds"] = 9.9  # differs from run to run
    (tmp_path / "build" / "checks.json").write_text(json.dumps(found))
    again = build(tmp_path, PAGES, "html", *STRICT)
    assert again.returncode == 0, again.output
    for name in (FILE, OTHER, "ledger.md"):
        assert page_of(again, name) == page_of(html, name)
    assert (again.out / "ledger.json").read_bytes() == (html.out / "ledger.json").read_bytes()


def test_new_evidence_changes_the_pages_that_show_it(tmp_path: Path):
    prepare(tmp_path)
    done = build(tmp_path, PAGES, "html", *STRICT)
    assert done.returncode == 0, done.output
    untouched = (done.out / OTHER).with_suffix(".html").stat().st_mtime_ns
    found = write_checks(tmp_path)
    write_checks(tmp_path, **{"eq-lin-derived": replace(found["eq-lin-derived"], resolution=1e-7)})
    done = build(tmp_path, {}, "html", *STRICT)
    assert done.returncode == 0, done.output
    assert "An error of 1e-7 of the whole" in panel(done, "eq-lin-derived")[1]
    assert "1e-7" in page_of(done, "ledger")
    assert (done.out / OTHER).with_suffix(".html").stat().st_mtime_ns == untouched


def test_a_change_of_one_page_reaches_the_links_on_another(tmp_path: Path):
    prepare(tmp_path)
    assert build(tmp_path, PAGES, "html", *STRICT).returncode == 0
    second = SECOND.replace("By {prf:ref}`thm-lin-main`.", "Clearly.")
    done = build(tmp_path, PAGES | {OTHER: second}, "html", *STRICT)
    assert done.returncode == 0, done.output
    assert "Used by" in page_of(done, FILE)
    assert "Corollary 6.1" not in page_of(done, FILE)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"hash": "old"}, "has changed since it was run"),
        ({"passed": False}, "failed"),
        (None, "has no record"),
    ],
)
def test_stale_evidence_is_named(tmp_path: Path, change: dict[str, Any] | None, what: str):
    prepare(tmp_path)
    found = write_checks(tmp_path)
    assert stale(read_book(tmp_path / "docs"), found) == []
    before = found.pop("eq-lin-main")
    if change:
        found["eq-lin-main"] = replace(before, **change)
    line = FIRST[: FIRST.index("```{check} eq-lin-main")].count("\n") + 1
    place = f"{tmp_path / 'docs' / FILE}:{line}"
    assert stale(read_book(tmp_path / "docs"), found) == [f"{place}: eq-lin-main: the check {what}"]


def test_missing_evidence_stops_the_build_with_the_command(tmp_path: Path):
    done = build(tmp_path, PAGES, "dummy", *STRICT)
    assert done.returncode != 0
    assert "eq-lin-main: the check has no record" in done.output
    assert "python -m book_checks run docs --cache build/checks.json" in done.output


def test_a_broken_graph_fails_the_build_with_its_place(tmp_path: Path):
    first = FIRST.replace("This is {eq}`eq-lin-main`.", "By {eq}`eq-lin-text`.")
    done = build(tmp_path, PAGES | {FILE: first}, "dummy", "-D", "book_checks_lint=1")
    line = first[: first.index("By {eq}`eq-lin-text`")].count("\n") + 1
    assert done.returncode != 0
    assert (
        f"{FILE}:{line}: WARNING: thm-lin-main: the proof uses eq-lin-text, which comes later" in done.output
    )


def test_print_has_marks_links_and_a_list(tmp_path: Path):
    prepare(tmp_path)
    done = build(tmp_path, PAGES, "latex", *STRICT)
    assert done.returncode == 0, done.output
    text = (done.out / "mlderived.tex").read_text(encoding="utf8")
    assert r"\bookmarknext{checked}" in text
    assert r"\bookmarknext{definition}" in text
    assert "route = expectation" not in text
    assert r"\begin{booklinks}" in text
    assert r"& \texttt{eq\sphinxhyphen{}lin\sphinxhyphen{}main} & enumerated & 1e-9" in text
