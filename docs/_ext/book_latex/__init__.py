"""The PDF: Sphinx's LaTeX with the book's look and the book's numbers."""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

from book_latex.translator import BookTranslator
from book_math import latex_preamble
from book_numbers.registry import read_registry

HERE = Path(__file__).parent

# What Debian and its kin must have for `make pdf`.
DEBIAN_PACKAGES = (
    "texlive-xetex",
    "texlive-latex-extra",
    "texlive-latex-recommended",
    "texlive-fonts-recommended",
    "latexmk",
    "tex-gyre",
    "fonts-freefont-otf",
    "xindy",
)


def configure(app: Sphinx, config: Config) -> None:
    """Set what the PDF needs, so that conf.py has only the names of its files."""
    BookTranslator.registry = read_registry(Path(app.srcdir) / "chapters.toml")
    config.latex_docclass = {"manual": "book"}
    config.latex_domain_indices = False
    config.latex_show_urls = "no"
    config.latex_additional_files = [str(HERE / name) for name in ("mlderived.sty", "latexmkrc")]
    config.latex_table_style = ["booktabs"]
    config.today = f"Version {config.release}"  # never the clock: the same source makes the same book
    config.latex_elements = {
        "papersize": "a4paper",
        "pointsize": "11pt",
        "extraclassoptions": "openany",
        "fontenc": r"\usepackage[no-math]{fontspec}",
        "fontpkg": "",
        "fncychap": "",
        "figure_align": "htbp",
        "geometry": r"\usepackage[textwidth=432pt, textheight=655pt, hcentering, headsep=18pt]{geometry}",
        "sphinxsetup": (
            "HeaderFamily=\\rmfamily\\bfseries, TitleColor={rgb}{0,0,0}, "
            "InnerLinkColor={rgb}{0.08,0.22,0.45}, OuterLinkColor={rgb}{0.08,0.22,0.45}, "
            "VerbatimColor={rgb}{0.965,0.965,0.96}, VerbatimBorderColor={rgb}{0.965,0.965,0.96}, "
            "verbatimwithframe=true, verbatimsep=4pt, verbatimforcewraps=true"
        ),
        "fvset": r"\fvset{fontsize=\footnotesize}",
        "preamble": (
            "\\usepackage{mlderived}\n"
            + latex_preamble(Path(app.srcdir) / "macros.toml")
            + f"\\newcommand{{\\bookcopyright}}{{{config.copyright}}}\n"
        ),
        "maketitle": r"\booktitlepage",
    }


def use_translator(app: Sphinx) -> None:
    """Register the writer for LaTeX alone: with any writer registered, the HTML theme drops its own."""
    if app.builder.name == "latex":
        app.set_translator("latex", BookTranslator)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.connect("config-inited", configure)
    app.connect("builder-inited", use_translator)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
