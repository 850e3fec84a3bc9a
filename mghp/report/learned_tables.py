"""Table P4, its figure and its reading: does training through the matcher help?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from mghp.metrics.matching import Difference, SeedCounts, bootstrap_over_seeds, holm
from mghp.report.runs import Run
from mghp.report.style import COLOURS, PAGE_INCHES, STYLE, save
from mghp.report.table import Table

BASELINE = "binary_cross_entropy"
NO_EFFECT = 0.005
"""An effect is absent if the whole interval of the difference in F1 lies within this: fixed before anything was run."""
LEAST_COUPLING = 0.1
"""Below it an arm is not trained through the matching."""

ARMS = {
    "line_integral": "line integral, nothing trained",
    BASELINE: "binary cross-entropy on the affinity, no matcher",
    "pgd_paper": "PGD-Dykstra, T = 50, N = 5, alpha = 0.01 (paper)",
    "pgd_large_step": "PGD-Dykstra, alpha = 1, last iterate",
    "pgd_warm": "PGD-Dykstra, alpha = 1, last iterate, warm start",
    "pgd_last_1": "PGD-Dykstra, alpha = 0.1, gradient of the last step",
    "pgd_last_5": "... of the last 5 steps",
    "pgd_last_20": "... of the last 20 steps",
    "sinkhorn_at_most_one": "unbalanced Sinkhorn, at most one",
    "sinkhorn_kl": "unbalanced Sinkhorn, KL",
    "sinkhorn_dustbin": "unbalanced Sinkhorn, dustbin",
    "one_projection": "one projection, implicit gradient",
    "fenchel_young": "one projection, Fenchel-Young loss",
    "structured_hinge": "structured hinge on the best matching",
    "softmax": "soft-max over rows and columns (control)",
    "straight_through": "straight-through Hungarian (control)",
    "blackbox": "blackbox differentiation (control)",
    "perturbed": "perturbed optimiser (control)",
}
"""Arms in the order of the table."""


@dataclass(frozen=True)
class Arm:
    """One way to train under one condition.

    Attributes:
        condition: data and setting in words.
        name: of the arm.
        runs: one a seed.
        difference: from the baseline of the same seeds; None for the baseline itself, or without one.
        p: of no difference, Holm-corrected over the condition's arms.
    """

    condition: str
    name: str
    runs: list[Run]
    difference: Difference | None
    p: float | None

    @property
    def verdict(self) -> str:
        """What the interval says."""
        if self.difference is None or self.p is None:
            return ""
        if self.p < 0.05:
            return "better" if self.difference.mean > 0 else "worse"
        inside = self.difference.low >= -NO_EFFECT and self.difference.high <= NO_EFFECT
        return "no effect" if inside else "undecided"

    @property
    def is_through_the_matching(self) -> bool:
        """Whether the gradient couples pairs at all; the hinge's is the difference of two matchings."""
        return self.name == "structured_hinge" or self.mean("matching/coupling") >= LEAST_COUPLING

    def mean(self, metric: str) -> float:
        """Over the seeds."""
        return float(np.mean([run.metric(metric) for run in self.runs]))


def learned_arms(runs: Sequence[Run]) -> list[Arm]:
    """The arms of every condition, compared seed by seed with the baseline."""
    by_condition: dict[str, dict[str, dict[int, Run]]] = {}
    for run in runs:
        if run.experiment == "learned" and run.variant in ARMS:
            of_arm = by_condition.setdefault(condition_of(run), {}).setdefault(run.variant, {})
            of_arm[int(run.result["seed"])] = run
    arms: list[Arm] = []
    for condition, by_arm in sorted(by_condition.items()):
        baseline = by_arm.get(BASELINE, {})
        names = [name for name in ARMS if name in by_arm]
        differences = {name: _difference(by_arm[name], baseline) for name in names if name != BASELINE}
        tested = {name: difference for name, difference in differences.items() if difference is not None}
        corrected = dict(zip(tested, holm([difference.p for difference in tested.values()]), strict=True))
        arms += [
            Arm(condition, name, list(by_arm[name].values()), differences.get(name), corrected.get(name))
            for name in names
        ]
    return arms


def condition_of(run: Run) -> str:
    """Data and setting in words."""
    learned = run.config["learned"]
    if learned["problems"] == "positive_control":
        return "positive control, 6x6"
    words = [run.data]
    if learned["nuisance"]:
        words.append(f"candidate offsets {learned['nuisance']:g}")
    if learned["min_candidates"] > 1:
        words.append(f"{learned['min_candidates']}+ candidates a side")
    if learned["train_images"] is not None:
        words.append(f"{learned['train_images']} training images")
    if learned["layers"] == 1:
        words.append("linear scorer")
    return ", ".join(words)


def _difference(of_arm: dict[int, Run], baseline: dict[int, Run]) -> Difference | None:
    seeds = [
        SeedCounts(images, ours, theirs)
        for images, ours, theirs in (
            (*of_arm[seed].tested, baseline[seed].tested[1]) for seed in sorted(of_arm.keys() & baseline.keys())
        )
    ]
    return bootstrap_over_seeds(seeds) if seeds else None


def learned_table(runs: Sequence[Run]) -> Table:
    """P4: mean and standard deviation over seeds of every arm, and its difference from training without a matcher."""
    table = Table(
        "P4",
        "Limb scores learned through matchers: F1 of joined pairs on test images, its difference from binary "
        "cross-entropy without a matcher (paired cluster bootstrap over images and seeds, 95 % interval; p by Holm "
        f"within a condition); 'no effect' if the interval lies within {100 * NO_EFFECT:g} points, fixed beforehand.",
        {
            "condition": "", "arm": "", "seeds": "d", "F1 [%]": "", "difference [95 %]": "", "p": ".3f", "verdict": "",
            "persons grouped [%]": ".1f", "calibration error": ".3f", "coupling": ".2f", "tight rows": ".2f",
            "cosine to task gradient": ".2f", "ms a step": ".1f",
        },
    )  # fmt: skip
    for arm in learned_arms(runs):
        f1 = np.array([100 * run.metric("test/f1") for run in arm.runs])
        spread = f" ± {f1.std(ddof=1):.2f}" if len(f1) > 1 else ""
        row: dict[str, Any] = {
            "condition": arm.condition, "arm": ARMS[arm.name], "seeds": len(arm.runs),
            "F1 [%]": f"{f1.mean():.2f}{spread}",
            "p": arm.p, "verdict": arm.verdict, "persons grouped [%]": 100 * arm.mean("test/grouping"),
            "calibration error": arm.mean("test/calibration_error"), "coupling": arm.mean("matching/coupling"),
            "tight rows": arm.mean("matching/tight_rows"), "cosine to task gradient": arm.mean("gradient/cosine"),
            "ms a step": arm.mean("time/step_ms") or None,
        }  # fmt: skip
        if arm.difference is not None:
            mean, low, high, _ = (100 * number for number in arm.difference)
            row["difference [95 %]"] = f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"
        table.add(row, *arm.runs)
    return table


def learned_figures(runs: Sequence[Run], folder: Path) -> list[Path]:
    """The differences from the baseline with their intervals, a panel a condition."""
    arms = [arm for arm in learned_arms(runs) if arm.difference is not None and arm.name != "line_integral"]
    if not arms:
        return []
    with plt.rc_context(STYLE):
        return save(difference_figure(arms), folder, "learned_matching")


def difference_figure(arms: Sequence[Arm]) -> Figure:
    """Intervals of the difference in F1, in points; grey where nothing is trained through the matching."""
    conditions = list(dict.fromkeys(arm.condition for arm in arms))
    heights = [sum(arm.condition == condition for arm in arms) for condition in conditions]
    figure, grid = plt.subplots(
        len(conditions), 1, figsize=(PAGE_INCHES, 0.55 * len(conditions) + 0.2 * sum(heights) + 0.3), squeeze=False,
        height_ratios=heights,
    )  # fmt: skip
    for axis, condition in zip(grid[:, 0], conditions, strict=True):
        shown = [arm for arm in arms if arm.condition == condition][::-1]
        axis.axvspan(-100 * NO_EFFECT, 100 * NO_EFFECT, color="0.9", zorder=0)
        axis.axvline(0, color="0.4", linewidth=0.8)
        for place, arm in enumerate(shown):
            assert arm.difference is not None
            mean, low, high, _ = (100 * number for number in arm.difference)
            colour = COLOURS[0] if arm.is_through_the_matching else COLOURS[7]
            axis.plot([low, high], [place, place], color=colour)
            axis.plot([mean], [place], "o", color=colour)
        # Half a point and a training that died are both to be seen.
        axis.set_xscale("symlog", linthresh=1)
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_yticks(range(len(shown)), [ARMS[arm.name] for arm in shown])
        axis.set_ylim(-0.6, len(shown) - 0.4)
        axis.set_title(condition, loc="left")
    label = "F1 minus that of binary cross-entropy [points], linear to 1, logarithmic beyond; grey: no effect"
    grid[-1, 0].set_xlabel(label, loc="right")
    return figure


def learned_readings(runs: Sequence[Run]) -> list[str]:
    """A plain answer for every condition, computed from the numbers."""
    arms = learned_arms(runs)
    sentences = []
    for condition in dict.fromkeys(arm.condition for arm in arms):
        own = {arm.name: arm for arm in arms if arm.condition == condition}
        if BASELINE not in own:
            continue
        through = [arm for arm in own.values() if arm.is_through_the_matching and arm.difference is not None]
        verdicts = {
            verdict: [ARMS[arm.name] for arm in through if arm.verdict == verdict]
            for verdict in ("better", "no effect", "undecided", "worse")
        }
        found = "; ".join(f"{verdict}: {', '.join(names)}" for verdict, names in verdicts.items() if names)
        best = max(through, key=lambda arm: arm.difference.mean if arm.difference else -1.0, default=None)
        sentence = f"{condition}: F1 without a matcher {100 * own[BASELINE].mean('test/f1'):.2f} %"
        if best is not None and best.difference is not None:
            mean, low, high, _ = (100 * number for number in best.difference)
            sentence += (
                f"; the best trained through a matcher, {ARMS[best.name]}, {mean:+.2f} points "
                f"[{low:+.2f}, {high:+.2f}] over {len(best.runs)} seeds. {found[:1].upper()}{found[1:]}"
            )
        sentences.append(f"{sentence}.")
    return sentences
