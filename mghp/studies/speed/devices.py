"""`mghp bench matcher --device cuda`: the backends of PGD-Dykstra on one device, checked and timed.

Made to take under five minutes on a GPU; it has not been run on one yet. What fails, or would begin too late, has its
reason in the table instead of a time.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import torch
from torch import Tensor

from mghp.errors import InputError
from mghp.matching import PGDDykstra, make_matcher
from mghp.matching.backends import Backend, why_not_triton
from mghp.matching.literal import literal_algorithm
from mghp.matching.pgd_dykstra import ascend
from mghp.matching.solvers import SOLVERS, PGDDykstraConfig
from mghp.parsing.network.compilation import missing_compiler
from mghp.report.table import TableOf
from mghp.runs.csv_cells import write_frame
from mghp.runs.folder import RunFolder
from mghp.studies.speed.bench import Bench, Call, cell, finished, measurements
from mghp.studies.speed.exactness import exactness
from mghp.studies.speed.measure import solve_seconds

LAST_BEGIN = 230.0
"""Seconds after the start of the bench from which on nothing more is begun."""

CHECKED: tuple[Backend, ...] = ("torch", "triton")

FEW = 4
"""Problems of each batch whose values are compared with the literal algorithm's, in float64."""

PAPER: dict[str, Any] = {"initial": "zeros"}
"""What the paper's settings have that `PGDDykstra()` does not; the literal algorithm's defaults are the paper's."""

ONCE: dict[str, Any] = {"num_steps": 1, "num_cycles": 250, "step_size": 0.5, "average": False, "initial": "zeros"}
"""The options with which PGD-Dykstra is one projection, of as many cycles as the paper's 50 steps have."""

Solve = Callable[[Tensor], Tensor]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Way:
    """One way to solve a batch.

    Attributes:
        name: as the table names it; the first of all is the one that the others are compared with.
        solve: affinity to assignment.
        options: options of the literal algorithm that computes the same; None where it is another solver.
        why_not: returns why it cannot take a batch on this device; empty if it can.
    """

    name: str
    solve: Solve
    options: dict[str, Any] | None = field(default_factory=dict)
    why_not: Callable[[Tensor], str] = lambda affinity: ""


def bench_device(call: Call) -> Path:
    """Measure into a run folder.

    exactness.csv has a row per backend and group of options, ratios.csv a row per way, size and batch.

    Raises:
        InputError: if the device is none, or not here.
    """
    device = checked_device(call.device)
    ends = time.monotonic() + LAST_BEGIN
    torch.manual_seed(call.config.seed)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
    folder = RunFolder(call.config, name)
    checks = [{"device": name, **row} for backend in CHECKED for row in _checks(call, backend, device)]
    write_frame(pd.DataFrame(checks), folder.path / "exactness.csv")
    rows = [{"device": name, **row} for row in _timings(call, device, ends)]
    return finished(folder, rows, {"threads": torch.get_num_threads(), "repeats": call.config.bench.repeats})


def checked_device(name: str) -> torch.device:
    """Return the device of a name.

    Raises:
        InputError: if there is no such device here.
    """
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"--device: expected cuda or cpu, got {name}") from None
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"--device: expected cuda or cpu, got {name}")
    if device.type == "cuda" and not (device.index or 0) < torch.cuda.device_count():
        raise InputError(f"--device: {name} is not here, torch finds {torch.cuda.device_count()} GPUs")
    return device


def _checks(call: Call, backend: Backend, device: torch.device) -> Iterator[dict[str, Any]]:
    """Yield how far a backend is from the literal algorithm, or why it was not held against it."""
    number = call.config.bench.checked
    note = why_not_triton(torch.zeros(1, 1, 1, device=device)) if backend == "triton" else ""
    rows: list[dict[str, Any]] = [{"options": "all", "problems": 0}]
    if not note:
        told = lambda done: call.progress(done, number, f"random problems by {backend}")  # noqa: E731
        rows, note = _or_fault(lambda: list(exactness(backend, device, number, told)), rows)
    for row in rows:
        yield {"method": backend, **row, "note": note}


def _timings(call: Call, device: torch.device, ends: float) -> Iterator[dict[str, Any]]:
    """Yield the times of every way against candidates a side, and against problems in a batch."""
    settings = call.config.bench
    points = [("size", 64, size) for size in settings.sizes] + [("batch", batch, 16) for batch in settings.batches]
    ways = every_way()
    for done, (varied, batch, size) in enumerate(points):
        affinity = torch.rand(batch, size, size).to(device)
        peer = None
        for way in ways:
            call.progress(done, len(points), f"{batch} of {size}x{size}, {way.name}")
            row, note = _measured(way, affinity, settings.repeats, ends)
            peer = peer or row
            ratios = {kind: peer[f"{kind}_ms"] / row[f"{kind}_ms"] for kind in ("forward", "both")}
            yield {
                "varied": varied, "method": way.name, "batch": batch, "size": size, **row,
                "forward_ratio": ratios["forward"], "both_ratio": ratios["both"], "note": note,
            }  # fmt: skip


def _measured(way: Way, affinity: Tensor, repeats: int, ends: float) -> tuple[dict[str, float], str]:
    """Return milliseconds and the largest difference of one way on one batch, NaN and the reason where there is one."""
    nothing = dict.fromkeys(("forward_ms", "both_ms", "difference"), float("nan"))
    note = way.why_not(affinity) or ("the time was up" if time.monotonic() > ends else "")
    return (nothing, note) if note else _or_fault(lambda: _times(way, affinity, repeats), nothing)


def _times(way: Way, affinity: Tensor, repeats: int) -> dict[str, float]:
    difference = float("nan")
    if way.options is not None:
        expected = literal_algorithm(affinity[:FEW].double(), **way.options)
        difference = float((way.solve(affinity)[:FEW] - expected).abs().max())
    forward, both = solve_seconds(way.solve, affinity, repeats)
    return {"forward_ms": 1000 * forward, "both_ms": 1000 * both, "difference": difference}


def _or_fault(measure: Callable[[], Found], nothing: Found) -> tuple[Found, str]:
    """Return what is measured and an empty text, or nothing and the fault: one backend that fails spares the others."""
    try:
        return measure(), ""
    except Exception as error:
        return nothing, f"{type(error).__name__}: {error}".strip().splitlines()[0]


def every_way() -> list[Way]:
    """Return all ways, in the order of the table."""
    label, projection = SOLVERS["pgd_dykstra"].label, SOLVERS["projection"].label
    return [
        Way(f"{label}, eager", PGDDykstra(**PAPER, backend="torch")),
        Way(
            f"{label}, compiled steps", _compiled_steps(PGDDykstraConfig()), why_not=lambda _: missing_compiler() or ""
        ),
        Way(f"{label}, Triton", PGDDykstra(**PAPER, backend="triton"), why_not=_why_untimed),
        Way(f"{projection}, eager", PGDDykstra(**ONCE, backend="torch"), ONCE),
        Way(f"{projection}, Triton", PGDDykstra(**ONCE, backend="triton"), ONCE, _why_untimed),
        Way(SOLVERS["sinkhorn"].label, make_matcher("sinkhorn"), None),
    ]


def _why_untimed(affinity: Tensor) -> str:
    reason = why_not_triton(affinity)
    return reason or ("is interpreted, which takes no time worth telling" if affinity.device.type == "cpu" else "")


def _compiled_steps(config: PGDDykstraConfig) -> Solve:
    """Return Algorithm 1 of compiled steps: all T of them in one graph would take minutes to compile."""
    one = PGDDykstraConfig(1, config.num_cycles, 1.0, average=False, backend="torch")
    step = torch.compile(lambda start: ascend(start, None, None, one), dynamic=True)

    def solve(affinity: Tensor) -> Tensor:
        assignment = total = torch.zeros_like(affinity)
        for _ in range(config.num_steps):
            assignment = step(assignment + config.step_size * affinity)
            total = total + assignment
        return total / config.num_steps

    return solve


EXACTNESS = TableOf(
    "bench_exactness",
    "Backends of PGD-Dykstra on random problems (float64, 0 to 12 candidates a side, padded), with random options: the "
    "largest difference of an assignment, and of a gradient, to the literal algorithm's.",
    cell("device", "device"),
    cell("backend", "method"),
    cell("options", "options"),
    cell("problems", "problems", "d"),
    cell("value", "value", ".1e"),
    cell("gradient", "gradient", ".1e"),
    cell("why not", "note"),
    rows=measurements("bench_device", "exactness.csv", ("device", "method", "options", "note")),
)

DEVICE = TableOf(
    "bench_device",
    "Milliseconds a batch on one device (float32, T = 50, N = 5; the projection has 250 cycles), forward and with the "
    "backward pass, against candidates a side in batches of 64, and against problems in a batch of 16x16; how many "
    "times faster than eager PGD-Dykstra; and the largest difference of an entry to the literal algorithm in float64.",
    cell("device", "device"),
    cell("varied", "varied"),
    cell("method", "method"),
    cell("batch", "batch", "d"),
    cell("candidates a side", "size", "d"),
    cell("forward [ms]", "forward_ms", ".2f"),
    cell("both [ms]", "both_ms", ".2f"),
    cell("forward, times faster", "forward_ratio", ".1f"),
    cell("both, times faster", "both_ratio", ".1f"),
    cell("difference", "difference", ".1e"),
    cell("why not", "note"),
    rows=measurements("bench_device", texts=("device", "varied", "method", "note")),
)


BENCH = Bench(bench_device, (EXACTNESS, DEVICE))
