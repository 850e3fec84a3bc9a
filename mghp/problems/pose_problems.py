"""The matching problems that a limb detector would make of annotated poses."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.skeleton import Skeleton
from mghp.config.data import PosePreset, PoseProblemsConfig
from mghp.problems.padded import MatchingProblem, MatchingProblems
from mghp.problems.poses import ImagePoses, PoseSet

SPURIOUS = -1
"""The person of a candidate that is nobody's."""


def simulate_problems(poses: PoseSet, config: PoseProblemsConfig, seed: int) -> MatchingProblems:
    """One matching problem a limb and image, as a detector of keypoints and limbs would leave it.

    * Candidates: every annotated keypoint but a share `miss`, displaced by a Gaussian in x and in y, and
      false ones, Poisson(`spurious`) a keypoint type, uniform over the box of all annotated keypoints of the
      image. They are drawn once an image, in random order, and shared by all limbs that end in their type.
    * Limb field: at a point, the mean of the unit vectors of all annotated limbs of the type (between the
      true, undisplaced keypoints; those of length zero are skipped) from whose segment the point is at most
      `field_width` off, across it and beyond its ends; zero where there is none. Gaussian noise is added to
      each component, drawn anew for each sample point of each pair. (The band is a rectangle; with round ends
      instead the problems are slightly easier: F1 of `hard` rises by 0.003 to 0.007.)
    * Affinity: the mean over `num_samples` points, from end to end of the candidates' segment, of the field's
      component along it; 0 for a pair at one point.
    * Truth: both candidates are of one person.

    Limbs without a candidate on one of their sides have no pairs and make no problem. Images with fewer than
    `min_persons` persons that have a keypoint are left out and not counted. Everything is drawn from
    generators seeded by (seed, position of the image), so that an image's problems do not depend on how many
    images are read.

    Args:
        poses: the persons of each image.
        config: all amounts; lengths are relative to the image's `config.scale`.
        seed: not negative.
    """
    problems: list[MatchingProblem] = []
    num_images = 0
    for simulated in simulate_images(poses, config, seed):
        if simulated is not None:
            problems += _split(simulated, num_images)
        num_images += 1
    return MatchingProblems(tuple(problems), num_images, poses.fingerprint)


@dataclass(frozen=True, eq=False)
class SimulatedImage:
    """What a detector would leave of one image; see `simulate_problems`.

    Attributes:
        position: of the image in its file.
        scale: the length that lengths are relative to, pixels.
        candidate_position: (candidates, 2), pixels of the image; those of a keypoint type side by side.
        candidate_person: (candidates,), SPURIOUS for nobody's.
        sizes: sources and destinations of each limb, (limbs, 2).
        limb, source, destination: of each pair, (pairs,): the last two are positions among the candidates. Pairs go
            limb by limb, each in row-major order.
        field: the noisy limb field along each pair's segment, (pairs, samples, 2).
        direction: unit vector from source to destination, (pairs, 2); 0 for a pair at one point.
        truth: whether both are of one person, (pairs,).
    """

    position: int
    scale: float
    candidate_position: NDArray[np.float64]
    candidate_person: NDArray[np.int64]
    sizes: NDArray[np.int64]
    limb: NDArray[np.int64]
    source: NDArray[np.int64]
    destination: NDArray[np.int64]
    field: NDArray[np.float64]
    direction: NDArray[np.float64]
    truth: NDArray[np.bool_]

    @property
    def affinity(self) -> NDArray[np.float64]:
        """Mean of the field's component along the segment, (pairs,)."""
        mean: NDArray[np.float64] = (self.field.mean(axis=1) * self.direction).sum(axis=-1)
        return mean


def simulate_images(poses: PoseSet, config: PoseProblemsConfig, seed: int) -> Iterator[SimulatedImage | None]:
    """Image by image; None for an image that counts though nobody has a keypoint in it."""
    amounts = config.amounts()
    for position, image in enumerate(poses.images):
        num_persons = int(image.annotated.any(axis=1).sum())
        if num_persons < amounts.min_persons:
            continue
        rng = np.random.default_rng([seed, position])
        yield _simulated(image, poses.skeleton, config, amounts, position, rng) if num_persons else None


@dataclass(frozen=True, eq=False)
class _Candidates:
    """Candidates of one image, those of a keypoint type side by side in random order."""

    position_image: NDArray[np.float64]  # (candidates, 2)
    person: NDArray[np.int64]  # (candidates,), SPURIOUS for nobody's
    count: NDArray[np.int64]  # (keypoints,), candidates a type

    @property
    def start(self) -> NDArray[np.int64]:
        return np.cumsum(self.count) - self.count


@dataclass(frozen=True, eq=False)
class _Pairs:
    """All pairs of candidates of all limbs of an image: limb by limb, each in row-major order."""

    limb: NDArray[np.int64]  # (pairs,)
    source: NDArray[np.int64]  # (pairs,), position among the candidates
    destination: NDArray[np.int64]  # (pairs,)


def _simulated(
    image: ImagePoses,
    skeleton: Skeleton,
    config: PoseProblemsConfig,
    amounts: PosePreset,
    position: int,
    rng: np.random.Generator,
) -> SimulatedImage:
    scale = _scale(image, config.scale)
    candidates = _draw_candidates(image, amounts, scale, rng)
    limbs = np.array(skeleton.limbs, dtype=np.int64).reshape(-1, 2)
    pairs = _pairs(candidates, limbs)
    source, destination = (
        candidates.position_image[pairs.source],
        candidates.position_image[pairs.destination],
    )
    along = np.linspace(0.0, 1.0, config.num_samples)[:, None]
    points = source[:, None] + along * (destination - source)[:, None]
    field = limb_field(points, pairs.limb, image, limbs, amounts.field_width * scale)
    field += rng.normal(0.0, amounts.field_noise, field.shape)
    person = candidates.person
    truth = (person[pairs.source] == person[pairs.destination]) & (person[pairs.source] != SPURIOUS)
    return SimulatedImage(
        position, scale, candidates.position_image, person, candidates.count[limbs], pairs.limb, pairs.source,
        pairs.destination, field, _unit(destination - source), truth,
    )  # fmt: skip


def _scale(image: ImagePoses, kind: str) -> float:
    """The length in pixels that an image's lengths are relative to (`PoseProblemsConfig.scale`)."""
    annotated = image.annotated[..., None]
    low = np.where(annotated, image.position_image, np.inf).min(axis=1)
    high = np.where(annotated, image.position_image, -np.inf).max(axis=1)
    if kind == "image_extent":
        return float((high.max(axis=0) - low.min(axis=0)).max())
    has_keypoint = image.annotated.any(axis=1)
    return float(np.median((high - low)[has_keypoint].max(axis=1)))


def _draw_candidates(image: ImagePoses, amounts: PosePreset, scale: float, rng: np.random.Generator) -> _Candidates:
    annotated = image.annotated
    num_keypoints = annotated.shape[1]
    person, keypoint = np.nonzero(annotated & (rng.random(annotated.shape) >= amounts.miss))
    found = image.position_image[person, keypoint]
    found = found + rng.normal(0.0, amounts.jitter * scale, found.shape)
    false_keypoint = np.repeat(np.arange(num_keypoints), rng.poisson(amounts.spurious, num_keypoints))
    everywhere = image.position_image[annotated]
    false = rng.uniform(everywhere.min(axis=0), everywhere.max(axis=0), (len(false_keypoint), 2))
    position_image = np.concatenate([found, false])
    person = np.concatenate([person, np.full(len(false), SPURIOUS)])
    keypoint = np.concatenate([keypoint, false_keypoint])
    # Shuffled, so that an assignment that follows the order is no better than chance.
    order = rng.permutation(len(keypoint))
    order = order[np.argsort(keypoint[order], kind="stable")]
    count = np.bincount(keypoint, minlength=num_keypoints)
    return _Candidates(position_image[order], person[order], count)


def _pairs(candidates: _Candidates, limbs: NDArray[np.int64]) -> _Pairs:
    count, start = candidates.count[limbs], candidates.start[limbs]
    num_pairs = count.prod(axis=1)
    limb = np.repeat(np.arange(len(limbs)), num_pairs)
    within = np.arange(num_pairs.sum()) - np.repeat(np.cumsum(num_pairs) - num_pairs, num_pairs)
    row, column = np.divmod(within, count[limb, 1])
    return _Pairs(limb, start[limb, 0] + row, start[limb, 1] + column)


def limb_field(
    points: NDArray[np.float64],
    limb: NDArray[np.int64],
    image: ImagePoses,
    limbs: NDArray[np.int64],
    width: float,
) -> NDArray[np.float64]:
    """The noiseless limb field of an image, as `simulate_problems` defines it.

    Args:
        points: (x, y) in pixels of the image. Shape (pairs, samples, 2).
        limb: whose field to read, position in `limbs`. Shape (pairs,).
        image: the persons.
        limbs: keypoints at both ends of each limb type. Shape (limbs, 2).
        width: half width of the band around a limb, in pixels.

    Returns:
        Mean of the unit vectors of the limbs at each point, shape (pairs, samples, 2).
    """
    ends = image.position_image.swapaxes(0, 1)[limbs]
    start, vector = ends[:, 0], ends[:, 1] - ends[:, 0]
    length = np.hypot(vector[..., 0], vector[..., 1])[limb][:, None]
    annotated = image.annotated.T[limbs]
    exists = (annotated[:, 0] & annotated[:, 1])[limb][:, None] & (length > 0)
    unit = _unit(vector)[limb][:, None]
    # (pairs, samples, persons, 2): where each point lies in the frame of each person's limb.
    offset = points[:, :, None] - start[limb][:, None]
    along = (offset * unit).sum(axis=-1)
    across = offset[..., 0] * unit[..., 1] - offset[..., 1] * unit[..., 0]
    near = exists & (along >= -width) & (along <= length + width) & (np.abs(across) <= width)
    total: NDArray[np.float64] = (near[..., None] * unit).sum(axis=2)
    total /= np.maximum(near.sum(axis=2), 1)[..., None]
    return total


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors along the last axis, of length 1, or 0 where they were 0."""
    length = np.hypot(vector[..., 0], vector[..., 1])[..., None]
    unit: NDArray[np.float64] = np.divide(vector, length, out=np.zeros_like(vector), where=length > 0)
    return unit


def _split(image: SimulatedImage, number: int) -> list[MatchingProblem]:
    """An image's pairs as one problem a limb."""
    affinity = image.affinity
    problems, stop = [], 0
    for limb, (sources, destinations) in enumerate(image.sizes.tolist()):
        start, stop = stop, stop + sources * destinations
        if stop > start:
            shape = (sources, destinations)
            truth = image.truth[start:stop].reshape(shape)
            problems.append(MatchingProblem(affinity[start:stop].reshape(shape), truth, number, limb))
    return problems
