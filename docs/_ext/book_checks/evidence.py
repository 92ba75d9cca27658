"""What running a check showed: one record a label, kept in build/checks.json."""

import ast
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

__all__ = [
    "KINDS",
    "Evidence",
    "Mutants",
    "Survivor",
    "kind_of",
    "read_evidence",
    "table",
    "weakest",
    "write_evidence",
]

KINDS = (
    "symbolic",
    "enumerated",
    "quadrature",
    "exact sequence",
    "random and extremal",
    "random instances",
    "statistical",
    "illustrated",
    "none",
)
"""The kinds of evidence."""

_BY_VERB = {
    "symbolic": {"symbolic"},
    "statistical": {"simulation"},
    "illustrated": {"rate"},
    "exact sequence": {"limit"},
    "quadrature": {"quadrature"},
    "enumerated": {
        *("expectation", "variance", "covariance", "probability", "rademacher", "noise", "distribution"),
        *("law_of", "characteristic", "signs", "subsets", "permutations", "assignments"),
    },
}


def kind_of(tree: ast.Module) -> str:
    """The kind of evidence that the verbs of a check give, the weakest that it uses."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for kind, verbs in _BY_VERB.items():
        if names & verbs:
            return kind
    extremal = any(isinstance(node, ast.keyword) and node.arg == "extremal" for node in ast.walk(tree))
    return "random and extremal" if extremal else "random instances"


@dataclass(frozen=True)
class Survivor:
    """A mutant that no draw noticed: the line of the page, what was changed, the changed source.

    ``equal`` says that its value is that of the original.
    """

    line: int
    change: str
    source: str
    equal: bool = False


@dataclass(frozen=True)
class Mutants:
    """How the mutants of a check ended, in numbers; those that survived, one by one.

    ``killed_value``: the sides differ or the value is not finite; ``killed_shape``: the shapes do not fit;
    ``killed_time``: stopped; ``set_aside``: equal by value because it only reorders, or because it only
    weakens an inequality; ``equivalent``: equal by value by the identity that ``:equivalent:`` names;
    ``stillborn``: another error, so that it does not count.
    """

    killed_value: int = 0
    killed_shape: int = 0
    killed_time: int = 0
    stillborn: int = 0
    set_aside: int = 0
    equivalent: int = 0
    survived: tuple[Survivor, ...] = ()

    @property
    def killed(self) -> int:
        """How many were noticed."""
        return self.killed_value + self.killed_shape + self.killed_time

    @property
    def live(self) -> int:
        """All but the stillborn."""
        return self.killed + self.set_aside + self.equivalent + len(self.survived)

    @property
    def strength(self) -> float:
        """The share of the live mutants that were killed by value."""
        return self.killed_value / self.live if self.live else 0.0


@dataclass(frozen=True)
class Evidence:
    """What is known of one check.

    ``message`` is empty when it passed.  ``resolution`` is the smallest error of ``printed``, relative to the
    scale of the quantity, that is noticed; ``entry_resolution`` that of a single entry, relative to the entry
    itself; both are powers of ten, and None for what is wrong on purpose.  ``tightest`` is how close the
    sides of an inequality came, 1 being equality, and None where there is none.  ``undecided`` counts the
    pairs of expressions that agree at exact points and that SymPy did not decide.  ``evidence`` is one of
    ``KINDS``.  ``seconds`` is processor time with the mutants; it differs from run to run and has no place on
    a page.  ``hash`` is the fingerprint of all that the record rests on.
    """

    label: str
    passed: bool
    message: str = ""
    sizes: tuple[dict[str, int], ...] = ()
    draws: int = 0
    tolerance: float = 0.0
    resolution: float | None = None
    entry_resolution: float | None = None
    tightest: float | None = None
    undecided: int = 0
    evidence: str = "none"
    mutants: Mutants = field(default_factory=Mutants)
    seconds: float = 0.0
    hash: str = ""

    def to_json(self) -> dict[str, Any]:
        """The record as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Evidence":
        """The record read back.

        Raises
        ------
        TypeError, KeyError
            When the record is of another version.
        """
        if record.keys() != {one.name for one in fields(cls)}:
            raise KeyError(f"a record of evidence has other fields: {', '.join(record)}")
        mutants = dict(record["mutants"])
        mutants["survived"] = tuple(Survivor(**one) for one in mutants["survived"])
        return cls(**{**record, "sizes": tuple(record["sizes"]), "mutants": Mutants(**mutants)})


def read_evidence(path: Path) -> dict[str, Evidence]:
    """The records by label; none when the file is not there or was written by another version."""
    if not path.exists():
        return {}
    try:
        return {label: Evidence.from_json(one) for label, one in json.loads(path.read_text("utf8")).items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}


def write_evidence(path: Path, records: dict[str, Evidence]) -> None:
    """Write the records in the order of their labels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {label: records[label].to_json() for label in sorted(records)}
    path.write_text(json.dumps(plain, indent=1) + "\n", "utf8")


def weakest(records: Iterable[Evidence]) -> list[Evidence]:
    """The records with mutants, those with the smallest share of kills by value first."""
    return sorted(
        (one for one in records if one.mutants.live), key=lambda one: (one.mutants.strength, one.label)
    )


def table(records: Sequence[Evidence], shown: int = 10) -> str:
    """How the mutants ended, check by check; the weakest checks and the slowest."""
    columns = ("value", "shape", "time", "stillborn", "set aside", "equivalent", "survived")
    lines = [
        f"{'':40}{'resolution':>11}{'entry':>7}" + "".join(f"{name:>{len(name) + 2}}" for name in columns)
    ]
    for one in sorted(records, key=lambda one: one.label):
        ends = one.mutants
        killed = (ends.killed_value, ends.killed_shape, ends.killed_time)
        counts = (*killed, ends.stillborn, ends.set_aside, ends.equivalent, len(ends.survived))
        cells = "".join(f"{count:{len(name) + 2}}" for count, name in zip(counts, columns, strict=True))
        fine, entry = (f"{value:.0e}" if value else "-" for value in (one.resolution, one.entry_resolution))
        lines.append(f"{one.label:40}{fine:>11}{entry:>7}{cells}")
    lines.append("\nThe weakest: share of the live mutants that are killed by value")
    lines += [f"  {one.mutants.strength:4.0%}  {one.label}" for one in weakest(records)[:shown]]
    lines.append("\nThe slowest, in seconds of processor time")
    slowest = sorted(records, key=lambda one: -one.seconds)[:shown]
    lines += [f"  {one.seconds:4.2f}  {one.label}" for one in slowest]
    mean = sum(one.seconds for one in records) / max(1, len(records))
    lines.append(f"\n{len(records)} checks, {mean:.2f} s each with their mutants")
    return "\n".join(lines)
