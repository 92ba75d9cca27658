"""The nodes of statements, proofs, exercises and solutions."""

from docutils import nodes


class Environment(nodes.General, nodes.Element):
    """What all numbered environments share: ``kind``, ``label`` and ``docname``."""


class Theorem(Environment):
    """A theorem."""


class Lemma(Environment):
    """A lemma."""


class Proposition(Environment):
    """A proposition."""


class Corollary(Environment):
    """A corollary."""


class Definition(Environment):
    """A definition."""


class Algorithm(Environment):
    """An algorithm."""


class Remark(Environment):
    """A remark."""


class Example(Environment):
    """A worked example."""


class Exercise(Environment):
    """An exercise, with its ``grade``."""


class Solution(Environment):
    """The solution of the exercise whose label is ``solves``."""


class EnvironmentTitle(nodes.title):
    """The name of an environment; a title, so that the search finds it."""


class Proof(nodes.General, nodes.Element):
    """A proof."""


class Qed(nodes.Inline, nodes.Element):
    """The mark at the end of a proof."""


class GateEnd(nodes.General, nodes.Invisible, nodes.Element):
    """Where an environment ends that was opened with a -start directive."""


# Names are capitalised, since docutils has nodes of its own called definition and title.
STATEMENTS: dict[str, type[Environment]] = {
    node.__name__.lower(): node
    for node in (Theorem, Lemma, Proposition, Corollary, Definition, Algorithm, Remark, Example)
}
ENVIRONMENTS: dict[str, type[Environment]] = STATEMENTS | {"exercise": Exercise, "solution": Solution}
