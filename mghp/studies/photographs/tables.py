"""Tables of photographs: what humans annotated comes first, agreement with another model's parts after it."""

from collections.abc import Sequence

from mghp.config.metric_names import METRICS
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run
from mghp.studies.photographs.rows import Scored, photographs

_INTERVALS = "In percent, with 95 % intervals by a percentile bootstrap over pictures."

_CROWDS = (
    "Crowds are pictures with two and more persons of five and more annotated keypoints, singles those with one such "
    "person."
)

_ABOUT: tuple[Column[Scored], ...] = (
    Column("pictures", lambda row: row.pictures),
    Column("group", lambda row: row.group),
    Column("parser", lambda row: row.name),
    Column("seed", lambda row: row.seed),
)


def _owners(name: str) -> Column[Scored]:
    return Column(METRICS[name].label, lambda row: row.owner_score(name), ".1f")


def _score(name: str) -> Column[Scored]:
    return Column(METRICS[name].label, lambda row: row.score(name), ".1f")


HUMAN = TableOf(
    "photographs",
    f"Parsers on photographs against human masks and keypoints, and ways without learning. {_CROWDS} Coverage: share "
    "of human pixels that get a part; owner accuracy: share of these that are given to the right person; contested: "
    f"inside two and more true boxes; mask AP: of persons from 32 x 32 pixels, and of all sizes. {_INTERVALS}",
    *_ABOUT,
    _owners("coverage"),
    _owners("owner_accuracy"),
    _owners("contested_owner_accuracy"),
    _owners("owner_grouping"),
    _score("mask_ap_50"),
    _score("mask_ap_50_all"),
    _score("keypoint_ap_50"),
    rows=photographs,
)


_OF_PARTS = ("side_accuracy", "side_coverage", "teacher_agreement")


def _parsers(runs: Sequence[Run]) -> list[Scored]:
    """Return the parsers whose parts were compared: a baseline guesses none."""
    return [
        row for row in photographs(runs) if not row.baseline and any(row.score(name).is_known for name in _OF_PARTS)
    ]


PARTS = TableOf(
    "photographs_parts",
    "Parts on photographs. Left and right: share of visible human keypoints of elbows, wrists, knees and ankles whose "
    "side most predicted part pixels within 3 pixels have, and share of the keypoints that can be told so. Agreement: "
    "mean IoU over six parts with what another model has labelled; it is no truth, and a parser that is better than "
    f"its teacher loses. {_INTERVALS}",
    *_ABOUT,
    *map(_score, _OF_PARTS),
    rows=_parsers,
)
