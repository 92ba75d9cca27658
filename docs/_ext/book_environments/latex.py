"""How environments look in LaTeX; book_latex/mlderived.sty defines the LaTeX environments used here."""

from docutils import nodes
from sphinx.addnodes import index
from sphinx.writers.latex import LaTeXTranslator

from book_environments.headings import heading
from book_environments.nodes import Environment, EnvironmentTitle, Proof, Qed


def visit_environment(self: LaTeXTranslator, node: Environment) -> None:
    """Open the environment with its heading, up to the name."""
    head = self.escape(heading(self.config, self.builder.env, node))
    labels = "".join(self.hypertarget(name, anchor=False) for name in node["ids"])
    self.body.append(
        f"\n\\begin{{book{node['kind']}}}{{{head}}}{{{node.get('grade', '')}}}{{\\phantomsection{labels}}}"
    )
    if not any(isinstance(child, EnvironmentTitle) for child in node):
        self.body.append("{}")
        start_content(self, node)
    self.no_latex_floats += 1


def depart_environment(self: LaTeXTranslator, node: Environment) -> None:
    """Close the environment."""
    self.no_latex_floats -= 1
    self.body.append(f"\n\\end{{book{node['kind']}}}\n")


def visit_title(self: LaTeXTranslator, node: EnvironmentTitle) -> None:
    """Open the name, the last argument of the environment."""
    self.body.append("{")


def depart_title(self: LaTeXTranslator, node: EnvironmentTitle) -> None:
    """Close the name."""
    self.body.append("}")
    start_content(self, node.parent)


def start_content(self: LaTeXTranslator, node: nodes.Element) -> None:
    """Let the first paragraph follow the heading in the same line, and all else begin a new one."""
    content = [child for child in node if not isinstance(child, (EnvironmentTitle, index))]
    if not (content and isinstance(content[0], nodes.paragraph)):
        self.body.append("\\par\n")


def visit_proof(self: LaTeXTranslator, node: Proof) -> None:
    """Open the proof."""
    self.body.append("\n\\begin{bookproof}\n")


def depart_proof(self: LaTeXTranslator, node: Proof) -> None:
    """Close the proof."""
    self.body.append("\n\\end{bookproof}\n")


def visit_qed(self: LaTeXTranslator, node: Qed) -> None:
    """Set the mark."""
    self.body.append(r"\bookqed{}")
    raise nodes.SkipNode
