"""Oracles: what is true in the place of what is predicted, to see what limits the result."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.config.evaluation import ORACLES, PERSONS
from mghp.config.schema import Config
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.batch import Batch
from mghp.parsing.fields import Fields
from mghp.parsing.person_centers import person_centers
from mghp.parsing.true_fields import true_fields


@dataclass(frozen=True)
class Truth:
    """What is true of a batch.

    Attributes:
        fields: true fields, of the strides of the predicted ones.
        poses: of each picture, see `true_poses`.
        centers: of each picture, (person, 1, 3): x, y in pixels, and 1; 0 for a person without a pixel.
    """

    fields: Fields
    poses: list[Tensor]
    centers: list[Tensor]


def truth_of(batch: Batch, anatomy: Anatomy, config: Config) -> Truth:
    """Return what is true of a batch with all labels.

    Args:
        batch: of one size.
        anatomy: what is annotated.
        config: strides, and what pixels are grouped by.
    """
    assembly = config.assembly
    strides = vars(config.network.strides)
    fields = true_fields(batch, anatomy, strides, assembly.points_towards, assembly.finds_centers)
    return Truth(fields, true_poses(batch), _of_pictures(person_centers(batch), batch))


def true_poses(batch: Batch) -> list[Tensor]:
    """Return each picture's annotated keypoints, (person, keypoint, 3): x, y in pixels, and 1; 0 where there is none.

    Person p is the one whose pixels are p + 1; one without any keypoint has a row too.
    """
    sure = torch.cat([batch.keypoints[..., :2], (batch.keypoints[..., 2:] > 0).float()], -1)
    return _of_pictures(sure, batch)


def with_oracle(predicted: Fields, true: Fields, oracle: str) -> Fields:
    """Replace the predicted fields of an oracle by true ones; strides must agree."""
    return replace(predicted, **{name: getattr(true, name) for name in ORACLES[oracle] if name != PERSONS})


def persons_with_oracle(assembler: Assembler, predicted: Fields, truth: Truth, oracle: str) -> list[PredictedPersons]:
    """Return the persons of each picture where what the oracle names is true.

    Args:
        assembler: makes persons of fields; with true persons it gives them their pixels alone.
        predicted: fields of the batch.
        truth: of the same batch.
        oracle: one of `ORACLES`.
    """
    fields = with_oracle(predicted, truth.fields, oracle)
    if PERSONS not in ORACLES[oracle]:
        found: list[PredictedPersons] = assembler(fields)
        return found
    of_pictures = zip(truth.poses, truth.centers, strict=True)
    return [assembler.of_persons(fields, picture, *persons) for picture, persons in enumerate(of_pictures)]


def _of_pictures(persons: Tensor, batch: Batch) -> list[Tensor]:
    """Return the rows of real persons, (person, ...), of each picture."""
    return [rows[real] for rows, real in zip(persons, batch.is_person, strict=True)]
