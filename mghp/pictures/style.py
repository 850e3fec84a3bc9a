"""One style for all figures: sizes of a paper column, colours that colour-blind readers can tell apart."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from mghp.errors import inside
from mghp.writing import legal_name

# Okabe and Ito (2008).
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]

COLUMN_INCHES = 3.4
PAGE_INCHES = 7.0

STYLE: Any = {
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "figure.titlesize": 9,
    "figure.constrained_layout.use": True,
    "font.size": 8,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "savefig.dpi": 200,
    "svg.fonttype": "none",
    "svg.hashsalt": "mghp",
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
}


Drawings = Mapping[str, Callable[[], Figure]]
"""Functions that draw figures, by file names without ending."""


def png(draw: Callable[[], Figure], dpi: int = STYLE["savefig.dpi"]) -> bytes:
    """Draw a figure in this style as the bytes of a PNG of so many dots an inch."""
    buffer = io.BytesIO()
    with plt.rc_context(STYLE):
        figure = draw()
        figure.savefig(buffer, format="png", dpi=dpi)
    plt.close(figure)
    return buffer.getvalue()


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as PNG and SVG and close it; characters that not every system takes in file names become `_`.

    Raises:
        InputError: if the name, which a run may have given, leads out of the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [inside(folder, legal_name(f"{name}.{ending}")) for ending in ("png", "svg")]
    for file in files:
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    plt.close(figure)
    return files


def save_drawings(drawings: Drawings, folder: Path) -> list[Path]:
    """Write all figures in this style, each as PNG and SVG."""
    with plt.rc_context(STYLE):
        return [file for name, draw in drawings.items() for file in save(draw(), folder, name)]


def shades(colour: str, number: int) -> list[str]:
    """Return shades of one colour, light to dark, for settings of one solver; one alone is the colour itself."""
    shares = np.linspace(0.5, -0.5, number).tolist() if number > 1 else [0.0]
    return [to_hex(_mixed(colour, share)) for share in shares]


def _mixed(colour: str, share: float) -> tuple[float, float, float]:
    """Mix a colour with a share of white, or of black where it is negative."""
    red, green, blue = (part * (1 - abs(share)) + max(share, 0.0) for part in to_rgb(colour))
    return red, green, blue


def say(axes: Axes, words: str) -> None:
    """Write words into the middle of a panel that has nothing else to show."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", color="0.4", fontsize=7)


def plain(text: str) -> str:
    """Escape the dollars of a text, between which Matplotlib would read mathematics."""
    return text.replace("$", r"\$")
