"""Tables of single trainings: scores, what limits them, which pictures fail, and what the assembly itself loses."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from math import isnan, nan
from pathlib import Path

from mghp.config.dataset_names import dataset_label
from mghp.config.metric_names import METRICS
from mghp.matching.solvers import SOLVERS
from mghp.report.table import Column, TableOf
from mghp.runs.read import Run
from mghp.studies.registry import own_experiments

SCORES = {entry.name: entry.label for entry in METRICS.entries if entry.in_tables}
"""Scores in the order of the tables, by their names in a run's metrics."""

SET_SCORES = {name: label for name, label in SCORES.items() if name not in ("keypoint_ap", "grouping")}
"""Scores of a whole set that tables over seeds show; grouping is a mean over pictures there."""

ORACLES = {
    "predicted": "nothing",
    "true_parts": "parts",
    "true_keypoints": "keypoints",
    "true_limbs": "limbs",
    "true_field": "projection field",
    "all_true": "all",
}
"""The fields that are true, by the oracle's name in a run's metrics."""

CEILINGS = {"sides_by_coin": "all but sides, by a coin"}
"""What is true where no picture shows the rest, by its name in a run's metrics."""

STEPS = {
    "projection": "true poses; field and parts at full resolution",
    "field_resolution": "field at the head's stride",
    "peaks": "poses from peaks, truly matched",
    **{f"matching_{solver.name}": f"poses matched, {solver.label}" for solver in SOLVERS.entries},
    **{f"parts_resolution_{solver.name}": f"parts at the head's stride, {solver.label}" for solver in SOLVERS.entries},
    "not_normalised": "the last, distances to keypoints not relative to size",
}
"""Steps of the assembly by their names in a run's metrics."""

SCENE = "scene or dataset"

OF_PERSONS = tuple(name for name in SCORES if name != "mean_iou")
"""Scores that need persons to be told apart."""

NOT_MEASURED = "not measured"
"""The score of persons where only the parts were trained."""

EVALUATION = "_evaluation"
"""The ending that an evaluation adds to the name of its experiment."""


@dataclass(frozen=True)
class Scored:
    """The scores of a run under a prefix, shown in one row.

    Attributes:
        run: run that has the scores.
        prefix: prefix of their names in its metrics, e.g. "oracle/true_parts".
        training: run that trained the parser; it has the steps and times.
    """

    run: Run
    prefix: str
    training: Run

    @property
    def experiment(self) -> str:
        """The experiment of the training."""
        return self.run.experiment.removesuffix(EVALUATION)

    @property
    def name(self) -> str:
        """The last word of the prefix."""
        return self.prefix.rpartition("/")[2]

    @property
    def tag(self) -> str:
        """The last word of the prefix, as a tag is printed."""
        return self.name.replace("_", "-")

    def score(self, name: str) -> float | str:
        """Return a score in [0, 1]; `NOT_MEASURED` where it needs persons, and the parts alone were trained."""
        unknown = name in OF_PERSONS and is_of_parts_alone(self.run, self.prefix)
        return NOT_MEASURED if unknown else self.metric(name)

    def time(self, name: str) -> float:
        """Return a time of the training; NaN where it was resumed, and the run knows only what came after that."""
        return nan if was_resumed(self.training) else self.training.metric(f"time/{name}")

    def metric(self, name: str) -> float:
        """Return a metric under the prefix; NaN where the run does not have it."""
        return self.run.metric(f"{self.prefix}/{name}")


def was_resumed(run: Run) -> bool:
    """Return whether a run was interrupted and gone on with."""
    return bool(run.result.get("resumed"))


def single(runs: Iterable[Run]) -> list[Run]:
    """Return the runs that no study keeps to itself, and whose pictures were scored as they are, bottom-up."""
    others = own_experiments()
    return [run for run in runs if run.experiment.removesuffix(EVALUATION) not in others and not scored_otherwise(run)]


def scored_otherwise(run: Run) -> bool:
    """Return whether the pictures of a run were turned, or its persons found in crops of true boxes."""
    return bool(run.config["data"]["turned"]) or run.config["evaluation"]["way"] != "bottom_up"


def trainings(runs: Iterable[Run]) -> list[Scored]:
    """Return the trainings that no study keeps to itself, each with the scores of its evaluation.

    That has full precision. Where there is none, the scores are those of the training's own validation.
    """
    singles = single(runs)
    evaluated = {trained_experiment(run): run for run in singles if run.experiment.endswith(EVALUATION)}
    return [
        Scored(evaluated.get(trained_experiment(run), run), "val", run)
        for run in singles
        if "train/steps" in run.result["metrics"]
    ]


def under(kind: str, names: Collection[str] = ()) -> Callable[[Iterable[Run]], Iterator[Scored]]:
    """Return the function that finds the scores of `single` runs under the prefixes `kind/name`.

    Args:
        kind: first word of the prefixes.
        names: their last words in order; without any, all that a run has.
    """

    def rows(runs: Iterable[Run]) -> Iterator[Scored]:
        for run in single(runs):
            metrics = [name.split("/") for name in run.result["metrics"] if name.startswith(f"{kind}/")]
            found = dict.fromkeys(words[1] for words in metrics)
            yield from (Scored(run, f"{kind}/{name}", run) for name in names or found if name in found)

    return rows


def trained_experiment(run: Run) -> tuple[str, int, str]:
    """Return what a training and its evaluation share: experiment, seed and number of steps."""
    return run.experiment.removesuffix(EVALUATION), run.seed, str(run.config["trainer"].get("max_steps"))


def is_of_parts_alone(run: Run, prefix: str = "val") -> bool:
    """Return whether only parts were trained: no keypoint is annotated, and no pixel went to its person.

    A parser that is trained so groups nothing: its 0 is no measurement.
    """
    known = {f"{prefix}/keypoint_ap", f"{prefix}/grouping"} <= set(run.result["metrics"])
    return known and isnan(run.metric(f"{prefix}/keypoint_ap")) and not run.metric(f"{prefix}/grouping") > 0


def pictures_of(run: Run) -> str:
    """Return the scene of a run on rendered pictures, else the dataset's label."""
    data = run.config["data"]
    return str(data["synthetic"]["scene"]) if data["name"] == "synthetic" else dataset_label(str(data["name"]))


def split_of(run: Run) -> str:
    """Return the folder of a run's photographs, and the split that it is judged on."""
    data = run.config["data"]
    return f"{Path(data['root']).name} {data['splits']['validation']}"


def about_ceilings(names: Iterable[str]) -> str:
    """Return the sentence, a space before it, that a caption needs where a row is a ceiling; else "".

    Args:
        names: of the rows, or prefixes that end with them.
    """
    is_there = any(name.rpartition("/")[2] in CEILINGS for name in names)
    return " By a coin: the sides of persons who are drawn alike from front and back." if is_there else ""


def _about_blanks(rows: Iterable[Scored]) -> str:
    """Return the sentence, a space before it, about times that are not known; "" where all are."""
    is_blank = any(was_resumed(row.training) for row in rows)
    return " Blank: the training was resumed, and its run knows only the time after that." if is_blank else ""


def _sources(row: Scored) -> Iterable[Run]:
    return dict.fromkeys((row.training, row.run))


def _score(name: str, label: str) -> Column[Scored]:
    return Column(label, lambda row: row.score(name), ".3f")


_EXPERIMENT: Column[Scored] = Column("experiment", lambda row: row.experiment)
_SCENE: Column[Scored] = Column(SCENE, lambda row: pictures_of(row.run))
_SCORES = [_score(name, label) for name, label in SCORES.items()]

TRAININGS = TableOf(
    "scores",
    lambda rows: (
        "Parsers trained from scratch, scored on the validation pictures of their scene or dataset. Training time on "
        f"the machine of the run; share of it that was spent waiting for data.{_about_blanks(rows)}"
    ),
    _EXPERIMENT,
    _SCENE,
    Column("seed", lambda row: str(row.training.seed)),
    Column("steps", lambda row: row.training.metric("train/steps"), ".0f"),
    *_SCORES,
    Column("minutes", lambda row: row.time("train_seconds") / 60, ".1f"),
    Column("waiting [%]", lambda row: 100 * row.time("waiting_share"), ".1f"),
    rows=trainings,
    sources=_sources,
)

TRUE_FIELDS = TableOf(
    "oracles",
    lambda rows: (
        "Oracles: true fields in the place of predicted ones, one at a time, at the heads' strides. The larger the "
        f"gain, the more that field limits the result.{about_ceilings(row.name for row in rows)}"
    ),
    _EXPERIMENT,
    _SCENE,
    Column("true", lambda row: (ORACLES | CEILINGS)[row.name]),
    *_SCORES,
    rows=under("oracle", ORACLES | CEILINGS),
    sources=_sources,
)

ASSEMBLY = TableOf(
    "assembly",
    "The assembly alone, on true fields: each row takes one step more than those above, the others being skipped; "
    "matchers stand side by side.",
    _SCENE,
    Column("step", lambda row: STEPS[row.name]),
    *_SCORES,
    rows=under("assembly", STEPS),
    sources=_sources,
)

TAGS = TableOf(
    "tags",
    "Pictures by what is special about them: mean over pictures of the mean over persons of the mean IoU of their "
    "parts. A picture may have several tags.",
    _EXPERIMENT,
    _SCENE,
    Column("tag", lambda row: row.tag),
    Column("pictures", lambda row: row.metric("pictures"), ".0f"),
    Column(METRICS["person_iou"].label, lambda row: row.metric("person_iou"), ".3f"),
    rows=under("tag"),
    sources=_sources,
)
