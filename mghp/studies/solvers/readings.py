"""What the matching runs say, in sentences computed from their numbers."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from mghp.runs.read import Run, grid_runs
from mghp.studies.solvers.tables import association_difference, bench_table, grid_point, solver_label, solver_runs

PAPER = (50, 5, 0.01)
"""T, N and alpha of the paper."""

SCALING = 0.1
"""Coupling under which nothing trains through the matching."""


def matching_readings(runs: Sequence[Run]) -> list[str]:
    """One sentence a finding; those whose runs are missing are left out."""
    return [
        *paper_settings(runs), *one_projection(runs), *by_size(runs), *warm_start(runs), *as_printed(runs),
        *association(runs), *speed(runs),
    ]  # fmt: skip


def write_readings(runs: Sequence[Run]) -> str:
    """The findings as a Markdown list."""
    return "".join(f"* {sentence}\n" for sentence in matching_readings(runs))


def paper_settings(runs: Sequence[Run]) -> Iterator[str]:
    """What the paper's T, N and alpha do, and which of the grid leave the smallest gap."""
    grid = grid_runs(runs)
    for data, of_data in _by_data(grid):
        points = {grid_point(run): run for run in of_data}
        if PAPER not in points:
            continue
        paper = points[PAPER]
        coupling, gap = paper.metric("matching/coupling"), paper.metric("matching/gap_mean")
        role = "little but a scaling of the affinity" if coupling < SCALING else "more than a scaling of the affinity"
        best = min(of_data, key=lambda run: run.metric("matching/gap_mean"))
        steps, cycles, step_size = grid_point(best)
        yield (
            f"{data}: at the paper's T = 50, N = 5, alpha = 0.01 the gap is {100 * gap:.1f} % and the coupling "
            f"{coupling:.2f}: {role}. The smallest gap of the grid is {_percent(best, 'gap_mean')} at "
            f"T = {steps}, N = {cycles}, alpha = {step_size:g} (violation "
            f"{best.metric('matching/violation_mean'):.1e}, F1 {100 * best.metric('association/f1_hungarian'):.2f} "
            f"against {100 * paper.metric('association/f1_hungarian'):.2f})."
        )


def one_projection(runs: Sequence[Run]) -> Iterator[str]:
    """How far T steps are from one projection of T alpha A."""
    grid = grid_runs(runs)
    for data, of_data in _by_data(grid):
        most = max(grid_point(run)[1] for run in of_data)
        distances = [run.metric("matching/distance_to_one_projection") for run in of_data if grid_point(run)[1] == most]
        small = [
            run.metric("matching/distance_to_one_projection")
            for run in of_data
            if grid_point(run)[1] == most and grid_point(run)[2] <= PAPER[2]
        ]
        if small:
            yield (
                f"{data}: with N = {most} cycles, T steps of alpha <= 0.01 end within {max(small):.1g} of one "
                f"projection of T alpha A (largest entry, mean over problems; at all step sizes {max(distances):.1g})."
            )


def by_size(runs: Sequence[Run]) -> Iterator[str]:
    """The paper's settings against the number of candidates."""
    sizes = [run for run in runs if run.experiment == "sizes"]
    sizes.sort(key=lambda run: run.config["data"]["random"]["source"])
    if sizes:
        listed = ", ".join(
            f"{run.variant} {100 * run.metric('matching/gap_mean'):.0f} % "
            f"(coupling {run.metric('matching/coupling'):.2f})"
            for run in sizes
        )
        yield f"The paper's settings on uniform random problems, gap by size: {listed}."


def warm_start(runs: Sequence[Run]) -> Iterator[str]:
    """What carrying Dykstra's corrections from step to step changes."""
    for data, cold, warm in _beside_cold(runs, "step1_warm"):
        yield (
            f"{data}: warm start at alpha = 1, last iterate, takes the gap from {_percent(cold, 'gap_mean')} to "
            f"{_percent(warm, 'gap_mean')} and the mean violation from "
            f"{cold.metric('matching/violation_mean'):.1e} to {warm.metric('matching/violation_mean'):.1e} at the "
            "same cost."
        )


def as_printed(runs: Sequence[Run]) -> Iterator[str]:
    """What the projection as the supplement prints it changes."""
    for data, halfspace, printed in _beside_cold(runs, "step1_cold_as_printed"):
        yield (
            f"{data}: the projection as printed, at alpha = 1, leaves a gap of {_percent(printed, 'gap_mean')} and "
            f"a violation of {printed.metric('matching/violation_mean'):.1e}, row by row "
            f"{_percent(halfspace, 'gap_mean')} and {halfspace.metric('matching/violation_mean'):.1e}."
        )


def _beside_cold(runs: Sequence[Run], variant: str) -> Iterator[tuple[str, Run, Run]]:
    """Of each data: the cold start at alpha = 1, and the variant that differs from it in one choice."""
    for data, of_data in _by_data([run for run in runs if run.experiment == "readings"]):
        by_variant = {run.variant: run for run in of_data}
        if {"step1_cold", variant} <= set(by_variant):
            yield data, by_variant["step1_cold"], by_variant[variant]


def association(runs: Sequence[Run]) -> Iterator[str]:
    """Which solvers gain over the affinity itself, by rounding."""
    for data, of_data in _by_data(solver_runs(runs)):
        baseline = next((run for run in of_data if run.variant == "identity"), None)
        for rounding in ("hungarian", "mutual"):
            if baseline is None or baseline.association(rounding) is None:
                continue
            better: list[str] = []
            worse: list[str] = []
            for run in of_data:
                difference = association_difference(run, baseline, rounding)
                if difference is None or run is baseline:
                    continue
                mean, low, high = (100 * number for number in difference)
                text = f"{solver_label(run)} ({mean:+.2f} [{low:+.2f}, {high:+.2f}])"
                (better if low > 0 else worse if high < 0 else []).append(text)
            name = "Hungarian" if rounding == "hungarian" else rounding
            yield (
                f"{data}, {name} rounding, points of F1 over the affinity itself with 95 % intervals over images. "
                f"Better: {'; '.join(better) or 'none'}. Worse: {'; '.join(worse) or 'none'}."
            )


def speed(runs: Sequence[Run]) -> Iterator[str]:
    """How many times faster than the literal algorithm, in one process."""
    for row in bench_table(runs).rows:
        if row["memory, share"] > 0:  # else it is the literal algorithm itself, or has no backward pass
            yield (
                f"{row['problems']}, {row['method']}: forward and backward together {row['both, times faster']:.1f} "
                "times as fast as the literal algorithm under autograd, with "
                f"{100 * row['memory, share']:.0f} % of its memory."
            )


def _percent(run: Run, name: str) -> str:
    return f"{100 * run.metric(f'matching/{name}'):.2f} %"


def _by_data(runs: Sequence[Run]) -> Iterator[tuple[str, list[Any]]]:
    for data, group in groupby(sorted(runs, key=lambda run: run.data), key=lambda run: run.data):
        yield data, list(group)
