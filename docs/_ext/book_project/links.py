"""Follow every link and source inside the built pages: ``python -m book_project.links build/html``."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ADDRESSES = {"href", "src", "poster", "data"}


@dataclass
class Page(HTMLParser):
    """The anchors of a page and the addresses that it points to, with their lines."""

    path: Path
    anchors: set[str] = field(default_factory=set)
    links: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the ids and addresses of an element."""
        for name, value in attrs:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors.add(value or "")
            elif name in ADDRESSES and value:
                self.links.append((self.getpos()[0], value))


def built_pages(folder: Path) -> list[Path]:
    """Return the pages of a book; the theme's own templates among its static files are none."""
    return [path for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts]


def faults(folder: Path) -> Iterator[str]:
    """Yield a message for each link of the pages in ``folder`` that leads nowhere."""
    pages = {path.resolve(): Page(path) for path in built_pages(folder)}
    for page in pages.values():
        for line, link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path.resolve()
            if target.is_dir():
                target /= "index.html"
            anchor = unquote(parts.fragment)
            where = f"{page.path}:{line}: {link}"
            if not target.exists():
                yield f"{where}: there is no file {target.name}; correct the link or write the page"
            elif anchor and target in pages and anchor not in pages[target].anchors | {"top"}:
                yield f"{where}: {target.name} has no anchor {anchor}; correct the label in the source"


def main(folder: Path) -> None:
    """Print the faults and fail when there are any."""
    found = list(faults(folder))
    print("\n".join(found), file=sys.stderr)
    pages = len(built_pages(folder))
    if not pages:
        sys.exit(f"{folder}: there are no pages here; run make book first")
    if found:
        sys.exit(f"{len(found)} links inside the book lead nowhere.")
    print(f"Every link inside the book leads to a page and to an anchor ({pages} pages).")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
