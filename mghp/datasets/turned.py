"""Samples that stand on a side or upside down: turned by quarters, so that no pixel is interpolated."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.datasets.sample import LABEL_MAPS, Sample


def turned(sample: Sample, degrees: int) -> Sample:
    """Return a sample turned counter-clockwise; left and right stay what they are.

    Args:
        sample: as it is.
        degrees: a multiple of 90.
    """
    for _ in range(degrees // 90 % 4):
        sample = _turned_by_a_quarter(sample)
    return sample


def _turned_by_a_quarter(sample: Sample) -> Sample:
    width = sample.image.shape[1]
    maps = {name: getattr(sample, name) for name in ("image", *LABEL_MAPS)}
    changes: dict[str, Any] = {
        name: None if of_pixels is None else np.ascontiguousarray(np.rot90(of_pixels))
        for name, of_pixels in maps.items()
    }
    return dataclasses.replace(
        sample,
        keypoints=None if sample.keypoints is None else _turned_keypoints(sample.keypoints, width),
        regions=None if sample.regions is None else _turned_regions(sample.regions, width),
        original_size=sample.original_size[::-1],
        **changes,
    )


def _turned_keypoints(keypoints: NDArray[Any], width: int) -> NDArray[np.float32]:
    """Return keypoints (person, keypoint, 3) turned by a quarter: x becomes y, and y becomes width - x."""
    x, y, visibility = np.moveaxis(keypoints, -1, 0)
    points = np.stack([y, width - x, visibility], -1)
    return np.asarray(np.where(keypoints[..., 2:] > 0, points, 0), np.float32)


def _turned_regions(regions: NDArray[Any], width: int) -> NDArray[np.float32]:
    """Return boxes and areas (person, 5) turned by a quarter."""
    x, y, across, down, area = regions.T
    return np.stack([y, width - x - across, down, across, area], -1).astype(np.float32)
