"""`mghp match`: one solver setting over a set of matching problems, into a run folder."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from mghp.config.schema import Config
from mghp.matching import (
    IterativeMatcher,
    Matcher,
    PGDDykstra,
    coupling,
    integrality,
    make_matcher,
    optimality_gap,
    raw_signed_gap,
    round_assignment,
    tight_rows,
    violation,
)
from mghp.matching.in_words import in_words
from mghp.matching.one_projection import project_to_assignments
from mghp.metrics.matching import f1
from mghp.peak_memory import measured_peak
from mghp.problems.load import validation_images
from mghp.problems.matching_batch import MatchingBatch, contested
from mghp.problems.problem_set import ProblemSet
from mghp.runs.folder import RunFolder
from mghp.runs.tracking import Tracker, tracked
from mghp.studies.solvers.association import associate
from mghp.studies.solvers.example import example_arrays, pick_example, picture

Batches = Sequence[MatchingBatch]

MIN_OPTIMUM = 0.1
"""A relative gap is taken over problems whose optimum reaches this. Below it there is next to nothing to match, and a
pair of negative affinity that a soft assignment holds would count as a gap of thousands."""

LONG_SECONDS = 5.0
"""A pass over the problems that takes longer is not repeated for its timing."""


def run_match(config: Config, problems: ProblemSet) -> Path:
    """Run one setting and write its run folder.

    Returns:
        The run folder.

    Raises:
        InputError: if the folder cannot be written.
    """
    torch.manual_seed(config.seed)
    batches = padded_batches(problems, getattr(torch, config.match.dtype))
    folder = RunFolder(config, problems.fingerprint)
    matcher = make_matcher(config.matcher.name, **config.matcher.options())
    with tracked(config, folder) as tracker:
        with folder.timed("warm up"):
            _warm_up(matcher, batches[0])
        with folder.timed("solve") as solve, measured_peak() as peak:
            assignments = _solve_all(matcher, batches)
        metrics = _solution_metrics(batches, assignments) | _last_iterate_metrics(matcher, batches)
        with folder.timed("round"):
            validation = validation_images(problems.num_images, config.data.validation_share, config.data.seed)
            metrics |= _association_metrics(config, batches, assignments, validation, folder)
        with folder.timed("trace"):
            metrics |= _convergence_metrics(config, matcher, batches, folder, tracker)
        metrics |= _coupling_metrics(config, matcher, batches)
        _keep_example(config, matcher, batches, folder, tracker)
        if config.match.timing_repeats:
            metrics |= {"memory/forward_peak_mb": peak.megabytes}
            metrics |= _timing_metrics(config, matcher, batches, solve.seconds, problems.num_images)
        tracker.summarise(metrics)
    folder.finish(metrics)
    return folder.path


@lru_cache(maxsize=1)
def padded_batches(problems: ProblemSet, dtype: torch.dtype) -> tuple[MatchingBatch, ...]:
    """Return all problems in padded batches.

    The latest are kept: a plan runs many solvers on one set, whose exact optima take longer than most of them.
    """
    return tuple(batch.to(dtype=dtype) for batch in MatchingBatch.bucket(problems.problems))


def _warm_up(matcher: Matcher, batch: MatchingBatch) -> None:
    """Compile what is compiled at the first call, so that no time measured here holds it."""
    if matcher.differentiable:
        _forward_and_backward(matcher, batch[:1])
    else:
        _solve_all(matcher, [batch[:1]])


def _forward_and_backward(matcher: Matcher, batch: MatchingBatch) -> None:
    """Solve a batch and differentiate the sum of its assignments, which where all rows are full has no derivative."""
    affinity = batch.affinity.clone().requires_grad_()
    with matcher.unwatched():
        matcher(affinity, *batch.masks).sum().backward()  # type: ignore[no-untyped-call]


def _solve_all(matcher: Matcher, batches: Batches) -> list[Tensor]:
    with torch.no_grad():
        return [matcher(batch.affinity, *batch.masks) for batch in batches]


def _solution_metrics(batches: Batches, assignments: list[Tensor]) -> dict[str, float]:
    """Return how good and how feasible the assignments are, over all problems."""

    def over_problems(measure: Callable[[MatchingBatch, Tensor], Tensor]) -> Tensor:
        return torch.cat([measure(batch, soft) for batch, soft in zip(batches, assignments, strict=True)]).double()

    gap = over_problems(lambda batch, soft: optimality_gap(batch.affinity, soft, batch.optimum))
    raw_gap = over_problems(lambda batch, soft: raw_signed_gap(batch.affinity, soft, batch.optimum))
    rounded = over_problems(lambda batch, soft: _rounding_gap(batch, soft))
    excess = over_problems(lambda batch, soft: violation(soft))
    worthwhile = torch.cat([batch.optimum for batch in batches]) >= MIN_OPTIMUM
    metrics = {
        "matching/gap_mean": gap[worthwhile].mean(),
        "matching/gap_p95": gap[worthwhile].quantile(0.95) if worthwhile.any() else torch.tensor(float("nan")),
        "matching/raw_gap_mean": raw_gap[worthwhile].mean(),
        "matching/rounded_gap_mean": rounded[worthwhile].mean(),
        "matching/violation_mean": excess.mean(),
        "matching/violation_worst": excess.max(),
        "matching/integrality_mean": over_problems(lambda batch, soft: integrality(soft)).mean(),
        "matching/tight_rows": over_problems(lambda batch, soft: tight_rows(soft, batch.source_mask)).mean(),
    }
    is_contested = torch.cat([batch.is_contested for batch in batches])
    if is_contested.any():
        metrics["matching/gap_contested_mean"] = gap[is_contested & worthwhile].mean()
    largest = torch.cat([batch.affinity.amax((1, 2)) for batch in batches])
    counts = {
        "problems/max_affinity": float(largest[worthwhile].mean()),
        "problems/number": len(is_contested),
        "problems/contested_share": float(is_contested.double().mean()),
        "problems/worthwhile_share": float(worthwhile.double().mean()),
    }
    return {key: float(value) for key, value in metrics.items()} | counts


def _rounding_gap(batch: MatchingBatch, soft: Tensor) -> Tensor:
    """Return what is left to gain after Hungarian rounding of the assignment."""
    kept = round_assignment(soft, batch.affinity).to(batch.affinity.dtype)
    return raw_signed_gap(batch.affinity, kept, batch.optimum)


def _last_iterate_metrics(matcher: Matcher, batches: Batches) -> dict[str, float]:
    """Return gap and violation of Y_T beside those of the mean, where the mean is what is returned."""
    if not (isinstance(matcher, PGDDykstra) and matcher.config.average):
        return {}
    last = _solve_all(PGDDykstra(**{**vars(matcher.config), "average": False}), batches)
    metrics = _solution_metrics(batches, last)
    shown = ("gap_mean", "gap_p95", "raw_gap_mean", "violation_mean", "violation_worst", "tight_rows")
    return {f"last_iterate/{name}": metrics[f"matching/{name}"] for name in shown}


def _association_metrics(
    config: Config, batches: Batches, assignments: list[Tensor], validation: NDArray[np.bool_], folder: RunFolder
) -> dict[str, float]:
    """Return F1 on the images that no threshold was tuned on, by each rounding; counts go to media/association.npz."""
    metrics: dict[str, float] = {}
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    scored = ~validation
    for rounding in config.match.rounding:
        result = associate(batches, assignments, rounding, validation)
        arrays[rounding] = result.counts[scored]
        arrays[f"{rounding}_contested"] = result.contested_counts[scored]
        metrics[f"association/f1_{rounding}"] = float(f1(result.counts[scored].sum(0)))
        metrics[f"association/f1_contested_{rounding}"] = float(f1(result.contested_counts[scored].sum(0)))
        metrics[f"association/threshold_{rounding}"] = result.threshold
        metrics[f"matching/agreement_{rounding}"] = result.agreement
    if arrays:
        folder.save_arrays("association", **arrays)
    return metrics


@torch.no_grad()
def _convergence_metrics(
    config: Config, matcher: Matcher, batches: Batches, folder: RunFolder, tracker: Tracker
) -> dict[str, float]:
    """Trace an iterative matcher on some problems, a row of metrics.csv a step: quartiles and mean over problems."""
    batch = contested(batches, config.match.trace_problems)
    if batch is None:
        return {}
    if isinstance(matcher, IterativeMatcher):
        trace = matcher.trace(batch.affinity, *batch.masks)
        quantities = {
            "gap": trace.gap, "raw_gap": trace.raw_gap, "violation": trace.violation, "distance": trace.distance_to_last
        }  # fmt: skip
        levels = torch.tensor([0.25, 0.5, 0.75], dtype=trace.gap.dtype)
        quartiles = {name: values.quantile(levels, dim=1) for name, values in quantities.items()}
        means = {name: values.mean(1) for name, values in quantities.items()}
        rows: list[dict[str, float]] = []
        for step in range(len(trace)):
            row: dict[str, float] = {"step": step + 1}
            for name, values in quartiles.items():
                row |= {f"trace/{name}_{q}": float(values[k, step]) for k, q in enumerate(("q25", "median", "q75"))}
                row[f"trace/{name}_mean"] = float(means[name][step])
            folder.log(row)
            tracker.log(row)
            rows.append(row)
        tracker.tabulate("trace", pd.DataFrame(rows))
    return _projection_distances(matcher, batch) if isinstance(matcher, PGDDykstra) else {}


def _projection_distances(matcher: PGDDykstra, batch: MatchingBatch, num_cycles: int = 2000) -> dict[str, float]:
    """Return largest entries, mean over problems: from the last step's exact projection, and from P_C(T alpha A)."""
    options = matcher.config
    last, before = (
        PGDDykstra(**{**vars(options), "average": False, "num_steps": number})(batch.affinity, *batch.masks)
        if number
        else torch.zeros_like(batch.affinity)
        for number in (options.num_steps, options.num_steps - 1)
    )
    step, whole = options.step_size * batch.affinity, options.num_steps * options.step_size * batch.affinity
    exact = project_to_assignments(before + step, num_cycles, *batch.masks)
    at_once = project_to_assignments(whole, num_cycles, *batch.masks)
    return {
        "matching/distance_to_exact_step": float((last - exact).abs().amax((1, 2)).mean()),
        "matching/distance_to_one_projection": float((last - at_once).abs().amax((1, 2)).mean()),
    }


def _coupling_metrics(config: Config, matcher: Matcher, batches: Batches) -> dict[str, float]:
    batch = contested(batches, config.match.coupling_problems)
    if batch is None or not matcher.differentiable:
        return {}
    return {"matching/coupling": float(coupling(matcher, batch.affinity, *batch.masks).double().mean())}


def _keep_example(config: Config, matcher: Matcher, batches: Batches, folder: RunFolder, tracker: Tracker) -> None:
    example = pick_example(batches)
    if example is not None:
        arrays = example_arrays(matcher, example)
        folder.save_arrays("example", **arrays)
        solver = in_words(config.matcher.name, config.matcher.options())
        tracker.show("example", picture(arrays, solver))


def _timing_metrics(
    config: Config, matcher: Matcher, batches: Batches, solve_seconds: float, num_images: int
) -> dict[str, float]:
    """Return milliseconds an image of forward, and of forward + backward; how far memory rises in one such pass."""

    def forward() -> None:
        _solve_all(matcher, batches)

    def both() -> None:
        for batch in batches:
            _forward_and_backward(matcher, batch)

    def per_image(seconds: float) -> float:
        return 1000 * seconds / max(num_images, 1)

    repeats = config.match.timing_repeats
    forward_seconds = solve_seconds if solve_seconds > LONG_SECONDS else _median_seconds(forward, repeats)
    metrics = {"time/forward_ms_per_image": per_image(forward_seconds)}
    if matcher.differentiable:
        with measured_peak() as peak:
            both()
        metrics["memory/both_peak_mb"] = peak.megabytes
        metrics["time/both_ms_per_image"] = per_image(_median_seconds(both, repeats))
    return metrics


def _median_seconds(work: Callable[[], None], repeats: int) -> float:
    seconds: list[float] = []
    while len(seconds) < repeats and sum(seconds) < LONG_SECONDS:
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)
