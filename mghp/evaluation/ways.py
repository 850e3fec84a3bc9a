"""How an evaluation finds the persons of a picture: in the whole of it, or in crops of true boxes."""

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.persons import PredictedPersons
from mghp.config.schema import Config
from mghp.datasets.sample import Sample
from mghp.inference.test_time import parse_picture
from mghp.inference.top_down import parse_boxes
from mghp.metrics.keypoint_ap import person_regions
from mghp.parsing.batch import collate
from mghp.parsing.parser import Parser
from mghp.training.parsing_module import true_persons


def parse_sample(module: Parser, sample: Sample, config: Config) -> PredictedPersons:
    """Find the persons of a picture as `evaluation.way` says, in the picture's own pixels."""
    evaluation, side = config.evaluation, config.data.trained_side
    if evaluation.way == "bottom_up":
        return parse_picture(module, sample.image, config.inference, side)
    boxes = true_boxes(sample, module.assembler.anatomy.num_keypoints)
    return parse_boxes(module, sample.image, boxes, config.inference, evaluation.top_down, side)


def true_boxes(sample: Sample, num_keypoints: int) -> NDArray[np.float64]:
    """Return the boxes of a picture's persons, (person, 4): x, y, width and height, 0 where nothing tells one.

    They are those annotated, or those of the persons' masks.
    """
    true = true_persons(collate([sample], num_keypoints))[0]
    return person_regions(true)[: len(true.keypoints), :4]
