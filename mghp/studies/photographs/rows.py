"""What the tables of photographs are about: parsers, and baselines without learning, over crowds and single persons."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mghp.config.evaluation import BASELINES
from mghp.metrics.pose_groups import HIGH, LOW
from mghp.metrics.subsets import POSE_GROUPS
from mghp.runs.read import Run
from mghp.studies.groupings.ways import EXPERIMENTS as GROUPINGS
from mghp.studies.parsing.tables import EVALUATION, scored_otherwise, split_of, trained_experiment
from mghp.studies.photographs import cost, turned
from mghp.studies.photographs.finetuning import EXPERIMENT as FINETUNING
from mghp.studies.photographs.network import EXPERIMENT as BRANCHES
from mghp.studies.photographs.pooled import NETWORKS, SHIPPED

DRAWN = "synthetic"
"""The name of the data that are no photographs."""

NOT_TESTED = (
    BRANCHES,
    "coco_persons_weights",
    "photographs_matching_weights",
    *(subject.experiment(study) for subject in (NETWORKS, SHIPPED) for study in (turned.STUDY, cost.STUDY)),
)
"""Trainings that are validated on pictures by which something of theirs, or of what ships, was chosen; and those that
are no trainings, but score one several times, in tables of their own."""

TOLD_APART = ("photographs_starts", "photographs_matching", FINETUNING, *GROUPINGS)
"""Networks that are compared with each other in tables of their own, here or in another study."""

BREAKDOWN = "media/breakdown.csv"
"""The file that an evaluation tells groups of pictures in."""

OWNER_BEGINNINGS = ("coverage", "owner_", "contested_owner_")
"""Beginnings of the names of `OwnerScores`."""

BASELINE_LABELS = dict(
    zip(BASELINES, ("nearest true box", "nearest true keypoint", "nearest true limb", "largest person"), strict=True)
)


@dataclass(frozen=True)
class Score:
    """A score with its 95 % interval over pictures, in percent when printed.

    Attributes:
        value: a fraction; NaN where it is not defined.
        low: lower end of the interval; NaN where none is known.
        high: upper end.
    """

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def is_known(self) -> bool:
        """True if the score is defined."""
        return not math.isnan(self.value)

    def __format__(self, form: str) -> str:
        if not self.is_known:
            return ""
        value, low, high = (f"{100 * number:{form}}" for number in (self.value, self.low, self.high))
        return value if math.isnan(self.low) else f"{value} [{low}, {high}]"

    def columns(self) -> dict[str, float]:
        """Return what a file of numbers gets, by what is added to the column's name."""
        return {"": self.value, " low": self.low, " high": self.high}


@dataclass(frozen=True)
class Scored:
    """Scores over one group of a set's photographs.

    Attributes:
        run: run that has them.
        group: one of `POSE_GROUPS`.
        baseline: one of `BASELINES`; "" for the parser of the run.
        scores: by name.
    """

    run: Run
    group: str
    baseline: str
    scores: Mapping[str, float]

    @property
    def name(self) -> str:
        """The experiment and variant of the parser, or the baseline's words."""
        words = self.run.experiment.removesuffix(EVALUATION), self.run.variant
        return BASELINE_LABELS[self.baseline] if self.baseline else ", ".join(filter(None, words))

    @property
    def seed(self) -> str:
        """The seed of the parser; "" for a baseline."""
        return "" if self.baseline else str(self.run.seed)

    @property
    def pictures(self) -> str:
        """The folder of the photographs, and the split."""
        return split_of(self.run)

    def owner_score(self, name: str) -> Score:
        """Return a score of `OwnerScores`, which tells single persons' apart by its name."""
        return self.score(f"{name}_singles" if self.group == "singles" else name)

    def score(self, name: str) -> Score:
        """Return a score of the group."""
        return Score(*(self.scores.get(f"{name}{end}", math.nan) for end in ("", LOW, HIGH)))


def photographs(runs: Sequence[Run]) -> list[Scored]:
    """Return the baselines, each once for the same pictures, then the parsers; crowds before single persons.

    An evaluation counts in the place of its training.
    """
    baselines: list[Scored] = []
    parsers: list[Scored] = []
    for row in (row for run in _scored(runs) for row in _rows(run)):
        if not row.baseline:
            parsers.append(row)
        elif not any(_are_same(row, other) for other in baselines):
            baselines.append(row)
    return sorted([*baselines, *parsers], key=lambda row: POSE_GROUPS.index(row.group))


def _are_same(one: Scored, other: Scored) -> bool:
    """Return True if two evaluations scored one baseline on the same pictures; a later one may know further scores."""
    shared = one.scores.keys() & other.scores.keys()
    of_one, of_other = ([row.scores[name] for name in shared] for row in (one, other))
    return (one.baseline, one.group) == (other.baseline, other.group) and np.array_equal(of_one, of_other, True)


def _scored(runs: Iterable[Run]) -> list[Run]:
    own = [run for run in runs if _is_scored(run) and run.experiment not in (*NOT_TESTED, *TOLD_APART)]
    evaluated = {(run.variant, *trained_experiment(run)) for run in own if run.experiment.endswith(EVALUATION)}
    return [
        run
        for run in own
        if run.experiment.endswith(EVALUATION) or (run.variant, *trained_experiment(run)) not in evaluated
    ]


def _is_scored(run: Run) -> bool:
    is_drawn = run.config["data"]["name"] == DRAWN
    return "val/coverage" in run.result["metrics"] and not is_drawn and not scored_otherwise(run)


def _rows(run: Run) -> Iterator[Scored]:
    if not run.has(BREAKDOWN):
        scores = {name.removeprefix("val/"): float(value) for name, value in run.result["metrics"].items()}
        # Only owners are told apart by the scores of a whole set.
        owners = {name: value for name, value in scores.items() if name.startswith(OWNER_BEGINNINGS)}
        yield from (Scored(run, group, "", owners) for group in POSE_GROUPS)
        return
    groups = run.rows(BREAKDOWN, {"group"}, {"group"}).set_index("group")
    for group in POSE_GROUPS:
        for begins, baseline in {"pictures": "", **{f"baseline/{name}": name for name in BASELINES}}.items():
            if f"{begins}/{group}" in groups.index:
                yield Scored(run, group, baseline, _named(groups.loc[f"{begins}/{group}"].to_dict()))


def _named(row: Mapping[Any, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in row.items()}
