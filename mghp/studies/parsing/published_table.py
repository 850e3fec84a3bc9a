"""Table P1 in the paper's form: published numbers with their sources, and ours."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mghp.config.load import read_yaml
from mghp.config.metric_names import METRICS
from mghp.report.seeds import over_seeds
from mghp.report.table import Column, TableOf
from mghp.runs.read import BySeed, Run, by_seed
from mghp.studies.parsing.tables import EVALUATION, NOT_MEASURED, is_of_parts_alone, trained_experiment

NOT_VERIFIED = "n/v"
NOT_RUN = "not run"
SECOND_HAND = "‡"

PUBLISHED = Path(__file__).with_name("published.yaml")
"""The published numbers."""

_PUBLISHED: dict[str, Any] = read_yaml(PUBLISHED)
_SCORES = {name: METRICS[name].label for name in _PUBLISHED["scores"]}


Row = dict[str, Any]
"""One method on one dataset: a cell per column, by its name, and "runs", the runs behind ours."""


def methods(runs: Sequence[Run]) -> Iterator[Row]:
    """Yield the published methods on each dataset, then ours, once per experiment; none without a parser's run.

    Args:
        runs: trainings and evaluations; an evaluation counts in the place of its training.
    """
    if not any("val/mean_iou" in run.result["metrics"] for run in runs):
        return
    for dataset in _PUBLISHED["datasets"]:
        yield from (_published(row) for row in _PUBLISHED["rows"] if row["dataset"] == dataset["name"])
        yield from _ours(dataset, runs)


def missing(runs: Sequence[Run]) -> str:
    """Return the answer: on which datasets ours has not been run."""
    datasets = [row["dataset"] for row in methods(runs) if row["method"] == "ours"]
    return f"Ours has not been run on {', '.join(datasets)}: no number of theirs is ours yet." if datasets else ""


def _published(row: Row) -> Row:
    mark = SECOND_HAND if row.get("second_hand") else ""
    scores = {label: f"{row[name]}{mark}" if name in row else NOT_VERIFIED for name, label in _SCORES.items()}
    return {"source": NOT_VERIFIED, **row, **scores}


def _ours(dataset: dict[str, str], runs: Sequence[Run]) -> Iterator[Row]:
    own = [run for run in _scored(runs) if run.config["data"]["name"] == dataset["data"]]
    if not own:
        yield {"dataset": dataset["name"], "method": "ours", **dict.fromkeys(_SCORES.values(), NOT_RUN)}
    for experiment in dict.fromkeys(run.experiment for run in own):
        group = by_seed(run for run in own if run.experiment == experiment)
        commits = ", ".join(sorted({str(run.result.get("commit", ""))[:10] for run in group.values()}))
        yield {
            "dataset": dataset["name"],
            "method": f"ours, {experiment.removesuffix(EVALUATION)}",
            **{label: _score(group, name) for name, label in _SCORES.items()},
            "source": f"run here, commit {commits}",
            "note": _about(group, dataset),
            "runs": list(group.values()),
        }


def _score(group: BySeed, score: str) -> str:
    if score != "mean_iou" and all(map(is_of_parts_alone, group.values())):
        return NOT_MEASURED
    return f"{over_seeds(group, f'val/{score}'):.1f}" or NOT_RUN


def _scored(runs: Sequence[Run]) -> list[Run]:
    """Return the evaluations, and the trainings that have none."""
    evaluated = {trained_experiment(run) for run in runs if run.experiment.endswith(EVALUATION)}
    return [
        run
        for run in runs
        if "val/mean_iou" in run.result["metrics"]
        and (run.experiment.endswith(EVALUATION) or trained_experiment(run) not in evaluated)
    ]


def _about(group: BySeed, dataset: dict[str, str]) -> str:
    """Return the number of seeds, and how the scored pictures differ from those of the published rows."""
    words = ["one seed" if len(group) == 1 else f"{len(group)} seeds"]
    for data in (run.config["data"] for run in group.values()):
        if data["splits"]["validation"] != dataset["split"]:
            words.append(f"split {data['splits']['validation']}")
        if data["max_images"] is not None:
            words.append(f"only {data['max_images']} pictures")
    return "; ".join(dict.fromkeys(words))


def _cell(name: str, form: str = "") -> Column[Row]:
    return Column(name, lambda row: row.get(name), form)


P1 = TableOf(
    "P1",
    f"Scores in percent, as published and as run here. {NOT_VERIFIED}: no verified source; {SECOND_HAND} second-hand: "
    "told by the authors of another method. Sources: "
    f"{'; '.join(f'{name} = {where}' for name, where in _PUBLISHED['sources'].items())}.",
    _cell("dataset"),
    _cell("method"),
    *(_cell(label, "s") for label in _SCORES.values()),
    _cell("source"),
    _cell("note"),
    rows=methods,
    sources=lambda row: row.get("runs", []),
)
