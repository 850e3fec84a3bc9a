"""Tables of what each choice of the network brings on photographs, judged on pictures that nothing was trained on."""

from collections.abc import Iterable, Sequence

from mghp.config.metric_names import METRICS
from mghp.pictures.style import COLOURS, Drawings
from mghp.report.seed_figures import difference_figure
from mghp.report.seeds import (
    BEST,
    MEANS,
    ONE_SEED,
    PICTURE_INTERVALS,
    PICTURE_MEANS,
    SET_INTERVALS,
    VERDICTS,
    Family,
    PictureScore,
    Score,
    Variant,
    about_seeds,
    differences_table,
    scores_table,
)
from mghp.report.table import Column
from mghp.runs.read import Run
from mghp.studies.variants import label_of, trained_variants

EXPERIMENT = "coco_persons_network"
FILE = f"parsing/{EXPERIMENT}.yaml"
"""The experiment file of the variants, with their words, in the order of the table."""

BASELINE = "plain"
"""The variant that each other one adds something to."""

_OF_SETS = (
    "owner_grouping", "coverage", "owner_accuracy", "contested_owner_accuracy", "mask_ap_50", "keypoint_ap_50",
    "teacher_agreement",
)  # fmt: skip

GROUPING = PictureScore("grouping")
"""The score that decides: it has a value per picture, so that two seeds tell more than two numbers."""

SCORES: dict[str, Score] = {
    "grouping": GROUPING,
    "person IoU": PictureScore("person_iou"),
    **{METRICS[name].label: f"val/{name}" for name in _OF_SETS},
}

_WHAT = (
    "Choices of the network on photographs: branches from one start, each with one thing changed, judged on pictures "
    "that nothing was trained on. Owners of pixels are of crowds, by human masks; agreement is with another model's "
    "parts."
)


def networks(runs: Iterable[Run]) -> Family:
    """Return the finished branches by variant, in the order of the experiment file."""
    return trained_variants(runs, EXPERIMENT, FILE, BASELINE)


def answer(runs: Sequence[Run]) -> str:
    """Return how many changes raise and lower the grouping, and which one most."""
    found = networks(runs).compared(GROUPING)
    if not found:
        return ""
    if all(cell.verdict == "one seed" for cell in found.values()):
        return f"{ONE_SEED}."
    verdicts = [cell.verdict for cell in found.values()]
    highest = max(found, key=lambda name: found[name].difference.mean)
    return (
        f"Of {len(found)} changes {verdicts.count('better')} raise the grouping of pixels, {verdicts.count('worse')} "
        f"lower it; most: {label_of(FILE, highest)}, {found[highest]:.1f}."
    )


def network_drawings(runs: Sequence[Run]) -> Drawings:
    """Return the figure of the changes' differences in grouping, where some are compared."""
    found = networks(runs).compared(GROUPING)
    cells = {label_of(FILE, name): cell for name, cell in found.items()}
    what = "grouping, difference from the network without matching loss"
    return {"networks": lambda: difference_figure(cells, [COLOURS[0]] * len(cells), what)} if cells else {}


_VARIANT: Column[Variant] = Column("variant", lambda variant: label_of(FILE, variant.name))

NETWORKS = scores_table(
    "photographs_network",
    lambda rows: f"{_WHAT} {MEANS} {BEST} {about_seeds(row.runs for row in rows)} {PICTURE_MEANS}",
    _VARIANT,
    SCORES,
    networks,
)

DIFFERENCES = differences_table(
    "photographs_network_differences",
    lambda rows: (
        "Choices of the network on photographs: differences from the network without matching loss. "
        f"{about_seeds(row.runs for row in rows)} {PICTURE_INTERVALS} {SET_INTERVALS} {VERDICTS}"
    ),
    _VARIANT,
    SCORES,
    networks,
)
