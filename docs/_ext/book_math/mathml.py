"""The MathML of a typeset formula, made valid: KaTeX writes it for screen readers, which forgive more."""

import re
import unicodedata
from xml.etree import ElementTree

MATHML = "http://www.w3.org/1998/Math/MathML"
ARITY = {"mfrac": 2, "msup": 2, "msub": 2, "mover": 2, "munder": 2, "mroot": 2}
ARITY |= {"msubsup": 3, "munderover": 3}
TOKENS = ("mo", "mi", "mn", "mtext")
LETTERS = ("mo", "mi", "mn")
APPLY = "\u2061"


def mathml_of(html: str) -> str:
    """Return the ``<math>`` element of what KaTeX wrote."""
    found = re.search(r"<math\b.*?</math>", html, re.S)
    if found is None:
        raise ValueError(f"KaTeX wrote no MathML: {html[:80]}")
    root = ElementTree.fromstring(found[0])
    for element in root.iter():
        element.attrib.pop("href", None)  # the links stand after the display
        name = element.tag.removeprefix(f"{{{MATHML}}}")
        if name in TOKENS and len(element):
            element.text = "".join(element.itertext())
            del element[:]
        if name in LETTERS and element.get("mathvariant", "normal") != "normal":
            element.text = styled(element.text or "", element.attrib.pop("mathvariant"))
        if len(element) > ARITY.get(name, len(element)):
            _group_applications(element)
    ElementTree.register_namespace("", MATHML)
    return ElementTree.tostring(root, encoding="unicode")


def styled(text: str, variant: str) -> str:
    """Return letters of their own for a variant such as bold-italic, which MathML Core no longer knows."""
    return "".join(_letter(character, variant) for character in text)


def _letter(character: str, variant: str) -> str:
    name = re.sub(r"^(LATIN|GREEK) (SMALL|CAPITAL) LETTER ", r"\2 ", unicodedata.name(character, ""))
    name = name.removeprefix("GREEK ")
    style = (
        variant.upper() if variant in ("double-struck", "sans-serif") else variant.upper().replace("-", " ")
    )
    # Some stood in Unicode before the others, under shorter names; digits have no bold italic.
    for words in (f"MATHEMATICAL {style} {name}", f"{style} {name}", f"MATHEMATICAL BOLD {name}"):
        try:
            return unicodedata.lookup(words)
        except KeyError:
            continue
    return character


def _group_applications(element: ElementTree.Element) -> None:
    """Join each name of a function with its sign of application: KaTeX leaves them apart in a fraction."""
    for sign in [child for child in element if child.text == APPLY]:
        place = list(element).index(sign)
        row = ElementTree.Element(f"{{{MATHML}}}mrow")
        row.extend(element[place - 1 : place + 1])
        element[place - 1 : place + 1] = [row]
