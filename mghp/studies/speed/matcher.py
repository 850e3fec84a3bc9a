"""`mghp bench matcher`: PGD-Dykstra against the literal algorithm, and all solvers against size and batch."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mghp.config.schema import Config
from mghp.matching import LinearProgram, Matcher, make_matcher
from mghp.matching.literal import literal_algorithm
from mghp.matching.solvers import SOLVERS
from mghp.problems.load import load_problems
from mghp.problems.matching_batch import MatchingBatch, evenly
from mghp.problems.problem_set import ProblemSet
from mghp.report.table import Column, TableOf
from mghp.runs.csv_cells import write_frame
from mghp.runs.folder import RunFolder
from mghp.runs.read import Run
from mghp.studies.speed.bench import Bench, Measured, cell, finished, measurements
from mghp.studies.speed.measure import import_seconds, median_seconds, saved_bytes, solve_seconds

SHAPES = ((256, 16, 16), (152, 6, 6), (152, 3, 3))
"""Batches on which the literal algorithm is the peer."""

MIXES = ((16,), (12, 16), (8, 12, 16), (4, 8, 12, 16), (2, 4, 16), (2, 16), (2, 2, 2, 16))
"""Candidates a side of the problems that are padded into one batch, in equal numbers each."""

MIXED = 252
"""Problems in such a batch."""

FEW = 8
"""Problems that solvers without batches are timed on; the time is scaled to the batch."""


def bench_matcher(config: Config, problems: ProblemSet) -> Path:
    """Measure everything, into a run folder.

    ratios.csv has a row a measurement, padding.csv a row a mix of sizes, metrics.csv time against size and batch.
    """
    torch.manual_seed(config.seed)
    folder = RunFolder(config, problems.fingerprint)
    rows = [row for shape in SHAPES for row in _against_literal(torch.rand(shape), config.bench.repeats)]
    rows += _against_loop(config, problems)
    write_frame(pd.DataFrame(_padding(config)), folder.path / "padding.csv")
    for row in _scaling(config):
        folder.log(row)
    imports = {
        "import/torch_seconds": import_seconds("torch"),
        "import/pgd_dykstra_after_torch_seconds": import_seconds("mghp.matching.pgd_dykstra", after="torch"),
    }
    return finished(folder, rows, imports | {"threads": torch.get_num_threads(), "repeats": config.bench.repeats})


def _against_literal(affinity: Tensor, repeats: int) -> Iterator[dict[str, Any]]:
    problems = f"{'x'.join(map(str, affinity.shape))} uniform"
    peer = solve_seconds(literal_algorithm, affinity, repeats)
    memory = saved_bytes(literal_algorithm, affinity)
    yield _row(problems, "literal, autograd", peer)
    for backend in ("numba", "torch"):
        matcher = make_matcher("pgd_dykstra", backend=backend)
        share = saved_bytes(matcher, affinity) / memory
        yield _row(problems, backend, solve_seconds(matcher, affinity, repeats), peer) | {"memory_share": share}


def _against_loop(config: Config, problems: ProblemSet) -> list[dict[str, Any]]:
    """Yield all problems in padded batches of similar size, against solving one after the other."""
    chosen = _evenly_by_size(problems, config.bench.loop_problems)
    affinities = [torch.from_numpy(problems.problems[k].affinity).float() for k in chosen]
    scale = len(problems) / len(chosen)

    def loop_forward() -> None:
        with torch.no_grad():
            for affinity in affinities:
                literal_algorithm(affinity)

    def loop_both() -> None:
        for affinity in affinities:
            torch.autograd.backward(literal_algorithm(affinity.clone().requires_grad_()).sum())

    peer = (scale * median_seconds(loop_forward, 1), scale * median_seconds(loop_both, 1))
    batches = [batch.to(dtype=torch.float32) for batch in MatchingBatch.bucket(problems.problems)]
    matcher = make_matcher("pgd_dykstra")

    def batched_forward() -> None:
        with torch.no_grad():
            for batch in batches:
                matcher(batch.affinity, *batch.masks)

    def batched_both() -> None:
        for batch in batches:
            torch.autograd.backward(matcher(batch.affinity.clone().requires_grad_(), *batch.masks).sum())

    ours = (
        median_seconds(batched_forward, config.bench.repeats),
        median_seconds(batched_both, config.bench.repeats),
    )
    name = f"all {len(problems)} of {problems.num_images} images"
    return [
        _row(name, f"literal, one at a time ({len(chosen)} timed)", peer),
        _row(name, "padded batches, auto", ours, peer),
    ]


def _evenly_by_size(problems: ProblemSet, number: int) -> list[int]:
    """Return positions of problems drawn evenly from all, sorted by size."""
    by_size = np.argsort(problems.sizes.prod(1), kind="stable")
    return [int(position) for position in evenly(by_size, number)]


def _padding(config: Config) -> Iterator[dict[str, Any]]:
    """Yield problems of several sizes in one padded batch, against a batch per size, without padding."""
    for mix in MIXES:
        each = MIXED // len(mix)
        largest = max(mix)
        affinity = torch.zeros(len(mix), each, largest, largest)
        mask = torch.zeros(len(mix), each, largest, dtype=torch.bool)
        for problems, is_real, size in zip(affinity, mask, mix, strict=True):
            problems[:, :size, :size] = torch.rand(each, size, size)
            is_real[:, :size] = True
        by_size = [problems[:, :size, :size].contiguous() for problems, size in zip(affinity, mix, strict=True)]
        masks = mask.flatten(0, 1), mask.flatten(0, 1)
        cells = sum(part.numel() for part in by_size)
        for backend in ("numba", "torch"):
            matcher = make_matcher("pgd_dykstra", backend=backend)
            repeats = config.bench.repeats
            padded = _both_seconds(matcher, [(affinity.flatten(0, 1), *masks)], repeats)
            without = _both_seconds(matcher, [(part,) for part in by_size], repeats)
            yield {
                "sizes": ", ".join(map(str, mix)), "problems": each * len(mix), "method": backend, "cells": cells,
                "padded_cells": affinity.numel() - cells, "padding": 1 - cells / affinity.numel(),
                "padded_ms": 1000 * padded, "without_ms": 1000 * without, "ratio": padded / without,
            }  # fmt: skip


def _both_seconds(matcher: Matcher, batches: Sequence[tuple[Tensor, ...]], repeats: int) -> float:
    """Return the seconds of forward + backward of all batches."""

    def both() -> None:
        for affinity, *masks in batches:
            torch.autograd.backward(matcher(affinity.clone().requires_grad_(), *masks).sum())

    return median_seconds(both, repeats)


def _scaling(config: Config) -> Iterator[dict[str, Any]]:
    """Yield the time of every solver against candidates a side, and against problems in a batch."""
    solvers = _every_solver()
    points = [("size", 64, size) for size in config.bench.sizes]
    points += [("batch", batch, 16) for batch in config.bench.batches]
    for varied, batch, size in points:
        for name, matcher in solvers.items():
            measured = min(batch, FEW) if isinstance(matcher, LinearProgram) else batch
            forward, both = solve_seconds(matcher, torch.rand(measured, size, size), max(config.bench.repeats // 2, 1))
            scale = 1000 * batch / measured
            yield {
                "varied": varied, "solver": name, "batch": batch, "size": size,
                "forward_ms": scale * forward, "both_ms": scale * both if matcher.differentiable else float("nan"),
            }  # fmt: skip


def _every_solver() -> dict[str, Matcher]:
    """Return the solvers that are no controls by their labels, PGD-Dykstra with either backend."""
    label = SOLVERS["pgd_dykstra"].label
    ours = {f"{label}, {backend}": make_matcher("pgd_dykstra", backend=backend) for backend in ("numba", "torch")}
    others = SOLVERS.where(lambda solver: not solver.is_control and solver.name != "pgd_dykstra")
    return ours | {SOLVERS[name].label: make_matcher(name) for name in others}


def _row(
    problems: str, method: str, seconds: tuple[float, float], peer: tuple[float, float] | None = None
) -> dict[str, Any]:
    row: dict[str, Any] = {"problems": problems, "method": method}
    for name, ours, theirs in zip(("forward", "both"), seconds, peer or (None, None), strict=True):
        row |= {f"{name}_ms": 1000 * ours, f"{name}_ratio": theirs / ours if theirs else float("nan")}
    return row


LITERAL = TableOf(
    "bench_matcher",
    "PGD-Dykstra (T = 50, N = 5, float32) against the literal algorithm under autograd, and against solving the "
    "same problems one at a time: how many times faster, and the share of memory kept for the backward pass.",
    cell("problems", "problems"),
    cell("method", "method"),
    cell("forward [ms]", "forward_ms", ".2f"),
    cell("both [ms]", "both_ms", ".2f"),
    cell("forward, times faster", "forward_ratio", ".1f"),
    cell("both, times faster", "both_ratio", ".1f"),
    cell("memory, share", "memory_share", ".3f"),
    rows=measurements("bench_matcher", texts=("problems", "method")),
)


def _paddings(runs: Sequence[Run]) -> Iterator[Measured]:
    """Return what padding cost in the runs that measured it, which the first ones did not."""
    return measurements("bench_matcher", "padding.csv", ("sizes", "method"))(
        [run for run in runs if run.has("padding.csv")]
    )


PADDING = TableOf(
    "bench_padding",
    "Problems of several sizes, as many of each, in one padded batch, against the same problems in a batch a size, "
    "without padding: forward and backward of PGD-Dykstra (T = 50, N = 5, float32).",
    cell("candidates a side", "sizes"),
    cell("method", "method"),
    cell("problems", "problems", "d"),
    cell("padding [%]", "padding", ".1f", scale=100),
    cell("padded [ms]", "padded_ms", ".2f"),
    cell("without [ms]", "without_ms", ".2f"),
    cell("times the time", "ratio", ".2f"),
    rows=_paddings,
)


SCALING = TableOf(
    "bench_scaling",
    "Milliseconds a batch of every solver, forward and, where it is differentiable, forward and backward: against "
    "candidates a side in batches of 64, and against problems in a batch of 16x16.",
    cell("varied", "varied"),
    cell("solver", "solver"),
    cell("batch", "batch", "d"),
    cell("candidates a side", "size", "d"),
    cell("forward [ms]", "forward_ms", ".2f"),
    cell("both [ms]", "both_ms", ".2f"),
    Column("forward, a problem [us]", lambda row: 1000 * row["forward_ms"] / row["batch"], ".1f"),
    rows=measurements("bench_matcher", "metrics.csv", ("varied", "solver")),
)


BENCH = Bench(lambda call: bench_matcher(call.config, load_problems(call.config.data)), (LITERAL, PADDING, SCALING))
