"""Table M2_scale and its figure: gap and coupling of one exact projection against the scale of the affinities."""

import re
from collections.abc import Iterable, Sequence
from itertools import cycle, groupby

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from mghp.pictures.style import MARKERS, PAGE_INCHES
from mghp.report.table import Column, TableOf, metric, percent
from mghp.runs.read import Run
from mghp.studies.solvers.tables import of

LEAST_COUPLING = 0.1
"""Below it next to nothing is trained through the matching."""

SMALL_GAP = 0.05
"""Gap of an assignment that is nearly a matching."""


def largest_entry(run: Run) -> float:
    """Return tau max A, the largest entry that is projected, in its mean over problems."""
    return float(run.matcher["tau"]) * run.metric("problems/max_affinity")


def by_scale(runs: Iterable[Run]) -> list[Run]:
    """Return the runs of scale.yaml by data, smallest problems and smallest tau first."""
    return sorted(of(runs, "scale"), key=lambda run: (_with_numbers(run.data), run.matcher["tau"]))


def _with_numbers(text: str) -> list[str | int]:
    """Return the text in pieces that sort by the numbers in it: 6x6 comes before 12x15."""
    return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", text)]


SCALE = TableOf(
    "M2_scale",
    "What the scale of the affinities does: one exact projection P_C(tau A) against tau max A, its largest entry (mean "
    "over problems whose optimum is at least 0.1). Gap after repair; rows whose sum is 1; coupling.",
    Column("problems", lambda run: run.data),
    Column("tau", lambda run: run.matcher["tau"], "g"),
    Column("tau max A", largest_entry, ".3g"),
    Column("gap [%]", percent("matching/gap_mean"), ".2f"),
    Column("tight rows [%]", percent("matching/tight_rows"), ".0f"),
    Column("coupling", metric("matching/coupling"), ".2f"),
    rows=by_scale,
)


def scale_answer(runs: Sequence[Run]) -> str:
    """Return up to where the projection only scales, and from where on it nearly matches."""
    scales = by_scale(runs)
    coupled = [largest_entry(run) for run in scales if run.metric("matching/coupling") >= LEAST_COUPLING]
    far = [largest_entry(run) for run in scales if run.metric("matching/gap_mean") >= SMALL_GAP]
    if not (coupled and far):
        return ""
    return (
        f"Below tau max A = {min(coupled):.2g} coupling is under {LEAST_COUPLING:g}, and beyond {max(far):.2g} the gap "
        f"is under {100 * SMALL_GAP:g} % ({len({run.data for run in scales})} data sets)."
    )


def scale_figure(runs: Iterable[Run]) -> Figure:
    """Draw gap and coupling against tau max A, a line per data set."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE_INCHES, 3.0), sharex=True)
    for (data, of_data), marker in zip(groupby(by_scale(runs), key=lambda run: run.data), cycle(MARKERS), strict=False):
        group = list(of_data)
        entries = [largest_entry(run) for run in group]
        gaps = [100 * run.metric("matching/gap_mean") for run in group]
        left.plot(entries, gaps, marker=marker, label=data, clip_on=False)
        right.plot(entries, [run.metric("matching/coupling") for run in group], marker=marker, clip_on=False)
    for axes in (left, right):
        axes.axvline(1, color="black", linestyle="--", linewidth=0.8)
    left.set(xscale="log", xlabel=r"$\tau$ max A", ylabel="gap after repair [%]", ylim=(0, 100))
    left.xaxis.set_major_formatter("{x:g}")
    right.set(xlabel=r"$\tau$ max A", ylabel="coupling", ylim=(0, 1))
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.suptitle(r"One projection of $\tau$ A, mean over problems; dashed: the largest entry reaches its bound of 1")
    return figure
