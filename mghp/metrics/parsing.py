"""All scores of a parser."""

from collections.abc import Iterable
from typing import Literal

from torchmetrics import Metric, MetricCollection

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metric_names import METRICS, MetricEntry
from mghp.config.metrics import MetricsConfig


def parsing_metrics(anatomy: Anatomy, config: MetricsConfig | None = None) -> MetricCollection:
    """Return the scores of a whole set of pictures, by the names of `METRICS`.

    Scores that are computed together with one that `config.scores` asks for come with it.

    Args:
        anatomy: parts and skeleton of the dataset.
        config: whose definitions, and which scores.
    """
    config = config or MetricsConfig()
    asked = [METRICS[name] for name in config.scores] or METRICS.entries
    metrics: dict[str, Metric | MetricCollection] = {
        entry.name: entry.load()(anatomy, config) for entry in _first_of_each_path(asked, "set")
    }
    return MetricCollection(metrics, compute_groups=False)  # every one keeps a state of its own: nothing to find out


def scores_of_picture(predicted: PredictedPersons, true: TruePersons, anatomy: Anatomy) -> dict[str, float]:
    """Return all scores of one picture, and the numbers told with them, by name.

    Args:
        predicted: of the picture.
        true: of the same picture.
        anatomy: parts and skeleton of the dataset.
    """
    scores: dict[str, float] = {}
    for entry in _first_of_each_path(METRICS.entries, "picture"):
        scores |= entry.load()(predicted, true, anatomy)
    return scores


def _first_of_each_path(entries: Iterable[MetricEntry], scope: Literal["set", "picture"]) -> list[MetricEntry]:
    """Return one entry of those that are computed together."""
    first: dict[str, MetricEntry] = {}
    for entry in entries:
        if entry.scope == scope:
            first.setdefault(entry.path, entry)
    return list(first.values())
