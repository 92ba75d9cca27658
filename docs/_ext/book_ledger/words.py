"""What the reader is told about a record."""

from book_ledger.records import Record, mark_of

__all__ = [
    "MARKS",
    "Counts",
    "basis_of",
    "domain_of",
    "exceptions_of",
    "mutants_of",
    "number_of",
    "resolution_of",
    "tightest_of",
    "title_of",
    "transcribed_of",
]

MARKS = {
    "checked": "proved and checked",
    "cited": "cited and checked",
    "unchecked": "without a check",
    "definition": "definition",
    "assumption": "assumption",
    "problem": "problem or step of an algorithm",
    "mistake": "wrong on purpose, and its check fails",
}
"""Each mark with what it says."""

_WHERE = {
    "statement": "with the proof that follows the statement",
    "proof": "in the proof",
    "solution": "in the solution",
    "derivation": "by the reasons beside its lines",
    "text": "in the text around it",
}


def title_of(record: Record) -> str:
    """Basis and evidence in one line."""
    if record.kind == "claim":
        shown = f"checked: {record.evidence}" if record.evidence != "none" else "no check"
        return f"{record.basis.capitalize()}; {shown}"
    return MARKS[mark_of(record)].capitalize()


def basis_of(record: Record) -> str:
    """The basis, and where the proof stands."""
    if record.basis != "proved here":
        return {"problem": "Problem, or step of an algorithm"}.get(record.basis, record.basis.capitalize())
    return f"Proved here, {_WHERE[record.where]}"


def domain_of(record: Record) -> str:
    """The data tried, in words; no-break spaces keep each size on one line."""
    at = [", ".join(f"{name}\u00a0=\u00a0{value}" for name, value in one.items()) for one in record.sizes]
    if record.evidence == "symbolic":
        where = f", at {'; '.join(at)}" if at else ""
        return f"one expression for all values of its letters, as SymPy decides{where}"
    draws = f"{record.draws} draws" if record.draws else "draws"
    if record.undecided:
        where = "; ".join(at) or "eight exact rational points"
        return f"{draws} of letters, at {where}; SymPy left it undecided"
    return f"{draws} of generic data in float64, at {'; '.join(at) or 'random numbers'}"


def number_of(value: float | None) -> str:
    """A power of ten as it is read."""
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e+") if value else ""


def resolution_of(record: Record) -> str:
    """The smallest errors that the check notices."""
    if not record.resolution:
        return ""
    text = f"An error of {number_of(record.resolution)} of the whole is noticed"
    if record.entry_resolution:
        text += f", in a single entry one of {number_of(record.entry_resolution)} of that entry"
    return text


def tightest_of(record: Record) -> str:
    """How close the two sides of an inequality came."""
    if not record.tightest:
        return ""
    if record.tightest == 1.0:
        return "The bound is reached: there are data at which the two sides are equal"
    return f"The two sides come as close as {record.tightest:g} of the greater one"


_EXCEPTIONS = {
    "tokens": "Formula and check differ in the count of their signs",
    "independent": "The route is not judged by its form",
    "oracle": "The route calls the package, tested by",
    "equivalent": "Alterations without a change of value",
    "few": "Fewer than three sets of sizes",
}


def exceptions_of(record: Record) -> list[str]:
    """The rules that the check sets aside, each with its reason."""
    found = []
    for name, reason in record.exceptions.items():
        what = _EXCEPTIONS.get(name, "")
        if name == "resolution":
            size, _, reason = reason.partition(" ")
            what = f"An error of {size} may go unnoticed"
        if name == "oracle":
            reason = reason.rpartition("::")[2]
        found.append(f"{what}: {reason}")
    return found


def mutants_of(record: Record) -> str:
    """How many wrong versions of the formula the check noticed."""
    if not record.mutants:
        return ""
    found = Counts(record)
    versions = "altered version" if found.live == 1 else "altered versions"
    text = f"{found.killed} of {found.live} {versions} of the formula noticed"
    text += f", {found.by_value} by a wrong value"
    equal = found.live - found.killed - record.mutants["survived"]
    if equal:
        text += f"; {equal} equivalent to it"
    if record.mutants["survived"]:
        text += f"; {record.mutants['survived']} not noticed"
    return text


def transcribed_of(record: Record) -> str:
    """Whether the formula was typed anew without a look at its check."""
    return "Typed anew from the page alone, the formula agreed" if record.transcribed else ""


class Counts:
    """Sums of the numbers of mutants."""

    def __init__(self, record: Record) -> None:
        found = record.mutants or {}
        self.by_value = found.get("killed_value", 0)
        self.killed = self.by_value + found.get("killed_shape", 0) + found.get("killed_time", 0)
        self.live = self.killed + sum(found.get(name, 0) for name in ("set_aside", "equivalent", "survived"))
