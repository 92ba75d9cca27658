"""All internal links and anchors of the built pages resolve; no other host is asked."""

from pathlib import Path

from browser.conftest import Site
from browser.links import dead_links, read


def test_every_internal_link_leads_somewhere(site: Site) -> None:
    dead = dead_links(site.folder, site.pages)
    assert not dead, "dead links, correct the label or the path in the source:\n" + "\n".join(dead)


def test_an_id_stands_once_on_a_page(site: Site) -> None:
    twice = [
        f"{page}: {name}"
        for page in site.pages
        for name, count in read(site.folder / page).ids.items()
        if count > 1
    ]
    assert not twice, "ids that stand more than once:\n" + "\n".join(twice)


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<a id="here" href="b.html#there">ok</a><a href="#here">ok</a><a href="b.html?x=1">ok</a>'
        '<a href="https://example.org/c">not ours</a>'
        '<a href="c.html">dead</a><a href="b.html#gone">dead</a><a href="#lost">dead</a><img src="no.png">',
        encoding="utf8",
    )
    (tmp_path / "b.html").write_text('<p id="there"></p>', encoding="utf8")
    assert dead_links(tmp_path, ["a.html", "b.html"]) == [
        "a.html: c.html",
        "a.html: b.html#gone",
        "a.html: #lost",
        "a.html: no.png",
    ]
