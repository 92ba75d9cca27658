"""Statements, proofs, exercises and solutions, in HTML and LaTeX."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from book_environments import directives, html, latex
from book_environments.domain import ProofDomain
from book_environments.headings import FORMATS
from book_environments.nodes import ENVIRONMENTS, STATEMENTS, EnvironmentTitle, GateEnd, Proof, Qed
from book_environments.transforms import GatherGated, NumberReferences

logger = logging.getLogger(__name__)


def configure(app: Sphinx, config: Config) -> None:
    """Say how references name each kind, and serve the style sheet and script."""
    config.numfig_format = FORMATS | config.numfig_format
    config.html_static_path.append(str(Path(__file__).parent / "static"))


def check_solutions(app: Sphinx, env: BuildEnvironment) -> None:
    """Report solutions of exercises that do not exist or stand in another chapter."""
    domain = env.domains["prf"]
    assert isinstance(domain, ProofDomain)
    for label, entry in sorted(domain.entries.items()):
        if entry["kind"] != "solution":
            continue
        exercise = domain.entries.get(entry["solves"])
        numbers = env.toc_fignumbers.get(entry["page"], {}).get("solution", {})
        if exercise is None or exercise["kind"] != "exercise":
            problem = f"no exercise has the label {entry['solves']}; correct the argument of the solution"
        elif label not in numbers:
            problem = f"the exercise {entry['solves']} is not in the same chapter; move the solution there"
        else:
            continue
        location = (entry["page"], entry["line"])
        logger.warning("%s: %s.", label, problem, location=location, type="book", subtype="environments")


def setup(app: Sphinx) -> dict[str, bool | int]:
    """Register the extension."""
    app.add_domain(ProofDomain)
    for kind in STATEMENTS:
        claim = kind in directives.CLAIMS
        directive = directives.ClaimDirective if claim else directives.StatementDirective
        app.add_directive_to_domain("prf", kind, directive)
    app.add_directive_to_domain("prf", "proof", directives.ProofDirective)
    app.add_directive("exercise", directives.ExerciseDirective)
    app.add_directive("solution", directives.SolutionDirective)
    # Code cells run only outside of directives, so these can also be written as -start and -end.
    app.add_directive_to_domain("prf", "example-start", directives.StatementDirective)
    app.add_directive_to_domain("prf", "example-end", directives.GateEndDirective)
    app.add_directive("solution-start", directives.SolutionDirective)
    app.add_directive("solution-end", directives.GateEndDirective)
    for kind, node in ENVIRONMENTS.items():
        app.add_enumerable_node(
            node,
            kind,
            html=(html.visit_environment, html.depart_environment),
            latex=(latex.visit_environment, latex.depart_environment),
        )
    app.add_node(
        EnvironmentTitle,
        html=(html.visit_title, html.depart_title),
        latex=(latex.visit_title, latex.depart_title),
    )
    app.add_node(
        Proof, html=(html.visit_proof, html.depart_proof), latex=(latex.visit_proof, latex.depart_proof)
    )
    app.add_node(Qed, html=(html.visit_qed, None), latex=(latex.visit_qed, None))
    app.add_node(GateEnd)
    app.add_transform(GatherGated)
    app.add_post_transform(NumberReferences)
    app.connect("config-inited", configure)
    app.connect("env-check-consistency", check_solutions)
    app.add_css_file("environments.css")
    app.add_js_file("environments.js")
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
