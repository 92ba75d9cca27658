"""How environments look in HTML."""

from docutils import nodes
from sphinx.writers.html5 import HTML5Translator

from book_environments.headings import heading
from book_environments.nodes import Environment, EnvironmentTitle, Proof, Qed, Solution


def visit_environment(self: HTML5Translator, node: Environment) -> None:
    """Open the block; a title, if there is one, completes the heading."""
    classes = ["environment", node["kind"]]
    if isinstance(node, Solution):
        self.body.append(self.starttag(node, "details", "", CLASS=" ".join(classes)))
        self.body.append(f"<summary>{heading(self.config, self.builder.env, node)}</summary>\n")
        return
    self.body.append(self.starttag(node, "div", CLASS=" ".join(classes)))
    self.body.append('<p class="environment-title">')
    self.body.append(
        f'<span class="environment-number">{heading(self.config, self.builder.env, node)}</span>'
    )
    if node.get("grade"):
        self.body.append(f' <span class="environment-grade">{node["grade"]}</span>')
    if not any(isinstance(child, EnvironmentTitle) for child in node):
        close_heading(self, node)


def depart_environment(self: HTML5Translator, node: Environment) -> None:
    """Close the block."""
    self.body.append("</details>\n" if isinstance(node, Solution) else "</div>\n")


def visit_title(self: HTML5Translator, node: EnvironmentTitle) -> None:
    """Open the name."""
    self.body.append(' <span class="environment-name">(')


def depart_title(self: HTML5Translator, node: EnvironmentTitle) -> None:
    """Close the name and the heading."""
    self.body.append(")</span>")
    assert isinstance(node.parent, Environment)
    close_heading(self, node.parent)


def close_heading(self: HTML5Translator, node: Environment) -> None:
    """Add the permalink."""
    self.add_permalink_ref(node, f"Link to this {node['kind']}")
    self.body.append("</p>\n")


def visit_proof(self: HTML5Translator, node: Proof) -> None:
    """Open the proof."""
    self.body.append(self.starttag(node, "div", CLASS="proof"))


def depart_proof(self: HTML5Translator, node: Proof) -> None:
    """Close the proof."""
    self.body.append("</div>\n")


def visit_qed(self: HTML5Translator, node: Qed) -> None:
    """Set the mark, drawn by the style sheet."""
    self.body.append('<span class="qed" role="img" aria-label="end of proof"></span>')
    raise nodes.SkipNode
