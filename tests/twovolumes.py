"""The pages of a miniature book of two volumes that has everything that is numbered."""

from pathlib import Path

ROOT = Path(__file__).parents[1]

INDEX = """# A miniature book

```{toctree}
:caption: Front matter
preface
```

```{toctree}
:caption: "Volume I: Derivations"
derivations/01-learning-theory
derivations/05-linear-regression
derivations/13-em-gmm/index
```

```{toctree}
:caption: "Volume II: Transfer"
transfer/03-domain-adaptation
```

```{toctree}
:caption: Appendix
appendix/bibliography
```
"""

PREFACE = """# Preface

No number here.
See {numref}`ch-lin` and {prf:ref}`thm-da-bound`.

## How to read

Slowly.
"""

LEARNING_THEORY = """# Learning theory

## Risk

The risk is as follows.

$$
R(h) = 1 - x
$$ (eq-lt-risk)

Compare {eq}`eq-lin-second` and {prf:ref}`lem-lin-shrink`.
"""

LINEAR_REGRESSION = """(ch-lin)=
# Linear regression

## Least squares

First a display,

$$
a = b
$$ (eq-lin-first)

and one without a label,

$$
x = y.
$$

```{prf:definition} Ridge estimator
:label: dfn-lin-ridge
It is $b$.
```

```{prf:theorem} Shrinkage
:label: thm-lin-shrink
:checks: eq-lin-first, eq-lin-second
For every $x$,

$$
c \\le d.
$$ (eq-lin-second)
```

```{prf:proof}
By {eq}`eq-lin-first` and {prf:ref}`dfn-lin-ridge`.
```

```{prf:lemma}
:label: lem-lin-shrink
:cited: a famous paper
Shrinkage is less than one.
```

## The picture

```{figure} picture.png
:name: fig-lin-picture
:alt: A square.

A square, to be seen.
```

```{table} Numbers
:name: tab-lin-numbers

| a | b |
|---|---|
| 1 | 2 |
```

```{prf:example} By hand
:label: exm-lin-hand
Take $x = 1$, see {numref}`fig-lin-picture` and {numref}`tab-lin-numbers`.
```

## Exercises

```{exercise} A first one
:label: exr-lin-one
:grade: recall
What is $x$?
```

```{solution} exr-lin-one
:label: sol-lin-one
It is one.
```

```{exercise}
:label: exr-lin-two
:grade: derive
Show it, with {ref}`thm-lin-shrink`.
```

````{solution} exr-lin-two
:label: sol-lin-two
We have

$$
u = v
$$ (eq-lin-sol)

and

$$
v = w
$$ (eq-lin-sol-b)

```{prf:remark}
:label: rem-lin-sol
By {eq}`eq-lin-sol`.
```
````

After the exercises,

$$
e = f
$$ (eq-lin-last)

and {ref}`sol-lin-two`, {ref}`the second exercise <exr-lin-two>`, {eq}`eq-lin-sol-b`, {eq}`eq-em-page`.
"""

EM_INDEX = """# Expectation maximisation

## Overview

$$
p = q
$$ (eq-em-overview)

```{toctree}
mixtures
```
"""

EM_MIXTURES = """# Mixtures

## A page of the chapter

$$
q = r
$$ (eq-em-page)

```{prf:proposition} Monotone
:label: prop-em-monotone
It rises, as {eq}`eq-em-overview` says.
```

```{prf:proof}
:of: prop-em-monotone
Finish with a display,

$$
q = q.
$$
```
"""

DOMAIN_ADAPTATION = """# Domain adaptation

## Bounds

```{prf:theorem} Transfer bound; two domains
:label: thm-da-bound
As {prf:ref}`thm-lin-shrink`, with λ → 0,

$$
s = t
$$ (eq-da-bound)
```

```{prf:proof}
1. One
2. Two
```

```{prf:corollary}
:label: cor-da-bound
Then {eq}`eq-da-bound`.
```

```{prf:proof}
Clear from {numref}`the theorem %s <thm-da-bound>`.
```

```{prf:algorithm} Adapt
:label: alg-da-adapt
1. Do it.
```

```{exercise}
:label: exr-da-one
:grade: code
Do it.
```

```{solution-start} exr-da-one
:label: sol-da-one
```

Outside of a directive,

$$
g = h.
$$ (eq-da-sol)

```python
print("done", "λ ≥ 0")
```

```{solution-end}
```

The end.
"""

BIBLIOGRAPHY = """# Appendix

Nothing.
"""

PAGES = {
    "index.md": INDEX,
    "preface.md": PREFACE,
    "derivations/01-learning-theory.md": LEARNING_THEORY,
    "derivations/05-linear-regression.md": LINEAR_REGRESSION,
    "derivations/13-em-gmm/index.md": EM_INDEX,
    "derivations/13-em-gmm/mixtures.md": EM_MIXTURES,
    "transfer/03-domain-adaptation.md": DOMAIN_ADAPTATION,
    "appendix/bibliography.md": BIBLIOGRAPHY,
}

# The number of every label, by hand.
NUMBERS = {
    "ch-lin": "5",
    "eq-lt-risk": "1.1",
    "eq-lin-first": "5.1",
    "eq-lin-second": "5.2",
    "eq-lin-last": "5.3",
    "eq-lin-sol": "S5.2.1",
    "eq-lin-sol-b": "S5.2.2",
    "dfn-lin-ridge": "5.1",
    "thm-lin-shrink": "5.2",
    "lem-lin-shrink": "5.3",
    "exm-lin-hand": "5.4",
    "rem-lin-sol": "S5.2.1",
    "fig-lin-picture": "5.1",
    "tab-lin-numbers": "5.1",
    "exr-lin-one": "5.1",
    "exr-lin-two": "5.2",
    "sol-lin-one": "5.1",
    "sol-lin-two": "5.2",
    "eq-em-overview": "13.1",
    "eq-em-page": "13.2",
    "prop-em-monotone": "13.1",
    "thm-da-bound": "23.1",
    "cor-da-bound": "23.2",
    "alg-da-adapt": "23.3",
    "exr-da-one": "23.1",
    "sol-da-one": "23.1",
    "eq-da-bound": "23.1",
    "eq-da-sol": "S23.1.1",
}

# A grey square: the smallest picture that both HTML and LaTeX take.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a4944415478da63680000008200"
    "81da45083b0000000049454e44ae426082"
)


def put_picture(folder: Path) -> None:
    """Write the picture of chapter 5 below ``folder``, where minibook.build writes the pages."""
    path = folder / "docs" / "derivations" / "picture.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(PICTURE)
