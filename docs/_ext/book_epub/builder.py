"""Sphinx's EPUB builder with the book's own look, valid metadata and the same bytes each time."""

import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.builders._epub_base import NavPoint
from sphinx.builders.epub3 import Epub3Builder

from book_downloads.archive import write_zip

HERE = Path(__file__).parent
STYLE = "book-epub.css"
PAGE = re.compile(r'<item id="[^"]+" href="(?P<file>(?!nav\.)[^"]+\.xhtml)"[^>]*/>')


class BookEpubBuilder(Epub3Builder):
    """Writes one style sheet, no script, and says in the manifest what each page holds."""

    def add_css_file(self, filename: str, **kwargs: Any) -> None:
        """Take the style sheet of the EPUB alone: those of the pages need a screen."""
        if filename == STYLE:
            super().add_css_file(filename, **kwargs)

    def add_js_file(self, filename: str, **kwargs: Any) -> None:
        """Take no script."""

    def init_css_files(self) -> None:
        """Name the style sheet."""
        super().init_css_files()
        self.add_css_file(STYLE)

    def copy_static_files(self) -> None:
        """Copy the style sheet and nothing else."""
        static = Path(self.outdir, "_static")
        static.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(HERE / STYLE, static / STYLE)

    def get_refnodes(self, doctree: nodes.Node, result: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Put the number of a section before its name in the table of contents."""
        before = len(result)
        super().get_refnodes(doctree, result)
        if isinstance(doctree, nodes.reference) and len(result) > before and doctree.get("secnumber"):
            number = ".".join(map(str, doctree["secnumber"]))
            result[-1]["text"] = f"{number} {result[-1]['text']}"
        return result

    def toc_metadata(self, level: int, navpoints: list[NavPoint]) -> dict[str, Any]:
        """Give the old table of contents the identifier itself: Sphinx gives it the name of its element."""
        return super().toc_metadata(level, navpoints) | {"uid": self.config.epub_identifier}

    def build_content(self) -> None:
        """Say of each page whether it holds formulas and drawings, which Sphinx leaves out."""
        super().build_content()
        package = Path(self.outdir, "content.opf")

        def declare(item: re.Match[str]) -> str:
            page = Path(self.outdir, item["file"]).read_text(encoding="utf8")
            held = [name for name, tag in (("mathml", "<math"), ("svg", "<svg")) if tag in page]
            properties = f' properties="{" ".join(held)}"' if held else ""
            return item[0].removesuffix("/>").rstrip() + f"{properties} />"

        text = package.read_text(encoding="utf8")
        package.write_text(PAGE.sub(declare, text), encoding="utf8")

    def build_epub(self) -> None:
        """Write the archive: the type first and not compressed, no times of files."""
        first = ["mimetype", "META-INF/container.xml", "content.opf", "toc.ncx"]
        folder = Path(self.outdir)
        entries = {name: (folder / name).read_bytes() for name in [*first, *sorted(self.files)]}
        write_zip(folder / f"{self.config.epub_basename}.epub", entries, stored={"mimetype"})
