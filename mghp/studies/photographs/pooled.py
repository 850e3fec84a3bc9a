"""Networks that are scored several times on the same photographs, compared picture by picture."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from mghp.config.metric_names import METRICS
from mghp.errors import InputError
from mghp.metrics.owners import OWNER_SHARES
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS
from mghp.report.seeds import Family, Score, Variant, difference_columns, paired_difference, score_columns
from mghp.report.statistics import PairedCounts, PairedDifference, ratio_over_pictures, ratios_over_starts
from mghp.report.table import Column
from mghp.runs.read import BySeed, Run
from mghp.studies.parsing.tables import EVALUATION
from mghp.studies.variants import label_of, labels_of

PER_PICTURE = "media/per_picture.csv"

PIXELS = {f"val/{name}": share for name, share in OWNER_SHARES.items()}
"""The pixels of crowds that a score counts and those that it is a share of, by their columns in `PER_PICTURE`."""

SCORES: dict[str, Score] = {
    METRICS[name].label: f"val/{name}"
    for name in ("owner_accuracy", "contested_owner_accuracy", "coverage", "keypoint_ap_50")
}
"""The scores that the tables of such networks show, by their words."""


@dataclass(frozen=True)
class Subject:
    """Whose scores are compared by variant: those of several networks, or those of the weights that ship.

    Attributes:
        prefix: what the names of its experiments, tables and figures begin with.
        ending: what they end with, where `mghp evaluate` has made the runs.
        words: what answers call it; "" where they count networks.
        compared: those of `SCORES` whose differences it tells, by their words.
        difference: of two variants.
        intervals: sentences on them, for captions.
    """

    prefix: str
    ending: str
    words: str
    compared: Mapping[str, Score]
    difference: Callable[[BySeed, BySeed, Score], PairedDifference | None]
    intervals: str

    def experiment(self, study: str) -> str:
        """Return the name of its experiment in a study."""
        return f"{self.prefix}_{study}{self.ending}"

    def scored_variants(
        self, runs: Iterable[Run], study: str, file: str, baseline: str, variant: Callable[[Run], str]
    ) -> Family:
        """Return the networks' scores by variant, in the order of the experiment file; each network has a number.

        Args:
            runs: any.
            study: what the experiment that scored the networks is called after the prefix.
            file: experiment file with the variants, below experiments/.
            baseline: variant that the others are compared with.
            variant: returns which one a run is of, by its settings: an evaluation of given weights has no such name.
        """
        own = [run for run in runs if run.experiment == self.experiment(study) and run.has(PER_PICTURE)]
        number = {network: place for place, network in enumerate(sorted(set(map(_network, own))))}
        groups = {name: {number[_network(run)]: run for run in own if variant(run) == name} for name in labels_of(file)}
        known = {name: group for name, group in groups.items() if group}
        return Family(known, baseline, NO_EFFECT_IN_PHOTOS, self.difference)

    def told(self, networks: BySeed) -> str:
        """Return whose scores an answer is about, in words."""
        return self.words or f"{len(networks)} networks"


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


def difference_over_pictures(ours: BySeed, baseline: BySeed, score: Score) -> PairedDifference | None:
    """Return ours minus the baseline's of one network, by `ratio_over_pictures`; None unless the score is of `PIXELS`.

    Raises:
        InputError: if the two were tested on other pictures.
    """
    both = sorted(ours.keys() & baseline.keys())
    if not isinstance(score, str) or score not in PIXELS or not both:
        return None
    return ratio_over_pictures(paired_counts(ours[both[0]], baseline[both[0]], partial(crowds, columns=PIXELS[score])))


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


NETWORKS = Subject(
    prefix="photographs",
    ending="",
    words="",
    compared=SCORES,
    difference=difference_over_networks,
    intervals="Scores: mean ± standard deviation over networks. Differences: mean of the networks' paired differences, "
    "points. Owners and coverage: with the wider of two 95 % intervals, Student's over networks and a bootstrap over "
    "networks and pictures. Keypoint AP: with Student's.",
)
"""The starts of the matching variants."""

SHIPPED = Subject(
    prefix="shipped",
    ending=EVALUATION,
    words="the weights that ship",
    compared={name: score for name, score in SCORES.items() if score in PIXELS},
    difference=difference_over_pictures,
    intervals="One network, the weights that ship: differences in points, with 95 % intervals by a paired bootstrap "
    "over pictures alone. Another training may differ.",
)
"""The weights that come with the package, by `mghp evaluate shipped`."""


def variant_columns(file: str) -> tuple[Column[Variant], ...]:
    """Return the columns that a table of `scored_variants` begins with: the variant in words, networks and pictures."""
    return (
        Column("variant", lambda variant: label_of(file, variant.name)),
        Column("networks", lambda variant: len(variant.runs), "d"),
        Column("pictures", lambda variant: pictures(variant.runs, ["crowd"]).index.nunique(), "d"),
    )


def compared_columns(subject: Subject) -> list[Column[Variant]]:
    """Return columns of the scores, and then of the differences from the baseline that the subject has."""
    compared = {f"{name}, difference": score for name, score in subject.compared.items()}
    return [*score_columns(SCORES), *difference_columns(compared)]
