"""The project around the book: tasks, promises of the top level, what is said when something is missing."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import book_project
from book_project import links
from minibook import ROOT, Build, build

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf8")
BASE_PYTHON = Path(sys.base_prefix, "bin", "python3")
TOOLS = [
    "awk",
    "bash",
    "cat",
    "cmp",
    "cp",
    "date",
    "env",
    "git",
    "make",
    "mkdir",
    "rm",
    "sh",
    "tail",
    "touch",
]
TASKS = {
    "bench",
    "book",
    "clean",
    "doctest",
    "epub",
    "help",
    "ledger",
    "linkcheck",
    "lock",
    "mutants",
    "offline",
    "pdf",
    "quick",
}
TASKS |= {"notebooks", "relock", "runtime", "serve", "setup", "site", "test", "transcribe"}
DROPPED = {"PYTHON", "BOOK_LOCK_HELD", "MAKEFLAGS", "MAKELEVEL"}


def clean_environment() -> dict[str, str]:
    """Return the environment without what a surrounding make has put there."""
    return {name: value for name, value in os.environ.items() if name not in DROPPED}


def run(command: list[str], path: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command that finds programs in the folder ``path`` only."""
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**clean_environment(), "PATH": str(path)},
        **{"cwd": ROOT, **options},
    )


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Return a folder with the programs of a machine that has Python, make and git only."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(shutil.which(name))
    (folder / "python3").symlink_to(BASE_PYTHON)
    return folder


def script(path: Path, text: str) -> None:
    """Write an executable in the place of another."""
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf8")
    path.chmod(0o755)


# The tasks


def test_help_lists_exactly_the_targets(bare: Path) -> None:
    listed = re.findall(r"^  make (\w+)", run(["make", "help"], bare).stdout, flags=re.MULTILINE)
    targets = re.findall(r"^([a-z]\w*):", MAKEFILE, flags=re.MULTILINE)
    assert sorted(listed) == sorted(targets)
    assert set(listed) == TASKS


def test_pdf_without_latex_says_how_to_install_it(bare: Path) -> None:
    done = run(["make", "pdf"], bare)
    assert done.returncode != 0
    assert "there is no command xelatex" in done.stderr
    assert "apt-get install -y --no-install-recommends texlive-xetex" in done.stderr


def test_tests_without_chromium_say_how_to_install_it(bare: Path) -> None:
    done = run(["make", "test"], bare)
    assert done.returncode != 0
    assert "apt-get install -y --no-install-recommends chromium" in done.stderr


def test_old_python_is_refused_with_the_remedy(bare: Path) -> None:
    script(bare / "python3", "exit 1")  # what an older Python answers to the question for its version
    done = run(["make", "book"], bare)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "make book PYTHON=" in done.stderr


def test_python_without_venv_is_refused_with_the_remedy(bare: Path) -> None:
    script(bare / "python3", f'case "$2" in *ensurepip*) exit 1;; esac; exec {BASE_PYTHON} "$@"')
    done = run(["make", "book"], bare)
    assert done.returncode != 0
    assert "apt-get install -y python3-venv" in done.stderr


def test_serve_without_a_book_says_what_to_do(bare: Path, tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    done = run(["make", "serve"], bare, cwd=tmp_path)
    assert done.returncode != 0
    assert "run make book first" in done.stderr


def test_two_builds_at_once_are_refused_and_a_dead_one_is_no_obstacle(tmp_path: Path) -> None:
    lock = [sys.executable, str(ROOT / "docs/_ext/book_project/lock.py"), str(tmp_path / "build" / "lock")]
    environment = clean_environment()
    wait = [sys.executable, "-c", "print('in', flush=True); input()"]
    first = subprocess.Popen(
        [*lock, *wait], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with first:
        assert first.stdout is not None
        assert first.stdout.readline() == "in\n"
        second = subprocess.run(
            [*lock, "true"], env=environment, capture_output=True, text=True, check=False, timeout=30
        )
        first.kill()
    assert second.returncode != 0
    assert f"another build of this book is running: process {first.pid} (" in second.stderr
    assert "no file needs to be removed" in second.stderr
    third = subprocess.run([*lock, "true"], env=environment, check=False, timeout=30)
    assert third.returncode == 0


def test_the_lock_is_passed_to_what_the_command_starts(tmp_path: Path) -> None:
    lock = [sys.executable, str(ROOT / "docs/_ext/book_project/lock.py"), str(tmp_path / "lock")]
    environment = clean_environment()
    done = subprocess.run(
        [*lock, *lock, "echo", "inside"], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "inside\n"


def test_a_warning_is_not_forgotten_by_the_next_build(tmp_path: Path) -> None:
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    # without the modules of the chapters, whose docstrings name labels that this book has not
    chapters = [chapter["module"] for chapter in book_project.chapters(ROOT / "docs")]
    ignore = shutil.ignore_patterns(*chapters, *(f"{module}.py" for module in chapters))
    shutil.copytree(ROOT / "code", tmp_path / "code", ignore=ignore)
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("_ext", "_static", "_templates", "chapters.toml", "macros.toml"):
        (docs / name).symlink_to(ROOT / "docs" / name)
    (docs / "references.bib").touch()
    (docs / "index.md").write_text("# Mini\n\n```{toctree}\npage\n```\n", encoding="utf8")
    (docs / "page.md").write_text("# Page\n\nSee {ref}`nowhere`.\n", encoding="utf8")
    path = Path(os.environ["PATH"].split(os.pathsep)[0])
    for _ in range(2):
        done = run(["/usr/bin/env", f"PATH={os.environ['PATH']}", "make", "_pages"], path, cwd=tmp_path)
        assert done.returncode != 0
        assert "undefined label: 'nowhere'" in done.stderr
    (docs / "page.md").write_text("# Page\n\nSee nothing.\n", encoding="utf8")
    done = run(["/usr/bin/env", f"PATH={os.environ['PATH']}", "make", "_pages"], path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


# What the top level promises


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "LICENSE-text",
        "CITATION.cff",
        "CHANGELOG.md",
        "Makefile",
        "conf.py",
        "pyproject.toml",
        "requirements/book.txt",
        "requirements/test.txt",
        ".ci/run",
        ".github/workflows/book.yml",
        ".readthedocs.yaml",
        "docs/_ext/README.md",
    ],
)
def test_promised_file_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0


def test_links_of_the_readmes_lead_to_files() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/_ext/**/README.md")]:
        if "node_modules" in page.parts:
            continue
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf8")):
            assert (page.parent / target).exists(), f"{page}: {target}"


def test_code_is_no_package() -> None:
    assert not (ROOT / "code" / "__init__.py").exists()


def test_every_extension_is_on_the_map_and_has_a_readme() -> None:
    folders = [path.parent for path in ROOT.glob("docs/_ext/*/__init__.py")]
    readme = (ROOT / "docs/_ext/README.md").read_text(encoding="utf8")
    for folder in folders:
        assert (folder / "README.md").exists(), folder.name
        assert f"]({folder.name}/README.md)" in readme, folder.name


@pytest.mark.parametrize("group", ["book", "test"])
def test_lock_holds_what_pyproject_asks_for(group: str) -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["dependency-groups"]
    locked = (ROOT / "requirements" / f"{group}.txt").read_text(encoding="utf8")

    def names(group: str) -> set[str]:
        found = set()
        for item in groups[group]:
            found |= (
                names(item["include-group"]) if isinstance(item, dict) else {re.split(r"[<>=~!;]", item)[0]}
            )
        return found

    missing = {name for name in names(group) if not re.search(rf"^{name}==", locked, flags=re.MULTILINE)}
    assert not missing, f"requirements/{group}.txt lacks {missing}: run make lock"


def test_the_same_latex_is_installed_everywhere() -> None:
    packages = re.search(r"^TEX_PACKAGES := (.*)$", MAKEFILE, flags=re.MULTILINE)
    assert packages is not None
    for name in (".ci/run", ".readthedocs.yaml"):
        text = (ROOT / name).read_text(encoding="utf8")
        assert [package for package in packages[1].split() if package not in text] == [], name


def test_package_installs_and_imports_on_its_own(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "code", source / "code", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__")
    )
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    install += ["--no-build-isolation", "--no-index", "--target", str(site), str(source)]
    subprocess.run(install, check=True, capture_output=True, timeout=120)
    kept = {
        path.relative_to(source / "code")
        for path in (source / "code" / "mlderived").rglob("*")
        if path.is_file()
    }
    assert {path for path in kept if not (site / path).exists()} == set()
    program = (
        "import mlderived.linear_regression as m, mlderived.data as data; print(m.__file__); data.auto_mpg()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(site))


# Pages made from tables


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build the plan, the notation and a chapter."""
    pages = {
        "index.md": "# Mini\n\n```{plan} derivations\n```\n\n```{plan} transfer\n```\n\n"
        "```{downloads}\n```\n\n"
        "```{toctree}\nnotation\nderivations/05-linear-regression\n```\n",
        "derivations/05-linear-regression.md": "# Linear regression\n\nText.\n",
        "notation.md": "# Notation\n\n```{notation}\n```\n",
        "notation.toml": (ROOT / "docs/notation.toml").read_text(encoding="utf8"),
    }
    return build(tmp_path_factory.mktemp("front"), pages, "html", "-j", "2")


def test_front_builds(front: Build) -> None:
    assert front.returncode == 0, front.output


def test_plan_lists_all_chapters_and_links_those_that_are_written(front: Build) -> None:
    page = (front.out / "index.html").read_text(encoding="utf8")
    chapters = book_project.chapters(ROOT / "docs")
    assert len(chapters) == 32
    for chapter in chapters:
        assert f"<p>{chapter['title']}</p>" in page or f">{chapter['title']}</span></a>" in page
    assert len(re.findall(r'<ol class="[^"]*plan"', page)) == 2
    assert re.search(r'<ol class="[^"]*plan" start="21"', page), "the second volume goes on counting"
    assert 'href="derivations/05-linear-regression.html"><span class="doc">Linear regression</span>' in page


def test_a_new_chapter_becomes_a_link_though_the_page_of_the_plan_did_not_change(tmp_path: Path) -> None:
    pages = {
        "index.md": "# Mini\n\n```{plan} transfer\n```\n\n```{toctree}\n:glob:\ntransfer/*\n```\n",
        "transfer/01-foundations.md": "# Fundamentals\n",
    }
    assert build(tmp_path, pages).returncode == 0
    again = build(tmp_path, {"transfer/02-fine-tuning.md": "# Pre-training\n"})
    assert again.returncode == 0, again.output
    page = (again.out / "index.html").read_text(encoding="utf8")
    assert 'href="transfer/02-fine-tuning.html"><span class="doc">Pre-training and fine-tuning' in page


def test_a_page_whose_source_is_gone_does_not_stay(tmp_path: Path) -> None:
    toctree = "# Mini\n\n```{toctree}\n:glob:\ntransfer/*\n```\n"
    pages = {
        "index.md": toctree,
        "transfer/01-foundations.md": "# A\n",
        "transfer/02-fine-tuning.md": "# B\n",
    }
    gone = build(tmp_path, pages).out / "transfer" / "02-fine-tuning.html"
    assert gone.exists()
    (tmp_path / "docs" / "transfer" / "02-fine-tuning.md").unlink()
    again = build(tmp_path, {})
    assert again.returncode == 0, again.output
    assert not gone.exists()
    assert (again.out / "transfer" / "01-foundations.html").exists()


def test_unknown_volume_names_file_and_remedy(tmp_path: Path) -> None:
    built = build(tmp_path, {"index.md": "# Mini\n\n```{plan} appendices\n```\n"})
    assert built.returncode != 0
    assert re.search(
        r"index\.md:3.*\{plan\} knows the volumes derivations, transfer, not appendices", built.output
    )


def test_every_row_of_the_notation_is_shown(front: Build) -> None:
    page = (front.out / "notation.html").read_text(encoding="utf8")
    rows = [
        row
        for section in book_project.read_table(ROOT / "docs", "notation.toml")["section"]
        for row in section["row"]
    ]
    assert page.count("<tr") == len(rows) + page.count("<thead>")
    for row in rows:
        assert f"<p>{row['object']}</p>" in page


def test_notation_has_one_row_for_each_object_and_symbol() -> None:
    sections = book_project.read_table(ROOT / "docs", "notation.toml")["section"]
    rows = [row for section in sections for row in section["row"]]
    for column in ("object", "symbol"):
        cells = [row[column] for row in rows]
        assert len(set(cells)) == len(cells)
        assert not [cell for cell in cells if "|" in cell], "a bar ends the cell: write \\mid or \\norm"


def test_labels_in_docstrings_become_references(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docs/chapters.toml", tmp_path)

    class App:
        srcdir = tmp_path

    lines = ["Equations: eq-lin-ridge-svd, thm-lin-theobald; not eq-here."]
    book_project.link_labels(App(), "function", "f", None, None, lines)  # type: ignore[arg-type]
    assert lines == ["Equations: :eq:`eq-lin-ridge-svd`, :prf:ref:`thm-lin-theobald`; not eq-here."]


def test_dead_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<h1 id="top-of-a">A</h1>\n<a href="b.html#there">ok</a>\n<a href="b.html#gone">no</a>\n'
        '<img src="c.png">\n'
        '<a href="https://example.org/x">not ours</a> <a href="#top-of-a">ok</a>',
        encoding="utf8",
    )
    (tmp_path / "b.html").write_text('<p id="there">B</p>', encoding="utf8")
    found = list(links.faults(tmp_path))
    assert len(found) == 2
    assert found[0].startswith(f"{tmp_path}/a.html:3: b.html#gone: b.html has no anchor gone")
    assert found[1].startswith(f"{tmp_path}/a.html:4: c.png: there is no file c.png")


def test_the_recipes_of_contributing_work(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf8")
    recipes = re.findall(r"^````md\n(.*?)^````$", text, flags=re.MULTILINE | re.DOTALL)
    assert len(recipes) == 4
    front_matter = re.search(r"^       (---\n.*?       ---\n)", text, flags=re.MULTILINE | re.DOTALL)
    assert front_matter is not None
    head = re.sub(r"^       ", "", front_matter[1], flags=re.MULTILINE)
    page = head + "\n# Logistic regression and classification\n\n## Recipes\n\n" + "\n".join(recipes)
    chapter = "derivations/06-logistic-regression"
    index = f"# Mini\n\n```{{toctree}}\n{chapter}\n```\n"
    rules = ["-D", "book_checks_lint=1"]
    built = build(tmp_path, {"index.md": index, f"{chapter}.md": page}, "html", *rules)
    assert built.returncode == 0, built.output
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'code'}{os.pathsep}{ROOT / 'docs/_ext'}"}
    command = [sys.executable, "-m", "book_checks", "run", str(built.source), "eq-log-quadratic-gradient"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
    wrong = page.replace("printed = 0.5 * (A + A.T) @ x", "printed = A @ x")
    (built.source / f"{chapter}.md").write_text(wrong, encoding="utf8")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done.stdout


def test_hosts_that_do_not_answer_are_told_from_links_that_are_refused(tmp_path: Path) -> None:
    entries = [
        ("working", "https://a.example/", ""),
        ("broken", "https://b.example/x", "404 Client Error: Not Found"),
        ("broken", "https://c.example/y", "HTTPSConnectionPool: Max retries exceeded with url: /y"),
        ("timeout", "https://c.example/z", "read timed out"),
    ]
    fields = {"filename": "page.md", "lineno": 3, "code": 0}
    lines = [json.dumps({**fields, "status": a, "uri": b, "info": c}) for a, b, c in entries]
    (tmp_path / "output.json").write_text("\n".join(lines), encoding="utf8")
    refused, silent = links.outside(tmp_path / "output.json")
    assert refused == ["docs/page.md:3: https://b.example/x: 404 Client Error: Not Found"]
    assert silent == {"c.example": 2}
