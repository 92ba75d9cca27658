"""Every class of mutant and of its end, on the checks of a miniature book; checks written to pass."""

from collections import Counter

import pytest

from book_checks import mutants, runner
from book_checks.evidence import Evidence, Mutants, Survivor, read_evidence, table, write_evidence
from onecheck import FILE, PAGE, SIZES, deep, job_of, trials_of

RIDGE = """X, y, lam = normal(n, d), normal(n), positive()
route = argmin(lambda w: sum((y - X @ w) ** 2) + lam * sum(w**2), zeros(d))
printed = """


def changes(code: str) -> dict[str, str]:
    """Every mutant of a check as its changed source, with its fate."""
    parts, trials, originals = trials_of(code)
    found = mutants.mutations(parts, trials, frozenset({"n", "d"}))
    return {one.source(parts): mutants._fate(one, trials, originals, FILE) for one in found}


@pytest.mark.parametrize(
    ("printed", "mutant", "fate"),
    [
        ("a @ b + a @ a", "a @ b - a @ a", "value"),
        ("a @ b + a @ a", "-(a @ b) + a @ a", "value"),
        ("a @ b + a @ a", "a @ b", "value"),
        ("-(a @ b)", "a @ b", "value"),
        ("2 * a @ b", "3 * a @ b", "value"),
        ("2 * a @ b", "1 * a @ b", "value"),
        ("2 * a @ b", "4 * a @ b", "value"),
        ("2 * a @ b", "a @ b", "value"),
        ("a @ b / c", "1 / c", "value"),
        ("a @ b / c", "c / (a @ b)", "value"),
        ("c**2", "c", "value"),
        ("c**2", "c ** (2 + 1)", "value"),
        ("X.T @ a", "X @ a", "shape"),
        ("X @ b[:d]", "X.T @ b[:d]", "shape"),
        ("sum(a[i] * b[i] for i in range(n))", "sum((a[i] * b[i] for i in range(n - 1)))", "value"),
        ("sum(a[i] * b[i] for i in range(n))", "sum((a[i] * b[i] for i in range(1, n)))", "value"),
        ("sum(a[i] * b[i] for i in range(n))", "sum((a[i - 1] * b[i] for i in range(n)))", "value"),
        ("sum(a) / n", "sum(a) / (n - 1)", "value"),
        ("sum(a) / n", "sum(a) / d", "value"),
        ("a[0]", "a[1]", "value"),
        ("a[0]", "a[-1]", "value"),
        ("X[0, 1]", "X[1, 0]", "value"),
        ("mean(X, axis=0)", "mean(X, axis=1)", "shape"),
        ("outer(a, b)", "outer(b, a)", "value"),
        ("max(a)", "min(a)", "value"),
        ("inv(X.T @ X)", "X.T @ X", "value"),
        ("sqrt(c)", "c", "value"),
        ("a @ b + c", "b @ b + c", "value"),
        ("a @ b + a @ a", "b @ b + b @ b", "value"),
        ("(a - b) @ (a - b) + c", "(a + b) @ (a + b) + c", "value"),
        ("c - a[0]", "q - a[0]", "value"),
        (
            "sum(X[i, j] * a[j] for i in range(n) for j in range(d))",
            "sum((X[i, j] * a[i] for i in range(n) for j in range(d)))",
            "value",
        ),
        ("(lambda u, v: u @ u * v)(a, c)", "(lambda u, v: u @ v * v)(a, c)", "shape"),
        ("a @ b", "b @ a", "equal"),
        ("a[n - 1]", "a[n - 1 - 1]", "value"),
        ("a[d]", "a[d - 1]", "value"),
        ("a[n - 1]", "a[n]", "stillborn"),
    ],
)
def test_each_mistake_is_made_and_ends_as_it_should(printed, mutant, fate):
    code = f"X, a, b = normal(n, d), normal(n), normal(n)\nc, q = positive(), positive()\nroute = {printed}\n"
    found = changes(f"{code}printed = {printed}")
    assert found.get(f"printed = {mutant}") == fate, found
    assert f"printed = {printed}" not in found


def test_an_abbreviation_is_changed_when_only_printed_uses_it():
    shared = "X = normal(n, d)\nG = X.T @ X\nroute = G + 0.0\nprinted = 2 * G / 2"
    assert not any(source.startswith("G =") for source in changes(shared))
    own = "X = normal(n, d)\nG = X.T @ X\nroute = X.T @ X\nprinted = 2 * G / 2"
    assert changes(own)["G = X.T"] == "shape"


def test_draws_starts_and_scales_are_no_part_of_a_formula():
    code = "a = normal(n)\nroute = zeros(n)\nprinted = zero(a - a, 7 * norm(a), wrong=a)"
    assert not any("8 * norm" in source for source in changes(code))
    code = "c = positive()\nroute = c\nprinted = argmin(lambda x: (x - c) ** 2, 5.0)"
    assert not any("6.0" in source for source in changes(code))


def test_a_route_that_is_an_abbreviation_is_not_confused_with_a_letter():
    code = "X, y = normal(n, d), normal(n)\nQ = X @ lstsq(X, y)\nroute = Q\n"
    code += "printed = X @ inv(X.T @ X) @ X.T @ y"
    assert not any("Q" in source for source in changes(code))


def test_a_good_check_has_good_evidence():
    outcome = deep(f"{RIDGE}inv(X.T @ X + lam * eye(d)) @ X.T @ y")
    assert outcome.ok, outcome.message
    ends = outcome.mutants
    assert ends.killed_value >= 8
    assert ends.killed_shape >= 8
    assert not ends.survived
    assert outcome.resolution <= 1e-6


def test_an_identity_needs_a_word_and_a_reordering_none():
    setup = "a, b = normal(n), normal(n)\nroute = sum(a**2) + sum(b**2)\nprinted = "
    outcome = deep(f"{setup}a @ a + norm(b) ** 2 + a @ b - b @ a")
    assert outcome.ok, outcome.message
    assert outcome.mutants.set_aside == 2
    what = "`-b` becomes `b` without a change of value, on every draw; draw more general data, or name the"
    outcome = deep(f"{setup}a @ a + norm(-b) ** 2")
    assert f"docs/{FILE}:11: eq-lin-one: {what} identity behind it in `:equivalent:`" in outcome.message
    assert outcome.mutants.survived == (
        Survivor(11, "`-b` becomes `b`", "printed = a @ a + norm(b) ** 2", True),
    )


def test_the_line_covers_identities_and_must_cover_one():
    code = "a, b = normal(n), normal(n)\nroute = 3.0 * sum(b**2) + 1.0\nprinted = 3 * norm(-b) ** 2 + 1"
    assert "`-b` becomes `b` without a change of value" in deep(code).message
    outcome = deep(code, f"{SIZES}\n:equivalent: a norm does not see the sign")
    assert outcome.ok, outcome.message
    assert outcome.mutants.equivalent == 1
    idle = deep(code.replace("-b", "b"), f"{SIZES}\n:equivalent: a norm does not see the sign")
    assert "`:equivalent:` covers no mutant; remove it" in idle.message


@pytest.mark.parametrize(
    "printed",
    ["w", "w[:]", "array([w[k] for k in range(d)])", "transpose(w)", "chain(w, '=', w)", "w * 1", "w.T.T"],
)
def test_a_check_that_changes_nothing_of_its_formula_is_vacuous(printed):
    # The formula is shared with the route, so that it is none of `printed`.
    code = "X, y, lam = normal(n, d), normal(n), positive()\nw = solve(X.T @ X + lam * eye(d), X.T @ y)\n"
    assert not deep(f"{code}route = 1.0 * w\nprinted = {printed}").ok


def test_half_of_the_mutants_may_not_be_equal():
    code = "a, b = normal(n), normal(n)\nroute = ones(n) * 4.0\n"
    code += "printed = 4 * ones(n) + 0 * (a + b - a * b) / (1 + a**2)"
    outcome = deep(code, f"{SIZES}\n:equivalent: zeros vanish")
    assert "are equal to the original by value; draw more general data" in outcome.message


def test_a_degenerate_draw_is_seen():
    code = "x = ones(n)\nroute = sum(x) + n\nprinted = sum(x**2) + sum(x**3)"
    assert "`x ** 2` becomes `x` without a change" in deep(code).message


@pytest.mark.parametrize(
    "wrapped",
    [
        "sign({})",
        "floor(1e-3 * ({}))",
        "argsort({})",
        "1e12 + {}",
        "concatenate([{}, 1e12 * ones(1)])",
        "0 * ({}) + sum(y)",
        "log(1e12 + {})",
        "tanh(1e3 * ({}))",
    ],
)
@pytest.mark.parametrize("option", ["", "\n:equivalent: it is so"])
def test_a_comparison_that_hides_digits_is_refused(wrapped, option):
    code = "X, y, lam = normal(n, d), normal(n), positive()\n"
    formulas = "X @ inv(X.T @ X + lam * eye(d)) @ X.T @ y", "X @ solve(X.T @ X + lam * eye(d), X.T @ y)"
    printed, route = (wrapped.format(*2 * [formula]) for formula in formulas)
    outcome = deep(f"{code}route = {route}\nprinted = {printed}", SIZES + option)
    assert not outcome.ok


def test_a_comparison_of_directions_alone_is_seen():
    code = "X, y = normal(n, d), normal(d)\nu = X.T @ X @ y\nw = X @ y\nv = w @ X\n"
    outcome = deep(f"{code}route = v / norm(v)\nprinted = u / norm(u)")
    assert "`X.T @ X @ y` becomes `2 * (X.T @ X @ y)` without a change of value" in outcome.message


def test_both_sides_from_the_same_algebra_leave_nothing_to_change():
    code = "a, b = normal(n), normal(n)\nq = (a + b) @ (a - b)\nroute = 1.0 * q\nprinted = q"
    assert "vacuous: 0 mutants are killed by value" in deep(code).message


def test_a_weaker_bound_is_set_aside_and_a_tighter_one_is_not():
    code = "a, b = normal(n), normal(n)\nroute = (a @ b) ** 2\n"
    outcome = deep(code + 'printed = chain((a @ b) ** 2, "<=", 9 * (a @ a) * (b @ b))')
    assert "`9` becomes `8`, and no draw notices; sharpen the check" in outcome.message
    fates = Counter(changes(code + 'printed = chain((a @ b) ** 2, "<=", 9 * (a @ a) * (b @ b))').values())
    assert fates["weaker"] >= 2


def test_a_bound_that_is_reached_leaves_no_slack():
    code = "a, b = normal(n), normal(n)\nbound = lambda u, v: (u @ u) * (v @ v)\n"
    code += "route = (a @ b) ** 2, (3 * a @ a) ** 2\n"
    code += 'printed = chain((a @ b) ** 2, "<=", bound(a, b)), bound(a, 3 * a)'
    fates = {fate for source, fate in changes(code).items() if source.startswith("bound")}
    assert fates == {"value", "equal", "shape"}


def test_an_inequality_of_functions_that_is_reached_lets_no_bound_be_weaker():
    code = "a, b = normal(n), normal(n)\nroute = (a @ b) ** 2\nprinted = inequality(\n"
    code += '    lambda u, v: (u @ v) ** 2, "<=", lambda u, v: (u @ u) * (v @ v), (a, b), {}\n)'
    reached = deep(code.replace("{}", "extremal=(a, 3 * a)"), f"{SIZES}\n:equivalent: at u = v")
    assert not reached.mutants.survived, reached.message
    assert reached.resolution <= 1e-5
    loose = deep(code.replace("{}", "loose='not reached'").replace("(u @ u)", "9 * (u @ u)"))
    assert loose.mutants.set_aside > reached.mutants.set_aside
    assert "`9` becomes `8`, and no draw notices" in loose.message
    assert "the greater or smaller side of inequality 1 is the least that is noticed" in loose.message


def test_the_direction_of_an_inequality_is_turned():
    code = 'a = normal(n)\nroute = a @ a\nprinted = chain(a @ a, "<=", a @ a + 0 * (a @ a))'
    outcome = deep(code)
    assert "'>='" in outcome.message


def test_an_endless_mutant_is_stopped():
    # Shorter by one than its end, the sum has no end that one could wait for.
    code = "a = normal(n)\nN = 10 ** (12 - 6 * 2)\nroute = 1.0 * sum(range(1, 3)) + a[0]\n"
    code += "printed = sum(range(1, N + 2)) * 1.0 + a[0]"
    outcome = deep(code)
    assert outcome.mutants.killed_time >= 1
    assert outcome.mutants.killed_value >= 3


def test_a_mutant_that_asks_for_too_much_memory_is_stopped():
    code = "a = normal(n)\nN = 10 ** (10 - 10)\nroute = a * 2\nprinted = a * (ones(N)[0] + 1)"
    outcome = deep(code)
    assert outcome.mutants.killed_time >= 1


def test_what_is_wrong_on_purpose_has_no_mutants():
    page = PAGE.replace("eq-lin", "not-lin")
    code = "a = normal(n)\nroute = sum(a) / n\nprinted = sum(a) / d"
    wrong = job_of(code, page=page)
    outcome = runner.run_check(wrong, deep=True)
    assert outcome.ok, outcome.message
    assert (outcome.mutants, outcome.resolution) == (Mutants(), None)


# The records


def evidence(label: str, **values) -> Evidence:
    ends = Mutants(killed_value=3, killed_shape=1, set_aside=1, survived=(Survivor(4, "a", "b"),))
    return Evidence(label, True, sizes=({"n": 3},), resolution=1e-8, mutants=ends, **values)


def test_records_are_read_back(tmp_path):
    records = {"eq-lin-b": evidence("eq-lin-b", seconds=0.25), "eq-lin-a": evidence("eq-lin-a")}
    path = tmp_path / "build" / "checks.json"
    write_evidence(path, records)
    assert read_evidence(path) == records
    assert list(read_evidence(path)) == ["eq-lin-a", "eq-lin-b"]
    path.write_text('{"eq-lin-a": {"hash": "of an older version", "draws": 3}}')
    assert read_evidence(path) == {}
    assert read_evidence(tmp_path / "none.json") == {}


def test_the_table_names_the_weakest_and_the_slowest():
    text = table([evidence("eq-lin-a", seconds=2.0), evidence("eq-lin-b", seconds=0.5)])
    assert "  50%  eq-lin-a" in text
    assert "2.00  eq-lin-a" in text
    assert "2 checks, 1.25 s each with their mutants" in text
