"""The study of photographs: whose is a pixel, by what humans have annotated?"""

from collections.abc import Iterator, Sequence
from functools import partial

from mghp.pictures.style import COLOURS, Drawings
from mghp.registry import GREY
from mghp.report.seed_figures import bar_figure
from mghp.report.study import Question, Study
from mghp.runs.read import Run
from mghp.studies.parsing.figures import training_curves
from mghp.studies.photographs import cost, finetuning, network, turned
from mghp.studies.photographs.pooled import NETWORKS, SHIPPED, Subject
from mghp.studies.photographs.rows import NOT_TESTED, TOLD_APART, Scored, photographs
from mghp.studies.photographs.tables import HUMAN, PARTS

WEIGHTS = "coco_persons_weights"
"""The trainings of the weights that ship, stage by stage."""


def answer(runs: Sequence[Run]) -> str:
    """Return how many pixels of crowds the best parser gives to the right person, and the best way without learning."""
    rows = [row for row in photographs(runs) if row.group == "crowds" and row.owner_score("owner_grouping").is_known]
    parsers, baselines = ([row for row in rows if bool(row.baseline) == told] for told in (False, True))
    if not parsers:
        return ""
    best = max(parsers, key=_grouping)
    told = f"In crowds {best.name}, seed {best.seed}, gives {100 * _grouping(best):.1f} % of human pixels to the right "
    told += f"person, {100 * best.owner_score('owner_accuracy').value:.1f} % of covered ones"
    if baselines:
        simple = max(baselines, key=_grouping)
        told += f"; {simple.name} without learning: {100 * _grouping(simple):.1f} %"
    return f"{told}."


def drawings(runs: Sequence[Run]) -> Drawings:
    """Return every figure that these runs can fill."""
    rows = [row for row in photographs(runs) if row.group == "crowds" and row.owner_score("owner_grouping").is_known]
    bars = {f"{row.name}{row.seed and f', seed {row.seed}'}": 100 * _grouping(row) for row in rows}
    colours = [GREY if row.baseline else COLOURS[0] for row in rows]
    what = "human pixels given to the right person, in crowds [%]; grey: without learning, from true boxes or poses"
    owners = {"owners": partial(bar_figure, bars, colours, what)} if bars else {}
    drawn = [draw(runs) for draw in (_weights_drawings, network.network_drawings, finetuning.finetuning_drawings)]
    for subject in (NETWORKS, SHIPPED):
        drawn += [turned.turned_drawings(subject, runs), cost.cost_drawings(subject, runs)]
    return owners | {name: draw for own in drawn for name, draw in own.items()}


def _weights_drawings(runs: Sequence[Run]) -> Drawings:
    """Return the curves of each stage of the weights that ship."""
    return {
        f"weights_{run.variant}": partial(training_curves, run.steps)
        for run in runs
        if run.experiment == WEIGHTS and "train/steps" in run.result["metrics"]
    }


def _grouping(row: Scored) -> float:
    return row.owner_score("owner_grouping").value


def _of_test_time(subject: Subject, words: str) -> Iterator[Question]:
    """Yield the questions on what a trained network loses and costs on other photographs.

    Args:
        subject: the networks.
        words: what the questions call them.
    """
    yield Question(
        f"What do {words} lose on photographs that are turned?",
        partial(turned.answer, subject),
        (turned.table_of(subject),),
        {f"{subject.prefix}_{turned.STUDY}": "What turning photographs changes"},
    )
    yield Question(
        f"What does a further person in a photograph cost {words}?",
        partial(cost.answer, subject),
        cost.tables_of(subject),
        {f"{subject.prefix}_cost": "Seconds a photograph and owner accuracy by the number of persons"},
    )


STUDY = Study(
    (
        Question(
            "Whose is a pixel of a photograph, by human masks?",
            answer,
            (HUMAN, PARTS),
            {
                "owners": "Pixels of photographs that are given to the right person, by human masks",
                "weights_": "Losses, and scores on tuning, on the way of the weights that ship",
            },
        ),
        Question(
            "Which network parses photographs best?",
            network.answer,
            (network.NETWORKS, network.DIFFERENCES),
            {"networks": "What each change to the network brings on photographs"},
        ),
        Question(
            "Are new labels learned faster from weights for photographs?",
            finetuning.answer,
            (finetuning.TABLE,),
            {"photographs_finetuning": "Scores on parts of clothed persons over steps, by what training began with"},
        ),
        *_of_test_time(NETWORKS, "networks without matching loss"),
        *_of_test_time(SHIPPED, SHIPPED.words),
    ),
    drawings,
    (
        *NOT_TESTED,
        *TOLD_APART,
        "coco_persons",
        "coco_persons_predictions",
        "coco_persons_start",
        "photographs_shipped",
        *(f"{SHIPPED.prefix}_{name}" for name in (turned.STUDY, cost.STUDY)),
    ),
)
