"""One labelled picture, the same for every dataset.

Pixel centres: the pixel in column i and row j covers [i, i + 1) x [j, j + 1), so its centre is (i + 0.5, j + 0.5), and
the picture is [0, width] x [0, height]. A field of stride s has its cell (i, j) centred at (s (i + 0.5), s (j + 0.5));
coordinates at a stride are coordinates in the picture divided by it. Mirroring takes x to width - x.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.parts import IGNORE

NOT_ANNOTATED, OCCLUDED, VISIBLE = 0, 1, 2
"""A keypoint's visibility, as COCO counts it."""

LABEL_MAPS = ("parts", "person_ids", "ignored_persons", "ignored_poses")
"""What a `Sample` says of each pixel."""


@dataclass
class Sample:
    """A picture and what is known of its persons.

    Attributes:
        image: (height, width, 3) uint8, red, green, blue.
        parts: (height, width) uint8 part labels, 0 background, 255 not known; None: no parsing labels.
        person_ids: (height, width) int16, 0 nobody, p + 1 the person in row p of `keypoints`; None: no persons' masks.
        keypoints: (persons, keypoints, 3) float32: x_image, y_image (pixels, see above) and visibility (0, 1, 2); None:
            no keypoints.
        name: of the picture, unique in its dataset.
        original_size: (height, width) before any resizing.
        tags: what is special about the picture, e.g. "upside_down".
        regions: (persons + crowds, 5) float32: x_image, y_image, width and height of the annotated box, and the
            annotated area, in pixels; the crowds', who are no persons, come last; None where nothing but masks and
            keypoints tells them.
        ignored_persons: (height, width) bool, True where it is not known whose a pixel is, e.g. inside a crowd that
            nobody told apart; None: nowhere.
        ignored_poses: (height, width) bool, True where keypoints and limbs may lie that nobody annotated; None:
            nowhere.
        cues: (persons,) bool, True where the picture tells a person's left from the right; None: nobody knows.
        person_tags: what is special about each person; None where nothing but the whole picture's `tags` is known.
    """

    image: NDArray[np.uint8]
    parts: NDArray[np.uint8] | None
    person_ids: NDArray[np.int16] | None
    keypoints: NDArray[np.float32] | None
    name: str
    original_size: tuple[int, int]
    tags: tuple[str, ...] = ()
    regions: NDArray[np.float32] | None = None
    ignored_persons: NDArray[np.bool_] | None = None
    ignored_poses: NDArray[np.bool_] | None = None
    cues: NDArray[np.bool_] | None = None
    person_tags: tuple[tuple[str, ...], ...] | None = None

    @property
    def ignored_parts(self) -> NDArray[np.bool_] | None:
        """The pixels whose part is not known, (height, width); None without parsing labels."""
        return None if self.parts is None else self.parts == IGNORE


class Samples(Protocol):
    """A set of pictures."""

    def __len__(self) -> int:
        """Return the number of pictures."""

    def __getitem__(self, index: int) -> Sample:
        """Return one picture."""


class PictureSet(Samples, Protocol):
    """A set of pictures that a run can be keyed by.

    Attributes:
        names: of the pictures, in their order, told without reading one.
    """

    names: list[str]

    @property
    def fingerprint(self) -> str:
        """The digest of what the set consists of."""
