"""Matching problems as they are made: one limb of one image each, unpadded, and all of a data set. Without torch."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_GIVEN: Any = None
"""Default of what few problems have. It is typed as if given, since whoever reads such a field knows that it is."""

NOBODY = -1
"""The person of a candidate that is nobody's."""


@dataclass(frozen=True, eq=False)
class MatchingProblem:
    """The candidates of one limb type in one image. A problem has at least one candidate a side.

    Attributes:
        affinity: score of joining a source to a destination, larger is better, dimensionless.
            Shape (source, destination), float.
        truth: True where both candidates are of one person. Same shape, bool; at most one True a row and column.
        image: number of the image.
        limb: position in the skeleton's limbs.
        features: what a limb score is learned from, shape (source, destination, features); None without.
        source_candidate: number of each source among the image's candidates, shape (source,); None without.
        destination_candidate: number of each destination among them, shape (destination,); None without.

    Raises:
        ValueError: if `affinity` and `truth` are not matrices of one shape without zeros.
    """

    affinity: NDArray[np.floating]
    truth: NDArray[np.bool_]
    image: int
    limb: int
    features: NDArray[np.float32] = NOT_GIVEN
    source_candidate: NDArray[np.int64] = NOT_GIVEN
    destination_candidate: NDArray[np.int64] = NOT_GIVEN

    def __post_init__(self) -> None:
        if self.affinity.ndim != 2 or self.affinity.shape != self.truth.shape or not self.affinity.size:
            raise ValueError(
                "affinity and truth must share a shape (source, destination) without zeros, "
                f"got {self.affinity.shape} and {self.truth.shape}"
            )


@dataclass(frozen=True, eq=False)
class ProblemSet:
    """Problems, sorted by image, then limb.

    Attributes:
        problems: all of them.
        num_images: images that they were made from, those without any problem included.
        fingerprint: hex digest of the file, or of the made-up arrays, that they were made from. How they were
            made (amounts, seed) is not in it.
        num_limbs: limb types that there are.
        held_out: numbers of the images that scores are tested on and nothing is trained on; None: whoever trains splits
            the images.
    """

    problems: tuple[MatchingProblem, ...]
    num_images: int
    fingerprint: str
    num_limbs: int = 1
    held_out: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.problems)

    def __iter__(self) -> Iterator[MatchingProblem]:
        return iter(self.problems)

    @property
    def images(self) -> NDArray[np.int64]:
        """The numbers of the images that have problems, in order."""
        return np.unique([problem.image for problem in self.problems]).astype(np.int64)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The sources and destinations of each problem, shape (problems, 2)."""
        return np.array([problem.affinity.shape for problem in self.problems], np.int64).reshape(-1, 2)

    def only(self, problems: Iterable[MatchingProblem]) -> "ProblemSet":
        """Return the set with these of its problems alone."""
        return replace(self, problems=tuple(problems))
