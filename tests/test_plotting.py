"""The house style of figures."""

import re
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from mlderived.plotting import LINES, MARKERS, PALETTE, SERIES, WIDTH, figure_size, use_house_style

ROOT = Path(__file__).parents[1]
CSS = (ROOT / "docs" / "_ext" / "book_figures" / "book_figures.css").read_text(encoding="utf8")
DARK = dict(re.findall(r"--fig-(\w+): (#[0-9a-f]{6});", CSS))

# Linear RGB as readers see it who lack one kind of cones (Machado, Oliveira and Fernandes 2009).
VISION = {
    "trichromat": np.eye(3),
    "protanope": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


@pytest.fixture(autouse=True)
def _settings_of_others():
    with mpl.rc_context():
        yield
    plt.close("all")


def linear(colour):
    """Return the linear RGB of a colour written as #rrggbb."""
    rgb = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast(one, two):
    """Return the contrast ratio of WCAG 2."""
    low, high = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, two))
    return (high + 0.05) / (low + 0.05)


def oklab(rgb):
    """Return the perceptual coordinates of linear RGB (Ottosson 2020)."""
    lms = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(lab) @ np.cbrt(np.clip(np.array(lms) @ rgb, 0, None))


@pytest.mark.parametrize("palette", [dict(PALETTE), DARK], ids=["light", "dark"])
def test_contrast_with_the_paper(palette):
    assert set(palette) == set(PALETTE)
    assert contrast(palette["ink"], palette["paper"]) >= 7
    assert contrast(palette["muted"], palette["paper"]) >= 4.5
    assert all(contrast(palette[str(number)], palette["paper"]) >= 3 for number in range(1, 7))


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("palette", [dict(PALETTE), DARK], ids=["light", "dark"])
def test_series_differ_for_every_kind_of_vision(palette, vision):
    colours = [
        oklab(np.clip(np.array(VISION[vision]) @ linear(palette[role]), 0, 1)) for role in ("ink", *"123456")
    ]
    distances = [np.linalg.norm(a - b) for k, a in enumerate(colours) for b in colours[:k]]
    assert min(distances) > 0.1, "a just noticeable difference is about 0.02"


def test_series_differ_without_colour():
    assert len(SERIES) == len(LINES) == len(MARKERS) == 6
    assert len({str(line) for line in LINES}) == len(set(MARKERS)) == 6
    use_house_style()
    _, ax = plt.subplots()
    lines = [ax.plot([0, 1], [0, k])[0] for k in range(6)]
    assert [line.get_color() for line in lines] == list(SERIES)
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 6


def test_style_does_not_depend_on_what_was_set_before():
    use_house_style()
    expected = dict(mpl.rcParams)
    mpl.rcParams.update({"font.size": 30, "lines.marker": "x", "axes.facecolor": "red"})
    use_house_style()
    assert dict(mpl.rcParams) == expected


def test_size_and_letters_fit_a_phone():
    use_house_style()
    assert tuple(mpl.rcParams["figure.figsize"]) == figure_size()
    assert figure_size(5) == (WIDTH, 5)
    smallest = min(mpl.rcParams[name] for name in ("xtick.labelsize", "legend.fontsize", "font.size"))
    assert smallest * 358 / (72 * WIDTH) >= 9, "pixels on a screen of 390, 16 at each side left free"


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_same_bytes(tmp_path, kind):
    files = [tmp_path / f"{name}.{kind}" for name in "ab"]
    script = (
        "import sys; from mlderived.plotting import use_house_style; use_house_style()\n"
        "import matplotlib.pyplot as plt; fig, ax = plt.subplots()\n"
        "ax.plot([1, 2], label='$x^2$'); ax.fill_between([0, 1], [1, 2]); ax.legend()\n"
        "fig.savefig(sys.argv[1])"
    )
    env = {"PYTHONPATH": str(ROOT / "code"), "SOURCE_DATE_EPOCH": "946684800", "HOME": str(Path.home())}
    for file in files:
        subprocess.run([sys.executable, "-c", script, str(file)], env=env, check=True, timeout=60)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_package_does_not_need_matplotlib():
    script = "import sys, mlderived.plotting; assert 'matplotlib' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", script], env={"PYTHONPATH": str(ROOT / "code")}, check=False)
    assert done.returncode == 0
