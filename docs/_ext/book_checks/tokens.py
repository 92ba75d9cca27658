r"""Token signature: how often signs, numerals, powers, … occur in the TeX of a display and in its check.

Counting is not parsing: both sides are read from left to right and counted, term by term as the reader sees
them.  ``\tfrac12 x``, ``x / 2`` and ``0.5 * x`` count alike, so do ``\norm{x}^2``, ``norm(x)**2`` and
``sum(x**2)``, and ``x^\T y`` and ``x @ y``.  Brackets, hats and the bounds of sums are not counted.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from book_checks import body
from book_checks.readable import readable
from book_checks.rules import Violation
from book_checks.tokens_code import (
    alike,
    apart,
    code_directions,
    code_inequalities,
    code_order,
    code_sides,
    listed,
    names_bound,
    shown_in_turn,
    shown_relations,
    signature,
    sound,
    told_apart,
)
from book_checks.tokens_tex import INEQUALITIES, Side, Signature, tex_inequalities, tex_sides
from book_math.macros import Macro
from book_source import Book, Check, Display

__all__ = ["Pairing", "pair", "statements", "unlinked", "violations"]


@dataclass(frozen=True)
class Pairing:
    """Which sides of a display stand beside which expressions of its check, and where they differ.

    ``places`` gives for each expression the number of its side in the display; a side that no expression
    stands beside belongs to ``route``, if there is anything in it to count.
    """

    places: tuple[int, ...]
    expressions: tuple[ast.expr, ...]
    differences: tuple[str, ...]


def pair(display: Display, check: Check, macros: Mapping[str, Macro]) -> Pairing:
    """Lay the sides of the check beside those of the display so that they differ least."""
    sides = tex_sides(display.tex, macros)
    tex = [side.signature for side in sides]
    code = code_sides(check)
    if len(code) > len(tex):
        return Pairing((), tuple(code), (f"the check has {len(code)} sides and the display {len(tex)}",))

    known = {name.lower() for name in names_bound(check) | _size_names(check)}

    apart_by = told_apart(check)

    def marked(side: Signature) -> Signature:
        """Without the hats and stars that tell nothing apart in the check."""
        return Counter({k: v for k, v in side.items() if not k.startswith("mark") or k in apart_by})

    @cache
    def gap(i: int, j: int) -> tuple[int, Signature, Signature]:
        shown, counted = bounded(marked(tex[i]), marked(signature(code[j], check, _letters(tex[i]))), known)
        return sum(((shown - counted) + (counted - shown)).values()), shown, counted

    @cache
    def best(i: int, j: int) -> tuple[int, tuple[int, ...]]:
        """The least difference of the sides from i on to the expressions from j on."""
        if j == len(code):
            return sum(_weight(side) for side in tex[i:]), ()
        if len(tex) - i < len(code) - j:
            return 10**9, ()
        rest, places = best(i + 1, j + 1)
        later, others = best(i + 1, j)
        take, leave = gap(i, j)[0] + rest, _weight(tex[i]) + later
        return (take, (i, *places)) if take < leave else (leave, others)

    places = best(0, 0)[1]
    differences = [
        f"side {i + 1} of the display: {line}"
        for j, i in enumerate(places)
        for line in (
            *_differ(*gap(i, j)[1:]),
            *_swapped(sides[i], code_order(code[j], check, _letters(tex[i]))),
        )
    ]
    missing = unlinked(sides, places)
    differences += [
        f"side {i + 1} of the display, {readable(sides[i].tokens)}, is compared with nothing" for i in missing
    ]
    route = apart(check).route
    route = route.elts[0] if isinstance(route, ast.Tuple) and route.elts else route
    for i, side in enumerate(tex):
        if i not in places and i not in missing and _weight(side):
            side, counted = bounded(side, signature(route, check, _letters(side)), known)
            differences += [
                f"side {i + 1} of the display, beside `route`: {line}"
                for line in _differ(side, counted)
                if not line.startswith("mark")  # the route has names of its own
            ]
    differences += _inequalities(display, check, sides, dict(zip(places, code, strict=True)))
    return Pairing(places, tuple(code), tuple(differences))


def _size_names(check: Check) -> set[str]:
    try:
        return {name for one in body.sizes(check) for name in one}
    except ValueError:
        return set()


def bounded(tex: Signature, code: Signature, known: Set[str]) -> tuple[Signature, Signature]:
    """The two signatures with those bounds of sums alone that can be compared.

    A bound in letters that the check does not have, such as a rank that it computes, agrees with any, as does
    a sum without bounds.
    """
    plain = [Counter({k: v for k, v in one.items() if not k.startswith("bound")}) for one in (tex, code)]
    shown, counted = (
        Counter({k: v for k, v in one.items() if k.startswith("bound") and _letters_of(k) <= known})
        for one in (tex, code)
    )
    open_ends = [
        one["sum"] + one["product"] - bounds.total()
        for one, bounds in zip(plain, (shown, counted), strict=True)
    ]
    excused = (shown - counted).total() <= open_ends[1] or (counted - shown).total() <= open_ends[0]
    return (plain[0], plain[1]) if excused else (plain[0] + shown, plain[1] + counted)


def _letters_of(bound: str) -> set[str]:
    return set(re.findall("[a-z]+", bound.removeprefix("bound ")))


def statements(sides: Sequence[Side]) -> list[list[int]]:
    """The numbers of the sides of each statement: they are apart by a comma, a wide space or an arrow."""
    found: list[list[int]] = []
    for i, side in enumerate(sides):
        if side.relation in ("", ",", "iff", "implies"):
            found.append([])
        found[-1].append(i)
    return found


def unlinked(sides: Sequence[Side], places: Sequence[int]) -> list[int]:
    """The sides that a check leaves out of its chain.

    A formula may be left to the route, one of each statement; a mere name is compared where it is defined.
    A statement of which the check has no side, such as a condition, is not a part of its chain.
    """
    return [
        i
        for statement in statements(sides)
        if set(statement) & set(places)
        for i in [i for i in statement if i not in places and not sides[i].is_name][1:]
    ]


def _inequalities(
    display: Display, check: Check, sides: Sequence[Side], code: Mapping[int, ast.expr]
) -> Iterator[str]:
    """Where the relations of the display are not those of the check; ``code`` stands beside its sides."""
    ours, theirs = code_inequalities(check), tex_inequalities(display.tex)
    if ours is not None:
        if ours != theirs:
            yield _turned(theirs, ours)
        return
    stated = shown_relations(check)
    pairs = list(pairwise(code))
    if stated:
        read = [sides[j].relation if j == i + 1 else "" for i, j in pairs]
        if stated != read:
            yield f"relations: {' '.join(read)} in the TeX, {' '.join(stated)} in `:shown:`"
    for i, side in enumerate(sides[1:]):
        if side.relation not in INEQUALITIES:
            continue
        directions = set(_directions(check, code.get(i), code.get(i + 1)))
        below = "<" if side.relation in ("<", "<=", "preceq") else ">"
        if directions and below not in directions:
            yield _turned([side.relation], [f"{word}=" for word in sorted(directions)])
        elif not directions and not stated and (i, i + 1) in pairs:
            yield f"{side.relation} in the TeX, and no comparison or `:shown:` of the check has it"


def _turned(theirs: Sequence[str], ours: Sequence[str]) -> str:
    return f"inequalities: {' '.join(theirs) or 'none'} in the TeX, {' '.join(ours) or 'none'} in the check"


def _directions(check: Check, left: ast.expr | None, right: ast.expr | None) -> Iterator[str]:
    """How two neighbouring sides are compared by the signs in `printed`: ``<`` where the left is smaller."""
    for smaller, greater in code_directions(check):
        for side, below, above in ((left, "<", ">"), (right, ">", "<")):
            if side is not None and alike(side, smaller):
                yield below
            elif side is not None and alike(side, greater):
                yield above


def _letters(side: Signature) -> frozenset[str]:
    return frozenset(key.removeprefix("letter ") for key in side if key.startswith("letter "))


_PLAIN = frozenset({"minimum", "maximum", "limit", "expectation", "covariance", "variance", "probability"})


def _weight(side: Signature) -> int:
    """How much there is to count in a side beside letters, a numeral and an operator."""
    return sum(
        number
        for key, number in side.items()
        if key not in _PLAIN and not key.startswith(("letter", "numeral", "bound", "mark"))
    )


def _differ(tex: Signature, code: Signature) -> Iterator[str]:
    for key in sorted(tex | code):
        if tex[key] != code[key]:
            yield f"{key}: {tex[key]} in the TeX, {code[key]} in the check"


def _swapped(side: Side, code: tuple[str, ...]) -> Iterator[str]:
    """Where the same letters, signs and transposes stand in another order."""
    if side.order != code and Counter(side.order) == Counter(code):
        yield f"order: {' '.join(side.order)} in the TeX, {' '.join(code)} in the check"


def violations(book: Book, macros: Mapping[str, Macro]) -> Iterator[Violation]:
    """Every difference without a reason, and every reason without a difference."""
    for page in book.pages:
        displays = {display.label: display for display in page.displays}
        for check in page.checks:
            if check.label in displays and sound(check):
                yield from _violations(displays[check.label], check, macros)


def _violations(display: Display, check: Check, macros: Mapping[str, Macro]) -> Iterator[Violation]:
    reason = check.options.get("tokens")
    place = (check.file, check.line, check.label)
    shown = _shown_problem(check)
    if shown:
        yield Violation(
            *place, f"`:shown:` {shown}", "give sides that stand in `printed`, separated by commas"
        )
        return
    for name in sorted(set(check.options.get("given", "").split()) - names_bound(check)):
        yield Violation(
            *place, f"`:given:` names {name}, which the check does not assign", "correct the name"
        )
    differences = pair(display, check, macros).differences
    if reason is not None and not reason.strip():
        yield Violation(*place, "`:tokens:` has no reason", "say why the counts differ, or leave it out")
    elif reason and not differences:
        yield Violation(*place, "`:tokens:` excuses a difference that there is not", "leave it out")
    elif differences and reason is None:
        yield Violation(
            display.file,
            display.line,
            display.label,
            f"TeX and check differ: {'; '.join(differences)}",
            "correct the one that is wrong, write the check term by term, or give a reason as `:tokens: …`",
        )


def _shown_problem(check: Check) -> str:
    """What is wrong with the option ``:shown:``."""
    shown = check.options.get("shown")
    if shown is None:
        return ""
    try:
        wanted = listed(shown.strip())
    except SyntaxError:
        return "is not Python"
    if not shown_in_turn(shown.strip()):
        return "has a relation that does not stand between two sides"
    printed = {ast.dump(node) for node in ast.walk(apart(check).printed)}
    missing = [ast.unparse(node) for node in wanted if ast.dump(node) not in printed]
    return f"names {', '.join(missing)}, which `printed` does not use" if missing else ""
