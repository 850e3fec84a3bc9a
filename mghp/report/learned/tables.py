"""Table P4, and what was tuned: does training through the matcher help?"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mghp.report.learned.arms import ARMS, NO_EFFECT, TARGETS, UNTRAINED, Arm, learned_arms, percent, runs_by_arm
from mghp.report.learned.bench import learned_bench_table
from mghp.report.runs import Run
from mghp.report.table import Table


def learned_tables(runs: Sequence[Run]) -> list[Table]:
    """All tables of learned matching; those without rows are empty."""
    return [learned_table(runs), learned_tuning_table(runs), learned_bench_table(runs)]


def learned_table(runs: Sequence[Run]) -> Table:
    """P4: mean and standard deviation over seeds of every arm, and its difference from training without a matcher."""
    arms = learned_arms(runs)
    table = Table(
        "P4",
        "Limb scores learned through matchers: F1 of joined pairs, and candidates grouped into their own "
        "person at the threshold tuned for F1 (and at one tuned for persons, where runs have it), on test images; "
        "differences from binary cross-entropy without a matcher (paired cluster bootstrap over images and seeds, 95 % "
        "interval; better or worse if p < 0.05 by Holm within a condition, each score apart; 'no effect' if the "
        f"interval lies within {100 * NO_EFFECT:g} points, fixed beforehand). Died: seeds under half of the baseline's "
        "F1. Time and memory a step: bench_learned.",
        {
            "condition": "", "arm": "", "seeds": "d", **_formats(arms), "died": "d", "calibration error": ".3f",
            "coupling": ".2f", "tight rows": ".2f", "cosine to task gradient": ".2f",
        },
    )  # fmt: skip
    for arm in arms:
        row: dict[str, Any] = {
            "condition": arm.condition, "arm": ARMS[arm.name], "seeds": len(arm.runs), "died": arm.died,
            "calibration error": arm.mean("test/calibration_error"), "coupling": arm.mean("matching/coupling"),
            "tight rows": arm.mean("matching/tight_rows"), "cosine to task gradient": arm.mean("gradient/cosine"),
        }  # fmt: skip
        for label, target in TARGETS.items():
            score, difference = _columns(label)
            if all(target.is_of(run) for run in arm.runs):
                row[score] = percent(arm.runs, target.metric)
            row[difference] = arm.compared.get(label)
        table.add(row, *arm.runs)
    return table


def _columns(label: str) -> tuple[str, str]:
    """Score and difference."""
    return ("F1" if label == "limbs" else label) + " [%]", f"{label}: difference [95 %]"


def _formats(arms: Sequence[Arm]) -> dict[str, str]:
    """Columns of the scores that any arm has with all its seeds."""
    formats: dict[str, str] = {}
    for label, target in TARGETS.items():
        if any(all(target.is_of(run) for run in arm.runs) for arm in arms):
            formats |= dict.fromkeys(_columns(label), ".2f")
    return formats


def learned_tuning_table(runs: Sequence[Run]) -> Table:
    """What validation images chose for every arm, out of the same settings."""
    table = Table(
        "P4_tuning",
        "What validation images chose for every arm, all of the same settings: how many seeds took the largest "
        "learning rate and the largest scale at the start, the mean threshold, how many seeds round the soft "
        "assignment rather than the affinity, and F1 on the validation images.",
        {
            "condition": "", "arm": "", "seeds": "d", "steps": "", "learning rates": "", "took the largest": "d",
            "scales": "", "took the largest scale": "d", "threshold": ".2f", "rounds the assignment": "d",
            "F1 on validation [%]": "",
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
    rates, scales = learned["learning_rates"], learned["scales"]
    return {
        "steps": str(learned["steps"]),
        "learning rates": ", ".join(f"{rate:g}" for rate in rates),
        "took the largest": _number(runs, "tuned/learning_rate", max(rates)),
        "scales": ", ".join(f"{scale:g}" for scale in scales),
        "took the largest scale": _number(runs, "tuned/scale", max(scales)),
        "threshold": float(np.mean([run.metric("tuned/threshold") for run in runs])),
        "rounds the assignment": _number(runs, "tuned/of_assignment", 1.0),
        "F1 on validation [%]": percent(runs, "tuned/f1_validation"),
    }


def _number(runs: Sequence[Run], metric: str, value: float) -> int:
    return sum(bool(np.isclose(run.metric(metric), value)) for run in runs)
