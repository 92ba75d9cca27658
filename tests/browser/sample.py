"""The sample book of the browser tests: one page with one of everything that can go wrong in a browser."""

INDEX = """# Sample

```{toctree}
:caption: Volume I

derivations/05-linear-regression
derivations/06-logistic-regression
```
"""

FIRST = r"""# Sample of $x^2$

See {eq}`eq-lin-wide` and {prf:ref}`thm-lin-sample`.
An estimator $\argmin_{\vect{w} \in \R^d} J(\vect{w})$, for ridge.

$$
\begin{aligned}
\norm{\vect{x} + \vect{y}}^2
&= (\vect{x} + \vect{y})^\T(\vect{x} + \vect{y}) && \why{a norm is an inner product} \\
&= \norm{\vect{x}}^2 + 2\vect{x}^\T\vect{y} + \norm{\vect{y}}^2 + 0 + 0 + 0 + 0 + 0 + 0 + 0
&& \why{expand, and by \eqref{eq-lin-short}}
\end{aligned}
$$ (eq-lin-wide)

```{check} eq-lin-wide
:sizes: d=3 | d=1
x, y = normal(d), normal(d)
route = norm(x + y) ** 2
printed = chain((x + y) @ (x + y), "=", norm(x) ** 2 + 2 * x @ y + norm(y) ** 2)
```

$$
1 + 1 = 2
$$ (eq-lin-short)

```{check} eq-lin-short
:sizes: n=2 | n=3
route = sum([1.0, 1.0])
printed = 2.0
```

:::{prf:theorem} Samplewise Inequality
:label: thm-lin-sample
:checks: eq-lin-short

Let $x \in \R$.
Then {eq}`eq-lin-short` holds.
:::

:::{prf:proof}
It is a sum.
:::

| a | b |
|---|---|
| a long_identifier_that_does_not_break_anywhere_in_the_line | $\norm{\vect{x}}^2 + \norm{\vect{y}}^2$ |

```python
a_line_of_code_that_is_longer_than_a_phone_is_wide = "so it scrolls in its own box"
```

:::{exercise} An exercise
:label: exr-lin-sample
:grade: recall

Compute $1 + 1$.
:::

:::{solution} exr-lin-sample
:label: sol-lin-sample

It is $2$.
:::

{filler}
"""

FILLER = "\n\n".join(f"Paragraph {i} with a formula $x_{{{i}}} + \\norm{{\\vect{{y}}}}$." for i in range(60))
SECOND = r"""# Another chapter

The first chapter has {eq}`eq-lin-short`.
"""

PAGES = {
    "index.md": INDEX,
    "derivations/05-linear-regression.md": FIRST.replace("{filler}", FILLER),
    "derivations/06-logistic-regression.md": SECOND,
}
