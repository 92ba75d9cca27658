"""Follow the links of the built book.

``python -m book_project.links build/html`` follows those inside it.  With ``build/linkcheck/output.json`` as
second argument it also reads what Sphinx's linkcheck builder found out about those to other hosts.
"""

import json
import sys
from collections import Counter
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


def outside(report: Path) -> tuple[list[str], Counter[str]]:
    """Return a message for each link that another host refuses, and the hosts that did not answer."""
    refused, silent = [], Counter[str]()
    for line in report.read_text(encoding="utf8").splitlines():
        link = json.loads(line)
        if link["status"] == "timeout" or (link["status"] == "broken" and "Max retries" in link["info"]):
            silent[urlsplit(link["uri"]).netloc] += 1
        elif link["status"] == "broken":
            refused.append(f"docs/{link['filename']}:{link['lineno']}: {link['uri']}: {link['info']}")
    return refused, silent


def main(folder: Path, report: Path | None = None) -> None:
    """Print the faults and fail when there are any, or when a host cannot be reached."""
    pages = len(built_pages(folder))
    if not pages:
        sys.exit(f"{folder}: there are no pages here; run make book first")
    found = list(faults(folder))
    if found:
        print("\n".join(found), file=sys.stderr)
        sys.exit(f"{len(found)} links inside the book lead nowhere.")
    print(f"Every link inside the book leads to a page and to an anchor ({pages} pages).")
    if report is None:
        return
    refused, silent = outside(report)
    print("\n".join(refused), file=sys.stderr)
    if silent:
        print(
            "These hosts cannot be reached from here, so the links to them are not tested:", file=sys.stderr
        )
        print("\n".join(f"  {host} ({count})" for host, count in sorted(silent.items())), file=sys.stderr)
    if refused or silent:
        sys.exit(f"{len(refused)} links to other hosts are refused, {silent.total()} could not be tested.")
    print("Every link to another host is answered.")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
