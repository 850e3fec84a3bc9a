"""Figure of failures: how many persons fail in which way, and what mends them."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from mghp.report.failure_tables import FAILURES, count, failure_groups
from mghp.report.gallery.cases import CAUSES, KINDS
from mghp.report.runs import Run
from mghp.report.style import COLOURS, PAGE_INCHES, STYLE, save

_COLOURS = dict(zip(CAUSES, [*COLOURS[:5], "#999999"], strict=True))


def failure_figures(runs: Sequence[Run], folder: Path) -> list[Path]:
    """A figure of each experiment and variant whose failures were counted, as PNG and SVG."""
    files: list[Path] = []
    with plt.rc_context(STYLE):
        for experiment, variant, some in failure_groups(runs):
            name = f"failures_{experiment}_{variant}" if variant else f"failures_{experiment}"
            files += save(failure_figure(some), folder, name)
    return files


def failure_figure(runs: Sequence[Run]) -> Figure:
    """Shares of persons by kind of failure, in bars parted by what mends them.

    Args:
        runs: of one experiment and variant: one a seed; their persons are counted together.
    """
    persons = max(count(runs, "persons"), 1)
    figure, axes = plt.subplots(figsize=(PAGE_INCHES, 2.6))
    places = np.arange(len(FAILURES))
    left = np.zeros(len(FAILURES))
    for cause, words in CAUSES.items():
        shares = np.array([100 * count(runs, f"{kind}/{cause}") / persons for kind in FAILURES])
        axes.barh(places, shares, left=left, color=_COLOURS[cause], label=words)
        left += shares
    for place, share in zip(places, left, strict=True):
        axes.annotate(f"{share:.1f}", (share, place), (3, 0), textcoords="offset points", va="center", fontsize=7)
    axes.set_yticks(places, labels=[KINDS[kind] for kind in FAILURES])
    axes.invert_yaxis()
    axes.margins(x=0.08)
    axes.set_xlim(0, None)
    axes.set_xlabel(f"persons [% of {persons:,} true ones]")
    axes.legend(title="mended by", loc="center left", bbox_to_anchor=(1.0, 0.5), title_fontsize=7)
    return figure
