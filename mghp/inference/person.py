"""One person of a parsed picture, as users want to have it: a mask, a box, parts and keypoints by name."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons


@dataclass(frozen=True, repr=False)
class Person:
    """One person that was found in a picture; coordinates are (x, y) in pixels of the picture.

    Attributes:
        number: the person's number in `person_ids`, from 1.
        found: all persons of the picture.
        anatomy: the meaning of labels and keypoints.
    """

    number: int
    found: PredictedPersons
    anatomy: Anatomy

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The person's pixels, (height, width) bool."""
        mask: NDArray[np.bool_] = self.found.person_ids == self.number
        return mask

    @property
    def parts(self) -> NDArray[np.integer]:
        """The part label of the person's pixels, (height, width), 0 elsewhere."""
        return np.where(self.mask, self.found.parts, 0)

    @property
    def part_masks(self) -> dict[str, NDArray[np.bool_]]:
        """The masks (height, width) bool of the parts that the person has, by name."""
        parts = self.parts
        names = enumerate(self.anatomy.parts.names, start=1)
        return {name: mask for label, name in names if (mask := parts == label).any()}

    @property
    def keypoints(self) -> NDArray[np.floating]:
        """The keypoints, (keypoint, 3): x, y and confidence in [0, 1]; 0 where not found."""
        keypoints: NDArray[np.floating] = self.found.keypoints[self.number - 1]
        return keypoints

    @property
    def keypoint_names(self) -> tuple[str, ...]:
        """The names of the rows of `keypoints`."""
        return self.anatomy.skeleton.keypoints

    @property
    def score(self) -> float:
        """A number that ranks persons by how sure the parser is of them, 0 to 1."""
        return float(self.found.person_scores[self.number - 1])

    @property
    def part_scores(self) -> dict[str, float]:
        """The score of each part by name, 0 to 1; 0 for a part that the person does not show."""
        scores = self.found.part_scores[self.number - 1].tolist()
        return dict(zip(self.anatomy.parts.names, scores[1:], strict=True))

    @property
    def area(self) -> int:
        """The number of the person's pixels."""
        return int(self.mask.sum())

    @property
    def box(self) -> NDArray[np.float64]:
        """The box about the pixels, or, without any, about the keypoints: left, top, right, bottom, (4,) float64.

        Right and bottom lie behind the last pixel: a box of one pixel has width 1. A person without both has zeros.
        """
        rows, columns = np.nonzero(self.mask.any(1))[0], np.nonzero(self.mask.any(0))[0]
        if len(rows):
            return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], float)
        there = self.keypoints[self.keypoints[:, 2] > 0, :2].astype(float)
        return np.concatenate([there.min(0), there.max(0)]) if len(there) else np.zeros(4)

    def __repr__(self) -> str:
        left, top, right, bottom = (round(side) for side in self.box.tolist())
        seen = int((self.keypoints[:, 2] > 0).sum())
        return (
            f"person {self.number}: score {self.score:.2f}, {self.area} pixels in ({left}, {top}, {right}, {bottom}), "
            f"{seen} of {len(self.keypoints)} keypoints"
        )
