"""`mghp bench inference`: from fields to persons, against the number of persons, human pixels held constant."""

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.batch import collate
from mghp.parsing.build import anatomy_of
from mghp.parsing.fields import Fields
from mghp.parsing.true_fields import true_fields
from mghp.peak_memory import measured_peak
from mghp.report.table import TableOf
from mghp.runs.folder import RunFolder
from mghp.studies.speed.bench import Bench, Call, cell, finished
from mghp.studies.speed.made_crowds import made_crowd
from mghp.studies.speed.per_person import added, of_first_row, per_person
from mghp.training.build import build_module

STAGES = ("peaks", "affinities", "matching", "poses", "pixels")
"""The stages of the assembly, in order."""


def bench_inference(call: Call) -> Path:
    """Measure into a run folder: ratios.csv, a row per number of persons.

    Fields are the true ones, noiseless: as many peaks per keypoint type as there are persons. Crowds of all sizes take
    turns, so that a slower or busier moment of the machine meets all of them. One thread does it.

    Raises:
        InputError: if the pictures are not rendered, or the assembly keeps fewer peaks than there are persons.
    """
    config = call.config
    _check(config)
    torch.set_num_threads(1)  # CPU time counts what a second thread spins away while it waits
    assembler = build_module(config).eval().assembler
    crowds = {persons: made_fields(config, persons) for persons in config.bench.persons}
    folder = RunFolder(config, f"{', '.join(map(str, crowds))} persons at {config.bench.size}")
    rows = {persons: _counts(config, assembler, persons, fields) for persons, fields in crowds.items()}
    seconds: dict[int, list[dict[str, float]]] = {persons: [] for persons in crowds}
    for number in range(1 + config.bench.repeats):
        call.progress(number, 1 + config.bench.repeats, "assemble")
        for persons, fields in crowds.items():
            seconds[persons].append(_seconds(assembler, fields))
    for persons, row in rows.items():
        timed = seconds[persons][1:]  # the first compiles and fills caches
        row |= {f"{what}_ms": 1000 * statistics.median(one[what] for one in timed) for what in timed[0]}
    return finished(folder, rows.values(), {"threads": torch.get_num_threads(), "repeats": config.bench.repeats})


def made_fields(config: Config, persons: int) -> Fields:
    """Return the true fields of a made crowd, laid out in memory as a network returns them."""
    anatomy = anatomy_of(config)
    batch = collate([made_crowd(persons, config.bench.size)], anatomy.num_keypoints)
    fields = true_fields(batch, anatomy, dict(vars(config.network.strides)), config.assembly.points_towards)
    laid_out: dict[str, Any] = {
        name: value.contiguous() for name, value in vars(fields).items() if isinstance(value, Tensor)
    }
    return dataclasses.replace(fields, **laid_out)


def _check(config: Config) -> None:
    if config.data.name != "synthetic":
        raise InputError(f"data.name: the crowds of the bench are rendered; expected synthetic, got {config.data.name}")
    if config.assembly.max_peaks < max(config.bench.persons):
        raise InputError(
            f"assembly.max_peaks: {config.assembly.max_peaks} candidates per keypoint type leave out some of "
            f"{max(config.bench.persons)} persons (bench.persons)"
        )


def _counts(config: Config, assembler: Assembler, persons: int, fields: Fields) -> dict[str, Any]:
    """Count what there is to do, and measure by how much memory rises meanwhile."""
    with torch.no_grad():
        scored = assembler.score(fields, assembler.candidates(fields))
    with measured_peak() as peak:
        (found,) = assembler(fields)
    return {
        "persons": persons,
        "found": len(found.person_scores),
        "human_pixels": int(np.count_nonzero(found.parts)),
        "pairs": int(scored.is_pair.sum()),
        "peak_mb": peak.megabytes,
    }


def _seconds(assembler: Assembler, fields: Fields) -> dict[str, float]:
    """Return the CPU and wall-clock seconds of the whole assembly, and the CPU seconds per stage."""
    wall, cpu = time.perf_counter(), time.process_time()
    assembler(fields)
    whole = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
    return whole | dict(zip(STAGES, _stages(assembler, fields), strict=True))


@torch.no_grad()
def _stages(assembler: Assembler, fields: Fields) -> Iterator[float]:
    def timed(work: Callable[[], Any]) -> tuple[Any, float]:
        began = time.process_time()
        return work(), time.process_time() - began

    candidates, seconds = timed(lambda: assembler.candidates(fields))
    yield seconds
    scored, seconds = timed(lambda: assembler.score(fields, candidates))
    yield seconds
    pairs, seconds = timed(lambda: assembler.assign(scored))
    yield seconds
    poses, seconds = timed(lambda: assembler.poses(candidates, scored, pairs))
    yield seconds
    _, seconds = timed(lambda: [assembler.with_pixels(fields, 0, pose) for pose in poses])
    yield seconds


INFERENCE = TableOf(
    "bench_inference",
    "From fields to persons: CPU time, on one thread, of the assembly of one picture against the persons in it, "
    "who cover the same pixels in all (medians), what a further person adds to the row before, its stages, and the "
    "rise of memory. It grows no worse than linearly where the times grow by no more than the persons do.",
    cell("persons", "persons", "d"),
    cell("found", "found", "d"),
    cell("human pixels", "human_pixels", "d"),
    cell("pairs scored", "pairs", "d"),
    cell("CPU [ms]", "cpu_ms", ".1f"),
    added("a further person [ms]", "cpu_ms", ".2f"),
    of_first_row("times the first row", "cpu_ms", ".2f"),
    *(cell(f"{stage} [ms]", f"{stage}_ms", ".1f") for stage in ("peaks", "affinities", "matching", "poses", "pixels")),
    cell("peak [MB]", "peak_mb", ".0f"),
    rows=per_person("bench_inference"),
)

BENCH = Bench(bench_inference, (INFERENCE,))
