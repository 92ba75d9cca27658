"""The cells of the book: executed once, cached by all that they depend on, each with a class."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import minibook
from book_cells import store
from book_cells.execute import execute
from book_cells.keys import page_key
from book_cells.lint import lint
from book_cells.pages import Page, cells, read_pages
from book_source.imports import sources

PACKAGE = {
    "__init__.py": "",
    "py.typed": "",
    "base.py": "def scale():\n    return 2\n",
    "middle.py": "from . import base\n\n\ndef twice(x):\n    return base.scale() * x\n",
    "other.py": "def third(x):\n    return x / 3\n",
    "data/__init__.py": "",
    "data/small.csv": "1,2\n",
}


def cell(code, kind="live"):
    return f"```{{code-cell}}\n:tags: [{kind}]\n\n{code}\n```\n"


def page(text, path="page.md"):
    return Page("page", Path(path), text, tuple(cells(text)))


def write(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8")
    return folder


def outputs(cache, folder, result, name):
    return str(store.load(cache, result.keys[name]))


# The key


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import mlderived.other", {"__init__", "other"}),
        ("from mlderived import other", {"__init__", "other"}),
        ("from mlderived.middle import twice", {"__init__", "middle", "base"}),
        ("def f():\n    import mlderived.base", {"__init__", "base"}),
        ("from mlderived import data", {"__init__", "data/__init__", "data/small.csv"}),
        ("import numpy", set()),
    ],
)
def test_sources_of_a_page(tmp_path, code, expected):
    import ast

    from book_source.imports import imported_names

    package = write(tmp_path / "mlderived", PACKAGE)
    found = {
        path.relative_to(package).as_posix() for path in sources(imported_names(ast.parse(code)), tmp_path)
    }
    assert {name.removesuffix(".py") for name in found} - {"py.typed"} == expected


def test_key_knows_code_and_class_but_not_the_text(tmp_path):
    write(tmp_path / "mlderived", PACKAGE)
    texts = ["# One\n" + cell("1"), "# Two\n" + cell("1"), cell("2"), cell("1", "oracle")]
    one, two, code, kind = (page_key(page(text), tmp_path) for text in texts)
    assert one == two
    assert len({one, code, kind}) == 3


# What executes again


def test_an_edit_of_the_package_executes_exactly_its_users_again(tmp_path):
    package = write(tmp_path / "code", {f"mlderived/{name}": text for name, text in PACKAGE.items()})
    pages = {
        "through.md": cell("from mlderived.middle import twice\ntwice(21)"),
        "other.md": cell("import mlderived.other as o\no.third(3)"),
        "data.md": cell("from mlderived import data\n1"),
        "none.md": cell("print(6 * 7)"),
        "_ext/not-a-page.md": cell("1 / 0"),
    }
    source, cache = write(tmp_path / "docs", pages), tmp_path / "cells"

    def run():
        said = []
        result = execute(read_pages(source)[0], cache, package, say=said.append)
        assert not result.failures
        assert len(said) == len(result.executed)
        store.prune(cache, set(result.keys.values()))
        assert {path.stem for path in cache.iterdir()} == set(result.keys.values()), (
            "stale entries are removed"
        )
        return result

    first = run()
    assert sorted(first.executed) == ["data", "none", "other", "through"]
    assert "'text/plain': '42'" in outputs(cache, source, first, "through")
    assert run().executed == []

    write(package, {"mlderived/base.py": "def scale():\n    return 3\n"})
    second = run()
    assert second.executed == ["through"]
    assert "'text/plain': '63'" in outputs(cache, source, second, "through")

    write(package, {"mlderived/data/small.csv": "3,4\n"})
    assert run().executed == ["data"]
    write(source, {"none.md": "New words.\n\n" + pages["none.md"]})
    assert run().executed == []
    write(source, {"none.md": cell("print(6 * 8)")})
    assert run().executed == ["none"]

    damaged = cache / f"{second.keys['other']}.json"
    damaged.write_text(damaged.read_text(encoding="utf8").replace("1.0", "9.0"), encoding="utf8")
    assert run().executed == ["other"], "an entry whose content was changed is not shown"
    damaged.write_text(damaged.read_text(encoding="utf8")[:60], encoding="utf8")
    assert run().executed == ["other"], "half an entry is not shown"


# What a cell may not do

WRONG = {
    "fails": cell("x = 1") + "\nText.\n\n" + cell("def f(a):\n    return 1 / a\n\n\nf(0)"),
    "warns": cell("import warnings\nwarnings.warn('old name', DeprecationWarning)"),
    "future": cell("import warnings\n\nwarnings.warn('soon', FutureWarning)"),
    "overflow": cell("import numpy as np\n\nnp.exp(np.array([1e4]))"),
    "killed": cell("import os, signal\n\nos.kill(os.getpid(), signal.SIGKILL)"),
    "slow": cell("import time\n\ntime.sleep(60)"),
    "stderr": cell("import sys\n\nprint('oops', file=sys.stderr)"),
    "address": cell("object()"),
    "wide": cell("print('x' * 79)"),
    "pasted": cell("value = float('nan')\nglue('key', value)", "glue"),
    "good": cell(
        "import os\n\n"
        "print([os.environ[k] for k in ('PYTHONHASHSEED', 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS')])\n"
        "print(os.environ.get('MPLBACKEND', '').replace('module://', ''), os.listdir() == ['k.json'])"
    )
    + cell(
        "import warnings\n"
        "warnings.warn_explicit('noise', DeprecationWarning, 'a.py', 1, module='ipykernel.x')"
    ),
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """Execute all pages that do something wrong, and a good one."""
    folder = tmp_path_factory.mktemp("wrong")
    source = write(folder / "docs", {f"{name}.md": text for name, text in WRONG.items()})
    write(folder / "code" / "mlderived", PACKAGE)
    said = []
    environment = os.environ.get("MPLBACKEND")
    os.environ["MPLBACKEND"] = "agg"
    try:
        pages = {page.name: page for page in read_pages(source)[0]}
        slow = execute([pages.pop("slow")], folder / "cells", folder / "code", timeout=1, say=said.append)
        result = execute(list(pages.values()), folder / "cells", folder / "code", say=said.append)
    finally:
        os.environ.pop("MPLBACKEND") if environment is None else os.environ.update(MPLBACKEND=environment)
    return (
        folder,
        result,
        {failure.page.name: str(failure) for failure in slow.failures + result.failures},
        said,
    )


@pytest.mark.parametrize(
    ("name", "line", "words"),
    [
        ("fails", 16, "cell 2 of fails fails with ZeroDivisionError: division by zero"),
        ("warns", 5, "fails with DeprecationWarning: old name"),
        ("future", 6, "fails with FutureWarning: soon"),
        ("overflow", 6, "fails with RuntimeWarning: overflow encountered in exp"),
        ("killed", 4, "lost its process: it was killed, crashed, or used more memory than there is"),
        ("slow", 4, "ran longer than 1 s: make it cheaper"),
        ("stderr", 4, "writes to the error stream: mend its cause or catch the warning\n    oops"),
        ("address", 4, "which differs in each run: show the value"),
        ("wide", 4, "shows a line of 79 characters: break it at 78"),
        ("pasted", 5, "fails with ValueError: glue('key', …): the value is nan"),
    ],
)
def test_a_wrong_cell_names_place_and_reason(wrong, name, line, words):
    folder, _, failures, said = wrong
    assert failures[name].startswith(f"{folder / 'docs' / name}.md:{line}: cell ")
    assert words in failures[name]
    assert "\x1b" not in failures[name]
    assert any(f"{name}: FAILED in " in text for text in said)


def test_traceback_shows_the_code(wrong):
    assert "return 1 / a" in wrong[2]["fails"]
    assert "Cell In[2], line 5" in wrong[2]["fails"]


def test_good_pages_survive_and_run_in_fixed_surroundings(wrong):
    folder, result, failures, _ = wrong
    assert set(failures) == set(WRONG) - {"good"}
    shown = outputs(folder / "cells", None, result, "good")
    assert "['0', '1', '1']" in shown
    assert "matplotlib_inline.backend_inline" in shown
    assert [path.stem for path in (folder / "cells").iterdir()] == [result.keys["good"]]


# Lint

GLUED = "Text {glue:text}`half:.1f`.\n\n" + cell(
    "ratio = 0.5\nassert 0.4 < ratio < 0.6\nglue('half', ratio)", "glue"
)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("```{code-cell}\n1\n```\n", 2, "has the classes [], needs exactly one"),
        (cell("1", "live, oracle"), 4, "has the classes ['live', 'oracle'], needs exactly one"),
        (cell("1", "live, hide-inptu"), 4, "has the unknown tag 'hide-inptu'"),
        (cell("import numpy\nimport sklearn"), 5, "is live and imports sklearn"),
        (cell("import sphinx", "oracle"), 4, "imports sphinx, which is not in the group `oracle`"),
        (
            cell("a, b = 1, 2", "oracle") + cell("print(3)\nprint(b)"),
            10,
            "is live and uses b, which cell 1 (oracle)",
        ),
        (
            cell("a = 1") + cell("a = 2", "oracle") + cell("def f():\n    return a"),
            15,
            "uses a, which cell 2",
        ),
        (cell("import sklearn as sk", "oracle") + cell("sk"), 9, "is live and uses sk"),
        (cell("a = 1", "oracle") + cell("a += 1"), 9, "is live and uses a"),
        (cell("%timeit 1"), 4, "is not plain Python"),
        (cell(f"x = '{'a' * 80}'"), 4, "has a line of 86 characters: break it at 78"),
        (cell("x = 1", "glue"), 4, "is a glue cell without glue"),
        (cell("x = 1\nglue('x', x)"), 5, "calls glue() and is not a glue cell"),
        (GLUED.replace("assert 0.4 < ratio < 0.6\n", ""), 7, "glues ratio without bounding it"),
        (GLUED.replace("assert 0.4 < ratio < 0.6", "assert ratio"), 8, "glues ratio without bounding it"),
        (GLUED.replace("'half', ratio", "'half', 2 * ratio"), 8, "give the value a name first"),
        (GLUED.replace("ratio = 0.5", "from myst_nb import glue; ratio = 0.5"), 6, "imports myst_nb: remove"),
        (GLUED.replace("`half:", "`third:"), 1, "the text prints 'third', which no cell glues"),
        (GLUED.replace("`half:", "`third:"), 6, "glues 'half', which the text does not print"),
        (
            GLUED + cell("x = 1\nassert 0 < x < 2\nglue('half', x)", "glue"),
            13,
            "glues 'half', as cell 1 does",
        ),
    ],
)
def test_lint(text, line, words):
    found = [(problem.line, problem.message) for problem in lint(page(text))]
    assert [where for where, message in found if words in message] == [line], found


@pytest.mark.parametrize(
    "text",
    [
        cell("import math\nfrom numpy.linalg import norm\nimport mlderived.data"),
        cell("import sklearn, numpy", "oracle"),
        GLUED,
        cell("a = 1", "oracle") + cell("a = 2\nprint(a)"),
        cell("a = 1", "oracle") + cell("print([a for a in range(3)])\n\n\ndef f(a):\n    return a"),
        cell("a = 1") + cell("b = a", "oracle") + cell("print(a)"),
        "````md\n```{code-cell}\n%magic\n```\n````\n",
    ],
)
def test_lint_is_silent_about_what_is_right(text):
    assert lint(page(text)) == []


def test_unreadable_options_are_a_problem_and_not_a_crash(tmp_path):
    write(tmp_path, {"bad.md": "# Bad\n\n```{code-cell}\n---\ntags: [live\n---\n1\n```\n"})
    pages, problems = read_pages(tmp_path)
    assert pages == []
    assert str(problems[0]).startswith(f"{tmp_path / 'bad.md'}:3: the options of the code cell")


# The command and the Sphinx build


def test_command_lints_and_fails(tmp_path):
    source = write(tmp_path / "docs", {"a.md": cell("import sklearn")})
    command = [
        sys.executable,
        "-m",
        "book_cells",
        "--source",
        source,
        "--cache",
        tmp_path / "cells",
        "--lint",
    ]
    env = {**os.environ, "PYTHONPATH": str(minibook.ROOT / "docs" / "_ext")}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=60)
    assert done.returncode == 1
    assert f"{source / 'a.md'}:4: cell 1 is live and imports sklearn" in done.stderr
    assert not (tmp_path / "cells").exists()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a book whose pages were not executed before, then edit the package and build again."""
    folder = tmp_path_factory.mktemp("built")
    package = write(folder / "code", {f"mlderived/{name}": text for name, text in PACKAGE.items()})
    using = "\n" + cell("from mlderived.middle import twice\n\nprint('shown', twice(1))")
    pages = {
        "index.md": "# Book\n\n```{toctree}\nuses\nplain\n```\n",
        "uses.md": "# Uses\n\n" + GLUED + using + "\n\n\nLast, a [link](nowhere.md).\n",
        "plain.md": "# Plain\n\n" + cell("print(7)"),
    }
    options = ("-D", f"book_cells_package={package}", "-j", "2")
    first = minibook.build(folder, pages, "html", *options)
    html = {name: (first.out / f"{name}.html").read_text(encoding="utf8") for name in ("uses", "plain")}
    stamp = (first.out / "plain.html").stat().st_mtime_ns
    write(package, {"mlderived/base.py": "def scale():\n    return 3\n"})
    second = minibook.build(folder, {}, "html", *options)
    return folder, options, first, html, stamp, second


def test_build_executes_what_was_not_executed(built):
    _, _, _, html, _, _ = built
    assert "shown 2" in html["uses"]
    assert ">7\n" in html["plain"]


def test_glue_prints_in_the_text_and_its_cell_is_hidden(built):
    html = built[3]["uses"]
    assert 'Text <span class="pasted-text">0.5</span>.' in html
    assert "assert" not in html


def test_warnings_keep_the_line_of_the_source(built):
    folder, _, first, *_ = built
    lines = (folder / "docs" / "uses.md").read_text(encoding="utf8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "nowhere" in text)
    assert first.returncode == 1
    assert f"uses.md:{line}: WARNING" in first.output


def test_incremental_build_shows_the_new_output_on_the_page_that_changed(built):
    _, _, _, _, stamp, second = built
    assert "shown 3" in (second.out / "uses.html").read_text(encoding="utf8")
    assert (second.out / "plain.html").stat().st_mtime_ns == stamp, "the other page was not read again"


def test_a_failing_cell_stops_the_build_plainly(built):
    folder, options, *_ = built
    third = minibook.build(folder, {"plain.md": "# Plain\n\n" + cell("print(7)\n1 / 0")}, "html", *options)
    assert third.returncode == 1
    assert (
        f"{folder / 'docs' / 'plain.md'}:7: ERROR: cell 1 of plain fails with ZeroDivisionError"
        in third.output
    )
    assert "Cell In[1], line 2" in third.output
    assert "Loaded Extensions" not in third.output
    fourth = minibook.build(folder, {}, "html", *options)
    assert fourth.returncode == 1, "a failure is not forgotten"
