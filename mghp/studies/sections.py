"""The sections of the page: which question each table and figure answers."""

from collections.abc import Sequence

from mghp.report.page.exhibit import Exhibit, Section
from mghp.runs.read import Run
from mghp.studies.failures.readings import failure_readings
from mghp.studies.learned.readings import learned_readings
from mghp.studies.parsing.published_table import NOT_RUN, published_table
from mghp.studies.parsing.readings import (
    assembly_readings,
    components_readings,
    field_readings,
    matcher_readings,
    oracle_readings,
    rotation_readings,
    training_readings,
)
from mghp.studies.solvers.readings import (
    as_printed,
    association,
    by_size,
    one_projection,
    paper_settings,
    speed,
    warm_start,
)

SECTIONS = (
    Section(
        "The matcher on matching problems",
        (
            Exhibit(
                "Which solver, and what does it gain over the affinity itself?",
                lambda runs: list(association(runs)),
                ("M1", "M1_association"),
                {"assignments_": "One problem: its affinities, and what every solver makes of them"},
            ),
            Exhibit(
                "What do T, N and the step size do?",
                lambda runs: [*paper_settings(runs), *one_projection(runs)],
                ("M2",),
                {
                    "convergence_": "Convergence: gap to the optimum after repair, and violation, at every outer step",
                    "map_gap_": "Gap to the optimum after repair, against T, N and the step size",
                    "map_violation_": "Violation of the constraints, against T, N and the step size",
                },
            ),
            Exhibit("And with the number of candidates?", lambda runs: list(by_size(runs)), ("M2_sizes",)),
            Exhibit(
                "What of the choices that the supplement leaves open?",
                lambda runs: [*warm_start(runs), *as_printed(runs)],
                ("M3",),
                {"warm_start_": "Dykstra's cycles started warm and cold, beside the paper's settings"},
            ),
            Exhibit(
                "How fast is it?",
                lambda runs: list(speed(runs)),
                ("bench_matcher", "bench_padding", "bench_scaling"),
                {"time": "Time a problem against its size and against the size of the batch"},
            ),
        ),
    ),
    Section(
        "Limb scores learned through the matcher",
        (
            Exhibit(
                "Does training through the matcher beat training without it?",
                learned_readings,
                ("P4", "P4_tuning", "bench_learned"),
                {
                    "learned_control": "Positive control: what training through the matcher gains where it must",
                    "learned_matching": "What training through the matcher gains",
                    "learned_conditions": "The same where a pair's own evidence is weak, misleading or rare",
                    "learned_example": "One test problem: the scores that each way to train learns, and its assignment",
                    "learned_losses": "Training losses",
                },
            ),
        ),
    ),
    Section(
        "Parsing crowds",
        (
            Exhibit(
                "What does each component bring?",
                components_readings,
                ("P2", "P2_differences", "P2_long", "P2_long_differences"),
                {"components": "What each component changes, in three scores"},
            ),
            Exhibit(
                "Does the projection field help, does its refinement?",
                field_readings,
                (),
                {"field_levels": "Grouping against the levels over which the full model's projection field is refined"},
            ),
            Exhibit("Does another matcher at test time do as well?", matcher_readings, ("P2_matchers",)),
            Exhibit(
                "What limits the result?",
                oracle_readings,
                ("P2_oracles", "oracles", "tags"),
                {"oracles": "Scores with the truth in the place of one predicted field at a time"},
            ),
            Exhibit("What does the assembly itself lose?", assembly_readings, ("assembly",)),
            Exhibit(
                "How does a training go?",
                training_readings,
                ("scores",),
                {"training_": "Losses and scores of a training", "parsing_minutes": "Scores against training time"},
            ),
            Exhibit(
                "How fast is it, and what does it need?",
                lambda runs: [],
                (
                    "bench_parsing",
                    "bench_step",
                    "bench_data",
                    "bench_targets",
                    "bench_inference",
                    "bench_memory",
                    "bench_speed",
                    "bench_faults",
                ),
            ),
        ),
    ),
    Section(
        "Rotation and stress",
        (
            Exhibit(
                "Does rotation augmentation trade upright people for upside-down ones?",
                rotation_readings,
                ("P3", "P3_differences", "P3_scores"),
                {"rotation": "Scores against the largest angle by which training pictures are rotated"},
            ),
        ),
    ),
    Section(
        "Failures",
        (
            Exhibit(
                "What fails, and why?",
                failure_readings,
                ("failures",),
                {"failures_": "Persons by kind of failure and by what mends it"},
                ("gallery/",),
            ),
        ),
    ),
    Section(
        "Published numbers",
        (Exhibit("What has been published, and what is ours?", lambda runs: _published(runs), ("P1",)),),
    ),
)
"""In the order of the page."""


def _published(runs: Sequence[Run]) -> list[str]:
    rows = published_table(runs).rows
    missing = [row["dataset"] for row in rows if NOT_RUN in row.values()]
    return [f"Ours has not been run on {', '.join(missing)}: no number of theirs is ours yet."] if missing else []
