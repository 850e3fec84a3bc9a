"""Augmentation of samples: mirroring with exchanged sides, then torchvision's transforms."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2.functional import to_image

from mghp.anatomy.anatomy import Anatomy
from mghp.config.data import AugmentationConfig
from mghp.datasets.resized import resized_to
from mghp.datasets.sample import LABEL_MAPS, Sample

_GREY = {tv_tensors.Image: (124, 116, 104), tv_tensors.Mask: 0}
"""The values outside a picture: ImageNet's mean colour, and no label."""


class Augmentation:
    """Draws and applies an augmentation by torch's random numbers; `anatomy` says what changes places in the mirror."""

    def __init__(self, config: AugmentationConfig, anatomy: Anatomy) -> None:
        self.config = config
        self.anatomy = anatomy
        self.geometry = _geometry(config)
        self.colour = _colour(config)

    def __call__(self, sample: Sample) -> Sample:
        """Return a changed copy; parts, person ids and keypoints follow the picture, and lose what leaves it."""
        if self.config.mirror and torch.rand(()) < self.config.mirror:
            sample = mirrored(sample, self.anatomy)
        window = self._window(sample)
        if self._rescales:
            sample = self._rescaled(sample)
        for geometry in (self.geometry, window):
            if geometry is not None:
                sample = _moved(sample, geometry)
        if self.colour is not None:
            sample = _replaced(sample, image=self.colour(to_image(_writable(sample.image))).permute(1, 2, 0).numpy())
        return sample

    @property
    def _rescales(self) -> bool:
        return tuple(self.config.scale) != (1, 1)

    def _rescaled(self, sample: Sample) -> Sample:
        """Resize the whole picture; the window chooses what is cut."""
        factor = float(torch.empty(()).uniform_(*self.config.scale))
        height, width = (max(1, round(factor * side)) for side in sample.image.shape[:2])
        return resized_to(sample, height, width)

    def _window(self, sample: Sample) -> v2.Transform | None:
        """Make the transform to the crop's size or, where only the scale changes, to the picture's own."""
        if self.config.crop is None and not self._rescales:
            return None
        size = self.config.crop or sample.image.shape[:2]
        return v2.RandomCrop(size, pad_if_needed=True, fill=_GREY)


def mirrored(sample: Sample, anatomy: Anatomy) -> Sample:
    """Mirror a sample: x becomes width - x, left and right change places."""
    changes: dict[str, NDArray[Any]] = {"image": np.ascontiguousarray(sample.image[:, ::-1])}
    if sample.parts is not None:
        labels = np.arange(256, dtype=np.uint8)
        labels[: anatomy.num_labels] = anatomy.parts.mirrored_labels
        changes["parts"] = labels[sample.parts[:, ::-1]]
    for name, labels in _other_maps(sample).items():
        changes[name] = np.ascontiguousarray(labels[:, ::-1])
    if sample.keypoints is not None:
        keypoints = sample.keypoints[:, list(anatomy.skeleton.mirrored_keypoints)]
        annotated = keypoints[..., 2] > 0
        keypoints[..., 0] = np.where(annotated, sample.image.shape[1] - keypoints[..., 0], 0)
        changes["keypoints"] = keypoints
    if sample.regions is not None:
        regions = sample.regions.copy()
        regions[:, 0] = sample.image.shape[1] - regions[:, 0] - regions[:, 2]
        changes["regions"] = regions
    return _replaced(sample, **changes)


def _moved(sample: Sample, geometry: v2.Transform) -> Sample:
    size = sample.image.shape[:2]
    inputs: dict[str, torch.Tensor] = {"image": to_image(_writable(sample.image))}
    if sample.parts is not None:
        # The outside is filled with 0; counted from 1, a uint8 label comes back as 255 there: not known.
        inputs["parts"] = tv_tensors.Mask(torch.from_numpy(sample.parts + np.uint8(1))[None])
    others = _other_maps(sample)
    for name, labels in others.items():
        inputs[name] = tv_tensors.Mask(torch.from_numpy(_writable(labels))[None])
    if sample.keypoints is not None:
        points = torch.from_numpy(sample.keypoints[..., :2].reshape(-1, 2).copy())
        inputs["keypoints"] = tv_tensors.KeyPoints(points, canvas_size=size)
    moved = geometry(inputs)
    changes: dict[str, NDArray[Any]] = {"image": moved["image"].permute(1, 2, 0).numpy()}
    if sample.parts is not None:
        changes["parts"] = moved["parts"][0].numpy() - np.uint8(1)
    for name in others:
        changes[name] = moved[name][0].numpy()
    if sample.keypoints is not None:
        positions = moved["keypoints"].numpy().reshape(*sample.keypoints.shape[:2], 2)
        after = changes["image"].shape[:2]
        changes["keypoints"] = inside(np.concatenate([positions, sample.keypoints[..., 2:]], -1), after)
    return _replaced(sample, **changes)


def _other_maps(sample: Sample) -> dict[str, NDArray[Any]]:
    """Return the label maps but for the parts, which mirroring renames and whose outside is not known."""
    maps = {name: getattr(sample, name) for name in LABEL_MAPS if name != "parts"}
    return {name: labels for name, labels in maps.items() if labels is not None}


def _writable(values: NDArray[Any]) -> NDArray[Any]:
    """Return an array that torch takes without a warning; Pillow's are read-only."""
    return np.require(values, requirements="W")


def inside(keypoints: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float32]:
    """Mark keypoints outside a picture of size (height, width) as not annotated."""
    height, width = size
    x, y, visibility = np.moveaxis(keypoints, -1, 0)
    annotated = (visibility > 0) & (x >= 0) & (y >= 0) & (x < width) & (y < height)
    kept: NDArray[np.float32] = (keypoints * annotated[..., None]).astype(np.float32)
    return kept


def _geometry(config: AugmentationConfig) -> v2.Transform | None:
    if not config.rotation and not config.translation:
        return None
    return v2.RandomAffine(
        degrees=config.rotation,
        translate=(config.translation, config.translation) if config.translation else None,
        interpolation=v2.InterpolationMode.BILINEAR,
        fill=_GREY,
    )


def _colour(config: AugmentationConfig) -> v2.Transform | None:
    steps: list[v2.Transform] = []
    if config.brightness or config.contrast or config.saturation:
        steps.append(v2.ColorJitter(config.brightness, config.contrast, config.saturation))
    if config.grey:
        steps.append(v2.RandomGrayscale(config.grey))
    if config.blur:
        steps.append(v2.RandomApply([v2.GaussianBlur(5, (0.1, 2.0))], config.blur))
    return v2.Compose(steps) if steps else None


def _replaced(sample: Sample, **changes: NDArray[Any]) -> Sample:
    # Regions are of the picture as it was annotated: where nobody says what becomes of them they are no longer known.
    return Sample(**{**vars(sample), "regions": None, **changes})
