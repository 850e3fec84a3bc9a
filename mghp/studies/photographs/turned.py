"""What a parser loses on photographs that are turned: scores by the angle, paired picture by picture."""

from collections.abc import Iterable, Sequence

from mghp.pictures.style import COLOURS, Drawings
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS
from mghp.report.seed_figures import difference_figure
from mghp.report.seeds import Family, verdicts
from mghp.report.table import TableOf
from mghp.runs.read import Run
from mghp.studies.photographs.pooled import (
    INTERVALS,
    SCORES,
    compared_columns,
    pictures,
    scored_variants,
    variant_columns,
)
from mghp.studies.variants import label_of

EXPERIMENT = "photographs_turned"
FILE = f"parsing/{EXPERIMENT}.yaml"
"""The experiment file of the angles, with their words, in the order of the table."""

BASELINE = "upright"
LARGEST = "upside_down"

OWNERS, POSES = "val/owner_accuracy", "val/keypoint_ap_50"


def turns(runs: Iterable[Run]) -> Family:
    """Return the scores of networks by how the photographs are turned."""
    return scored_variants(runs, EXPERIMENT, FILE, BASELINE)


def answer(runs: Sequence[Run]) -> str:
    """Return what turning photographs upside down changes."""
    family = turns(runs)
    owners, poses = (family.compared(score).get(LARGEST) for score in (OWNERS, POSES))
    if owners is None or poses is None:
        return ""
    number = pictures(family.runs[LARGEST], ["crowd"]).index.nunique()
    return (
        f"Turned by 180°, owner accuracy of crowds changes by {owners:.1f}, keypoint AP at OKS 0.5 by {poses:.1f} "
        f"({number} photographs, {len(family.runs[LARGEST])} networks)."
    )


TABLE = TableOf(
    "photographs_turned",
    f"Photographs turned by quarters with their labels, crowds. {INTERVALS} {verdicts(NO_EFFECT_IN_PHOTOS)}",
    *variant_columns(FILE),
    *compared_columns(SCORES),
    rows=lambda runs: turns(runs).variants,
    sources=lambda variant: variant.own_runs,
)


def turned_drawings(runs: Sequence[Run]) -> Drawings:
    """Return the figure of the differences, where some angles are compared."""
    family = turns(runs)
    cells = {
        f"{label_of(FILE, name)}: {label}": cell
        for label, score in SCORES.items()
        for name, cell in family.compared(score).items()
    }
    colours = [
        COLOURS[list(family.runs).index(name) - 1] for score in SCORES.values() for name in family.compared(score)
    ]
    what = "difference from photographs as they are"
    return {"photographs_turned": lambda: difference_figure(cells, colours, what)} if cells else {}
