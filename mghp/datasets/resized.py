"""Samples at another size."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.datasets.sample import LABEL_MAPS, Sample, Samples


def size_for(height: int, width: int, longest_side: int | None) -> tuple[int, int]:
    """Return height and width, at least 1, in proportion, with the longer one as given; None changes nothing."""
    if longest_side is None:
        return height, width
    ratio = longest_side / max(height, width)
    return max(1, round(height * ratio)), max(1, round(width * ratio))


def resized_picture(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Return a picture (height, width, 3) at another size, smoothed where it becomes smaller."""
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def resized_labels(labels: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Return labels at another size, each pixel with the label of the nearest: pixels keep their centres."""
    if labels.shape == (height, width):
        return labels
    rows, columns = (
        np.floor((np.arange(new) + 0.5) * old / new).astype(np.int64)
        for old, new in zip(labels.shape, (height, width), strict=True)
    )
    nearest: NDArray[Any] = labels[rows[:, None], columns]
    return nearest


def resized_keypoints(keypoints: NDArray[Any], before: tuple[int, int], after: tuple[int, int]) -> NDArray[np.float32]:
    """Return keypoints (person, keypoint, 3) of a picture whose (height, width) changes."""
    ratios = np.array([after[1] / before[1], after[0] / before[0], 1.0])
    scaled: NDArray[np.float32] = (keypoints * ratios).astype(np.float32)
    return scaled


def resized_regions(regions: NDArray[Any], before: tuple[int, int], after: tuple[int, int]) -> NDArray[np.float32]:
    """Return boxes and areas (person, 5) of a picture whose (height, width) changes."""
    down, across = after[0] / before[0], after[1] / before[1]
    scaled: NDArray[np.float32] = (regions * (across, down, across, down, across * down)).astype(np.float32)
    return scaled


def resized(sample: Sample, longest_side: int | None) -> Sample:
    """Return a sample whose longer side has so many pixels; `original_size` stays."""
    return resized_to(sample, *size_for(sample.image.shape[0], sample.image.shape[1], longest_side))


def resized_to(sample: Sample, height: int, width: int) -> Sample:
    """Return a sample of another height and width in pixels; `original_size` stays."""
    before, after = (sample.image.shape[0], sample.image.shape[1]), (height, width)
    if after == before:
        return sample
    labels = {name: getattr(sample, name) for name in LABEL_MAPS}
    changes: dict[str, Any] = {
        name: None if of_pixels is None else resized_labels(of_pixels, *after) for name, of_pixels in labels.items()
    }
    return dataclasses.replace(
        sample,
        image=resized_picture(sample.image, *after),
        keypoints=None if sample.keypoints is None else resized_keypoints(sample.keypoints, before, after),
        regions=None if sample.regions is None else resized_regions(sample.regions, before, after),
        **changes,
    )


class ResizedSamples:
    """A set of pictures at another size.

    Args:
        samples: as they are.
        longest_side: pixels; None changes nothing.
    """

    def __init__(self, samples: Samples, longest_side: int | None) -> None:
        self.samples = samples
        self.longest_side = longest_side

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Sample:
        return resized(self.samples[index], self.longest_side)
