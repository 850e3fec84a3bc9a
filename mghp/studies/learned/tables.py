"""Tables P4, what training through the matcher gains, and P4_tuning, what was chosen for it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mghp.report.comparison import NO_EFFECT_ON_F1, NO_EFFECT_ON_PREDICTED_PAIRS
from mghp.report.table import Column, TableOf
from mghp.studies.learned.rounding_names import ROUNDINGS
from mghp.studies.learned.variants import LEAST_COUPLING, LIMBS, PERSONS, TARGETS, UNTRAINED, Trained, trained

_WHO: tuple[Column[Trained], ...] = (
    Column("condition", lambda variant: variant.condition),
    Column("variant", lambda variant: variant.label),
    Column("seeds", lambda variant: variant.seeds, "d"),
)


def _scores(score: str) -> tuple[Column[Trained], ...]:
    name = TARGETS[score].name
    return (
        Column(f"{name}, F1", lambda variant: variant.over_seeds(score), ".2f"),
        Column(f"{name}, difference [95 %]", lambda variant: variant.compared(score), ".2f"),
    )


def _mean(name: str, metric: str, form: str = ".2f") -> Column[Trained]:
    return Column(name, lambda variant: variant.mean(metric), form)


LEARNED = TableOf(
    "P4",
    "Limb scores learned through matchers, on test images: F1 of joined pairs, and of candidates grouped into "
    "persons, each with the rounding and threshold that validation images chose for it (P4_tuning), in percent; "
    "mean and standard deviation over seeds; two files of predicted candidates take turns, what one teaches is tested "
    "on the other, and a seed has both; differences in points from binary cross-entropy without a matcher "
    "(paired cluster bootstrap over images, and the excess of the seeds' variance; 95 % interval; better or worse "
    "if p < 0.05 by Holm within a condition, each score apart; 'no effect' if the interval lies within "
    f"{NO_EFFECT_ON_F1}, on predicted candidates within {NO_EFFECT_ON_PREDICTED_PAIRS}, fixed beforehand). Controls, "
    f"and variants whose coupling is under {LEAST_COUPLING:g}, do not "
    "count as trained through the matching. Died: trainings that no gradient reaches, or under half of the baseline's "
    "F1. Files hold fractions. Time and memory per step: bench_learned.",
    *_WHO,
    *_scores(LIMBS),
    *_scores(PERSONS),
    Column("died", lambda variant: variant.died, "d"),
    _mean("calibration error", "test/calibration_error", ".3f"),
    _mean("coupling", "matching/coupling"),
    _mean("tight rows", "matching/tight_rows"),
    _mean("cosine to task gradient", "gradient/cosine"),
    rows=trained,
    sources=lambda variant: variant.own_runs,
)


def _settings(variant: Trained) -> dict[str, Any]:
    settings: dict[str, Any] = variant.own_runs[0].config["learned"]
    return settings


def _chosen(variant: Trained, metric: str, choices: Mapping[float, str]) -> str:
    """Return how many trainings took each choice, e.g. "0.01: 3, 0.03: 7, 0.1: 0"."""
    taken = [run.metric(metric) for run in variant.own_runs]
    numbers = {words: int(np.isclose(taken, choice).sum()) for choice, words in choices.items()}
    return ", ".join(f"{words}: {number}" for words, number in numbers.items())


def _offered(name: str, metric: str, key: str) -> Column[Trained]:
    """Return the column of a setting for which the config offers several values."""
    return Column(
        name, lambda variant: _chosen(variant, metric, {value: f"{value:g}" for value in _settings(variant)[key]})
    )


def _rounding(name: str, metric: str) -> Column[Trained]:
    return Column(name, lambda variant: _chosen(variant, metric, dict(enumerate(ROUNDINGS))))


TUNING = TableOf(
    "P4_tuning",
    "What validation images chose for every variant: how many trainings took which learning rate, which scale at the "
    "start, and what the best matching is taken of, for pairs and for persons (an assignment only where the variant "
    "has a matcher that makes a soft one); F1 of pairs on the validation images, in percent.",
    *_WHO,
    Column("steps", lambda variant: _settings(variant)["steps"], "d"),
    _offered("learning rates", "tuned/learning_rate", "learning_rates"),
    _offered("scales", "tuned/scale", "scales"),
    _rounding("roundings, limbs", "tuned/rounding"),
    _rounding("roundings, persons", "tuned/persons_rounding"),
    Column("F1 on validation", lambda variant: variant.over_seeds("tuned/f1_validation"), ".2f"),
    rows=lambda runs: [variant for variant in trained(runs) if variant.name != UNTRAINED],
    sources=lambda variant: variant.own_runs,
)
