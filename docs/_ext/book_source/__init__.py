"""Read the MyST sources without Sphinx: labels, displays, checks, cells, examples."""
