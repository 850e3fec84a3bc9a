"""`mghp data check`: every fault of a dataset on disk, whatever the first of them is."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from mghp.anatomy.parts import IGNORE
from mghp.config.data import DataConfig
from mghp.datasets.disk_samples import DiskSamples, Labels
from mghp.datasets.registry import disk_dataset
from mghp.datasets.shared_pictures import shared_pictures
from mghp.errors import InputError
from mghp.progress import Progress

BREAKING = "breaking"
"""Kind of a fault that would end a training."""

WORTHLESS = {
    "in both splits": "pictures that are trained on and validated on",
    "nobody": "no person in any picture",
}
"""Kinds of faults that a training gets along with, but whose scores say nothing."""

NOTED = {
    "not as published": "another number of pictures than the dataset has",
    "empty person": "a mask without a pixel, or one that others cover wholly",
    "person without pose": "a mask that no pose lies on",
    "pose without person": "a pose that lies on no mask: it is dropped",
    "re-paired pose": "a pose that lies on a mask of another number: it goes there",
    "listed twice": "a picture that its list names more than once",
}
"""Kinds of faults that training gets along with."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        kind: "breaking", or one of `WORTHLESS` or `NOTED`.
        picture: in whose labels it was found; "" where it is of the split.
        what: one line that names the file where one is to blame.
    """

    kind: str
    picture: str
    what: str


@dataclass
class SplitReport:
    """What was found in one split.

    Attributes:
        split: its name.
        pictures: how many it lists.
        published: how many it should; None where nobody says.
        persons: in all pictures whose labels can be read.
        with_pose: of them, those with an annotated keypoint.
        faults: those of the split, then in the pictures' order.
    """

    split: str
    pictures: int
    published: int | None
    persons: int = 0
    with_pose: int = 0
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_unfit(self) -> bool:
        """True if something would end a training, or make its scores worthless."""
        return any(fault.kind == BREAKING or fault.kind in WORTHLESS for fault in self.faults)

    def as_json(self) -> dict[str, Any]:
        """Return the whole report, for a file."""
        return asdict(self) | {"counts": dict(Counter(fault.kind for fault in self.faults))}


def check_splits(
    config: DataConfig, train: str, validation: str, progress: Progress
) -> tuple[SplitReport, SplitReport]:
    """Walk over both splits, and look for pictures that are in both.

    Args:
        config: the dataset.
        train: its split to train on.
        validation: its split to validate on.
        progress: told how many pictures are done, of how many.

    Returns:
        The reports; what both have in common is a fault of the validation's.
    """
    reports = check_split(config, train, progress), check_split(config, validation, progress)
    if not all(report.pictures for report in reports):  # one that cannot be opened
        return reports
    dataset = disk_dataset(config)
    shared = shared_pictures(dataset.open(config, train), dataset.open(config, validation))
    if shared:
        some = ", ".join(shared[:3]) + (", ..." if len(shared) > 3 else "")
        what = f"{len(shared)} of {reports[1].pictures} pictures of {validation} are trained on, in {train}: {some}"
        reports[1].faults.insert(0, Fault("in both splits", "", what))
    return reports


def check_split(config: DataConfig, split: str, progress: Progress) -> SplitReport:
    """Walk over one split.

    Args:
        config: the dataset.
        split: of it.
        progress: told how many pictures are done, of how many.

    Returns:
        The report; a split that cannot be opened is one breaking fault.
    """
    dataset = disk_dataset(config)
    published = dataset.published.get(split) if config.max_images is None else None
    try:
        samples = dataset.open(config, split)
    except InputError as error:
        return SplitReport(split, 0, published, faults=[Fault(BREAKING, "", str(error))])
    report = SplitReport(split, len(samples), published)
    number = len(set(samples.names))
    if published is not None and number != published:
        what = f"{split}: {number} pictures, of {published} that are published"
        report.faults.append(Fault("not as published", "", what))
    for name, times in Counter(samples.names).items():
        if times > 1:
            report.faults.append(Fault("listed twice", name, f"{name}: {times} times in the list of {split}"))
    checked: set[str] = set()
    has_people: list[bool] = []
    for index, name in enumerate(samples.names):
        progress(index, len(samples), f"check {split}")
        if name not in checked:
            checked.add(name)
            has_people += _check_picture(samples, index, report)
    if has_people and not any(has_people):
        report.faults.insert(0, Fault("nobody", "", f"{split}: no person in any of {len(has_people)} pictures"))
    return report


def _check_picture(samples: DiskSamples, index: int, report: SplitReport) -> list[bool]:
    """Add to the report, and return whether the labels show anybody; nothing where they cannot be read."""
    name = samples.names[index]
    labels: Labels | None = None
    try:
        labels = samples.labels(index)
    except InputError as error:
        report.faults.append(Fault(BREAKING, name, str(error)))
    try:
        samples.photograph(index, labels)
    except InputError as error:
        report.faults.append(Fault(BREAKING, name, str(error)))
    if labels is None:
        return []
    report.persons += _num_persons(labels)
    if labels.keypoints is not None:
        report.with_pose += int((labels.keypoints[..., 2] > 0).any(-1).sum())
    report.faults += [Fault(kind, name, what) for kind, what in _oddities(labels, name)]
    return [_num_persons(labels) > 0 or _has_parts(labels)]


def _has_parts(labels: Labels) -> bool:
    return labels.parts is not None and bool(((labels.parts > 0) & (labels.parts != IGNORE)).any())


def _oddities(labels: Labels, name: str) -> Iterator[tuple[str, str]]:
    has_pixel = np.ones(_num_persons(labels), bool)
    if labels.person_ids is not None:
        has_pixel = np.bincount(labels.person_ids.ravel(), minlength=len(has_pixel) + 1)[1:] > 0
        for person in np.flatnonzero(~has_pixel).tolist():
            yield "empty person", f"{name}: person {person + 1} has no pixel"
    if labels.keypoints is not None:
        has_pose = (labels.keypoints[..., 2] > 0).any(-1)
        for person in np.flatnonzero(has_pixel & ~has_pose).tolist():
            yield "person without pose", f"{name}: person {person + 1} has no annotated keypoint"
    if labels.pairing is not None:
        for pose in labels.pairing.unused:
            yield "pose without person", f"{name}: pose {pose} lies on no mask"
        for pose, person in labels.pairing.re_paired:
            yield "re-paired pose", f"{name}: pose {pose} lies on the mask of person {person + 1}"


def _num_persons(labels: Labels) -> int:
    if labels.keypoints is not None:
        return len(labels.keypoints)
    return 0 if labels.person_ids is None else int(labels.person_ids.max(initial=0))
