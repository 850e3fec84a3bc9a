"""What joins the keypoints of a person: a skeleton of named keypoints and ordered limbs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Skeleton:
    """Keypoint types of a dataset and the limbs between them.

    Attributes:
        name: the dataset's.
        keypoints: names, in the order of the dataset's files.
        limbs: ordered pairs (source, destination) of positions in `keypoints`, counted from 0.

    Raises:
        ValueError: if a limb leaves the keypoints, joins one to itself, or is listed twice.
    """

    name: str
    keypoints: tuple[str, ...]
    limbs: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if len(set(self.keypoints)) < len(self.keypoints):
            raise ValueError(f"skeleton {self.name!r}: a keypoint is named twice")
        for limb in self.limbs:
            self._check_limb(limb)
        if len(set(self.limbs)) < len(self.limbs):
            raise ValueError(f"skeleton {self.name!r}: a limb is listed twice")

    def _check_limb(self, limb: tuple[int, int]) -> None:
        count = len(self.keypoints)
        if not all(0 <= end < count for end in limb):
            raise ValueError(f"skeleton {self.name!r}: limb {limb} leaves the {count} keypoints (0 to {count - 1})")
        if limb[0] == limb[1]:
            raise ValueError(f"skeleton {self.name!r}: limb {limb} joins a keypoint to itself")
