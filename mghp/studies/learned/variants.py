"""Ways to train limb scores, compared seed by seed with training them without a matcher."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from mghp.config.training import LearnedMatchingConfig
from mghp.errors import InputError
from mghp.matching.solvers import SOLVERS
from mghp.registry import GREY
from mghp.report.comparison import NO_EFFECT_ON_F1, NO_EFFECT_ON_PREDICTED_PAIRS
from mghp.report.seeds import Family, OverSeeds, Score, Variant
from mghp.report.statistics import PairedDifference, SeedCounts, f1_over_seeds
from mghp.runs.read import BySeed, Run, by_seed, predicted_in_words
from mghp.studies.variants import label_of, labels_of, solver_colour

BASELINE = "binary_cross_entropy"
PROJECTED = "binary_cross_entropy_projection"
"""The baseline with a fourth rounding to choose: that of variants trained through a projection."""
UNTRAINED = "line_integral"
YOUNG = "fenchel_young"

FILE = "matcher/learned.yaml"
"""Experiment file of the variants, with their words, in the order of the tables."""

CONTROLS = SOLVERS.where(lambda solver: solver.is_control)
"""Variants whose gains do not count as gained by training through the matching."""
BY_DIFFERENCE = (YOUNG, "structured_hinge")
"""Variants whose gradient is an assignment minus the true one: no solver is differentiated."""

_THROUGH_ONE = ("matching", "structured_hinge")
"""Objectives that ask a solver."""

CONTROL = "positive control, 6x6"
"""The condition under which competition must help."""

LEAST_COUPLING = 0.1
"""The coupling below which a variant is not trained through the matching."""
DEAD = 0.5
"""The share of the baseline's F1 below which a seed has died."""

LIMBS = "test/f1"
PERSONS = "test/person_f1"


class Target(NamedTuple):
    """What a score counts, with the rounding and the threshold that were tuned for it.

    Attributes:
        name: name of the counts in media/association.npz, and in tables.
        what: the score in words.
    """

    name: str
    what: str


TARGETS: dict[Score, Target] = {
    LIMBS: Target("limbs", "F1 of joined pairs"),
    PERSONS: Target("persons", "F1 of candidates grouped into persons"),
}
"""The targets by the name of their score in a run's metrics."""


@dataclass(frozen=True)
class Trained(Variant):
    """One way to train under one condition, with the seeds of the baseline where there is one.

    Attributes:
        condition: data and settings in words.
    """

    condition: str

    @property
    def is_compared(self) -> bool:
        """True if there is a baseline of a seed that both have whole."""
        return self.name != BASELINE and bool(_whole_seeds(self.runs, self.family.runs.get(BASELINE, {})))

    @property
    def is_through_the_matching(self) -> bool:
        """True if the gradient couples pairs at all."""
        return self.name in BY_DIFFERENCE or self.mean("matching/coupling") >= LEAST_COUPLING

    @property
    def label(self) -> str:
        """The variant in words."""
        return label_of(FILE, self.name)

    @property
    def is_on_the_control(self) -> bool:
        """True if the problems are those on which competition must help, whatever the settings."""
        return self.condition.startswith(CONTROL)

    @property
    def is_of_a_variation(self) -> bool:
        """True if the poses' problems, the scorer or the training images are other than in the plain condition."""
        return not self.is_on_the_control and bool(_variation(self.own_runs[0]))

    @property
    def is_usual(self) -> bool:
        """True if nothing but the data is other than in the plain condition."""
        return not self.is_on_the_control and not _unusual(self.own_runs[0])

    @property
    def colour(self) -> str:
        """The colour of the solver that it is trained through; grey where it is trained without one."""
        run = self.own_runs[0]
        return solver_colour(run) if run.config["learned"]["objective"] in _THROUGH_ONE else GREY

    @property
    def seeds(self) -> int:
        """The number of seeds."""
        return len({run.seed for run in self.own_runs})

    @property
    def dead(self) -> frozenset[int]:
        """The places in `runs` that no gradient reaches, or under half of the baseline's F1; none if not compared."""
        baseline = self.family.runs.get(BASELINE, {}) if self.is_compared else {}
        return frozenset(place for place, run in self.runs.items() if place in baseline and _died(run, baseline[place]))

    @property
    def died(self) -> int | None:
        """The number of trainings that died; None if not compared."""
        return len(self.dead) if self.is_compared else None

    def over_seeds(self, metric: str) -> OverSeeds:
        """Return the mean and deviation of a metric over seeds; that of a seed is the mean of its trainings."""
        of_seeds: dict[int, list[float]] = {}
        for run in self.own_runs:
            of_seeds.setdefault(run.seed, []).append(run.metric(metric))
        return OverSeeds.of(float(np.mean(values)) for values in of_seeds.values())

    def mean(self, metric: str) -> float:
        """Return the mean of a metric over the trainings."""
        return float(np.mean([run.metric(metric) for run in self.own_runs]))


def trained(runs: Sequence[Run]) -> list[Trained]:
    """Return the variants of every condition, the positive control first."""
    return [
        Trained(name, group, family, condition)
        for condition, family in _families(runs).items()
        for name, group in family.runs.items()
    ]


def by_condition(variants: Iterable[Trained]) -> dict[str, list[Trained]]:
    """Group variants that are in the order of `trained` by their condition."""
    return {condition: list(some) for condition, some in groupby(variants, lambda variant: variant.condition)}


def main_condition(variants: Iterable[Trained]) -> list[Trained]:
    """Return the variants of the condition with most runs; real poses win a tie, the control comes last."""
    return max(by_condition(variants).values(), default=[], key=_weight)


def _weight(variants: Sequence[Trained]) -> tuple[bool, int, bool]:
    runs = [run for variant in variants for run in variant.own_runs]
    return not variants[0].is_on_the_control, len(runs), runs[0].config["data"]["name"] == "mhp_poses"


def _families(runs: Sequence[Run]) -> dict[str, Family]:
    """Return the variants of each condition, a family that is compared with its baseline.

    Two files of pictures, each tested by what the other teaches, are one condition: its scores are cross-fitted.
    """
    learned = [run for run in runs if run.experiment == "learned"]
    ways = {_files(run) for run in learned}
    found: dict[str, dict[str, list[Run]]] = {}
    for run in learned:
        files = _files(run)
        condition = condition_of(run, files if files[::-1] in ways else ())
        found.setdefault(condition, {}).setdefault(run.variant, []).append(run)
    conditions = sorted(found, key=lambda condition: (not condition.startswith(CONTROL), condition))
    return {condition: _family(found[condition]) for condition in conditions}


def _files(run: Run) -> tuple[str, ...]:
    """Return the files that a run learned on and was tested on; nothing where one set of pictures was split."""
    data = run.config["data"]
    if data["name"] != "predicted_problems" or data["annotations"]:
        return ()
    return data["splits"]["train"], data["splits"]["validation"]


def _family(runs: dict[str, list[Run]]) -> Family:
    names = dict.fromkeys([*labels_of(FILE), *sorted(runs)])
    ways = sorted({_files(run) for group in runs.values() for run in group})
    groups = {name: _by_seed_and_way(runs[name], ways) for name in names if name in runs}
    baseline = groups.get(BASELINE, {})
    shared = {name: {place: group[place] for place in group if place in baseline} for name, group in groups.items()}
    names_of_data = {run.config["data"]["name"] for group in runs.values() for run in group}
    bound = NO_EFFECT_ON_PREDICTED_PAIRS if "predicted_problems" in names_of_data else NO_EFFECT_ON_F1
    return Family({name: shared[name] or groups[name] for name in groups}, BASELINE, bound, f1_difference)


def _by_seed_and_way(runs: Sequence[Run], ways: Sequence[tuple[str, ...]]) -> dict[int, Run]:
    """Return runs by a number for each seed and way to learn and test; of one way it is the seed.

    Raises:
        InputError: if two are of one seed and way.
    """
    of_ways = [by_seed(run for run in runs if _files(run) == way) for way in ways]
    found = {len(ways) * seed + place: run for place, group in enumerate(of_ways) for seed, run in group.items()}
    return dict(sorted(found.items()))


def condition_of(run: Run, crossed: Sequence[str] = ()) -> str:
    """Return data and settings in words, as far as they are unusual.

    Args:
        run: of any seed.
        crossed: its two files, where other runs were tested on the one that it learned on, and learned on the other.
    """
    learned = run.config["learned"]
    if learned["problems"] == "positive_control":
        usual = {"layers": 1}  # a deeper scorer could learn the truth pair by pair
        return ", ".join([CONTROL, *_settings(run, usual)])
    data = predicted_in_words(run.config["data"], sorted(crossed)) if crossed else run.data
    return ", ".join([data, *_unusual(run)])


def _unusual(run: Run) -> list[str]:
    """Return in words what is unusual about problems that are not the control's, and about the training on them."""
    return [*_variation(run), *_settings(run, {"layers": run.config["learned"]["layers"]})]


def _variation(run: Run) -> list[str]:
    """Return in words how the problems differ from the plain ones of poses."""
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
    """Return in words how the training differs from the usual one."""
    learned, defaults = run.config["learned"], {**asdict(LearnedMatchingConfig()), **usual}
    different = [key for key in _TOLD_APART if key in learned and learned[key] != defaults[key]]
    return [f"{key.replace('_', ' ')} {learned[key]}" for key in different]


def f1_difference(ours: BySeed, baseline: BySeed, score: Score) -> PairedDifference | None:
    """Return our F1 minus the baseline's over the seeds that both have; None without any.

    Where scores are cross-fitted, the F1 of a seed is that of the images of both files together.

    Raises:
        InputError: if two runs of a seed were tested on different images.
    """
    seeds = _whole_seeds(ours, baseline)
    ways = sorted({_files(ours[place]) for places in seeds for place in places})

    def of_file(place: int) -> SeedCounts:
        counts = _counts(ours[place], baseline[place], TARGETS[score].name)
        return counts._replace(images=len(ways) * counts.images + ways.index(_files(ours[place])))  # each counts from 0

    whole = [SeedCounts(*map(np.concatenate, zip(*map(of_file, places), strict=True))) for places in seeds]
    return f1_over_seeds(whole) if whole else None


def _whole_seeds(ours: BySeed, baseline: BySeed) -> list[list[int]]:
    """Return the places that both have of each seed, for seeds that are there by every way to learn and test."""
    places: dict[int, list[int]] = {}
    for place in sorted(ours.keys() & baseline.keys()):
        places.setdefault(ours[place].seed, []).append(place)
    ways = {_files(ours[place]) for of_seed in places.values() for place in of_seed}
    return [of_seed for of_seed in places.values() if len(of_seed) == len(ways)]


def _counts(ours: Run, baseline: Run, name: str) -> SeedCounts:
    (images, counts), (others, reference) = ours.tested(name), baseline.tested(name)
    if not np.array_equal(images, others):
        raise InputError(f"{ours.path} and {baseline.path}: tested on different images, expected the same of a seed")
    return SeedCounts(images, counts, reference)


def _died(ours: Run, baseline: Run) -> bool:
    # Where all scores are negative, all assignments are 0, and so are their derivatives: no step changes them. Sure
    # scores of small problems have no coupling either, but a loss that reaches them.
    is_flat = ours.metric("matching/coupling") == 0 and ours.metric("gradient/cosine") == 0
    return is_flat or ours.metric(LIMBS) < DEAD * baseline.metric(LIMBS)
