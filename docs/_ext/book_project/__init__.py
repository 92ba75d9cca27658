"""Pages made from tables: the plan of the book, the notation, the API; links from docstrings to equations."""

import pkgutil
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

VOLUMES = {
    "derivations": "Volume I: The mathematics of machine learning",
    "transfer": "Volume II: Transfer learning",
}
DISPLAYS = {"eq", "def", "asm", "opt", "not"}
ENVIRONMENTS = {"dfn", "thm", "lem", "prop", "cor", "alg", "rem", "exm"}


def read_table(srcdir: Path, name: str) -> dict[str, Any]:
    """Return a TOML file of the sources."""
    path = srcdir / name
    if not path.exists():
        raise ExtensionError(f"{path}: there is no such file, and the page that shows it needs it")
    return tomllib.loads(path.read_text(encoding="utf8"))


def chapters(srcdir: Path) -> list[dict[str, Any]]:
    """Return the registry of chapters."""
    found: list[dict[str, Any]] = read_table(srcdir, "chapters.toml")["chapter"]
    return found


def modules(srcdir: Path) -> list[str]:
    """Return the names of the public modules of the package: those of the chapters first, in their order."""
    import mlderived  # the package of the checkout, on the path since conf.py

    walk = pkgutil.walk_packages(mlderived.__path__, "mlderived.")
    found = {module.name for module in walk if not re.search(r"\._", module.name)}
    ours = ["mlderived." + chapter["module"].replace("/", ".") for chapter in chapters(srcdir)]
    chaptered = [name for base in ours for name in sorted(found) if f"{name}.".startswith(f"{base}.")]
    return chaptered + sorted(found - set(chaptered))


def plan_of(volume: str, entries: list[dict[str, Any]], written: set[str]) -> str:
    """Return the chapters of one volume as a Markdown list with their numbers."""
    rows = []
    for entry in entries:
        if entry["volume"] != volume:
            continue
        pages = [page for page in (entry["page"], f"{entry['page']}/index") if page in written]
        title = f"{{doc}}`{entry['title']} </{pages[0]}>`" if pages else entry["title"]
        rows.append(f"{entry['number']}. {title}")
    return "\n".join(rows)


def notation_of(section: dict[str, Any]) -> str:
    """Return one group of the notation table as Markdown."""
    rows = ["| Object | Symbol | Rule |", "|:---|:---|:---|"]
    for row in section["row"]:
        cells = [row["object"], row["symbol"], row.get("rule", "")]
        rows.append("| " + " | ".join(cell.strip().replace("\n", " ") for cell in cells) + " |")
    lead = [section["lead"].strip(), ""] if "lead" in section else []
    return "\n".join([f"## {section['title']}", "", *lead, *rows])


def section_of(module: str, names: list[str]) -> str:
    """Return the section of one module; a package whose modules have sections shows its docstring alone."""
    parted = any(name.startswith(f"{module}.") for name in names)
    members = "" if parted else "\n   :members:"
    return f"## {module}\n\n```{{eval-rst}}\n.. automodule:: {module}{members}\n```"


class Generated(SphinxDirective):
    """A directive whose content is Markdown that it writes itself."""

    def markdown(self) -> str:
        """Return the Markdown."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Parse what ``markdown`` returns, in the place of the directive."""
        container = nodes.section()
        container.document = self.state.document
        lines = StringList(self.markdown().splitlines(), self.get_source_info()[0])
        self.state.nested_parse(lines, self.content_offset, container, match_titles=True)
        return container.children

    def depends_on(self, name: str) -> Path:
        """Read the page again when a file of the sources changes; return the folder of the sources."""
        self.env.note_dependency(str(Path(self.env.srcdir) / name))
        return Path(self.env.srcdir)


class Plan(Generated):
    """``{plan} derivations``: all chapters of a volume, with a link to each that is written."""

    required_arguments = 1

    def markdown(self) -> str:
        """Return the table of the volume."""
        self.env.metadata[self.env.docname]["lists"] = "pages"
        entries = chapters(self.depends_on("chapters.toml"))
        volume = self.arguments[0]
        if volume not in VOLUMES:
            raise self.error(f"{{plan}} knows the volumes {', '.join(VOLUMES)}, not {volume}")
        return plan_of(volume, entries, self.env.found_docs)

    def run(self) -> list[nodes.Node]:
        """Mark the list, for the style sheet makes a map of it."""
        found = super().run()
        found[0]["classes"].append("plan")  # type: ignore[index]
        return found


class Notation(Generated):
    """``{notation}``: every group of notation.toml as a section with a table."""

    def markdown(self) -> str:
        """Return the sections."""
        table = read_table(self.depends_on("notation.toml"), "notation.toml")
        return "\n\n".join(notation_of(section) for section in table["section"])


class Api(Generated):
    """``{api}``: a section for each public module of the package, from its docstrings."""

    def markdown(self) -> str:
        """Return the sections."""
        self.env.metadata[self.env.docname]["lists"] = "modules"
        names = modules(self.depends_on("chapters.toml"))
        return "\n\n".join(section_of(name, names) for name in names)


def state_of(app: Sphinx, env: BuildEnvironment) -> dict[str, object]:
    """Return what the generated lists depend on beside files of the sources."""
    return {"pages": sorted(env.found_docs), "modules": modules(Path(app.srcdir))}


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Name the pages whose generated list has changed."""
    before, now = getattr(env, "book_project_state", {}), state_of(app, env)
    env.book_project_state = now  # type: ignore[attr-defined]
    return [
        name
        for name, data in env.metadata.items()
        if "lists" in data and before.get(data["lists"]) != now[data["lists"]]
    ]


def link_labels(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Turn the labels in a docstring into references."""
    keys = "|".join(chapter["key"] for chapter in chapters(Path(app.srcdir)))
    kinds = "|".join(sorted(DISPLAYS | ENVIRONMENTS))
    for position, line in enumerate(lines):
        lines[position] = re.sub(
            rf"(?<![\w`-])({kinds})-({keys})(-[a-z0-9]+)+",
            lambda label: f":{'eq' if label[1] in DISPLAYS else 'prf:ref'}:`{label[0]}`",
            line,
        )


def name_aliases(
    app: Sphinx, what: str, name: str, obj: object, options: object, arguments: str | None, result: str | None
) -> tuple[str | None, str | None]:
    """Write the aliases of types by name also inside other types, where autodoc shows how it holds them."""

    def plain(text: str | None) -> str | None:
        return text and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", text)

    return plain(arguments), plain(result)


def skip_foreign(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Leave out what another package puts into our classes."""
    return True if getattr(obj, "__module__", "").startswith("sklearn.") else None


def remove_listings(app: Sphinx) -> None:
    """Remove the pages of code, which are written anew: those of modules that are gone would stay."""
    if app.builder.format == "html":
        shutil.rmtree(Path(app.outdir, "_modules"), ignore_errors=True)


def remove_gone(app: Sphinx, exception: Exception | None) -> None:
    """Remove the pages whose sources are gone; Sphinx leaves them where it wrote them."""
    if exception is None and app.builder.format == "html":
        for folder in {docname.split("/")[0] for docname in app.env.found_docs if "/" in docname}:
            for page in Path(app.outdir, folder).rglob("*.html"):
                if page.relative_to(app.outdir).with_suffix("").as_posix() not in app.env.found_docs:
                    page.unlink()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_directive("plan", Plan)
    app.add_directive("notation", Notation)
    app.add_directive("api", Api)
    app.connect("env-get-outdated", outdated)
    app.connect("autodoc-process-docstring", link_labels)
    app.connect("autodoc-process-signature", name_aliases)
    app.connect("autodoc-skip-member", skip_foreign)
    app.connect("builder-inited", remove_listings)
    app.connect("build-finished", remove_gone)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
