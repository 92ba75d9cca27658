"""The domain prf: every environment of the book by label."""

from collections.abc import Set
from typing import Any, ClassVar, TypedDict

from sphinx.domains import Domain
from sphinx.roles import XRefRole
from sphinx.util import logging

logger = logging.getLogger(__name__)


class Entry(TypedDict):
    """What is known of an environment."""

    kind: str
    page: str
    line: int
    title: str
    solves: str
    grade: str
    checks: list[str]
    cited: str


class ProofDomain(Domain):
    """Statements, exercises and solutions."""

    name = "prf"
    label = "Statements"
    roles: ClassVar = {"ref": XRefRole(warn_dangling=True)}
    dangling_warnings: ClassVar = {"ref": "no statement has the label %(target)s; correct the reference"}
    initial_data: ClassVar[dict[str, Any]] = {"entries": {}}

    @property
    def entries(self) -> dict[str, Entry]:
        """Every environment by label."""
        entries: dict[str, Entry] = self.data["entries"]
        return entries

    def note(self, label: str, entry: Entry) -> None:
        """Add an environment."""
        other = self.entries.get(label)
        if other:
            logger.warning(
                "the label %s is given to two environments; the other is in %s, line %d. Rename one.",
                label,
                self.env.doc2path(other["page"]),
                other["line"],
                location=(entry["page"], entry["line"]),
                type="book",
                subtype="environments",
            )
        self.entries[label] = entry

    def clear_doc(self, docname: str) -> None:
        """Forget a page."""
        self.data["entries"] = {label: e for label, e in self.entries.items() if e["page"] != docname}

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what a parallel reader found."""
        for label, entry in otherdata["entries"].items():
            if entry["page"] in docnames:
                self.note(label, entry)
