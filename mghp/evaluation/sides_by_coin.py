"""The truth but for sides that no picture shows: what is reached by knowing all else and tossing a coin for them."""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.parsing.batch import Batch

SIDES_BY_COIN = "sides_by_coin"
"""The name of the scores that are reached so, beside those of the oracles."""


def with_sides_by_coin(batch: Batch, anatomy: Anatomy) -> Batch:
    """Return a batch in which left and right of each person without a cue are exchanged with a chance of one half.

    A picture's coin is seeded by its name. A parser that knows which view is the more frequent one may reach more than
    a coin does: of rendered persons without a cue about two in three face the viewer.

    Args:
        batch: of pictures whose cues are known; where they are not, nothing is exchanged.
        anatomy: what is annotated.
    """
    is_exchanged = np.zeros(tuple(batch.is_person.shape), bool)
    for row, (name, cues) in enumerate(zip(batch.names, batch.cues, strict=True)):
        if cues is not None:
            is_exchanged[row, : len(cues)] = _coins(name, len(cues)) & ~cues
    return exchanged_sides(batch, torch.from_numpy(is_exchanged).to(batch.parts.device), anatomy)


def exchanged_sides(batch: Batch, is_exchanged: Tensor, anatomy: Anatomy) -> Batch:
    """Return a batch in which the parts and keypoints of some persons have left and right exchanged.

    Args:
        batch: of pictures.
        is_exchanged: whose, (batch, person) bool.
        anatomy: what is annotated.
    """
    other_keypoints = batch.keypoints[:, :, list(anatomy.skeleton.mirrored_keypoints)]
    other_parts = torch.arange(256, dtype=batch.parts.dtype, device=batch.parts.device)  # 255, not known, stays
    other_parts[: anatomy.num_labels] = other_parts[list(anatomy.parts.mirrored_labels)]
    nobody = is_exchanged.new_zeros(len(batch), 1)
    of_pixels = torch.cat([nobody, is_exchanged], 1).gather(1, batch.person_ids.long().flatten(1))
    return replace(
        batch,
        keypoints=torch.where(is_exchanged[..., None, None], other_keypoints, batch.keypoints),
        parts=torch.where(of_pixels.view_as(batch.parts), other_parts[batch.parts.long()], batch.parts),
    )


def _coins(name: str, persons: int) -> NDArray[np.bool_]:
    return np.random.default_rng([*name.encode()]).random(persons) < 0.5
