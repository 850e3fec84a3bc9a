"""One problem of a run, kept whole for a person to look at."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from mghp.matching import Matcher
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


def picture(arrays: dict[str, NDArray[np.floating]], pixels: int = 24) -> NDArray[np.uint8]:
    """Draw affinity, assignment and truth side by side in grey, 0 black and 1 white, as uint8 (height, width, 3)."""
    panels = [
        np.kron(np.clip(arrays[key], 0, 1), np.ones((pixels, pixels))) for key in ("affinity", "assignment", "truth")
    ]
    gap = np.full((len(panels[0]), pixels // 2), 0.5)
    row = np.concatenate([panels[0], gap, panels[1], gap, panels[2]], axis=1)
    return np.repeat((255 * row).round().astype(np.uint8)[:, :, None], 3, axis=2)
