"""What a command tells at its end: the numbers that matter, on stderr; the path alone goes to stdout, for scripts."""

import math
from collections.abc import Mapping
from pathlib import Path

import typer

from mghp.config.metric_names import METRICS

_PERCENT = "{:.1%}"

_OF_PARSERS = (
    "owner_grouping", "grouping", "ap_p_vol", "keypoint_ap_50", "mask_ap_50", "mean_iou", "ap_h_50", "pixel_accuracy",
)  # fmt: skip
"""Scores of a parser in the order in which they matter; of photographs first, what humans have annotated."""

CHIEF: dict[str, tuple[str, str]] = {
    **{f"val/{name}": (METRICS[name].label, _PERCENT) for name in _OF_PARSERS},
    "association/f1_hungarian": ("F1 of joined pairs, Hungarian rounding", _PERCENT),
    "association/f1_mutual": ("F1 of joined pairs, mutual argmax", _PERCENT),
    "matching/gap_mean": ("gap to the optimum, mean", "{:.2%}"),
    "matching/violation_worst": ("worst violation", "{:.1e}"),
    "test/f1": ("F1 of pairs", _PERCENT),
    "test/person_f1": ("F1 of persons", _PERCENT),
    "tuned/learning_rate": ("learning rate, chosen on validation images", "{:g}"),
    "matching/coupling": ("coupling", "{:.2f}"),
    "time/step_ms": ("a training step", "{:.1f} ms"),
    "time/forward_ms_per_image": ("forward, an image", "{:.2f} ms"),
}
"""Words and form of the numbers that matter, by their names in a run, the most important first."""

_SHOWN = 5
"""The number of numbers told."""


def chief_numbers(metrics: Mapping[str, float]) -> list[str]:
    """Return a line for each of the first five numbers that a run has, words and numbers in columns."""
    known = {name: metrics.get(name) for name in CHIEF}
    told = [
        (CHIEF[name][0], CHIEF[name][1].format(value).replace("%", " %"))
        for name, value in known.items()
        if isinstance(value, int | float) and math.isfinite(value)
    ][:_SHOWN]
    width = max((len(words) for words, _ in told), default=0)
    return [f"  {words:<{width}}  {number:>8}" for words, number in told]


def tell_run(folder: Path) -> None:
    """Tell the numbers that matter of a finished run on stderr, then its folder on stdout."""
    from mghp.runs.folder import result_of

    for line in chief_numbers(result_of(folder)["metrics"]):
        typer.echo(line, err=True)
    typer.echo(folder)
