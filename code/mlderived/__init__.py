"""The package of the book Machine Learning, Derived."""
