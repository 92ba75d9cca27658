"""Execute every chapter once, in parallel, with a cache that knows the package's source."""

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension."""
    return {"parallel_read_safe": True, "parallel_write_safe": True}
