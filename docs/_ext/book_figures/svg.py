"""Turn an SVG of matplotlib into one that lives in a page: themed, named, without ids that could clash."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")

ElementTree.register_namespace("", SVG)


@dataclass(frozen=True)
class Inlined:
    """The markup for the page, the width in points, and what the house style does not know."""

    markup: str
    width: float
    foreign_colours: list[str]
    has_pixels: bool


def _tidy(root: ElementTree.Element) -> None:
    """Remove what a page does not need: metadata, rules for the whole page, line breaks, needless digits."""
    for parent in list(root.iter()):
        parent.text = parent.tail = None
        for child in list(parent):
            if child.tag in {f"{{{SVG}}}metadata", f"{{{SVG}}}style"}:
                parent.remove(child)
        if "d" in parent.attrib:
            parent.set("d", _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.2f}", parent.attrib["d"]))
        if link := parent.attrib.pop(f"{{{XLINK}}}href", ""):
            parent.set("href", link)
    for defs in list(root.iter(f"{{{SVG}}}defs")):
        if not len(defs):
            next(parent for parent in root.iter() if defs in list(parent)).remove(defs)


def _references(root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        if element.get("href", "").startswith("#"):
            yield element.attrib["href"][1:]
        for value in element.attrib.values():
            yield from _REFERENCE.findall(value)


def _prefix_ids(root: ElementTree.Element, prefix: str) -> None:
    """Give the ids that something refers to the figure's name; drop the others."""
    used = set(_references(root))
    for element in root.iter():
        if (name := element.attrib.pop("id", None)) in used:
            element.set("id", f"{prefix}--{name}")
        for key, value in element.attrib.items():
            if key == "href" and value.startswith("#"):
                element.set(key, f"#{prefix}--{value[1:]}")
            else:
                element.set(key, _REFERENCE.sub(lambda found: f"url(#{prefix}--{found[1]})", value))


def _theme(root: ElementTree.Element, palette: Mapping[str, str]) -> list[str]:
    """Replace each colour of the palette by its variable; return the other colours."""
    roles = {colour.lower(): role for role, colour in palette.items()}
    foreign: set[str] = set()

    def replace(found: re.Match[str]) -> str:
        colour = found[0].lower()
        if colour not in roles:
            foreign.add(colour)
            return colour
        return f"var(--fig-{roles[colour]}, {colour})"

    for element in root.iter():
        for key in ("fill", "stroke", "stop-color"):  # a variable works in a style, not in an attribute
            if key in element.attrib:
                style = element.get("style", "")
                element.set("style", f"{key}: {element.attrib.pop(key)}; {style}".rstrip("; "))
        if "style" in element.attrib:
            element.set("style", _COLOUR.sub(replace, element.attrib["style"]))
    return sorted(foreign)


def inline(svg: str, name: str, alt: str, palette: Mapping[str, str]) -> Inlined:
    """Return the SVG for the page; ``name`` prefixes its ids and ``alt`` is its accessible name."""
    root = ElementTree.fromstring(svg)
    _tidy(root)
    _prefix_ids(root, name)
    foreign = _theme(root, palette)
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    has_pixels = next(root.iter(f"{{{SVG}}}image"), None) is not None
    root.attrib = {
        "class": "book-figure",
        "role": "img",
        "aria-label": alt,
        "viewBox": root.attrib["viewBox"],
        "width": f"{width:g}",
        "height": f"{height:g}",
        # What matplotlib leaves out is black and has round joins: it says so in a rule for the whole page.
        "style": "fill: var(--fig-ink, currentColor); stroke-linejoin: round; stroke-linecap: butt",
    }
    return Inlined(ElementTree.tostring(root, encoding="unicode"), width, foreign, has_pixels)
