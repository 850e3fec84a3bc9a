"""The variants of an experiment file: their words, which stand beside their settings, and their finished trainings."""

import functools
from collections.abc import Iterable

from mghp.config.load import variant_labels
from mghp.config.packaged import packaged
from mghp.matching.solvers import SOLVERS
from mghp.registry import GREY
from mghp.report.seeds import Family, of_one_budget
from mghp.runs.read import Run, by_seed


@functools.cache
def labels_of(experiment: str) -> dict[str, str]:
    """Return the words of the variants of an experiment file, in its order; none where there is no such file.

    Args:
        experiment: the file, below experiments/.
    """
    file = packaged(f"experiments/{experiment}")
    return variant_labels(file) if file.exists() else {}


def label_of(experiment: str, variant: str) -> str:
    """Return a variant in words; one that is not in the file goes by its name."""
    return labels_of(experiment).get(variant, variant.replace("_", " "))


def solver_colour(run: Run) -> str:
    """Return the colour of the solver that a run's config names; grey where that is not installed."""
    name = run.config["matcher"]["name"]
    return SOLVERS[name].colour if name in SOLVERS else GREY


def trained_variants(runs: Iterable[Run], experiment: str, file: str, baseline: str) -> Family:
    """Return the finished trainings of an experiment by variant, in the order of its file; others come after.

    Args:
        runs: any.
        experiment: that the trainings belong to.
        file: experiment file with the variants, below experiments/.
        baseline: variant that the others are compared with.
    """
    trained = of_one_budget(runs, experiment)
    names = dict.fromkeys([*labels_of(file), *sorted(run.variant for run in trained)])
    groups = {name: by_seed(run for run in trained if run.variant == name) for name in names}
    return Family({name: group for name, group in groups.items() if group}, baseline)
