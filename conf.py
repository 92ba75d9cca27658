"""Sphinx configuration of the book: sphinx-build -c . docs build/html."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent
sys.path[:0] = [str(ROOT / "docs" / "_ext"), str(ROOT / "code")]

project = "Machine Learning, Derived"
author = "The authors of Machine Learning, Derived"
copyright = "2026, the authors. Text CC BY 4.0, code BSD-3-Clause"
version = release = "0.1.0"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinxcontrib.bibtex",
    "sphinx_copybutton",
    # The book's own, each a folder of docs/_ext with a README.
    "book_math",
    "book_numbers",
    "book_environments",
    "book_cells",
    "book_figures",
    "book_live",
    "book_checks",
    "book_citations",
    "book_glossary",
    "book_project",
    "book_latex",
    "book_ledger",
    "book_previews",
    "book_epub",
    "book_downloads",
    "book_notebooks",
]
exclude_patterns = ["_ext/**", "_build/**"]
nitpicky = True

# MyST
myst_enable_extensions = ["dollarmath", "colon_fence", "deflist", "attrs_inline", "fieldlist"]
myst_heading_anchors = 3
myst_dmath_double_inline = True
myst_update_mathjax = False

# Numbers come from book_numbers; Sphinx formats them.
numfig = True
math_numfig = True
math_eqref_format = "({number})"

# Citations
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = bibtex_default_style = "book"  # author and year: book_citations.style

# API pages
autodoc_typehints = "signature"
# The names of the source, not what they stand for; there is nothing here to link them to.
autodoc_type_aliases = {name: name for name in ("Array", "ArrayLike")}
nitpick_ignore_regex = [("py:class", r"Array|ArrayLike|(numpy|collections\.abc|matplotlib)\..*")]
autodoc_member_order = "bysource"
add_module_names = False  # each module has its heading

# HTML
html_theme = "sphinx_book_theme"
html_theme_options = {
    "use_download_button": False,  # it would point to sources that are not copied
    "navbar_persistent": [],  # the search stands in the sidebar: no bar across the top for it alone
}
# Light or dark as the reader's system says; without it the theme complains in the console.
html_context = {"default_mode": "auto"}
html_title = "Machine Learning, Derived"
html_static_path = [str(ROOT / "docs" / "_static")]
html_favicon = "docs/_static/favicon.svg"
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_domain_indices = False  # the pages of the API are the list of modules
templates_path = [str(ROOT / "docs" / "_templates")]
nb_ipywidgets_js = {}

# make linkcheck
linkcheck_timeout = 15

# PDF
latex_engine = "xelatex"
latex_domain_indices = False
latex_documents = [("index", "mlderived.tex", project, author, "manual", True)]
