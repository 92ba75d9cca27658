"""A notebook for each page with code, written with the page from its resolved doctree."""

import hashlib
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.osutil import relative_uri

from book_cells import store
from book_cells.pages import cells, read_notebook
from book_environments.headings import heading as environment_heading
from book_environments.nodes import Environment
from book_math import read_macros
from book_notebooks.markdown import Context, Writer
from book_notebooks.notebook import LARGEST, Imprint, write_notebook
from book_numbers.labels import collect_numbers

LOGGER = logging.getLogger(__name__)
HERE = Path(__file__).parent
FOLDER = "notebooks"
KINDS = {nodes.figure: "figure", nodes.table: "table", nodes.container: "code-block"}


def wheel_name(config: Config) -> str:
    """The name that the package has when it is built."""
    return f"mlderived-{config.release}-py3-none-any.whl"


def archive_of(docname: str) -> str:
    """The archive of the chapter that a page belongs to, below the folder of notebooks."""
    return "/".join(docname.split("/")[:2]) + ".zip"


def heading_of(env: BuildEnvironment, config: Config, docname: str, node: nodes.Element) -> str:
    """Kind and number of a node, as references to it say them."""
    if isinstance(node, Environment):
        return environment_heading(config, env, node)
    if isinstance(node, nodes.section):
        numbers = env.toc_secnumbers.get(docname, {})
        top = isinstance(node.parent, nodes.document)
        number = numbers.get("") if top else numbers.get(f"#{node['ids'][0]}")
        return ".".join(map(str, number or ()))
    kind = next((name for type_, name in KINDS.items() if isinstance(node, type_)), "")
    found = env.toc_fignumbers.get(docname, {}).get(kind, {})
    number = next((found[name] for name in node["ids"] if name in found), None)
    return str(config.numfig_format[kind] % ".".join(map(str, number))) if number else ""


_citations: WeakKeyDictionary[BuildEnvironment, dict[str, tuple[str, str]]] = WeakKeyDictionary()


def citations(env: BuildEnvironment) -> dict[str, tuple[str, str]]:
    """For each anchor of the bibliography the key and the entry in HTML, which Markdown may hold."""
    if env not in _citations:  # the writing of an entry takes as long as that of a page
        domain: Any = env.get_domain("cite")
        _citations[env] = {
            one.citation_id: (one.key, one.formatted_entry.text.render_as("html")) for one in domain.citations
        }
    return _citations[env]


def write(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write the notebook of a page with code, and tell the page of it."""
    env, config = app.env, app.config
    key = getattr(env, "book_cells_keys", {}).get(docname)
    if app.builder.name != "html" or key is None:
        return
    text = Path(env.doc2path(docname)).read_text(encoding="utf8")
    outputs = store.load(Path(config.book_cells_cache), key)
    if outputs is None:
        raise LookupError(f"{docname}: the outputs of the cells are gone; build again")
    places = [place for place, cell in enumerate(read_notebook(text).cells) if cell.cell_type == "code"]
    code = dict(zip(places, cells(text), strict=True))
    numbers = collect_numbers(env)
    address = f"{config.html_baseurl.rstrip('/')}/{docname}.html" if config.html_baseurl else ""
    context = Context(
        macros={macro.name: macro for macro in read_macros(Path(app.srcdir) / "macros.toml")},
        number=lambda label: f"({numbers[label]['number']})" if label in numbers else "",
        heading=lambda node: heading_of(env, config, docname, node),
        address=address,
        citations=citations(env),
        source=Path(app.srcdir),
        hidden={place: cell.line for place, cell in code.items() if cell.kind == "glue"},
    )
    number = ".".join(map(str, env.toc_secnumbers.get(docname, {}).get("", ())))
    imprint = Imprint(
        book=config.project,
        page=" ".join([number, env.titles[docname].astext()]).strip(),
        version=config.release,
        licence=config.copyright,
        wheel=wheel_name(config),
        address=address,
        oracle=any(cell.kind == "oracle" for cell in code.values()),
    )
    notebook = write_notebook(Writer(context, doctree), code, outputs, imprint)
    if (size := len(notebook.encode())) > LARGEST:
        LOGGER.warning(
            "the notebook has %d bytes, more than %d: make the figures of the page simpler",
            size,
            LARGEST,
            location=docname,
            type="book_notebooks",
        )
    path = notebook_path(app, docname)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook, encoding="utf8")
    offer(doctree, docname)


def notebook_path(app: Sphinx, docname: str) -> Path:
    """Where the notebook of a page is written."""
    return Path(app.outdir, FOLDER, f"{docname}.ipynb")


def offer(doctree: nodes.document, docname: str) -> None:
    """Put a line with the downloads below the title of the page."""
    title = next(iter(doctree.findall(nodes.title)), None)
    if title is None:
        return
    line = nodes.paragraph(classes=["notebook-links"])
    links = {f"{docname}.ipynb": "this page", archive_of(docname): "this chapter, with the package"}
    for position, (target, words) in enumerate(links.items()):
        line += nodes.Text(" · " if position else "Notebooks: ")
        uri = relative_uri(f"{docname}.html", f"{FOLDER}/{target}")
        line += nodes.reference("", words, refuri=uri, internal=False)
    title.parent.insert(title.parent.index(title) + 1, line)


def remove_gone(app: Sphinx, exception: Exception | None) -> None:
    """Remove the notebooks of pages that are gone or have no code any more."""
    if exception is not None or app.builder.name != "html":
        return
    now = {notebook_path(app, docname) for docname in getattr(app.env, "book_cells_keys", {})}
    for path in Path(app.outdir, FOLDER).rglob("*.ipynb"):
        if path not in now:
            path.unlink()


def configure(app: Sphinx, config: Config) -> None:
    """Serve the style sheet; a change of this folder writes all pages again."""
    config.html_static_path.append(str(HERE / "static"))
    parts = b"".join(path.read_bytes() for path in sorted(HERE.glob("*.py")))
    config["book_notebooks_fingerprint"] = hashlib.sha256(parts).hexdigest()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_config_value("book_notebooks_fingerprint", "", "html", types=frozenset({str}))
    app.add_css_file("notebooks.css")
    app.connect("config-inited", configure)
    app.connect("doctree-resolved", write, priority=400)  # before the formulas are bound to their punctuation
    app.connect("build-finished", remove_gone)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
