"""The words of an experiment's variants, which its file states beside their settings."""

import functools

from mghp.config.load import variant_labels
from mghp.runs.checkout import ROOT


@functools.cache
def labels_of(experiment: str) -> dict[str, str]:
    """Return the words of the variants of an experiment file, in its order; none where the files are not installed.

    Args:
        experiment: the file, below experiments/.
    """
    file = ROOT / "experiments" / experiment
    return variant_labels(file) if file.exists() else {}


def label_of(experiment: str, variant: str) -> str:
    """Return a variant in words; one that is not in the file goes by its name."""
    return labels_of(experiment).get(variant, variant.replace("_", " "))
