"""Ways to train limb scores, compared seed by seed with training them without a matcher."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mghp.metrics.matching import Difference, SeedCounts, bootstrap_over_seeds, f1, holm, share
from mghp.report.runs import Run, by_seed

BASELINE = "binary_cross_entropy"
UNTRAINED = "line_integral"
PAPER = "pgd_paper"
NO_EFFECT = 0.005
"""An effect is absent if the whole interval of a difference lies within this: fixed before anything was run."""
STEPS = 1000
"""Of a training; of others the condition says how many they are."""
LEAST_COUPLING = 0.1
"""Below it an arm is not trained through the matching."""
DEAD = 0.5
"""A seed with less than this share of the baseline's F1 has died."""
CONTROL = "positive control, 6x6"

ARMS = {
    UNTRAINED: "line integral, nothing trained",
    BASELINE: "binary cross-entropy on the affinity, no matcher",
    PAPER: "PGD-Dykstra, T = 50, N = 5, alpha = 0.01 (paper)",
    "pgd_large_step": "PGD-Dykstra, alpha = 1, last iterate",
    "pgd_warm": "PGD-Dykstra, alpha = 1, last iterate, warm start",
    "pgd_last_1": "PGD-Dykstra, alpha = 0.1, gradient of the last step",
    "pgd_last_5": "PGD-Dykstra, alpha = 0.1, gradient of the last 5",
    "pgd_last_20": "PGD-Dykstra, alpha = 0.1, gradient of the last 20",
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
class Target:
    """What is compared.

    Attributes:
        what: in words.
        array: counts of each test image, in media/association.npz.
        metric: the score of a run.
        score: of summed counts.
    """

    what: str
    array: str
    metric: str
    score: Callable[[ArrayLike], NDArray[np.float64]]

    def is_of(self, run: Run) -> bool:
        """Whether the run was scored so."""
        return self.metric in run.result["metrics"]


TARGETS = {
    "limbs": Target("F1 of joined pairs", "counts", "test/f1", f1),
    "persons": Target("candidates in their own person's group", "grouping", "test/grouping", share),
    "persons, own threshold": Target(
        "candidates in their own person's group, threshold tuned for it", "grouping_tuned", "test/grouping_tuned", share
    ),
}
"""Thresholds are tuned for limbs, but for the last, which is tuned for persons."""


@dataclass(frozen=True)
class Comparison:
    """With the baseline of the same seeds.

    Attributes:
        difference: from it.
        p: of no difference, Holm-corrected over the condition's arms.
        seeds: that both have.
    """

    difference: Difference
    p: float
    seeds: int

    @property
    def verdict(self) -> str:
        """What the interval says; of one seed, whose interval is of its test images alone, nothing."""
        if self.seeds < 2:
            return "one seed"
        if self.p < 0.05:
            return "better" if self.difference.mean > 0 else "worse"
        inside = self.difference.low >= -NO_EFFECT and self.difference.high <= NO_EFFECT
        return "no effect" if inside else "undecided"

    @property
    def points(self) -> tuple[float, float, float]:
        """Mean, low and high end in points."""
        return 100 * self.difference.mean, 100 * self.difference.low, 100 * self.difference.high

    @property
    def interval(self) -> str:
        """Difference and interval in points."""
        mean, low, high = self.points
        return f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"

    def __format__(self, form: str) -> str:
        return f"{self.interval} {self.verdict}"

    def columns(self) -> dict[str, float | str]:
        """What a file of numbers gets, by what is added to the column's name."""
        mean, low, high = self.points
        return {"": mean, " low": low, " high": high, " p": self.p, " verdict": self.verdict}


@dataclass(frozen=True)
class Arm:
    """One way to train under one condition.

    Attributes:
        condition: data and setting in words.
        name: of the arm.
        runs: one a seed.
        compared: by target; empty for the baseline itself, or without one.
        died: seeds with less than half of the baseline's F1; None where nothing is compared.
    """

    condition: str
    name: str
    runs: list[Run]
    compared: dict[str, Comparison]
    died: int | None

    @property
    def is_through_the_matching(self) -> bool:
        """Whether the gradient couples pairs at all; the hinge's is the difference of two matchings."""
        return self.name == "structured_hinge" or self.mean("matching/coupling") >= LEAST_COUPLING

    @property
    def is_of_a_variation(self) -> bool:
        """Whether the poses' problems, the scorer or the training images were made other than they are."""
        return self.condition != CONTROL and bool(_variation(self.runs[0]))

    def mean(self, metric: str) -> float:
        """Over the seeds."""
        return float(np.mean([run.metric(metric) for run in self.runs]))


def percent(runs: Sequence[Run], metric: str) -> str:
    """Mean and standard deviation over runs."""
    numbers = np.array([100 * run.metric(metric) for run in runs])
    return f"{numbers.mean():.2f}" + (f" ± {numbers.std(ddof=1):.2f}" if len(numbers) > 1 else "")


def learned_arms(runs: Sequence[Run]) -> list[Arm]:
    """The arms of every condition, compared with the baseline, the positive control first."""
    return [arm for condition, by_arm in runs_by_arm(runs).items() for arm in _compared(condition, by_arm)]


def runs_by_arm(runs: Sequence[Run]) -> dict[str, dict[str, dict[int, Run]]]:
    """Runs by condition, arm and seed, the positive control first and the arms in the order of `ARMS`."""
    found: dict[str, dict[str, list[Run]]] = {}
    for run in runs:
        if run.experiment == "learned" and run.variant in ARMS:
            found.setdefault(condition_of(run), {}).setdefault(run.variant, []).append(run)
    conditions = sorted(found, key=lambda condition: (condition != CONTROL, condition))
    return {
        condition: {name: by_seed(found[condition][name]) for name in ARMS if name in found[condition]}
        for condition in conditions
    }


def by_condition(arms: Sequence[Arm]) -> dict[str, dict[str, Arm]]:
    """Arms by condition and name, in their order."""
    conditions: dict[str, dict[str, Arm]] = {}
    for arm in arms:
        conditions.setdefault(arm.condition, {})[arm.name] = arm
    return conditions


def condition_of(run: Run) -> str:
    """Data and setting in words."""
    learned = run.config["learned"]
    if learned["problems"] == "positive_control":
        return CONTROL
    steps = [f"{learned['steps']} steps"] if learned["steps"] != STEPS else []
    return ", ".join([run.data, *_variation(run), *steps])


def _variation(run: Run) -> list[str]:
    """In words, what was made other than in the plain problems of poses."""
    learned = run.config["learned"]
    words: list[str] = []
    if learned["nuisance"]:
        words.append(f"candidate offsets {learned['nuisance']:g}")
    if learned["min_candidates"] > 1:
        words.append(f"{learned['min_candidates']}+ candidates a side")
    if learned["train_images"] is not None:
        words.append(f"{learned['train_images']} training images")
    if learned["layers"] == 1:
        words.append("linear scorer")
    return words


def _compared(condition: str, by_arm: dict[str, dict[int, Run]]) -> list[Arm]:
    baseline = by_arm.get(BASELINE, {})
    seeds = {name: sorted(by_arm[name].keys() & baseline.keys()) for name in by_arm if name != BASELINE}
    tested = [name for name, shared in seeds.items() if shared]
    compared: dict[str, dict[str, Comparison]] = {name: {} for name in by_arm}
    for label, target in TARGETS.items():
        if not all(target.is_of(run) for name in (BASELINE, *tested) for run in by_arm.get(name, {}).values()):
            continue
        differences = [
            _difference(target, [(by_arm[name][seed], baseline[seed]) for seed in seeds[name]]) for name in tested
        ]
        corrected = holm([difference.p for difference in differences])
        for name, difference, p in zip(tested, differences, corrected, strict=True):
            compared[name][label] = Comparison(difference, p, len(seeds[name]))
    return [
        Arm(
            condition, name, list(of_seed.values()), compared[name],
            sum(_died(of_seed[seed], baseline[seed]) for seed in seeds[name]) if name in tested else None,
        )
        for name, of_seed in by_arm.items()
    ]  # fmt: skip


def _difference(target: Target, pairs: Sequence[tuple[Run, Run]]) -> Difference:
    counted = [[run.tested(target.array) for run in pair] for pair in pairs]
    seeds = [SeedCounts(images, ours, theirs) for (images, ours), (_, theirs) in counted]
    return bootstrap_over_seeds(seeds, score=target.score)


def _died(ours: Run, baseline: Run) -> bool:
    return ours.metric("test/f1") < DEAD * baseline.metric("test/f1")
