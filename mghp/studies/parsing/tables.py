"""Tables of parsing: scores, what limits them, what the assembly loses, which pictures fail, costs."""

from collections.abc import Sequence
from math import isnan

from mghp.config.dataset_names import dataset_label
from mghp.matching.configs import SOLVERS
from mghp.report.table import Table
from mghp.runs.read import Run

SCORES = {
    "mean_iou": "part mIoU",
    "ap_p_vol": "AP^p averaged",
    "ap_p_50": "AP^p 0.5",
    "pcp_50": "PCP 0.5",
    "keypoint_ap": "keypoint AP",
    "keypoint_ap_50": "keypoint AP, OKS 0.5",
    "grouping": "grouping",
}
"""Scores in the order of the tables, by their names in a run's metrics."""

SET_SCORES = {name: label for name, label in SCORES.items() if name not in ("keypoint_ap", "grouping")}
"""Those of a whole set that tables over seeds show; grouping is a mean over pictures there."""

ORACLES = {
    "predicted": "nothing",
    "true_parts": "parts",
    "true_keypoints": "keypoints",
    "true_limbs": "limbs",
    "true_field": "projection field",
    "all_true": "all",
}
"""Oracles by their names in a run's metrics, and which fields are true."""

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
"""Scores that need persons told apart."""

NOT_MEASURED = "not measured"
"""Score of persons where the parts alone were trained."""

EVALUATION = "_evaluation"
"""What an evaluation adds to the name of its experiment."""

ABLATIONS = ("components", "matching_long", "rotation")
"""Experiments with tables of their own, over their seeds."""


_MEASURED = ("moment", "without_ms", "with_ms", "added", "every", "added_on_average")
_WORDS = ("moment",)


def parsing_tables(runs: Sequence[Run]) -> list[Table]:
    """All tables that these runs can fill; those without a run stay empty.

    Args:
        runs: of training, of evaluation, and of the assembly alone.
    """
    single = [run for run in runs if run.experiment not in ABLATIONS]
    return [score_table(single), oracle_table(single), assembly_table(single), tag_table(single), bench_table(single)]


def score_table(runs: Sequence[Run]) -> Table:
    """What a parser reaches, and what it took."""
    table = Table(
        "scores",
        "Parsers trained from scratch, scored on the validation pictures of their scene or dataset. Training time on "
        "the machine of the run; share of it that was spent waiting for data.",
        {
            "experiment": "", SCENE: "", "seed": "", "steps": ".0f", **_score_formats(),
            "minutes": ".1f", "waiting [%]": ".1f",
        },
    )  # fmt: skip
    evaluated = {trained_experiment(run): run for run in runs if run.experiment.endswith(EVALUATION)}
    for run in runs:
        if "train/steps" not in run.result["metrics"]:
            continue
        # Scores of the evaluation in full precision, where it was made, else of the training's own validation.
        scored = evaluated.get((run.experiment, run.seed, str(run.config["trainer"].get("max_steps"))), run)
        table.add(
            {
                "experiment": run.experiment,
                SCENE: pictures_of(run),
                "seed": str(run.seed),
                "steps": run.metric("train/steps"),
                **_scores(scored, "val"),
                "minutes": run.metric("time/train_seconds") / 60,
                "waiting [%]": 100 * run.metric("time/waiting_share"),
            },
            *dict.fromkeys((run, scored)),
        )
    return table


def oracle_table(runs: Sequence[Run]) -> Table:
    """True fields in the place of predicted ones."""
    table = Table(
        "oracles",
        "Oracles: true fields in the place of predicted ones, one at a time, at the heads' strides. The larger the "
        "gain, the more that field limits the result.",
        {"experiment": "", SCENE: "", "true": "", **_score_formats()},
    )
    for run in runs:
        for oracle, label in ORACLES.items():
            if f"oracle/{oracle}/grouping" in run.result["metrics"]:
                table.add(
                    {
                        "experiment": run.experiment.removesuffix(EVALUATION),
                        SCENE: pictures_of(run),
                        "true": label,
                        **_scores(run, f"oracle/{oracle}"),
                    },
                    run,
                )
    return table


def assembly_table(runs: Sequence[Run]) -> Table:
    """The assembly of true fields, step by step."""
    table = Table(
        "assembly",
        "The assembly alone, on true fields: each row takes one step more than those above, the others being skipped; "
        "matchers stand side by side.",
        {SCENE: "", "step": "", **_score_formats()},
    )
    for run in runs:
        for step, label in STEPS.items():
            if f"assembly/{step}/grouping" in run.result["metrics"]:
                table.add({SCENE: pictures_of(run), "step": label, **_scores(run, f"assembly/{step}")}, run)
    return table


def tag_table(runs: Sequence[Run]) -> Table:
    """Which kinds of pictures fail."""
    table = Table(
        "tags",
        "Pictures by what is special about them: mean over pictures of the mean over persons of the mean IoU of their "
        "parts. A picture may have several tags.",
        {"experiment": "", SCENE: "", "tag": "", "pictures": ".0f", "person IoU": ".3f"},
    )
    for run in runs:
        tags = [name.split("/")[1] for name in run.result["metrics"] if name.startswith("tag/")]
        for tag in dict.fromkeys(tags):
            table.add(
                {
                    "experiment": run.experiment.removesuffix(EVALUATION),
                    SCENE: pictures_of(run),
                    "tag": tag.replace("_", "-"),
                    "pictures": run.metric(f"tag/{tag}/pictures"),
                    "person IoU": run.metric(f"tag/{tag}/person_iou"),
                },
                run,
            )
    return table


def bench_table(runs: Sequence[Run]) -> Table:
    """`mghp bench parsing`: the cost of the matching loss, and the renderer's rate."""
    table = Table(
        "bench_parsing",
        "A training step with the matching loss and without, alternating on the same batches (medians); what it adds "
        "to the steps that have one, and to all on average; and pictures rendered a second by one process.",
        {
            "training": "", "without [ms]": ".1f", "with [ms]": ".1f", "adds [%]": ".1f", "every": ".0f",
            "adds on average [%]": ".1f", "rendered a second": ".0f",
        },
    )  # fmt: skip
    for run in runs:
        if run.experiment != "bench_parsing":
            continue
        for row in run.measurements("ratios.csv", _MEASURED, _WORDS):
            table.add(
                {
                    "training": row["moment"], "without [ms]": row["without_ms"], "with [ms]": row["with_ms"],
                    "adds [%]": 100 * row["added"], "every": row["every"],
                    "adds on average [%]": 100 * row["added_on_average"],
                    "rendered a second": run.metric("render/pictures_a_second"),
                },
                run,
            )  # fmt: skip
    return table


def trained_experiment(run: Run) -> tuple[str, int, str]:
    """What a training and its evaluation share: experiment, seed and number of steps."""
    return run.experiment.removesuffix(EVALUATION), run.seed, str(run.config["trainer"].get("max_steps"))


def _score_formats() -> dict[str, str]:
    return dict.fromkeys(SCORES.values(), ".3f")


def _scores(run: Run, prefix: str) -> dict[str, float | str]:
    unknown = OF_PERSONS if is_of_parts_alone(run, prefix) else ()
    return {
        label: NOT_MEASURED if name in unknown else run.metric(f"{prefix}/{name}") for name, label in SCORES.items()
    }


def is_of_parts_alone(run: Run, prefix: str = "val") -> bool:
    """Return whether nobody could be found: no keypoint of these data is annotated, and not a pixel went to its person.

    Such data train the parts alone, and a parser that is trained so groups nothing: its 0 is no measurement.
    """
    known = {f"{prefix}/keypoint_ap", f"{prefix}/grouping"} <= set(run.result["metrics"])
    return known and isnan(run.metric(f"{prefix}/keypoint_ap")) and not run.metric(f"{prefix}/grouping") > 0


def pictures_of(run: Run) -> str:
    """Return the scene of a run on rendered pictures, else the dataset's label."""
    data = run.config["data"]
    return str(data["synthetic"]["scene"]) if data["name"] == "synthetic" else dataset_label(str(data["name"]))
