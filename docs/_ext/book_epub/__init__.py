"""The book as an EPUB: formulas as MathML, figures light, nothing folded, no script."""

from uuid import NAMESPACE_URL, uuid5

from sphinx.application import Sphinx
from sphinx.config import Config

from book_epub.builder import BookEpubBuilder
from book_epub.plain import ShowCode, Unfold


def configure(app: Sphinx, config: Config) -> None:
    """Set what the EPUB needs, so that conf.py has only the names of its files."""
    config.epub_basename = "mlderived"
    config.epub_publisher = config.author
    config.epub_description = (
        "The mathematics of machine learning, every step shown and every equation checked."
    )
    config.epub_uid = "book-id"
    config.epub_identifier = uuid5(NAMESPACE_URL, f"{config.project} {config.release}").urn
    config.epub_show_urls = "no"
    config.epub_tocscope = "includehidden"
    config.epub_tocdepth = 2
    config.epub_tocdup = False


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    app.add_builder(BookEpubBuilder, override=True)
    app.add_post_transform(Unfold)
    app.add_post_transform(ShowCode)
    app.connect("config-inited", configure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
