"""Table P4, and what was tuned: does training through the matcher help?"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mghp.report.seed_cells import OverSeeds
from mghp.report.table import Table
from mghp.runs.read import Run
from mghp.studies.learned.arms import ARMS, NO_EFFECT, TARGETS, UNTRAINED, learned_arms, runs_by_arm
from mghp.studies.learned.bench import learned_bench_table
from mghp.studies.learned.rounding_names import ROUNDINGS


def learned_tables(runs: Sequence[Run]) -> list[Table]:
    """All tables of learned matching; those without rows are empty."""
    return [learned_table(runs), learned_tuning_table(runs), learned_bench_table(runs)]


def learned_table(runs: Sequence[Run]) -> Table:
    """P4: mean and standard deviation over seeds of every arm, and its difference from training without a matcher."""
    table = Table(
        "P4",
        "Limb scores learned through matchers, on test images: F1 of joined pairs, and of candidates grouped into "
        "persons, each with the rounding and threshold that validation images chose for it (P4_tuning), in percent; "
        "mean and standard deviation over seeds; differences in points from binary cross-entropy without a matcher "
        "(paired cluster bootstrap over images, and the excess of the seeds' variance; 95 % interval; better or worse "
        "if p < 0.05 by Holm within a condition, each score apart; 'no effect' if the interval lies within "
        f"{100 * NO_EFFECT:g} points, fixed beforehand). Died: seeds that no gradient reaches, or under half of the "
        "baseline's F1. Files hold fractions. Time and memory a step: bench_learned.",
        {
            "condition": "", "arm": "", "seeds": "d",
            **{column: ".2f" for label in TARGETS for column in _columns(label)}, "died": "d",
            "calibration error": ".3f", "coupling": ".2f", "tight rows": ".2f", "cosine to task gradient": ".2f",
        },
    )  # fmt: skip
    for arm in learned_arms(runs):
        row: dict[str, Any] = {
            "condition": arm.condition, "arm": ARMS[arm.name], "seeds": len(arm.runs), "died": arm.died,
            "calibration error": arm.mean("test/calibration_error"), "coupling": arm.mean("matching/coupling"),
            "tight rows": arm.mean("matching/tight_rows"), "cosine to task gradient": arm.mean("gradient/cosine"),
        }  # fmt: skip
        for label, target in TARGETS.items():
            score, difference = _columns(label)
            row[score] = OverSeeds.of(run.metric(target.metric) for run in arm.runs)
            row[difference] = arm.compared.get(label)
        table.add(row, *arm.runs)
    return table


def _columns(label: str) -> tuple[str, str]:
    """Score and difference."""
    return f"{label}, F1", f"{label}, difference [95 %]"


def learned_tuning_table(runs: Sequence[Run]) -> Table:
    """What validation images chose for every arm, out of the same settings."""
    table = Table(
        "P4_tuning",
        "What validation images chose for every arm: how many seeds took which learning rate, which scale at the "
        "start, and what the best matching is taken of, for pairs and for persons (an assignment only where the arm "
        "has a matcher that makes a soft one); F1 of pairs on the validation images, in percent.",
        {
            "condition": "", "arm": "", "seeds": "d", "steps": "d", "learning rates": "", "scales": "",
            "roundings, limbs": "", "roundings, persons": "", "F1 on validation": ".2f",
        },
    )  # fmt: skip
    for condition, by_arm in runs_by_arm(runs).items():
        for name, of_seed in by_arm.items():
            if name != UNTRAINED:
                own = list(of_seed.values())
                table.add({"condition": condition, "arm": ARMS[name], "seeds": len(own), **_tuned(own)}, *own)
    return table


def _tuned(runs: Sequence[Run]) -> dict[str, Any]:
    learned = runs[0].config["learned"]
    roundings = {float(place): name for place, name in enumerate(ROUNDINGS)}
    return {
        "steps": learned["steps"],
        "learning rates": _chosen(
            runs, "tuned/learning_rate", {rate: f"{rate:g}" for rate in learned["learning_rates"]}
        ),
        "scales": _chosen(runs, "tuned/scale", {scale: f"{scale:g}" for scale in learned["scales"]}),
        "roundings, limbs": _chosen(runs, "tuned/rounding", roundings),
        "roundings, persons": _chosen(runs, "tuned/persons_rounding", roundings),
        "F1 on validation": OverSeeds.of(run.metric("tuned/f1_validation") for run in runs),
    }


def _chosen(runs: Sequence[Run], metric: str, choices: Mapping[float, str]) -> str:
    """How many seeds chose what, e.g. "0.01: 3, 0.03: 7"; choices that no seed took too, since they were there."""
    taken = [run.metric(metric) for run in runs]
    numbers = {words: int(np.isclose(taken, choice).sum()) for choice, words in choices.items()}
    return ", ".join(f"{words}: {number}" for words, number in numbers.items())
