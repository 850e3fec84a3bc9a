"""One problem of a run, kept whole for a person to look at."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from mghp.matching import Matcher
from mghp.pictures.assignments import LimbAssignment, assignments_picture
from mghp.pictures.canvas import Rgb
from mghp.problems.matching_batch import MatchingBatch

LARGEST = 8
"""Candidates a side beyond which a picture of a problem is no longer read."""


def pick_example(batches: Sequence[MatchingBatch]) -> MatchingBatch | None:
    """Return the largest contested problem that a picture can show, as a batch of one; the same for every solver."""
    best: MatchingBatch | None = None
    for batch in batches:
        sizes = torch.stack([mask.sum(1) for mask in batch.masks])
        pairs = torch.where((sizes.amax(0) <= LARGEST) & batch.is_contested, sizes.prod(0), 0)
        position = int(pairs.argmax())
        if pairs[position] and (best is None or pairs[position] > best.is_pair.sum()):
            best = batch[position : position + 1]
    return best


@torch.no_grad()
def example_arrays(matcher: Matcher, example: MatchingBatch) -> dict[str, NDArray[np.floating]]:
    """Return the example's affinity, assignment, best matching and truth, each (source, destination), unpadded."""
    rows, columns = example.source_mask[0], example.destination_mask[0]
    tensors = {
        "affinity": example.affinity,
        "assignment": matcher(example.affinity, *example.masks),
        "best": example.best.to(example.affinity.dtype),
        "truth": example.truth.to(example.affinity.dtype),
    }
    return {key: tensor[0][rows][:, columns].numpy() for key, tensor in tensors.items()}


def picture(arrays: dict[str, NDArray[np.floating]], solver: str) -> Rgb:
    """Draw affinity, assignment and truth side by side, with their names and a scale from 0 to 1.

    Args:
        arrays: see `example_arrays`.
        solver: whose assignment it is, in words.
    """
    names = {"affinity": "affinity", "assignment": f"assignment: {solver}", "truth": "truth"}
    panels = [LimbAssignment(name, np.clip(arrays[key], 0, 1), arrays["truth"]) for key, name in names.items()]
    return assignments_picture(panels, columns=len(panels))
