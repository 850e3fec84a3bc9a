"""Poses made up by us: articulated persons side by side, so that everything runs without a file of real poses.

Amounts were set by eye to the statistics of the annotated poses of LV-MHP v2: persons an image, keypoints a
person, which keypoints are missing, and how close persons stand.
"""

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mghp.config.data import DataConfig, GeneratedPosesConfig
from mghp.datasets.mhp_v2 import MHP_V2_TREE
from mghp.problems.poses import ImagePoses, PoseSet

MARGIN = 10.0
"""Pixels between the outermost keypoints and the image's border."""


class Swing(NamedTuple):
    """Normal distribution of a joint's angle, in degrees."""

    mean: float
    deviation: float


@dataclass(frozen=True)
class Posture:
    """What a person does. Arms and thighs swing from hanging down along the trunk, both ways outwards.

    Attributes:
        share: of persons in it.
        lean: of the trunk from upright, to a random side.
        arm: of the upper arm from hanging.
        elbow: of the forearm from a stretched arm.
        thigh: of the thigh from hanging.
        knee: of the shin from a stretched leg.
        one_way: as seen from the side: both arms, and both legs, swing the same way.
    """

    share: float
    lean: Swing
    arm: Swing
    elbow: Swing
    thigh: Swing
    knee: Swing
    one_way: bool = False


POSTURES = (
    Posture(0.55, Swing(0, 6), Swing(15, 15), Swing(15, 30), Swing(5, 6), Swing(0, 6)),  # standing
    Posture(0.15, Swing(0, 8), Swing(140, 25), Swing(20, 30), Swing(10, 10), Swing(0, 10)),  # arms up
    Posture(0.20, Swing(5, 8), Swing(30, 20), Swing(40, 30), Swing(80, 15), Swing(-80, 20), True),  # sitting
    Posture(0.07, Swing(90, 15), Swing(40, 40), Swing(30, 40), Swing(10, 15), Swing(10, 25)),  # lying
    Posture(0.03, Swing(180, 20), Swing(140, 30), Swing(20, 30), Swing(20, 25), Swing(0, 30)),  # upside down
)


class Bone(NamedTuple):
    """From a placed keypoint to the next; lengths are shares of a person's stature."""

    parent: str
    child: str
    length: float
    rest: float  # direction in degrees, clockwise from the trunk's (or the parent bone's, where it follows)
    swing: str = ""  # which angle of the posture is added
    side: int = 0  # 1 right, -1 left, 0 in the middle
    follows: bool = False


BONES = (
    Bone("pelvis", "thorax", 0.26, 0),
    Bone("thorax", "upper_neck", 0.06, 0),
    Bone("upper_neck", "head_top", 0.17, 0),
    *(
        bone
        for name, side in (("right", 1), ("left", -1))
        for bone in (
            Bone("thorax", f"{name}_shoulder", 0.10, -90 * side),
            Bone(f"{name}_shoulder", f"{name}_elbow", 0.17, 180, "arm", side),
            Bone(f"{name}_elbow", f"{name}_wrist", 0.16, 0, "elbow", side, follows=True),
            Bone("pelvis", f"{name}_hip", 0.055, -90 * side),
            Bone(f"{name}_hip", f"{name}_knee", 0.24, 180, "thigh", side),
            Bone(f"{name}_knee", f"{name}_ankle", 0.24, 0, "knee", side, follows=True),
        )
    ),
)

CROPS = ((0.21, ("hip", "pelvis", "knee", "ankle")), (0.13, ("knee", "ankle")), (0.12, ("ankle",)))
"""Share of persons that a picture's border or furniture cuts, and what it takes."""
MISSING = {
    "ankle": 0.13,
    "knee": 0.08,
    "hip": 0.07,
    "pelvis": 0.06,
    "thorax": 0.07,
    "neck": 0.04,
    "top": 0.01,
    "wrist": 0.33,
    "elbow": 0.31,
    "shoulder": 0.15,
}
"""Probability that a keypoint not cut is missing all the same, by the last word of its name."""


def load_generated_poses(config: DataConfig) -> PoseSet:
    """Return the poses that `data.generated_poses` asks for, `data.max_images` images at most."""
    number = config.limited(config.generated_poses.num_images)
    return generate_poses(dataclasses.replace(config.generated_poses, num_images=number), config.seed)


def generate_poses(config: GeneratedPosesConfig, seed: int) -> PoseSet:
    """Make up images of 2 + Poisson(`mean_extra_persons`) persons each, with the skeleton of LV-MHP v2.

    They stand, sit, lie, hold their arms up or hang upside down; they are 40 % to 100 % as tall as the
    tallest of their image may be, stand side by side and often overlap, and lack about a quarter of their
    keypoints, the lower body's more often. Coordinates are multiples of 0.1 pixel: as fine as annotations are,
    and coarse enough for the fingerprint to be the same on every machine.

    Args:
        config: how many images and persons.
        seed: with the image's position, of all that is drawn: image i is the same however many there are.
    """
    images = tuple(
        ImagePoses(_draw_image(config.mean_extra_persons, np.random.default_rng([seed, position])))
        for position in range(config.num_images)
    )
    digest = hashlib.sha256(b"".join(image.keypoints.tobytes() for image in images))
    return PoseSet(MHP_V2_TREE, images, digest.hexdigest()[:16])


def _draw_image(mean_extra_persons: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the keypoints of one image, shape (persons, keypoints, 3)."""
    num_persons = 2 + rng.poisson(mean_extra_persons)
    stature = rng.uniform(150.0, 600.0) * (1.0 - 0.6 * rng.random(num_persons) ** 3)
    persons = np.stack([_draw_person(rng) * height for height in stature])
    # Neighbours are a third of a stature apart in the median, as in real pictures, so that many overlap.
    persons[..., 0] += (stature.max() * np.cumsum(rng.lognormal(np.log(0.3), 0.6, num_persons)))[:, None]
    persons[..., 1] += rng.normal(0.0, 0.1, num_persons)[:, None] * stature.max()
    persons = np.round(persons - persons.min(axis=(0, 1)) + MARGIN, 1)
    annotated = np.stack([_draw_annotated(rng) for _ in range(num_persons)])[..., None]
    keypoints = np.concatenate([persons, np.full_like(persons[..., :1], 2.0)], axis=-1)
    return np.where(annotated, keypoints, 0.0)


def _draw_person(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return (x, y) of all keypoints about the pelvis, in statures, y downwards. Shape (keypoints, 2)."""
    posture = POSTURES[rng.choice(len(POSTURES), p=[posture.share for posture in POSTURES])]
    heading = rng.choice((-1, 1))
    # Seen from the front, turned a little, or from behind, where right and left change places.
    facing = np.cos(np.radians(rng.normal(0.0, 40.0))) * rng.choice((1, -1), p=(0.75, 0.25))
    trunk = heading * rng.normal(*posture.lean)
    place = {"pelvis": np.zeros(2)}
    angle: dict[str, float] = {}
    for bone in BONES:
        outwards = heading if posture.one_way else bone.side * np.sign(facing)
        swing = outwards * rng.normal(*getattr(posture, bone.swing)) if bone.swing else rng.normal(0.0, 4.0)
        angle[bone.child] = (angle[bone.parent] if bone.follows else trunk) + bone.rest + swing
        length = bone.length * (facing if abs(bone.rest) == 90 else rng.uniform(0.8, 1.0))
        direction = np.radians(angle[bone.child])
        place[bone.child] = place[bone.parent] + length * np.array([np.sin(direction), -np.cos(direction)])
    return np.stack([place[name] for name in MHP_V2_TREE.keypoints])


def _draw_annotated(rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw which keypoints of a person are annotated. Shape (keypoints,)."""
    parts = [name.rpartition("_")[2] for name in MHP_V2_TREE.keypoints]
    annotated = rng.random(len(parts)) >= [MISSING[part] for part in parts]
    shares = [share for share, _ in CROPS]
    crop = rng.choice(len(CROPS) + 1, p=[*shares, 1.0 - sum(shares)])
    taken = CROPS[crop][1] if crop < len(CROPS) else ()
    return annotated & ~np.isin(parts, taken)
