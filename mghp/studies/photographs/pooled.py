"""Networks that are scored several times on the same photographs, compared picture by picture."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from mghp.config.metric_names import METRICS
from mghp.errors import InputError
from mghp.metrics.owners import OWNER_SHARES
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS
from mghp.report.seeds import Family, Score, Variant, difference_columns, paired_difference, score_columns
from mghp.report.statistics import PairedCounts, PairedDifference, ratios_over_starts
from mghp.report.table import Column
from mghp.runs.read import BySeed, Run
from mghp.studies.variants import label_of, labels_of

PER_PICTURE = "media/per_picture.csv"

PIXELS = {f"val/{name}": share for name, share in OWNER_SHARES.items()}
"""The pixels of crowds that a score counts and those that it is a share of, by their columns in `PER_PICTURE`."""

SCORES: dict[str, Score] = {
    METRICS[name].label: f"val/{name}"
    for name in ("owner_accuracy", "contested_owner_accuracy", "coverage", "keypoint_ap_50")
}
"""The scores that the tables of such networks show, by their words."""

INTERVALS = (
    "Scores: mean ± standard deviation over networks. Differences: mean of the networks' paired differences, points. "
    "Owners and coverage: with the wider of two 95 % intervals, Student's over networks and a bootstrap over networks "
    "and pictures. Keypoint AP: with Student's."
)


def scored_variants(runs: Iterable[Run], experiment: str, file: str, baseline: str) -> Family:
    """Return the networks' scores by variant, in the order of the experiment file; each network has a number.

    Args:
        runs: any.
        experiment: that scored the networks.
        file: experiment file with the variants, below experiments/.
        baseline: variant that the others are compared with.
    """
    own = [run for run in runs if run.experiment == experiment and run.has(PER_PICTURE)]
    number = {network: place for place, network in enumerate(sorted(set(map(_network, own))))}
    groups = {name: {number[_network(run)]: run for run in own if run.variant == name} for name in labels_of(file)}
    return Family(
        {name: group for name, group in groups.items() if group},
        baseline,
        NO_EFFECT_IN_PHOTOS,
        difference_over_networks,
    )


def _network(run: Run) -> tuple[str, int]:
    return str(run.config["training"]["continue_from"]), run.seed


def pictures(runs: BySeed, columns: Sequence[str]) -> pd.DataFrame:
    """Return columns of `PER_PICTURE` of all networks: a row a network and picture, by the picture's name.

    Raises:
        InputError: if a run lacks a column.
    """
    rows = [run.rows(PER_PICTURE, {"name", "tags", *columns}, {"name", "tags"}) for run in runs.values()]
    return pd.concat(rows).set_index("name")[list(columns)]


def difference_over_networks(ours: BySeed, baseline: BySeed, score: Score) -> PairedDifference | None:
    """Return ours minus the baseline's, paired by network: by `ratios_over_starts` where the score is of `PIXELS`.

    Any other score is compared by `paired_difference`, with Student's interval alone.

    Raises:
        InputError: if the two scored a network on other pictures.
    """
    both = sorted(ours.keys() & baseline.keys())
    if not isinstance(score, str) or score not in PIXELS or not both:
        return paired_difference(ours, baseline, score)
    counts = partial(crowds, columns=PIXELS[score])
    return ratios_over_starts([paired_counts(ours[number], baseline[number], counts) for number in both])


def paired_counts(ours: Run, baseline: Run, counts: Callable[[Run], pd.DataFrame]) -> PairedCounts:
    """Return what a ratio of two runs is pooled from.

    Args:
        ours: the one run.
        baseline: the other.
        counts: returns numerator and denominator by the picture's name.

    Raises:
        InputError: if the two were tested on other pictures.
    """
    own, other = (counts(run).sort_index() for run in (ours, baseline))
    if not own.index.equals(other.index):
        raise InputError(f"{ours.path} and {baseline.path}: other pictures")
    return PairedCounts(own.index.tolist(), own.to_numpy(dtype=np.float64), other.to_numpy(dtype=np.float64))


def crowds(run: Run, columns: Sequence[str]) -> pd.DataFrame:
    """Return columns of `PER_PICTURE` of the pictures that are crowds, by the picture's name."""
    rows = pictures({0: run}, ["crowd", *columns])
    return rows.loc[rows["crowd"] == 1, list(columns)]


def variant_columns(file: str) -> tuple[Column[Variant], ...]:
    """Return the columns that a table of `scored_variants` begins with: the variant in words, networks and pictures."""
    return (
        Column("variant", lambda variant: label_of(file, variant.name)),
        Column("networks", lambda variant: len(variant.runs), "d"),
        Column("pictures", lambda variant: pictures(variant.runs, ["crowd"]).index.nunique(), "d"),
    )


def compared_columns(scores: Mapping[str, Score]) -> list[Column[Variant]]:
    """Return columns of the scores, and then of their differences from the baseline."""
    return [*score_columns(scores), *difference_columns({f"{name}, difference": of for name, of in scores.items()})]
