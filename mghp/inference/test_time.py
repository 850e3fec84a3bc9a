"""From pictures of any size to the persons in them, with test-time augmentation."""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from mghp.anatomy.persons import PredictedPersons
from mghp.config.inference import UNTOLD_LONGEST_SIDE, InferenceConfig
from mghp.datasets.resized import resized_keypoints, resized_labels, resized_picture, size_for
from mghp.inference.field_sizes import resized_fields
from mghp.inference.tiling import tiled_fields
from mghp.parsing.assembly.mirrored_fields import mean_fields
from mghp.parsing.fields import Fields
from mghp.parsing.parser import Parser


def parse_picture(
    module: Parser, image: NDArray[np.uint8], config: InferenceConfig, trained_side: int | None = None
) -> PredictedPersons:
    """Find the persons of a picture, in the picture's own pixels; see `parse_pictures`."""
    return parse_pictures(module, [image], config, trained_side)[0]


def parse_pictures(
    module: Parser, images: Sequence[NDArray[np.uint8]], config: InferenceConfig, trained_side: int | None = None
) -> list[PredictedPersons]:
    """Find the persons of pictures, in each picture's own pixels.

    Args:
        module: a parser in evaluation mode.
        images: red, green and blue, (height, width, 3) uint8 each.
        config: test-time choices; `batch_size` pictures that are parsed at one size go through the network together.
        trained_side: longer side in training, pixels; see `InferenceConfig.longest_side`.
    """
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for position, image in enumerate(images):
        alike[parsed_size(image.shape[:2], config, trained_side)].append(position)
    found: dict[int, PredictedPersons] = {}
    for size, positions in alike.items():
        for first in range(0, len(positions), config.batch_size):
            chosen = positions[first : first + config.batch_size]
            found |= zip(chosen, _parsed_at(module, [images[k] for k in chosen], size, config), strict=True)
    return [found[position] for position in range(len(images))]


def _parsed_at(
    module: Parser, images: Sequence[NDArray[np.uint8]], size: tuple[int, int], config: InferenceConfig
) -> list[PredictedPersons]:
    resized = np.stack([resized_picture(image, *size) for image in images])
    with torch.no_grad():
        found = module.assembler(averaged_fields(module, resized, config))
    return [brought_back(one, image.shape[:2]) for one, image in zip(found, images, strict=True)]


def brought_back(found: PredictedPersons, own: tuple[int, ...]) -> PredictedPersons:
    """Return the persons of a resized picture in the pixels of the picture's own (height, width)."""
    height, width = own
    parsed = found.parts.shape[0], found.parts.shape[1]
    if parsed == (height, width):
        return found
    return dataclasses.replace(
        found,
        parts=resized_labels(found.parts.astype(np.int32), height, width),
        person_ids=resized_labels(found.person_ids.astype(np.int32), height, width),
        keypoints=resized_keypoints(found.keypoints, parsed, (height, width)),
    )


def averaged_fields(module: Parser, images: NDArray[np.uint8], config: InferenceConfig) -> Fields:
    """Return the fields of pictures of one size, averaged over `inference.scales`, each mirrored as configured.

    Args:
        module: a parser in evaluation mode.
        images: (picture, height, width, 3) uint8.
        config: scales, windows and their number in the network at a time.
    """
    size = images.shape[1], images.shape[2]
    of_scales = []
    for scale in config.scales:
        sides = [max(1, round(scale * side)) for side in size]
        scaled = np.stack([resized_picture(image, *sides) for image in images])
        pixels = torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))).to(module.device)
        fields = tiled_fields(
            module.fields, pixels, config.tile, config.overlap, module.network.multiple, config.batch_size
        )
        of_scales.append(resized_fields(fields, size))
    return mean_fields(of_scales) if len(of_scales) > 1 else of_scales[0]


def parsed_size(size: tuple[int, ...], config: InferenceConfig, trained_side: int | None = None) -> tuple[int, int]:
    """Return the height and width at which a picture of (height, width) is parsed; see `InferenceConfig`."""
    height, width = size
    longest_side, bound = size_rule(config, trained_side)
    return size_for(height, width, longest_side or min(bound, max(size)))


def size_rule(config: InferenceConfig, trained_side: int | None) -> tuple[int | None, int]:
    """Return the longer side of all parsed pictures, or None for their own, and the largest that their own may be."""
    longest_side = config.longest_side or (None if config.own_size_up_to else trained_side)
    return longest_side, config.own_size_up_to or UNTOLD_LONGEST_SIDE
