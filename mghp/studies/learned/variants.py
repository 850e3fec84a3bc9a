"""Ways to train limb scores, compared seed by seed with training them without a matcher."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mghp.config.training import LearnedMatchingConfig
from mghp.errors import InputError
from mghp.report.statistics import PairedDifference, SeedCounts, f1_over_seeds, holm
from mghp.runs.read import Run, by_seed

BASELINE = "binary_cross_entropy"
PROJECTED = "binary_cross_entropy_projection"
"""The baseline with a fourth rounding to choose, that of the arms which are trained through a projection."""
UNTRAINED = "line_integral"
PAPER = "pgd_paper"
YOUNG = "fenchel_young"
NO_EFFECT = 0.005
"""An effect is absent if the whole interval of a difference lies within this: fixed before anything was run."""
LEAST_COUPLING = 0.1
"""Below it an arm is not trained through the matching."""
DEAD = 0.5
"""A seed with less than this share of the baseline's F1 has died."""
CONTROL = "positive control, 6x6"

ARMS = {
    UNTRAINED: "line integral, nothing trained",
    BASELINE: "binary cross-entropy on the affinity, no matcher",
    PROJECTED: "binary cross-entropy, which one projection may round",
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

CONTROLS = ("softmax", "straight_through", "blackbox", "perturbed")
"""Arms that are no matchers of this kind: what they gain is not gained by training through the matching."""


BY_DIFFERENCE = (YOUNG, "structured_hinge")
"""Arms whose gradient is the difference of an assignment and the true one: no solver is differentiated."""


@dataclass(frozen=True)
class Target:
    """What is compared, by F1 of counts, with the rounding and the threshold that were tuned for it.

    Attributes:
        what: in words.
        array: counts of each test image, in media/association.npz.
        metric: the score of a run.
    """

    what: str
    array: str
    metric: str


TARGETS = {
    "limbs": Target("F1 of joined pairs", "limbs", "test/f1"),
    "persons": Target("F1 of candidates grouped into persons", "persons", "test/person_f1"),
}


@dataclass(frozen=True)
class Comparison:
    """With the baseline of the same seeds.

    Attributes:
        difference: from it, and the p of no difference.
        p: the same, Holm-corrected over the condition's arms.
    """

    difference: PairedDifference
    p: float

    @property
    def verdict(self) -> str:
        """What the interval says; of one seed, whose interval is of its test images alone, nothing."""
        if self.difference.seeds < 2:
            return "one seed"
        if self.p < 0.05:
            return "better" if self.difference.mean > 0 else "worse"
        return "no effect" if self.is_small else "undecided"

    @property
    def is_small(self) -> bool:
        """Whether the whole interval lies within the bound of no effect; what is better may be so by that little."""
        return self.difference.low >= -NO_EFFECT and self.difference.high <= NO_EFFECT

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
        difference = self.difference
        return {
            "": difference.mean, " low": difference.low, " high": difference.high, " p": self.p,
            " verdict": self.verdict,
        }  # fmt: skip


@dataclass(frozen=True)
class Arm:
    """One way to train under one condition.

    Attributes:
        condition: data and setting in words.
        name: of the arm.
        runs: one a seed; where there is a baseline, of its seeds alone.
        compared: by target; empty for the baseline itself, or without one.
        died: seeds that no gradient reaches, or under half of the baseline's F1; None where nothing is compared.
    """

    condition: str
    name: str
    runs: list[Run]
    compared: dict[str, Comparison]
    died: int | None

    @property
    def is_through_the_matching(self) -> bool:
        """Whether the gradient couples pairs at all."""
        return self.name in BY_DIFFERENCE or self.mean("matching/coupling") >= LEAST_COUPLING

    @property
    def is_of_a_variation(self) -> bool:
        """Whether the poses' problems, the scorer or the training images were made other than they are."""
        return not self.condition.startswith(CONTROL) and bool(_variation(self.runs[0]))

    def mean(self, metric: str) -> float:
        """Over the seeds."""
        return float(np.mean([run.metric(metric) for run in self.runs]))


def learned_arms(runs: Sequence[Run]) -> list[Arm]:
    """The arms of every condition, compared with the baseline, the positive control first."""
    return [arm for condition, by_arm in runs_by_arm(runs).items() for arm in _compared(condition, by_arm)]


def runs_by_arm(runs: Sequence[Run]) -> dict[str, dict[str, dict[int, Run]]]:
    """Runs by condition, arm and seed, the positive control first and the arms in the order of `ARMS`."""
    found: dict[str, dict[str, list[Run]]] = {}
    for run in runs:
        if run.experiment == "learned" and run.variant in ARMS:
            found.setdefault(condition_of(run), {}).setdefault(run.variant, []).append(run)
    conditions = sorted(found, key=lambda condition: (not condition.startswith(CONTROL), condition))
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
    """Data and setting in words: all that is other than usual."""
    learned = run.config["learned"]
    if learned["problems"] == "positive_control":
        usual = {"layers": 1}  # a deeper scorer could learn the truth pair by pair
        return ", ".join([CONTROL, *_settings(run, usual)])
    return ", ".join([run.data, *_variation(run), *_settings(run, {"layers": learned["layers"]})])


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
    if learned["layers"] != LearnedMatchingConfig().layers:
        words.append("linear scorer" if learned["layers"] == 1 else f"{learned['layers']} layers")
    return words


_TOLD_APART = ("layers", "hidden", "steps", "batch_problems", "control_problems", "learning_rates", "scales")


def _settings(run: Run, usual: dict[str, Any]) -> list[str]:
    """In words, how the training was other than usual."""
    learned, defaults = run.config["learned"], {**asdict(LearnedMatchingConfig()), **usual}
    different = [key for key in _TOLD_APART if key in learned and learned[key] != defaults[key]]
    return [f"{key.replace('_', ' ')} {learned[key]}" for key in different]


def _compared(condition: str, by_arm: dict[str, dict[int, Run]]) -> list[Arm]:
    baseline = by_arm.get(BASELINE, {})
    seeds = {name: sorted(by_arm[name].keys() & baseline.keys()) for name in by_arm if name != BASELINE}
    tested = [name for name, shared in seeds.items() if shared]
    compared: dict[str, dict[str, Comparison]] = {name: {} for name in by_arm}
    for label, target in TARGETS.items():
        differences = [
            _difference(target, [(by_arm[name][seed], baseline[seed]) for seed in seeds[name]]) for name in tested
        ]
        corrected = holm([float(np.nan_to_num(difference.p, nan=1.0)) for difference in differences])
        for name, difference, p in zip(tested, differences, corrected, strict=True):
            compared[name][label] = Comparison(difference, p)
    return [
        Arm(
            condition, name,
            [of_seed[seed] for seed in seeds[name]] if name in tested else list(of_seed.values()), compared[name],
            sum(_died(of_seed[seed], baseline[seed]) for seed in seeds[name]) if name in tested else None,
        )
        for name, of_seed in by_arm.items()
    ]  # fmt: skip


def difference_between(label: str, ours: Arm, theirs: Arm) -> Comparison:
    """Two arms of a condition, over the seeds that both have; with no other comparison, so that p is as it is."""
    other = {run.seed: run for run in theirs.runs}
    difference = _difference(TARGETS[label], [(run, other[run.seed]) for run in ours.runs if run.seed in other])
    return Comparison(difference, difference.p)


def _difference(target: Target, pairs: Sequence[tuple[Run, Run]]) -> PairedDifference:
    """Seed by seed.

    Raises:
        InputError: if two runs of a seed were tested on different images.
    """
    seeds = []
    for ours, theirs in pairs:
        (images, counts), (others, reference) = (run.tested(target.array) for run in (ours, theirs))
        if not np.array_equal(images, others):
            raise InputError(f"{ours.path} and {theirs.path}: tested on different images, expected the same of a seed")
        seeds.append(SeedCounts(images, counts, reference))
    return f1_over_seeds(seeds)


def _died(ours: Run, baseline: Run) -> bool:
    """Where all scores are negative, all assignments are 0, and so are their derivatives: no step changes them."""
    is_flat = ours.variant not in (*BY_DIFFERENCE, "straight_through") and ours.metric("matching/coupling") == 0
    return is_flat or ours.metric("test/f1") < DEAD * baseline.metric("test/f1")
