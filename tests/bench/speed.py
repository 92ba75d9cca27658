"""Our algorithms beside the libraries that people would use: ratios of times for the same answer.

``make bench`` runs it and writes build/bench.json and build/bench.html.
Both sides run in turn on the same data with one thread; a record holds the medians, their ratio with
its spread, the goal, and how far the objectives that the two reached are apart.
The exponent says how the time grows: the slope of log time against log size over three sizes.
"""

import argparse
import html
import io
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import scipy
import sklearn
from sklearn import linear_model

from mlderived import linear_regression as lr
from mlderived.plotting import use_house_style

OUT = Path(__file__).parents[2] / "build"
Fit = Callable[[], object]


@dataclass(frozen=True)
class Race:
    """Two functions that fit the same data, and the objective by which their answers are compared."""

    ours: Fit
    reference: Fit
    objective: Callable[[object], float]


@dataclass(frozen=True)
class Case:
    """An algorithm with its reference, the goal for the ratio, and the sizes (n, d), the goal's first."""

    name: str
    reference: str
    goal: float
    sizes: tuple[tuple[int, int], ...]
    race: Callable[[int, int], Race]


@dataclass(frozen=True)
class Record:
    """What was measured; times in milliseconds, the ratio at the first size."""

    name: str
    reference: str
    ratio: float
    low: float
    high: float
    goal: float
    met: bool
    agreement: float
    exponent: float
    sizes: list[dict[str, float]]


def problem(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Off-centre features and a target with a tenth of the coefficients large; the same for the same size."""
    rng = np.random.default_rng(n + d)
    X = 1 + rng.normal(size=(n, d))
    w = np.where(np.arange(d) % 10 == 0, 3.0, 0.0)
    return X, X @ w + 2 + rng.normal(size=n)


def penalised(X: np.ndarray, y: np.ndarray, l1: float, l2: float) -> Callable[[object], float]:
    """The objective of a linear fit, ours or scikit-learn's."""

    def value(fit: object) -> float:
        w, b = (fit.w, fit.b) if isinstance(fit, lr.LinearFit) else (fit.coef_, fit.intercept_)
        r = y - b - X @ w
        return 0.5 * r @ r + l1 * np.abs(w).sum() + 0.5 * l2 * w @ w

    return value


def least_squares(n: int, d: int) -> Race:
    """Least squares with an intercept."""
    X, y = problem(n, d)
    theirs = linear_model.LinearRegression()
    return Race(lambda: lr.least_squares(X, y), lambda: theirs.fit(X, y), penalised(X, y, 0, 0))


def ridge(n: int, d: int) -> Race:
    """Ridge regression with an intercept."""
    X, y = problem(n, d)
    theirs = linear_model.Ridge(alpha=2.0)
    return Race(lambda: lr.ridge(X, y, 2.0), lambda: theirs.fit(X, y), penalised(X, y, 0, 2.0))


def lasso(n: int, d: int) -> Race:
    """The lasso at a twentieth of the largest penalty, to a relative duality gap of 1e-6 on both sides."""
    X, y = problem(n, d)
    lam = lr.lasso_max_penalty(X, y) / 20
    theirs = linear_model.Lasso(alpha=lam / n, tol=1e-6, max_iter=10**5)
    return Race(lambda: lr.lasso(X, y, lam, tol=1e-6), lambda: theirs.fit(X, y), penalised(X, y, lam, 0))


def elastic_net(n: int, d: int) -> Race:
    """The elastic net, half of the lasso's penalty and a ridge penalty of n / 10."""
    X, y = problem(n, d)
    l1, l2 = lr.lasso_max_penalty(X, y) / 40, n / 10
    theirs = linear_model.ElasticNet(alpha=(l1 + l2) / n, l1_ratio=l1 / (l1 + l2), tol=1e-6, max_iter=10**5)
    return Race(
        lambda: lr.elastic_net(X, y, l1, l2, tol=1e-6), lambda: theirs.fit(X, y), penalised(X, y, l1, l2)
    )


def lasso_path(n: int, d: int) -> Race:
    """The whole path of the lasso."""
    X, y = problem(n, d)
    X, y = X - X.mean(axis=0), y - y.mean()

    def value(path: object) -> float:
        knots, W = (path.knots, path.W) if isinstance(path, lr.LassoPath) else (path[0] * n, path[2].T)
        k = len(knots) // 2
        return penalised(X, y, knots[k], 0)(lr.LinearFit(W[k], 0.0))

    return Race(lambda: lr.lasso_path(X, y), lambda: linear_model.lars_path(X, y, method="lasso"), value)


def absolute_deviations(n: int, d: int) -> Race:
    """Least absolute deviations."""
    X, y = problem(n, d)
    theirs = linear_model.QuantileRegressor(alpha=0)

    def value(fit: object) -> float:
        w, b = (fit.w, fit.b) if isinstance(fit, lr.LinearFit) else (fit.coef_, fit.intercept_)
        return float(np.abs(y - b - X @ w).sum())

    return Race(lambda: lr.least_absolute_deviations(X, y), lambda: theirs.fit(X, y), value)


CASES = (
    Case("least squares", "LinearRegression", 0.7, ((2000, 20), (8000, 20), (32000, 20)), least_squares),
    Case("ridge regression", "Ridge", 0.7, ((2000, 20), (8000, 20), (32000, 20)), ridge),
    Case("lasso, few features", "Lasso", 0.6, ((2000, 20), (8000, 20), (32000, 20)), lasso),
    Case("lasso, many features", "Lasso", 2.5, ((500, 400), (1000, 400), (2000, 400)), lasso),
    Case("elastic net", "ElasticNet", 1.0, ((2000, 20), (8000, 20), (32000, 20)), elastic_net),
    Case("lasso path", "lars_path", 2.5, ((500, 40), (2000, 40), (8000, 40)), lasso_path),
    Case(
        "least absolute deviations",
        "QuantileRegressor",
        1.0,
        ((300, 5), (600, 5), (1200, 5)),
        absolute_deviations,
    ),
)


def seconds(fit: Fit) -> tuple[float, object]:
    """Time one call."""
    start = time.perf_counter()
    result = fit()
    return time.perf_counter() - start, result


def measure(case: Case, repeats: int) -> Record:
    """Run both sides in turn at each size."""
    sizes, ratios, agreement = [], np.ones(3), 0.0
    for n, d in case.sizes:
        race = case.race(n, d)
        ours, theirs = seconds(race.ours)[1], seconds(race.reference)[1]
        a, b = race.objective(ours), race.objective(theirs)
        agreement = max(agreement, abs(a - b) / abs(b))
        times = np.array([(seconds(race.ours)[0], seconds(race.reference)[0]) for _ in range(repeats)])
        if not sizes:
            ratios = np.quantile(times[:, 0] / times[:, 1], [0.25, 0.5, 0.75])
        ours_ms, reference_ms = 1e3 * np.median(times, axis=0)
        sizes.append({"n": n, "d": d, "ours_ms": ours_ms, "reference_ms": reference_ms})
    logs = np.log([[size["n"] * size["d"], size["ours_ms"]] for size in sizes])
    exponent = np.polyfit(logs[:, 0], logs[:, 1], 1)[0]
    low, ratio, high = (float(value) for value in ratios)
    return Record(
        case.name, case.reference, ratio, low, high, case.goal, ratio <= case.goal, agreement, exponent, sizes
    )


def picture(records: list[Record]) -> str:
    """Draw the ratios with their spread and the goals."""
    use_house_style()
    mpl.rcParams["svg.hashsalt"] = "bench"
    fig, ax = plt.subplots(figsize=(6.5, 0.6 + 0.4 * len(records)))
    for k, one in enumerate(reversed(records)):
        ax.plot([one.low, one.high], [k, k], color="0.5")
        ax.plot(one.ratio, k, "o", color="black")
        ax.plot(one.goal, k, "|", color="0.3", markersize=14)
    ax.axvline(1, color="0.8", linewidth=1)
    ax.set_xscale("log")
    ax.set_yticks(range(len(records)), [one.name for one in reversed(records)])
    ax.set_xlabel("our time over the time of the reference (bar: the goal)")
    drawn = io.StringIO()
    fig.savefig(drawn, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return drawn.getvalue().partition("<svg")[2]


def times_of(one: Record) -> str:
    """The sizes with the times of both sides."""
    return ", ".join(
        f"{size['n']}×{size['d']}: {size['ours_ms']:.2f}/{size['reference_ms']:.2f}" for size in one.sizes
    )


def page(records: list[Record], machine: dict[str, str]) -> str:
    """Write the page with the picture and the table."""
    rows = "".join(
        f"<tr><td>{html.escape(one.name)}<td>{html.escape(one.reference)}"
        f"<td>{one.ratio:.2f} ({one.low:.2f}–{one.high:.2f})<td>{one.goal}<td>{'yes' if one.met else 'no'}"
        f"<td>{one.agreement:.0e}<td>{one.exponent:.2f}"
        f"<td>{times_of(one)}"
        for one in records
    )
    facts = ", ".join(f"{key} {value}" for key, value in machine.items())
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        "<title>Benchmark</title><style>body{font:16px/1.5 serif;max-width:60rem;"
        "margin:2rem auto;padding:0 1rem}"
        "svg{max-width:100%;height:auto}div{overflow-x:auto}"
        "td,th{padding:.2rem .6rem;text-align:left}</style>"
        "<h1>Our time as a ratio to the reference</h1>"
        "<p>Medians of runs in turn on the same data, one thread, with the quartiles; "
        "below one we are faster. "
        "Much of scikit-learn's time in the fits of a millisecond is its validation of parameters. "
        f"Measured with {html.escape(facts)}.</p><svg{picture(records)}"
        "<div><table><tr><th>algorithm<th>reference<th>ratio<th>goal<th>met<th>objectives differ by"
        f"<th>exponent<th>n×d: ms ours/reference{rows}</table></div></html>\n"
    )


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=21)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    options = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        sys.exit("the ratios are for one thread: run make bench, which sees to that")
    records = []
    for case in CASES:
        if options.only in case.name:
            records.append(measure(case, options.repeats))
            one = records[-1]
            print(
                f"{one.name:26} {one.ratio:5.2f} ({one.low:.2f}-{one.high:.2f}) of {one.reference}, "
                f"goal {one.goal}"
                f"{'' if one.met else ' MISSED'}; objectives differ by {one.agreement:.0e}"
            )
    if not records:
        sys.exit(f"no case has {options.only!r} in its name: {', '.join(case.name for case in CASES)}")
    machine = {
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "SciPy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "on": platform.machine(),
    }
    OUT.mkdir(exist_ok=True)
    table = {"machine": machine, "records": [asdict(one) for one in records]}
    (OUT / "bench.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf8")
    (OUT / "bench.html").write_text(page(records, machine), encoding="utf8")


if __name__ == "__main__":
    main()
