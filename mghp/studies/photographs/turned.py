"""What a parser loses on photographs that are turned: scores by the angle, paired picture by picture."""

from collections.abc import Iterable, Sequence

from mghp.pictures.style import COLOURS, Drawings
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS
from mghp.report.seed_figures import difference_figure
from mghp.report.seeds import Family, Variant, over_seeds, verdicts
from mghp.report.table import TableOf
from mghp.runs.read import Run
from mghp.studies.photographs.pooled import (
    Subject,
    compared_columns,
    pictures,
    variant_columns,
)
from mghp.studies.variants import label_of

STUDY = "turned"
"""What the experiments are called after their subject's prefix."""

FILE = "parsing/photographs_turned.yaml"
"""The experiment file of the angles, with their words, in the order of the table."""

BASELINE, LARGEST = "upright", "upside_down"
ANGLES = {0: BASELINE, 90: "on_a_side", 180: LARGEST}
"""The variants by `data.turned`."""

OWNERS, POSES = "val/owner_accuracy", "val/keypoint_ap_50"


def turns(runs: Iterable[Run], subject: Subject) -> Family:
    """Return the scores of the subject's networks by how the photographs are turned."""
    return subject.scored_variants(runs, STUDY, FILE, BASELINE, _variant)


def _variant(run: Run) -> str:
    return ANGLES.get(run.config["data"]["turned"], "")


def answer(subject: Subject, runs: Sequence[Run]) -> str:
    """Return what turning photographs upside down changes."""
    family = turns(runs, subject)
    owners = family.compared(OWNERS).get(LARGEST)
    if owners is None:
        return ""
    number = pictures(family.runs[LARGEST], ["crowd"]).index.nunique()
    before, after = (over_seeds(family.runs[name], POSES).mean for name in (BASELINE, LARGEST))
    return (
        f"Turned by 180°, owner accuracy of crowds changes by {owners:.1f}, keypoint AP at OKS 0.5 from "
        f"{100 * before:.1f} to {100 * after:.1f} % ({number} photographs, {subject.told(family.runs[LARGEST])})."
    )


def table_of(subject: Subject) -> TableOf[Variant]:
    """Return the table of scores by how the photographs are turned."""
    return TableOf(
        f"{subject.prefix}_{STUDY}",
        "Photographs turned by quarters with their labels, crowds. "
        f"{subject.intervals} {verdicts(NO_EFFECT_IN_PHOTOS)}",
        *variant_columns(FILE),
        *compared_columns(subject),
        rows=lambda runs: turns(runs, subject).variants,
        sources=lambda variant: variant.own_runs,
    )


def turned_drawings(subject: Subject, runs: Sequence[Run]) -> Drawings:
    """Return the figure of the differences, where some angles are compared."""
    family = turns(runs, subject)
    cells, colours = {}, []
    for label, score in subject.compared.items():
        for name, cell in family.compared(score).items():
            cells[f"{label_of(FILE, name)}: {label}"] = cell
            colours.append(COLOURS[list(family.runs).index(name) - 1])
    what = "difference from photographs as they are"
    name = f"{subject.prefix}_{STUDY}"
    return {name: lambda: difference_figure(cells, colours, what)} if cells else {}
