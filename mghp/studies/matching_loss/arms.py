"""Ways to train a parser's matching, and how two of them are compared, by docs/explanation/protocol.md."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from mghp.config.metric_names import METRICS
from mghp.errors import InputError
from mghp.report.comparison import NO_EFFECT_IN_PHOTOS, NO_EFFECT_ON_PREDICTED_PAIRS, Bound, Comparison, compare
from mghp.report.seeds import OverSeeds, of_one_budget
from mghp.report.statistics import ratios_over_starts, seeds_in_starts
from mghp.runs.read import Run
from mghp.studies.photographs.pooled import PER_PICTURE, PIXELS, crowds, paired_counts
from mghp.studies.variants import label_of, labels_of

PHOTOGRAPHS, RENDERED = "photographs_matching", "clear_matching_tuned"
BRANCHES = "clear_matching"
"""The experiment whose trainings `RENDERED` evaluates, each at its own price of staying unmatched."""
JUDGED = {PHOTOGRAPHS: "photographs", RENDERED: "rendered crowds"}
"""The experiments that judge, by the words of their pictures."""
SHOWN = JUDGED | {BRANCHES: "rendered crowds, price 0"}
"""Likewise those in tables: also the branches at one price for all, by which a loss wins or loses by its offset."""
WEIGHTS = "photographs_matching_weights"
"""The experiment by which the weights on photographs are chosen."""
CONTROL = "cords_matching"
"""The positive control that decides."""
CONTROLS = {CONTROL: "twins joined by cords", "twins_matching": "twins behind blinds"}
"""The positive control that decides and an earlier one, by the words of their pictures."""
EXPERIMENTS = (*SHOWN, WEIGHTS, *CONTROLS, "clear_starts")

NONE, AFFINITIES = "none", "affinities"
THROUGH = ("paper", "fenchel_young", "hinge")
"""The variants that train through a matcher."""

PAIRS = (
    *((ours, baseline) for baseline in (NONE, AFFINITIES) for ours in THROUGH),
    (AFFINITIES, NONE),
    ("shuffled", NONE),
)
"""The variants that are compared, each with its baseline."""

LIMB_PAIRS = "media/limb_pairs.csv"

Place = tuple[str, int]
"""The start that a training branches from, and its seed."""


@dataclass(frozen=True)
class Pooled:
    """The pixels or pairs of each picture that a score is pooled from.

    Attributes:
        file: of a run that has them.
        counts: returns, by the picture's name, the numerator and the denominator.
    """

    file: str
    counts: Callable[[Run], pd.DataFrame]


@dataclass(frozen=True)
class Score:
    """A score of a parser.

    Attributes:
        label: in words.
        metric: its name in a run.
        bound: size below which an effect counts as none.
        pooled: what it is pooled from; None where only the whole set has it.
    """

    label: str
    metric: str
    bound: Bound
    pooled: Pooled | None = None

    def is_of(self, run: Run) -> bool:
        """Return whether a run has the score, and what it is pooled from."""
        return not np.isnan(run.metric(self.metric)) and (self.pooled is None or run.has(self.pooled.file))


def _joined(run: Run) -> pd.DataFrame:
    """Return twice the right pairs of each picture, and that with the false and missed ones: F1 is their ratio."""
    rows = run.rows(LIMB_PAIRS, {"name", "price", "right", "false", "missed"}, {"name", "price"})
    rows = rows[rows["price"] == "best"].set_index("name")
    return pd.DataFrame({"right": 2 * rows["right"], "of": 2 * rows["right"] + rows["false"] + rows["missed"]})


def _of_owners(name: str) -> Score:
    metric = f"val/{name}"
    pooled = Pooled(PER_PICTURE, partial(crowds, columns=PIXELS[metric]))
    return Score(METRICS[name].label, metric, NO_EFFECT_IN_PHOTOS, pooled)


OWNERS = _of_owners("owner_accuracy")
"""The score that decides."""

F1 = Score("F1 of limb pairs", "limbs/f1_best", NO_EFFECT_ON_PREDICTED_PAIRS, Pooled(LIMB_PAIRS, _joined))

SCORES = (
    OWNERS,
    _of_owners("contested_owner_accuracy"),
    Score("keypoint AP, OKS 0.5", "val/keypoint_ap_50", NO_EFFECT_IN_PHOTOS),
    F1,
)


@dataclass(frozen=True)
class Arm:
    """One way to train with its trainings.

    Attributes:
        experiment: of the trainings.
        name: of the variant.
        runs: by start and seed.
        label: in words.
    """

    experiment: str
    name: str
    runs: Mapping[Place, Run]
    label: str

    @property
    def starts(self) -> int:
        """The number of starts."""
        return len({start for start, _ in self.runs})

    def score(self, score: Score) -> OverSeeds:
        """Return the mean and deviation over trainings."""
        return OverSeeds.of(run.metric(score.metric) for run in self.runs.values())


@dataclass(frozen=True)
class Pair:
    """One way to train beside another, over the starts and seeds that both have."""

    ours: Arm
    baseline: Arm

    @property
    def places(self) -> list[Place]:
        """The starts and seeds that both have."""
        return sorted(self.ours.runs.keys() & self.baseline.runs.keys())

    @property
    def runs(self) -> list[Run]:
        """The runs of both."""
        return [arm.runs[place] for arm in (self.ours, self.baseline) for place in self.places]

    def compared(self, score: Score) -> Comparison | None:
        """Return the comparison in a score, over the places at which both have it; None where there is none.

        Raises:
            InputError: if two runs of a pair were tested on other pictures.
        """
        both = [(place, self.ours.runs[place], self.baseline.runs[place]) for place in self.places]
        known = [(start, ours, other) for (start, _), ours, other in both if score.is_of(ours) and score.is_of(other)]
        if not known:
            return None
        starts = [start for start, _, _ in known]
        if score.pooled is None:
            differences = [ours.metric(score.metric) - other.metric(score.metric) for _, ours, other in known]
            difference = seeds_in_starts(differences, starts)
        else:
            counts = [paired_counts(ours, other, score.pooled.counts) for _, ours, other in known]
            difference = ratios_over_starts(counts, starts)
        baseline = float(np.mean([other.metric(score.metric) for _, _, other in known]))
        return compare({"": difference}, score.bound, baseline)[""]


def arms(runs: Iterable[Run], experiment: str) -> dict[str, Arm]:
    """Return the ways to train that runs of an experiment have, in the order of the file of the trainings.

    Evaluations of branches that are not among the runs are left out: nothing tells how these were trained.

    Raises:
        InputError: if two runs are of one way, start and seed.
    """
    runs = list(runs)
    file = f"parsing/{BRANCHES if experiment == RENDERED else experiment}.yaml"
    found: dict[str, dict[Place, Run]] = defaultdict(dict)
    for run, trained in _with_trainings(runs, experiment):
        place = start_of(trained), trained.seed
        other = found[trained.variant].setdefault(place, run)
        if other is not run:
            raise InputError(f"{other.path} and {run.path}: both {trained.variant} from {place}; expected one of them")
    return {name: Arm(experiment, name, found[name], label_of(file, name)) for name in labels_of(file) if name in found}


def start_of(run: Run) -> str:
    """Return the name of the weights that a training begins with; without any each seed is a start of its own."""
    weights = run.config["network"].get("weights")
    return f"seed {run.seed}" if weights is None else Path(str(weights)).name


def _with_trainings(runs: Sequence[Run], experiment: str) -> list[tuple[Run, Run]]:
    """Return the runs of an experiment, each with the training that it tells of: itself, or the branch it evaluates."""
    judging = of_one_budget(runs, experiment)
    if experiment != RENDERED:
        return [(run, run) for run in judging]
    branches = {run.path.name: run for run in runs if run.experiment == BRANCHES}
    begun = [(run, Path(run.config["training"]["continue_from"]).parents[1].name) for run in judging]
    return [(run, branches[name]) for run, name in begun if name in branches]


def pairs(known: Mapping[str, Arm]) -> list[Pair]:
    """Return the comparisons that are possible; seeds of `NONE` by twos come last: chance alone differs."""
    both = [Pair(known[ours], known[other]) for ours, other in PAIRS if ours in known and other in known]
    if NONE in known:
        both.append(Pair(_again(known[NONE]), known[NONE]))
    return [pair for pair in both if pair.places]


def _again(arm: Arm) -> Arm:
    """Return the run of each start's second seed at the place of its first, of its fourth at that of its third, ...."""
    seeds: dict[str, list[int]] = defaultdict(list)
    for start, seed in sorted(arm.runs):
        seeds[start].append(seed)
    twos = [(start, *two) for start, own in seeds.items() for two in zip(own[::2], own[1::2], strict=False)]
    runs = {(start, first): arm.runs[start, second] for start, first, second in twos}
    return replace(arm, runs=runs, label=f"{arm.label}, another seed")
