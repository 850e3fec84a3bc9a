"""Table P1 in the paper's form: published numbers with their sources, and ours."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mghp.config.load import read_yaml
from mghp.report.comparison import over_seeds
from mghp.report.table import Table
from mghp.runs.read import BySeed, Run, by_seed
from mghp.studies.parsing.tables import EVALUATION, NOT_MEASURED, SCORES, is_of_parts_alone, trained_experiment

NOT_VERIFIED = "n/v"
NOT_RUN = "not run"
SECOND_HAND = "‡"

PUBLISHED = Path(__file__).with_name("published.yaml")
"""The published numbers."""

LABELS = {**SCORES, "ap_r_vol": "AP^r averaged"}


def published_table(runs: Sequence[Run]) -> Table:
    """P1: of each dataset the published rows, then ours, a row an experiment; empty where no run is a parser's.

    Args:
        runs: of training and of evaluation; an evaluation counts in the place of its training.
    """
    published = read_yaml(PUBLISHED)
    scores: list[str] = published["scores"]
    sources = "; ".join(f"{name} = {where}" for name, where in published["sources"].items())
    table = Table(
        "P1",
        f"Scores in percent, as published and as run here. {NOT_VERIFIED}: no verified source; {SECOND_HAND} "
        f"second-hand: told by the authors of another method. Sources: {sources}.",
        {"dataset": "", "method": "", **{LABELS[score]: "s" for score in scores}, "source": "", "note": ""},
    )
    if not any("val/mean_iou" in run.result["metrics"] for run in runs):
        return table
    for dataset in published["datasets"]:
        for row in published["rows"]:
            if row["dataset"] == dataset["name"]:
                table.add(_published_row(row, scores))
        _add_ours(table, dataset, scores, runs)
    return table


def _published_row(row: dict[str, Any], scores: Iterable[str]) -> dict[str, str]:
    mark = SECOND_HAND if row.get("second_hand") else ""
    return {
        "dataset": row["dataset"], "method": row["method"], "note": row.get("note", ""),
        "source": row.get("source", NOT_VERIFIED),
        **{LABELS[score]: f"{row[score]}{mark}" if score in row else NOT_VERIFIED for score in scores},
    }  # fmt: skip


def _add_ours(table: Table, dataset: dict[str, str], scores: Sequence[str], runs: Sequence[Run]) -> None:
    own = [run for run in _scored(runs) if run.config["data"]["name"] == dataset["data"]]
    if not own:
        missing = dict.fromkeys((LABELS[score] for score in scores), NOT_RUN)
        table.add({"dataset": dataset["name"], "method": "ours", **missing})
    for experiment in dict.fromkeys(run.experiment for run in own):
        group = by_seed(run for run in own if run.experiment == experiment)
        row = {LABELS[score]: _score(group, score) for score in scores}
        commits = ", ".join(sorted({str(run.result.get("commit", ""))[:10] for run in group.values()}))
        table.add(
            {
                "dataset": dataset["name"], "method": f"ours, {experiment.removesuffix(EVALUATION)}", **row,
                "source": f"run here, commit {commits}", "note": _about(group, dataset),
            },
            *group.values(),
        )  # fmt: skip


def _score(group: BySeed, score: str) -> str:
    if score != "mean_iou" and all(map(is_of_parts_alone, group.values())):
        return NOT_MEASURED
    return f"{over_seeds(group, f'val/{score}'):.1f}" or NOT_RUN


def _scored(runs: Sequence[Run]) -> list[Run]:
    """Evaluations, and trainings that have none."""
    evaluated = {trained_experiment(run) for run in runs if run.experiment.endswith(EVALUATION)}
    return [
        run
        for run in runs
        if "val/mean_iou" in run.result["metrics"]
        and (run.experiment.endswith(EVALUATION) or trained_experiment(run) not in evaluated)
    ]


def _about(group: BySeed, dataset: dict[str, str]) -> str:
    """Seeds, and in what the scored pictures differ from those of the published rows."""
    words = ["one seed" if len(group) == 1 else f"{len(group)} seeds"]
    for data in (run.config["data"] for run in group.values()):
        if data["splits"]["validation"] != dataset["split"]:
            words.append(f"split {data['splits']['validation']}")
        if data["max_images"] is not None:
            words.append(f"only {data['max_images']} pictures")
    return "; ".join(dict.fromkeys(words))
