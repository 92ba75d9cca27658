"""The pages of verbs and of cited results, and the rules of exercises."""

import pytest

from book_checks import rules
from book_checks.reference import entry, reference
from book_source import Book, read_chapters, read_page
from minibook import ROOT, build
from mlderived import checking

FILE, OTHER = "derivations/05-linear-regression.md", "derivations/06-logistic-regression.md"

CHAPTER = """# Linear regression

:::{prf:lemma} Known
:label: lem-lin-known
:checks: eq-lin-sum
:cited: Theobald, Theorem 2

See {cite:t}`theobald1974`.
:::

$$
\\sum_{i=1}^n 2 = 2 n .
$$ (eq-lin-sum)

```{check} eq-lin-sum
:sizes: n=3 | n=4 | n=1
route = sum(2 for i in range(n))
printed = 2 * n
```

:::{exercise} Add
:label: exr-lin-add
:grade: compute

Add.
:::

```{solution-start} exr-lin-add
:label: sol-lin-add
```
Added.
```{solution-end}
```
"""

SECOND = """# Logistic regression

:::{prf:lemma} Proved
:label: lem-log-proved
:checks: eq-lin-sum

It holds.
:::

:::{prf:proof}
By {eq}`eq-lin-sum`.
:::
"""

CITED = """# Cited results

| Result | Source | Why |
|:---|:---|:---|
| {prf:ref}`lem-lin-known` | {cite:t}`theobald1974{Theorem 2}` | Its proof is longer than its use. |
| A fact of {doc}`derivations/05-linear-regression` | {cite:t}`theobald1974{Theorem 1}` | It is too long. |
"""

PAGES = {FILE: CHAPTER, OTHER: SECOND, "cited.md": CITED}


def found(pages: dict[str, str]) -> list[rules.Violation]:
    chapters = read_chapters(ROOT / "docs")
    read = tuple(read_page(text, file, chapters) for file, text in pages.items())
    return rules.violations(Book(ROOT / "docs", chapters, read))


def test_cited_results_and_exercises_that_are_right():
    assert found(PAGES) == []
    by_label = CHAPTER.replace(":cited: Theobald, Theorem 2", ":cited: lem-log-proved")
    rest = "\n".join(line for line in CITED.splitlines() if "lem-lin-known" not in line)
    assert found(PAGES | {FILE: by_label, "cited.md": rest}) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "label", "words"),
    [
        (
            "cited.md",
            "{prf:ref}`lem-lin-known`",
            "It",
            "lem-lin-known",
            "cited and not in docs/cited.md; add",
        ),
        (
            FILE,
            ":cited: Theobald, Theorem 2\n",
            "",
            "lem-lin-known",
            "no statement of this label is cited; take",
        ),
        (
            "cited.md",
            "lem-lin-known",
            "lem-lin-other",
            "lem-lin-other",
            "no statement of this label is cited",
        ),
        (
            FILE,
            "Theobald, Theorem 2",
            "lem-log-none",
            "lem-lin-known",
            "lem-log-none, which no other page proves",
        ),
        (FILE, "Theobald, Theorem 2", "lem-lin-known", "lem-lin-known", "which no other page proves; name"),
        ("cited.md", "{Theorem 1}", "", "", "no source with the place in it; write {cite:t}"),
        ("cited.md", "It is too long.", "Known.", "", "does not say why there is no proof"),
        ("cited.md", "of {doc}`derivations/05-linear-regression`", "", "", "does not say where it is used"),
        ("cited.md", "`theobald1974{Theorem 1}", "`efron2004{Theorem 1}", "", "does not cite this source"),
        (
            FILE,
            ":grade: compute\n",
            "",
            "exr-lin-add",
            "the exercise has no grade; add `:grade:` with one of recall",
        ),
        (FILE, ":grade: compute", ":grade: hard", "exr-lin-add", "the exercise has no grade"),
        (FILE, ":label: sol-lin-add", ":class: x", "", "the solution has no label"),
    ],
)
def test_a_fault_names_file_line_label_and_remedy(file, old, new, label, words):
    assert old in PAGES[file]
    ours = [v for v in found(PAGES | {file: PAGES[file].replace(old, new, 1)}) if words in v.message]
    assert len(ours) == 1, found(PAGES | {file: PAGES[file].replace(old, new, 1)})
    assert ours[0].label == label
    assert ours[0].line > 1


def test_every_draw_and_verb_is_on_the_page_with_an_example():
    listed = [name for names in checking.GROUPS.values() for name in names]
    assert sorted(listed) == sorted({*checking.DRAWS, *checking.MEASURED, *checking.VERBS, "chain"})
    for name in set(listed) - set(checking.DRAWS):
        assert "```pycon\n  >>> " in entry(name), name
    assert "`normal(*shape)`\n: Normal entries" in reference()
    assert "`argmin(f, start, smooth=True)`" in reference()


def test_the_page_of_verbs_is_built(tmp_path):
    text = (ROOT / "docs" / "appendix" / "checking.md").read_text(encoding="utf8")
    pages = {
        "index.md": "# Book\n\n```{toctree}\nappendix/checking\nappendix/ledger\npreface\n```\n",
        "preface.md": "# Preface\n",
        "appendix/ledger.md": "# Ledger\n",
        "appendix/checking.md": text.replace("{eq}`eq-lin-ridge-estimator`", "it"),
    }
    done = build(tmp_path, pages)
    assert done.returncode == 0, done.output
    page = (done.out / "appendix" / "checking.html").read_text(encoding="utf8")
    assert "<h2>Derivatives" in page
    assert page.count("<dt>") >= len(checking.GROUPS["Draws"]) + 20
