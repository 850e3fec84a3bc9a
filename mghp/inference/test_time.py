"""From one picture of any size to the persons in it, with test-time augmentation."""

import dataclasses

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
    module: Parser, image: NDArray[np.uint8], config: InferenceConfig, longest_side: int | None = None
) -> PredictedPersons:
    """Find the persons of a picture, in the picture's own pixels.

    Args:
        module: a parser in evaluation mode.
        image: red, green and blue, (height, width, 3) uint8.
        config: test-time choices.
        longest_side: longer side in training, pixels; see `InferenceConfig.longest_side`.
    """
    own = image.shape[0], image.shape[1]
    parsed = parsed_size(own, config.longest_side or longest_side)
    with torch.no_grad():
        found: PredictedPersons = module.assembler(averaged_fields(module, resized_picture(image, *parsed), config))[0]
    if parsed == own:
        return found
    return dataclasses.replace(
        found,
        parts=resized_labels(found.parts, *own),
        person_ids=resized_labels(found.person_ids.astype(np.int32), *own),
        keypoints=resized_keypoints(found.keypoints, parsed, own),
    )


def averaged_fields(module: Parser, image: NDArray[np.uint8], config: InferenceConfig) -> Fields:
    """Return the fields of a picture averaged over `inference.scales`, each mirrored as configured."""
    size = image.shape[0], image.shape[1]
    of_scales = []
    for scale in config.scales:
        scaled = resized_picture(image, *(max(1, round(scale * side)) for side in size))
        pixels = torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)))[None].to(module.device)
        fields = tiled_fields(
            module.fields, pixels, config.tile, config.overlap, module.network.multiple, config.batch_size
        )
        of_scales.append(resized_fields(fields, size))
    return mean_fields(of_scales) if len(of_scales) > 1 else of_scales[0]


def parsed_size(size: tuple[int, int], longest_side: int | None) -> tuple[int, int]:
    """Return the height and width at which a picture is parsed; see `InferenceConfig.longest_side`."""
    if longest_side is None and max(size) > UNTOLD_LONGEST_SIDE:
        longest_side = UNTOLD_LONGEST_SIDE
    return size_for(*size, longest_side)
