"""Samples of one size, stacked: what networks, targets and losses take."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mghp.anatomy.parts import IGNORE
from mghp.datasets.sample import Sample, Samples


@dataclass
class Batch:
    """Pictures of one size and their labels. What is missing is padded and masked.

    Attributes:
        image: (batch, 3, height, width) uint8.
        parts: (batch, height, width) uint8; 255 everywhere where a picture has no parsing labels.
        person_ids: (batch, height, width) int16; 0 everywhere where a picture has no persons' masks.
        keypoints: (batch, person, keypoint, 3) float32: x_input, y_input, visibility; 0 in padded persons.
        is_person: (batch, person) bool: real, not padding.
        has_parts: (batch,) bool.
        has_persons: (batch,) bool: has persons' masks. Without them a picture trains neither field nor centres.
        has_keypoints: (batch,) bool. Without them a picture trains neither keypoints, limbs nor matching.
        ignored_persons: (batch, height, width) bool, True where it is not known whose a pixel is.
        ignored_poses: (batch, height, width) bool, True where keypoints and limbs may lie that nobody annotated.
        names: of the pictures.
        regions: of each picture, its `Sample`'s: x_input, y_input, width, height and area of persons, then of crowds.
        cues: of each picture, its `Sample`'s: whose left the picture tells from the right, (person,) bool.
    """

    image: Tensor
    parts: Tensor
    person_ids: Tensor
    keypoints: Tensor
    is_person: Tensor
    has_parts: Tensor
    has_persons: Tensor
    has_keypoints: Tensor
    ignored_persons: Tensor
    ignored_poses: Tensor
    names: tuple[str, ...]
    regions: tuple[NDArray[np.float32] | None, ...]
    cues: tuple[NDArray[np.bool_] | None, ...]

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Self:
        """Return the batch on a device."""
        moved: dict[str, Any] = {
            name: value.to(device, non_blocking=non_blocking)
            for name, value in vars(self).items()
            if isinstance(value, Tensor)
        }
        return replace(self, **moved)

    def __len__(self) -> int:
        return len(self.image)


def collate(samples: Sequence[Sample], num_keypoints: int) -> Batch:
    """Stack samples of one size.

    Args:
        samples: at least one; all of one height and width.
        num_keypoints: keypoint types of the dataset, for samples that have none.

    Raises:
        ValueError: if sizes differ; names the pictures.
    """
    height, width = samples[0].image.shape[:2]
    for sample in samples:
        if sample.image.shape[:2] != (height, width):
            raise ValueError(
                f"{sample.name} is {sample.image.shape[:2]}, {samples[0].name} is {(height, width)}: "
                "a batch holds one size"
            )
    poses = [_poses(sample, num_keypoints) for sample in samples]
    most = max(1, *(len(pose) for pose in poses))
    keypoints = np.zeros((len(samples), most, num_keypoints, 3), np.float32)
    is_person = np.zeros((len(samples), most), bool)
    for row, pose in enumerate(poses):
        keypoints[row, : len(pose)] = pose
        is_person[row, : len(pose)] = True
    unknown = np.full((height, width), IGNORE, np.uint8)
    nobody = np.zeros((height, width), np.int16)
    nowhere = np.zeros((height, width), bool)

    def stacked(maps: Iterable[NDArray[Any] | None], missing: NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.stack([missing if labels is None else labels for labels in maps]))

    return Batch(
        image=torch.from_numpy(np.stack([sample.image.transpose(2, 0, 1) for sample in samples])),
        parts=stacked((sample.parts for sample in samples), unknown),
        person_ids=stacked((sample.person_ids for sample in samples), nobody),
        keypoints=torch.from_numpy(keypoints),
        is_person=torch.from_numpy(is_person),
        has_parts=torch.tensor([sample.parts is not None for sample in samples]),
        has_persons=torch.tensor([sample.person_ids is not None for sample in samples]),
        has_keypoints=torch.tensor([sample.keypoints is not None for sample in samples]),
        ignored_persons=stacked((sample.ignored_persons for sample in samples), nowhere),
        ignored_poses=stacked((sample.ignored_poses for sample in samples), nowhere),
        names=tuple(sample.name for sample in samples),
        regions=tuple(sample.regions for sample in samples),
        cues=tuple(sample.cues for sample in samples),
    )


def _poses(sample: Sample, num_keypoints: int) -> np.ndarray:
    """Return the persons' keypoints; a picture with masks alone has that many persons without one."""
    if sample.keypoints is not None:
        return sample.keypoints
    persons = 0 if sample.person_ids is None else int(sample.person_ids.max(initial=0))
    return np.zeros((persons, num_keypoints, 3), np.float32)


def batches(samples: Samples, num_keypoints: int, size: int = 20) -> Iterator[tuple[int, Batch]]:
    """Yield samples in order, a batch at a time, each batch with the position of its first.

    Args:
        samples: of any sizes; where the next one's differs, a batch ends early.
        num_keypoints: keypoint types of the dataset.
        size: samples a batch at most.
    """
    first, chosen = 0, list[Sample]()
    for index in range(len(samples)):
        sample = samples[index]
        if chosen and (len(chosen) == size or sample.image.shape != chosen[0].image.shape):
            yield first, collate(chosen, num_keypoints)
            first, chosen = index, []
        chosen.append(sample)
    if chosen:
        yield first, collate(chosen, num_keypoints)
