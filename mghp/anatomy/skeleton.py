"""What joins the keypoints of a person: a skeleton of named keypoints and ordered limbs."""

from dataclasses import dataclass

from mghp.anatomy.mirror import mirrored_positions

_UNKNOWN_RATIO = 0.3
UNKNOWN_SIGMA = 0.08
"""What a keypoint's sigma counts as where the dataset states none, about the mean of COCO's body."""


@dataclass(frozen=True)
class Skeleton:
    """Keypoint types of a dataset and the limbs between them.

    Attributes:
        name: the dataset's.
        keypoints: names, in the order of the dataset's files.
        limbs: ordered pairs (source, destination) of positions in `keypoints`, counted from 0.
        sigmas: a keypoint's standard deviation of annotation in OKS, relative to the square root of the person's area;
            empty where the dataset states none.
        limb_ratios: a limb's mean length relative to the person's size, sqrt(w h) of the keypoints' box; empty where
            nobody measured it: then all limbs count as 0.3.
        mirror: pairs of names that change places in the mirror image beside those with `left_` and `right_`.

    Raises:
        ValueError: if a limb leaves the keypoints, joins one to itself, or is listed twice, or sigmas or
            ratios are given and differ from the keypoints or limbs in number.

    Example:
        >>> from mghp.anatomy.skeleton import Skeleton
        >>> arms = Skeleton("elbows", ("neck", "left_elbow", "right_elbow"), limbs=((0, 1), (0, 2)))
        >>> arms.mirrored_keypoints, arms.mirrored_limbs
        ((0, 2, 1), ((1, False), (0, False)))
    """

    name: str
    keypoints: tuple[str, ...]
    limbs: tuple[tuple[int, int], ...]
    sigmas: tuple[float, ...] = ()
    limb_ratios: tuple[float, ...] = ()
    mirror: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.keypoints)) < len(self.keypoints):
            raise ValueError(f"skeleton {self.name!r}: a keypoint is named twice")
        if self.sigmas and len(self.sigmas) != len(self.keypoints):
            raise ValueError(f"skeleton {self.name!r}: {len(self.sigmas)} sigmas, {len(self.keypoints)} keypoints")
        if self.limb_ratios and len(self.limb_ratios) != len(self.limbs):
            raise ValueError(f"skeleton {self.name!r}: {len(self.limb_ratios)} limb ratios, {len(self.limbs)} limbs")
        for limb in self.limbs:
            self._check_limb(limb)
        if len(set(self.limbs)) < len(self.limbs):
            raise ValueError(f"skeleton {self.name!r}: a limb is listed twice")

    @property
    def known_limb_ratios(self) -> tuple[float, ...]:
        """The `limb_ratios`, or 0.3 for every limb."""
        return self.limb_ratios or (_UNKNOWN_RATIO,) * len(self.limbs)

    @property
    def known_sigmas(self) -> tuple[float, ...]:
        """The `sigmas`, or 0.08 for every keypoint, about the mean of COCO's body."""
        return self.sigmas or (UNKNOWN_SIGMA,) * len(self.keypoints)

    @property
    def mirrored_keypoints(self) -> tuple[int, ...]:
        """The position of each keypoint in the mirror image, where left and right change places."""
        return mirrored_positions(self.keypoints, self.mirror)

    @property
    def mirrored_limbs(self) -> tuple[tuple[int, bool], ...]:
        """The position of each limb in the mirror image, and whether it runs the other way there.

        Left hip to right hip, mirrored, is right hip to left hip: the same limb, reversed.

        Raises:
            ValueError: if a limb has no mirror image among the limbs.
        """
        mirror = self.mirrored_keypoints
        return tuple(self._find((mirror[source], mirror[destination])) for source, destination in self.limbs)

    def _find(self, limb: tuple[int, int]) -> tuple[int, bool]:
        if limb in self.limbs:
            return self.limbs.index(limb), False
        if limb[::-1] in self.limbs:
            return self.limbs.index(limb[::-1]), True
        raise ValueError(f"skeleton {self.name!r}: limb {limb} is the mirror image of a limb, but no limb")

    def _check_limb(self, limb: tuple[int, int]) -> None:
        count = len(self.keypoints)
        if not all(0 <= end < count for end in limb):
            raise ValueError(f"skeleton {self.name!r}: limb {limb} leaves the {count} keypoints (0 to {count - 1})")
        if limb[0] == limb[1]:
            raise ValueError(f"skeleton {self.name!r}: limb {limb} joins a keypoint to itself")
