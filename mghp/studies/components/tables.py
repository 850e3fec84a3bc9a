"""Table P2: what each component of the parser brings, which matcher at test time, and what limits the result."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from mghp.report.comparison import (
    BEST,
    MEANS,
    PICTURE_INTERVALS,
    PICTURE_MEANS,
    SET_INTERVALS,
    VERDICTS,
    PictureScore,
    Score,
    about_seeds,
    best_of,
    compared,
    corrected,
    of_one_budget,
    over_seeds,
    told_best,
)
from mghp.report.statistics import PairedDifference, paired_seeds
from mghp.report.table import Table
from mghp.runs.read import BySeed, Run, by_seed
from mghp.studies.parsing.tables import ORACLES, SCORES, SET_SCORES

EXPERIMENT = "components"
LONGER = "matching_long"
"""The experiment in which two of the variants are trained for more steps."""
BASELINE = "full"

VARIANTS = {
    BASELINE: "full model",
    "without_matching_loss": "without matching loss",
    "matching_paper_settings": "loss through PGD-Dykstra, the paper's settings",
    "matching_warm_start": "loss through PGD-Dykstra, alpha = 1, warm start",
    "matching_one_projection": "loss through one projection",
    "matching_sinkhorn": "loss through unbalanced Sinkhorn",
    "matching_fenchel_young": "Fenchel-Young loss on one projection",
    "field_1_level": "field at 1 level",
    "field_2_levels": "field over 2 levels",
    "field_4_levels": "field over 4 levels",
    "nearest_keypoint": "no field: nearest keypoint",
    "person_center": "no field: person centre and offset",
    "separate_decoders": "separate decoders",
}
"""Variants in the order of the table; others come after them under their own names."""

TRUE_PARTS = PictureScore("grouping", scene="hard", oracle="true_parts")
OVERLAP = PictureScore("grouping", tag="overlap")

RIVALS = ("nearest_keypoint", "person_center")
"""Variants that group pixels without a projection field."""

COLUMNS: dict[str, Score] = {
    **{label: f"val/{name}" for name, label in SET_SCORES.items()},
    "grouping": PictureScore("grouping"),
    "person IoU": PictureScore("person_iou"),
    "grouping, true parts, hard": TRUE_PARTS,
    "where people overlap": OVERLAP,
}
"""Scores of a variant, in the order of the table."""

DIFFERENCES: dict[str, Score] = {
    "AP^p averaged": "val/ap_p_vol",
    "person IoU": PictureScore("person_iou"),
    "grouping": PictureScore("grouping"),
    "grouping, true parts, hard": TRUE_PARTS,
    "where people overlap": OVERLAP,
}
"""Scores whose differences from the full model are told."""

MATCHERS = {"": "the trained one, rounded", "hungarian": "Hungarian", "greedy": "greedy"}
"""Matchers at test time by their names in a run's metrics."""

_OF_SETS = {label: name for name, label in SCORES.items() if name != "keypoint_ap"}
_COMPARED = ("ap_p_vol", "keypoint_ap_50", "grouping")
_OF_ALL_PIXELS = "Grouping is of the pixels of all pictures together."


def component_tables(runs: Sequence[Run]) -> list[Table]:
    """P2, its differences, other matchers at test time, and oracles; those without a run stay empty."""
    variants, longer = by_variant(runs), by_variant(runs, LONGER)
    return [
        component_table(variants), difference_table(variants), component_table(longer, "P2_long"),
        difference_table(longer, "P2_long_differences"), matcher_table(variants), oracle_seed_table(variants),
    ]  # fmt: skip


def by_variant(runs: Iterable[Run], experiment: str = EXPERIMENT) -> dict[str, BySeed]:
    """The finished trainings of the components' ablation, or of the longer one, in the order of the table."""
    trained = of_one_budget(runs, experiment)
    names = dict.fromkeys([*VARIANTS, *sorted(run.variant for run in trained)])
    groups = {name: by_seed(run for run in trained if run.variant == name) for name in names}
    return {name: group for name, group in groups.items() if group}


def label_of(variant: str) -> str:
    """In words."""
    return VARIANTS.get(variant, variant.replace("_", " "))


def component_table(variants: Mapping[str, BySeed], name: str = "P2") -> Table:
    """Every variant's scores."""
    table = Table(
        name,
        "Components of the parser on rendered crowds; each variant differs from the full model in one choice. "
        f"{MEANS} {BEST} {about_seeds(variants.values())} {PICTURE_MEANS} 'True parts': with true parts in the place "
        "of predicted ones, on scene hard.",
        {"variant": "", "seeds": "d", **dict.fromkeys(COLUMNS, ".1f")},
    )
    best = {column: best_of(variants, score) for column, score in COLUMNS.items()}
    for variant, group in variants.items():
        table.best |= {(len(table.rows), column) for column, names in best.items() if variant in names}
        scores = {column: over_seeds(group, score) for column, score in COLUMNS.items()}
        table.add({"variant": label_of(variant), "seeds": len(group), **scores}, *group.values())
    return table


def difference_table(variants: Mapping[str, BySeed], name: str = "P2_differences") -> Table:
    """Continued: every variant against the full model."""
    columns = {column: compared(variants, BASELINE, score) for column, score in DIFFERENCES.items()}
    others = {key: group for key, group in variants.items() if any(key in column for column in columns.values())}
    table = Table(
        name,
        f"Components of the parser: differences from the full model. {about_seeds(others.values())} "
        f"{PICTURE_INTERVALS} {SET_INTERVALS} {VERDICTS}",
        {"variant": "", "seeds": "d", **dict.fromkeys(DIFFERENCES, ".1f")},
    )
    for variant, group in others.items():
        told = {column: of_variant.get(variant) for column, of_variant in columns.items()}
        seeds = max(cell.difference.seeds for cell in told.values() if cell is not None)
        table.add({"variant": label_of(variant), "seeds": seeds, **told}, *group.values(), *variants[BASELINE].values())
    return table


def matcher_table(variants: Mapping[str, BySeed]) -> Table:
    """The full model with another matcher at test time."""
    full = variants.get(BASELINE, {})
    table = Table(
        "P2_matchers",
        f"The full model with another matcher at test time. {MEANS} {BEST} {about_seeds([full])} Differences are "
        f"from the matcher it was trained with. {_OF_ALL_PIXELS} {SET_INTERVALS} {VERDICTS}",
        _formats_of_swaps("matcher at test time"),
    )
    names = {matcher: f"matcher/{matcher}" if matcher else "oracle/predicted" for matcher in MATCHERS}
    rows = {names[matcher]: label for matcher, label in MATCHERS.items()}
    shown = _add_swaps(table, "matcher at test time", full, rows)
    for label, name in _OF_SETS.items():
        means = {prefix: over_seeds(full, f"{prefix}/{name}").mean for prefix in shown}
        best = told_best(means, partial(swapped, full, score=name))
        table.best |= {(shown.index(prefix), label) for prefix in best}
    return table


def oracle_seed_table(variants: Mapping[str, BySeed]) -> Table:
    """True fields in the place of the full model's."""
    full = variants.get(BASELINE, {})
    table = Table(
        "P2_oracles",
        f"What limits the full model: true fields in the place of predicted ones, one at a time. {MEANS} "
        f"{about_seeds([full])} Differences are from no true field. {_OF_ALL_PIXELS} {SET_INTERVALS} {VERDICTS}",
        _formats_of_swaps("true"),
    )
    _add_swaps(table, "true", full, {f"oracle/{oracle}": label for oracle, label in ORACLES.items()})
    return table


def swapped(full: BySeed, prefix: str, than: str = "oracle/predicted", *, score: str) -> PairedDifference | None:
    """What another matcher, or a true field, changes in a score, seed by seed: from the predicted one, or another."""
    changes = [run.metric(f"{prefix}/{score}") - run.metric(f"{than}/{score}") for run in full.values()]
    known = [change for change in changes if change == change]
    return paired_seeds(known) if known else None


def _formats_of_swaps(first: str) -> dict[str, str]:
    gains = {f"{SCORES[score]}, difference": ".1f" for score in _COMPARED}
    return {first: "", "seeds": "d", **dict.fromkeys(_OF_SETS, ".1f"), **gains}


def _add_swaps(table: Table, first: str, full: BySeed, rows: Mapping[str, str]) -> list[str]:
    """Add a row of each that was scored; returns which."""
    scored = {
        prefix: {seed: run for seed, run in full.items() if f"{prefix}/grouping" in run.result["metrics"]}
        for prefix in rows
    }
    present = {prefix: group for prefix, group in scored.items() if group}
    gains = {
        f"{SCORES[score]}, difference": corrected(
            {prefix: swapped(full, prefix, score=score) for prefix in present if prefix != "oracle/predicted"}
        )
        for score in _COMPARED
    }
    for prefix, group in present.items():
        scores = {label: over_seeds(group, f"{prefix}/{name}") for label, name in _OF_SETS.items()}
        told = {column: of_swap.get(prefix) for column, of_swap in gains.items()}
        table.add({first: rows[prefix], "seeds": len(group), **scores, **told}, *group.values())
    return list(present)
