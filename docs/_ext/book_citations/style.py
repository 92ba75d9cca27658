"""How citations and entries read: Hoerl and Kennard (1970); entries sorted and begun by the family name."""

from dataclasses import dataclass, field

import pybtex.plugin
import sphinxcontrib.bibtex.plugin
from pybtex.style.formatting.plain import Style
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

NAME = "book"


def _round() -> BracketStyle:
    return BracketStyle(left="(", right=")")


@dataclass
class Citation(AuthorYearReferenceStyle):
    """Author and year in round brackets."""

    bracket_textual: BracketStyle = field(default_factory=_round)
    bracket_parenthetical: BracketStyle = field(default_factory=_round)


class Entry(Style):
    """Entries that begin with the family name, as the citations do."""

    default_name_style = "lastfirst"


def register() -> None:
    """Make the styles known to sphinxcontrib-bibtex as ``book``."""
    sphinxcontrib.bibtex.plugin.register_plugin("sphinxcontrib.bibtex.style.referencing", NAME, Citation)
    pybtex.plugin.register_plugin("pybtex.style.formatting", NAME, Entry)
