"""Tables P2_matchers and P2_oracles: the full model's own weights with another matcher, or with true fields."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mghp.report.seeds import (
    BEST,
    MEANS,
    SEEDS,
    SET_INTERVALS,
    VERDICTS,
    Family,
    Score,
    Variant,
    about_seeds,
    difference_columns,
    score_columns,
)
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run, by_seed
from mghp.studies.components.tables import BASELINE, components
from mghp.studies.parsing.tables import CEILINGS, ORACLES, SCORES, about_ceilings

AS_TRAINED = "oracle/predicted"
"""The full model as it was trained: with its own matcher and no true field."""

MATCHERS = {AS_TRAINED: "the trained one, rounded", "matcher/hungarian": "Hungarian", "matcher/greedy": "greedy"}
"""Matchers at test time by the prefixes of their scores in a run's metrics."""

TRUE_FIELDS = {f"oracle/{name}": label for name, label in ORACLES.items()}
"""The fields that are true, by the prefixes of the scores in a run's metrics."""

BY_COIN = {f"oracle/{name}": label for name, label in CEILINGS.items()}
"""The truth but for sides that no picture shows, by the prefix of the scores in a run's metrics."""

_SCORES: dict[str, Score] = {label: name for name, label in SCORES.items() if name != "keypoint_ap"}
_GAINS: dict[str, Score] = {
    f"{SCORES[name]}, difference": name for name in ("ap_p_vol", "keypoint_ap_50", "grouping")
}  # fmt: skip


@dataclass(frozen=True)
class ReadUnder(Run):
    """A run whose scores are read under a prefix.

    Attributes:
        prefix: prefix of its scores, e.g. "oracle/true_parts".
    """

    prefix: str

    def metric(self, name: str) -> float:
        """Return the score with this name under the prefix; a name with a slash is whole and read as it is."""
        return super().metric(name if "/" in name else f"{self.prefix}/{name}")


def swaps(runs: Iterable[Run], prefixes: Iterable[str]) -> Family:
    """Return the full model's runs under each prefix of their scores, compared with those `AS_TRAINED`."""
    full = components(runs).runs.get(BASELINE, {}).values()
    groups = {
        prefix: by_seed(ReadUnder(run.path, prefix) for run in full if f"{prefix}/grouping" in run.result["metrics"])
        for prefix in prefixes
    }
    return Family({prefix: group for prefix, group in groups.items() if group}, AS_TRAINED)


def ceilings(runs: Iterable[Run]) -> list[Variant]:
    """Return what knows all but sides that no picture shows, compared with the full model as it was trained.

    The two are a family of their own: no other comparison is corrected for this one.
    """
    return [variant for variant in swaps(runs, [AS_TRAINED, *BY_COIN]).variants if variant.name in BY_COIN]


def _rows(runs: Sequence[Run], labels: Collection[str]) -> list[Variant]:
    swapped = swaps(runs, [prefix for prefix in labels if prefix not in BY_COIN]).variants
    return [*swapped, *(ceiling for ceiling in ceilings(runs) if ceiling.name in labels)]


def _swapped(
    name: str, what: str, baseline: str, head: str, labels: Mapping[str, str], scores: Iterable[Column[Variant]]
) -> TableOf[Variant]:
    return TableOf(
        name,
        lambda rows: (
            f"{what}{about_ceilings(row.name for row in rows)} {about_seeds(row.runs for row in rows)} Differences are "
            f"from {baseline}. Grouping is of the pixels of all pictures together. {SET_INTERVALS} {VERDICTS}"
        ),
        Column(head, lambda swap: labels[swap.name]),
        SEEDS,
        *scores,
        *difference_columns(_GAINS),
        rows=lambda runs: _rows(runs, labels),
        sources=lambda swap: swap.own_runs,
    )


P2_MATCHERS = _swapped(
    "P2_matchers",
    f"The full model with another matcher at test time. {MEANS} {BEST}",
    "the matcher it was trained with",
    "matcher at test time",
    MATCHERS,
    score_columns(_SCORES),
)
P2_ORACLES = _swapped(
    "P2_oracles",
    f"What limits the full model: true fields in the place of predicted ones, one at a time. {MEANS}",
    "no true field",
    "true",
    TRUE_FIELDS | BY_COIN,
    # No bold: that the truth is best is no finding.
    [replace(column, is_best=None) for column in score_columns(_SCORES)],
)
