"""`mghp bench metrics`: what the instance metrics cost, in units of one joint histogram per picture."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.metrics.ap_parsing import ap_and_pcp, detections, joined
from mghp.metrics.ap_region import HUMAN_THRESHOLDS, ap_per_class, human_regions, joined_regions, part_regions
from mghp.metrics.mean_iou import joint_histogram, semantic_scores
from mghp.metrics.painting import painted
from mghp.metrics.person_iou import person_iou_of_maps
from mghp.report.table import Column, TableOf
from mghp.runs.arrays import read_arrays
from mghp.runs.folder import RunFolder
from mghp.studies.speed.bench import Bench, Call, cell, finished, measurements
from mghp.studies.speed.measure import seconds_of

ROUNDS = 5
"""The number of times that every metric is timed, in turn with the unit; the median of the ratios counts."""


@dataclass(frozen=True)
class TimedPicture:
    """True persons, and predicted ones as maps that may overlap and as they are painted."""

    true: TruePersons
    maps: NDArray[np.integer[Any]]
    scores: NDArray[np.float64]
    painted: PredictedPersons


def made_set(number: int = 200, size: int = 400, persons: int = 3, num_labels: int = 59) -> list[TimedPicture]:
    """Make pictures of persons side by side in bands of parts, predicted a few pixels off."""
    pictures = []
    for index in range(number):
        rng = np.random.default_rng(index)
        rows, columns = np.mgrid[:size, :size]
        ids = np.where(rows % (size // 2) > size // 10, columns * persons // size + 1, 0)
        bands = rng.integers(1, num_labels, (persons + 1, size // 20))
        parts = np.where(ids > 0, bands[ids, rows * len(bands[0]) // size], 0).astype(np.uint8)
        moved = np.roll(np.stack([np.where(ids == p + 1, parts, 0) for p in range(persons)]), rng.integers(2, 9), 2)
        pictures.append(timed_picture(parts, ids.astype(np.uint8), moved, rng.random(persons), num_labels))
    return pictures


def stored_set(file: Path) -> tuple[list[TimedPicture], int]:
    """Read a stored set of test vectors, and its number of labels.

    Raises:
        InputError: if it is missing, or no such set.
    """
    arrays = read_arrays(file, "set")
    try:
        num_labels = int(arrays["num_classes"])
        keys = ("gt_parts", "gt_ids", "pred_parts", "pred_scores")
        maps = [[arrays[f"{i:04d}_{key}"] for key in keys] for i in range(int(arrays["num_images"]))]
    except (KeyError, ValueError, TypeError):
        raise InputError(f"set {file}: expected num_images, num_classes and maps of each image") from None
    return [timed_picture(parts, ids, found, scores, num_labels) for parts, ids, found, scores in maps], num_labels


def timed_picture(
    parts: NDArray[Any], ids: NDArray[Any], maps: NDArray[Any], scores: NDArray[np.float64], num_labels: int
) -> TimedPicture:
    """Make a picture to time from true parts and ids (any positive numbers) and predicted maps."""
    numbers = np.unique(ids[ids > 0])
    numbered = np.where(ids > 0, np.searchsorted(numbers, ids) + 1, 0)
    return TimedPicture(
        TruePersons(parts, numbered, np.zeros((len(numbers), 0, 3))),
        maps,
        scores,
        painted(maps, scores, np.repeat(scores[:, None], num_labels, 1)),
    )


def bench_metrics(pictures: Sequence[TimedPicture], num_labels: int, name: str, config: Config) -> Path:
    """Measure into a run folder: ratios.csv, a row per metric.

    Args:
        pictures: pictures of one set.
        num_labels: number of labels, background included.
        name: name of the set.
        config: config of the run.
    """
    unit, metrics = _unit(pictures, num_labels), _metrics(pictures, num_labels)
    folder = RunFolder(config, name)
    rows = []
    for metric, work in metrics.items():
        ratios, milliseconds = [], []
        for _ in range(ROUNDS):
            of_unit, of_metric = seconds_of(unit), seconds_of(work)
            ratios.append(of_metric / of_unit)
            milliseconds.append(1000 * of_metric / len(pictures))
        rows.append({"metric": metric, "units": statistics.median(ratios), "ms": statistics.median(milliseconds)})
    return finished(folder, rows, {"pictures": len(pictures), "labels": num_labels})


def _unit(pictures: Sequence[TimedPicture], num_labels: int) -> Callable[[], object]:
    """Return the unit of work: one joint histogram per picture, as the evaluation scripts take it."""
    pairs = [(np.asarray(p.true.parts), np.asarray(p.painted.parts)) for p in pictures]

    def histograms() -> None:
        for true, found in pairs:
            cells = (num_labels * true.astype(np.int64) + found).ravel()
            np.bincount(cells, minlength=num_labels**2)

    return histograms


def _metrics(pictures: Sequence[TimedPicture], num_labels: int) -> dict[str, Callable[[], object]]:
    def ap_r() -> object:
        found = [part_regions(p.painted, p.true, num_labels) for p in pictures]
        return ap_per_class(joined_regions(found, num_labels - 1))

    def ap_p() -> object:
        of_maps = (person_iou_of_maps(p.true.parts, p.true.person_ids, p.maps, p.scores, num_labels) for p in pictures)
        return ap_and_pcp(joined([detections(compared) for compared in of_maps]))

    def ap_h() -> object:
        found = [human_regions(p.painted, p.true) for p in pictures]
        return ap_per_class(joined_regions(found, 1), HUMAN_THRESHOLDS)

    def mean_iou() -> object:
        histograms = (joint_histogram(p.true.parts, p.painted.parts, num_labels) for p in pictures)
        return semantic_scores(sum(histograms, np.zeros((num_labels, num_labels), np.int64)))

    return {
        f"AP^r, {num_labels - 1} classes, 9 thresholds": ap_r,
        "AP^p and PCP, 9 thresholds": ap_p,
        "AP^h, 10 thresholds": ap_h,
        "mean IoU": mean_iou,
    }


METRICS = TableOf(
    "bench_metrics",
    "Cost per picture, in units of one joint histogram of its two label maps, timed in turn (medians of five).",
    Column("set", lambda row: row.run.said("data_fingerprint")),
    cell("metric", "metric"),
    cell("histograms per picture", "units", ".1f"),
    cell("ms per picture", "ms", ".2f"),
    rows=measurements("bench_metrics", texts=("set", "metric")),
)


def _measure(call: Call) -> Path:
    """Measure on the stored set that the command names, else on one that is made up."""
    if not call.arguments:
        return bench_metrics(made_set(), 59, "made up", call.config)
    file = Path(call.arguments[0])
    return bench_metrics(*stored_set(file), file.stem, call.config)


BENCH = Bench(_measure, (METRICS,))
