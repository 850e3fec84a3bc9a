"""Networks that are scored several times on the same photographs, compared picture by picture."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mghp.config.metric_names import METRICS
from mghp.metrics.owners import OWNER_SHARES
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS
from mghp.report.seeds import Family, Score, Variant, difference_columns, paired_difference, score_columns
from mghp.report.statistics import PairedDifference, bootstrap_difference
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
    "Scores: mean ± standard deviation over networks. Owners and coverage: differences are of pixels pooled over "
    "networks, in points, with a 95 % interval by a paired percentile bootstrap over pictures, which holds for other "
    "pictures, not for other networks. Keypoint AP: mean of the networks' paired differences, with Student's 95 % "
    "interval over networks."
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
        difference_over_pictures,
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


def difference_over_pictures(ours: BySeed, baseline: BySeed, score: Score) -> PairedDifference | None:
    """Return ours minus the baseline's: of pixels pooled over networks where the score is of `PIXELS`.

    Any other score is compared by `paired_difference`, over networks in the place of seeds.
    """
    both = ours.keys() & baseline.keys()
    if not isinstance(score, str) or score not in PIXELS or not both:
        return paired_difference(ours, baseline, score)
    own, other = (_pooled({number: runs[number] for number in both}, *PIXELS[score]) for runs in (ours, baseline))
    shared = own.index.intersection(other.index)
    return bootstrap_difference(_as_f1(own.loc[shared]), _as_f1(other.loc[shared])) if len(shared) else None


def _pooled(runs: BySeed, counted: str, of: str) -> pd.DataFrame:
    """Return the pixels counted, and those that they are a share of, of each crowd, summed over networks."""
    rows = pictures(runs, ["crowd", counted, of])
    sums: pd.DataFrame = rows[rows["crowd"] == 1].groupby(level=0)[[counted, of]].sum()
    return sums


def _as_f1(pixels: pd.DataFrame) -> NDArray[np.float64]:
    """Return pixels counted and the others twice, (picture, 3), of which F1 is the share that is counted."""
    counted, of = pixels.to_numpy(dtype=np.float64).T
    return np.stack([counted, of - counted, of - counted], -1)


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
