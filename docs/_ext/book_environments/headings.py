"""The words before the name of an environment: its kind and number."""

from sphinx.config import Config
from sphinx.environment import BuildEnvironment

from book_environments.nodes import Environment

# How a reference names each kind; %s is the number.
FORMATS = {
    "theorem": "Theorem %s",
    "lemma": "Lemma %s",
    "proposition": "Proposition %s",
    "corollary": "Corollary %s",
    "definition": "Definition %s",
    "algorithm": "Algorithm %s",
    "remark": "Remark %s",
    "example": "Example %s",
    "exercise": "Exercise %s",
    "solution": "Solution to Exercise %s",
}


def heading(config: Config, env: BuildEnvironment, node: Environment) -> str:
    """Write the kind and the number, as references to it do; no number outside of chapters."""
    numbers = env.toc_fignumbers.get(node["docname"], {}).get(node["kind"], {})
    number = ".".join(map(str, numbers.get(node["ids"][0], ())))
    text: str = config.numfig_format[node["kind"]] % number
    return text.strip()
