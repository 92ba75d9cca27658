"""The directives: prf:theorem and its kin, prf:proof, exercise, solution."""

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from book_environments.domain import Entry, ProofDomain
from book_environments.nodes import ENVIRONMENTS, Environment, EnvironmentTitle, GateEnd, Proof, Qed

GRADES = ("recall", "derive", "compute", "prove", "code")
# What needs a proof, or says where one is.
CLAIMS = ("theorem", "lemma", "proposition", "corollary")


def grade(argument: str) -> str:
    """Read the grade of an exercise."""
    return directives.choice(argument, GRADES)


def labels(argument: str) -> list[str]:
    """Read a list of labels, separated by spaces or commas."""
    return directives.unchanged_required(argument).replace(",", " ").split()


class EnvironmentDirective(SphinxDirective):
    """A numbered environment with a label and perhaps a title."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {
        "label": directives.unchanged_required,
        "class": directives.class_option,
        "index": directives.unchanged_required,
    }

    @property
    def kind(self) -> str:
        """The name of the directive without its domain and without -start."""
        return self.name.removeprefix("prf:").removesuffix("-start")

    def run(self) -> list[nodes.Node]:
        """Make the node, note it in the domain and put its title into the index."""
        label = self.options.get("label", "")
        if not label:
            raise self.error(f"{self.name} has no label, so it has no number: add `:label: …`.")
        node = ENVIRONMENTS[self.kind](kind=self.kind, label=label, docname=self.env.docname)
        node["ids"] = [label]
        node["classes"] = self.options.get("class", [])
        node["gated"] = self.name.endswith("-start")
        self.set_source_info(node)
        self.options["name"] = label
        self.add_name(node)
        self.fill(node)
        domain = self.env.domains["prf"]
        assert isinstance(domain, ProofDomain)
        entry: Entry = {
            "kind": self.kind,
            "page": self.env.docname,
            "line": self.lineno,
            "title": self.title,
            "solves": node.get("solves", ""),
            "grade": node.get("grade", ""),
            "checks": node.get("checks", []),
            "cited": node.get("cited", ""),
        }
        domain.note(label, entry)
        return [node]

    @property
    def title(self) -> str:
        """The source of the title."""
        return self.arguments[0] if self.arguments else ""

    def fill(self, node: Environment) -> None:
        """Put the title and the content into the node."""
        if self.title:
            text, messages = self.state.inline_text(self.title, self.lineno)
            node += EnvironmentTitle(self.title, "", *text)
            node += messages
        content = self.parse_content_to_nodes(allow_section_headings=False)
        index = self.index_nodes(node["label"])
        if content and isinstance(content[0], nodes.paragraph):
            content[0].insert(0, index)
        else:
            node += index
        node += content

    def index_nodes(self, label: str) -> list[nodes.Node]:
        """Make the entries of the index: the title, or what ``:index:`` says (separated by ``|``)."""
        text = self.options.get("index", "" if "$" in self.title else self.title)
        entries = [("single", entry.strip(), label, "", None) for entry in text.split("|") if entry.strip()]
        return [addnodes.index(entries=entries, inline=True)] if entries else []


class StatementDirective(EnvironmentDirective):
    """A definition, algorithm, remark or example."""


class ClaimDirective(EnvironmentDirective):
    """A theorem, lemma, proposition or corollary, with the labels of its checks or the source."""

    option_spec: ClassVar = {
        **EnvironmentDirective.option_spec,
        "checks": labels,
        "cited": directives.unchanged_required,
    }

    def fill(self, node: Environment) -> None:
        """Add the checks, and the source in the last line of the statement."""
        super().fill(node)
        node["checks"] = self.options.get("checks", [])
        node["cited"] = self.options.get("cited", "")
        if node["cited"]:
            text, messages = self.state.inline_text(f"Cited, not proved here: {node['cited']}.", self.lineno)
            node += nodes.paragraph("", "", nodes.inline("", "", *text, classes=["cited"]))
            node += messages


class ExerciseDirective(EnvironmentDirective):
    """An exercise with a grade."""

    option_spec: ClassVar = {**EnvironmentDirective.option_spec, "grade": grade}

    def fill(self, node: Environment) -> None:
        """Add the grade."""
        super().fill(node)
        node["grade"] = self.options.get("grade", "")

    def index_nodes(self, label: str) -> list[nodes.Node]:
        """Leave exercises out of the index unless ``:index:`` is given."""
        return super().index_nodes(label) if "index" in self.options else []


class SolutionDirective(EnvironmentDirective):
    """The solution of the exercise named by the argument."""

    required_arguments = 1
    optional_arguments = 0

    @property
    def title(self) -> str:
        """No title: the heading names the exercise."""
        return ""

    def fill(self, node: Environment) -> None:
        """Add the label of the exercise."""
        super().fill(node)
        node["solves"] = self.arguments[0]


class GateEndDirective(SphinxDirective):
    """The end of an environment that was opened with -start."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark for the transform that gathers the content."""
        node = GateEnd(kind=self.name.removeprefix("prf:").removesuffix("-end"))
        self.set_source_info(node)
        return [node]


class ProofDirective(SphinxDirective):
    """A proof; ``:of:`` names the statement when others stand between, ``:forward:`` what is proved later."""

    has_content = True
    option_spec: ClassVar = {
        "class": directives.class_option,
        "of": directives.unchanged_required,
        "forward": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Set the word Proof before the first sentence and the mark after the last."""
        self.assert_has_content()
        node = Proof(classes=self.options.get("class", []))
        self.set_source_info(node)
        node += self.parse_content_to_nodes(allow_section_headings=False)
        if not isinstance(node[0], nodes.paragraph):
            node.insert(0, nodes.paragraph())
        first = node[0]
        assert isinstance(first, nodes.paragraph)
        first.insert(0, [self.name_node(), nodes.Text(" ")])
        if not isinstance(node[-1], nodes.paragraph):
            node += nodes.paragraph()
        last = node[-1]
        assert isinstance(last, nodes.paragraph)
        last += Qed()
        return [node]

    def name_node(self) -> nodes.Element:
        """Write Proof, or Proof of Theorem 5.2."""
        name = nodes.emphasis("", "Proof", classes=["proof-name"])
        if "of" in self.options:
            reference = addnodes.pending_xref(
                refdomain="prf",
                reftype="ref",
                reftarget=self.options["of"],
                refexplicit=False,
                refwarn=True,
                refdoc=self.env.docname,
            )
            reference += nodes.inline("", self.options["of"])
            name += [nodes.Text(" of "), reference]
        name += nodes.Text(".")
        return name
