"""Figures of failures: how many persons fail in which way, what mends them, and the worst cases."""

import io
from collections.abc import Sequence
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from mghp.datasets.label_files import FORMATS, faults_told_of
from mghp.datasets.picture_pixels import picture_pixels
from mghp.gallery.cases import CAUSES, KINDS, CaseSet, read_image
from mghp.pictures.style import COLOURS, PAGE_INCHES, Drawings, plain
from mghp.runs.read import Run
from mghp.studies.failures.tables import FAILURES, count, failure_groups

_COLOURS = dict(zip(CAUSES, [*COLOURS[:5], "#999999"], strict=True))


def failure_drawings(runs: Sequence[Run]) -> Drawings:
    """Return a figure per experiment and variant whose failures were counted."""
    return {f"failures_{group.name}": partial(failure_figure, group.runs) for group in failure_groups(runs)}


def failure_figure(runs: Sequence[Run]) -> Figure:
    """Draw the shares of persons by kind of failure, as bars divided by what mends them.

    Args:
        runs: runs of one experiment and variant, one per seed; their persons are counted together.
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


def mending_figure(cases: CaseSet) -> Figure:
    """Draw the mean scores of failures before and after they are mended, by what mends them.

    Args:
        cases: cases of one run; those that nothing mends are left out.
    """
    figure, axes = plt.subplots(figsize=(PAGE_INCHES, 2.2))
    labels: list[str] = []
    for cause, words in CAUSES.items():
        scores = [
            (case["score"], case["mended_score"])
            for case in cases.cases
            if case["cause"] == cause and case.get("mended_score") is not None
        ]
        if not scores:
            continue
        before, after = np.mean(scores, axis=0)
        place = len(labels)
        axes.annotate("", (after, place), (before, place), arrowprops={"arrowstyle": "->", "color": _COLOURS[cause]})
        axes.plot(before, place, "o", color=_COLOURS[cause])
        labels.append(f"{words} ({len(scores)})")
    axes.set_yticks(range(len(labels)), labels=labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"mean {cases.about['score']} of the cases, before and after")
    return figure


def worst_figure(cases: CaseSet, number: int = 8) -> Figure:
    """Show the worst cases per tag, a row per tag, the rarest tag first.

    Args:
        cases: cases of one run; none is shown twice, and no spurious person, whose score is always 0.
        number: number of cases per tag.
    """
    wrong = [case for case in cases.cases if case["kind"] not in ("right", "spurious")]
    wrong.sort(key=lambda case: case["score"])
    tags = cases.tags or [""]
    size = (PAGE_INCHES, (PAGE_INCHES / number + 0.3) * len(tags))
    figure, grid = plt.subplots(len(tags), number, figsize=size, squeeze=False)
    shown: set[str] = set()
    for tag, row in zip(tags, grid, strict=True):
        some = [case for case in wrong if case["id"] not in shown and (not tag or tag in case["tags"])][:number]
        shown |= {case["id"] for case in some}
        for axes in row:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        for axes, case in zip(row, some, strict=False):
            axes.imshow(_picture(cases, case["images"]["thumbnail"]))
            axes.set_title(f"{KINDS[case['kind']]}\n{case['score']:.2f}", fontsize=7, pad=2)
        row[0].set_ylabel(plain(tag.replace("_", " ")), fontsize=7)
    return figure


def _picture(cases: CaseSet, name: str) -> NDArray[np.uint8]:
    content = io.BytesIO(read_image(cases.folder, name))
    with faults_told_of(cases.folder / name, "picture"), Image.open(content, formats=FORMATS) as image:
        return picture_pixels(image)
