"""The study of solvers: what do they, and T, N and alpha, make of matching problems?"""

from collections.abc import Iterable, Sequence

from mghp.report.study import Question, Study, span
from mghp.runs.read import Run
from mghp.studies.solvers.figures import solver_drawings
from mghp.studies.solvers.scale import SCALE, scale_answer
from mghp.studies.solvers.tables import (
    ASSOCIATION,
    READINGS,
    SIDE_BY_SIDE,
    SIZES,
    STEPS,
    GridPoint,
    associated,
    by_size,
    grid_points,
    of,
)

PAPER = (50, 5, 0.01)
"""T, N and alpha of the paper."""


def gains(runs: Sequence[Run]) -> str:
    """Return how many solvers beat the affinity itself after each rounding."""
    told, rows = [], list(associated(runs))
    for rounding, name in (("hungarian", "Hungarian"), ("mutual", "mutual")):
        cells = [row.compared[rounding] for row in rows if rounding in row.compared]
        if cells:
            most = max(cells, key=lambda cell: cell.difference.mean)
            better = sum(cell.verdict == "better" for cell in cells)
            told.append(f"{better or 'none'} of {len(cells)} by {name} rounding (largest {most.interval('.2f')})")
    return f"Significantly better F1 than the affinity itself, by Holm's correction: {'; '.join(told)}." if told else ""


def paper_settings(runs: Sequence[Run]) -> str:
    """Return what the paper's T, N and alpha leave, and what the best of the grid does."""
    grid = grid_points(runs)
    paper = [point.run for point in grid if (point.steps, point.cycles, point.step_size) == PAPER]
    if not paper:
        return ""
    best = [min(_gaps(grid, run.data)) for run in paper]
    return (
        f"The paper's settings leave a gap of {span(map(_gap, paper), '.0f')} % with a coupling of "
        f"{span((run.metric('matching/coupling') for run in paper), '.2f')}; the best of the grid "
        f"{span(best, '.2f')} % ({len(paper)} data sets)."
    )


def sizes(runs: Sequence[Run]) -> str:
    """Return how the paper's settings do on the smallest and the largest problems."""
    ordered = by_size(runs)
    if not ordered:
        return ""
    told = [
        f"{_gap(run):.0f} % on {run.data} (coupling {run.metric('matching/coupling'):.2f})"
        for run in dict.fromkeys((ordered[0], ordered[-1]))
    ]
    return f"The paper's settings leave a gap of {', and of '.join(told)}."


def choices(runs: Sequence[Run]) -> str:
    """Return what a warm start, and the projection as printed, change at alpha = 1."""
    variants = ("step1_cold", "step1_warm", "step1_cold_as_printed")
    gaps = {name: [_gap(run) for run in of(runs, "readings") if run.variant == name] for name in variants}
    if not all(gaps.values()):
        return ""
    cold, warm, printed = (span(gaps[name], ".2f") for name in variants)
    return (
        f"At alpha = 1 cold starts leave a gap of {cold} %, warm ones {warm} %, the projection as printed {printed} %."
    )


def _gap(run: Run) -> float:
    return 100 * run.metric("matching/gap_mean")


def _gaps(grid: Iterable[GridPoint], data: str) -> list[float]:
    return [_gap(point.run) for point in grid if point.run.data == data]


STUDY = Study(
    (
        Question(
            "Which solver, and what does it gain over the affinity itself?",
            gains,
            (SIDE_BY_SIDE, ASSOCIATION),
            {
                "gains_": "What each solver gains over the affinity itself",
                "assignments_": "One problem: its affinities, and what every solver makes of them",
            },
        ),
        Question(
            "What do T, N and the step size do?",
            paper_settings,
            (STEPS,),
            {
                "convergence_": "Convergence: gap to the optimum after repair, and violation, at every outer step",
                "map_gap_": "Gap to the optimum after repair, against T, N and the step size",
                "map_violation_": "Violation of the constraints, against T, N and the step size",
            },
        ),
        Question(
            "And with the number of candidates?",
            sizes,
            (SIZES,),
            {"sizes": "The paper's settings on problems of growing size"},
        ),
        Question(
            "What does the scale of the affinities do?",
            scale_answer,
            (SCALE,),
            {"scale": "Gap and coupling of one exact projection against its largest entry, tau max A"},
        ),
        Question(
            "What of the choices that the supplement leaves open?",
            choices,
            (READINGS,),
            {"warm_start_": "Dykstra's cycles started warm and cold, beside the paper's settings"},
        ),
    ),
    solver_drawings,
)
