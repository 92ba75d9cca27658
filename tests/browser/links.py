"""The links and anchors of built pages, read from the files."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass
class Page(HTMLParser):
    """What a page refers to and what can be referred to in it."""

    ids: Counter[str] = field(default_factory=Counter)
    links: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note the id and the address of an element."""
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.ids[value or ""] += 1
            elif (name in {"href", "src"} and tag not in {"mrow", "image", "use"}) and value is not None:
                self.links.append(value)


@cache
def read(path: Path) -> Page:
    """Return the ids and links of a page."""
    page = Page()
    page.feed(path.read_text(encoding="utf8"))
    return page


def dead_links(folder: Path, pages: list[str]) -> list[str]:
    """Return every internal link of the pages that leads nowhere, with the page it stands on."""
    dead = []
    for path in (folder / page for page in pages):
        for link in read(path).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if target.is_dir():
                target /= "index.html"
            if not target.is_file() or (
                anchor and target.suffix == ".html" and anchor not in read(target).ids
            ):
                dead.append(f"{path.relative_to(folder)}: {link}")
    return dead
