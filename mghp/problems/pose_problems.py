"""The matching problems that a limb detector would make of annotated poses."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mghp.config.data import PosePreset, PoseProblemsConfig
from mghp.problems.pair_features import Looks, pair_features, unit_vectors
from mghp.problems.poses import ImagePoses, PoseSet
from mghp.problems.problem_set import NOBODY, MatchingProblem, ProblemSet


def simulate_problems(poses: PoseSet, config: PoseProblemsConfig, seed: int) -> ProblemSet:
    """Simulate one matching problem a limb and image, as a detector of keypoints and limbs would leave it.

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
    `min_persons` persons that have a keypoint are left out and not counted: images are numbered without them.
    Everything is drawn from generators seeded by (seed, position of the image), so that an image's problems do not
    depend on how many images are read.

    Args:
        poses: the persons of each image.
        config: all amounts; lengths are relative to the image's `config.scale`.
        seed: not negative.
    """
    images = list(_simulate(poses, config, seed, nuisance=None))
    problems = [replace(problem, image=number) for number, image in enumerate(images) for problem in image]
    return ProblemSet(tuple(problems), len(images), poses.fingerprint, len(poses.skeleton.limbs))


def featured_problems(poses: PoseSet, config: PoseProblemsConfig, seed: int, nuisance: float = 0.0) -> ProblemSet:
    """Simulate the problems of `simulate_problems`, of the very same noise, with features to learn scores from.

    `pair_features` says what the features are. An image's number is its position in the file.

    Args:
        poses: the persons of each image.
        config: all amounts.
        seed: not negative.
        nuisance: standard deviation of the candidates' offsets, in units of the field.
    """
    problems = [problem for image in _simulate(poses, config, seed, nuisance) for problem in image]
    return ProblemSet(tuple(problems), len(poses.images), poses.fingerprint, len(poses.skeleton.limbs))


def _simulate(
    poses: PoseSet, config: PoseProblemsConfig, seed: int, nuisance: float | None
) -> Iterator[list[MatchingProblem]]:
    """Yield the problems of each image that counts, with features unless `nuisance` is None."""
    limbs = np.array(poses.skeleton.limbs, dtype=np.int64).reshape(-1, 2)
    least = config.amounts().min_persons
    for position, image in enumerate(poses.images):
        num_persons = int(image.annotated.any(axis=1).sum())
        if num_persons >= least:
            yield list(_detect(image, limbs, config, (seed, position), nuisance)) if num_persons else []


def _detect(
    image: ImagePoses,
    limbs: NDArray[np.int64],
    config: PoseProblemsConfig,
    seed: tuple[int, int],
    nuisance: float | None,
) -> Iterator[MatchingProblem]:
    """Yield the problems of one image, whose position is the second number of `seed`."""
    amounts, rng = config.amounts(), np.random.default_rng(seed)
    scale = _scale(image, config.scale)
    place, person, keypoint = _draw_candidates(image, amounts, scale, rng)
    limb, source, destination = _pairs(keypoint, limbs)
    vector = place[destination] - place[source]
    points = place[source][:, None] + np.linspace(0.0, 1.0, config.num_samples)[:, None] * vector[:, None]
    field = limb_field(points, limb, image, limbs, amounts.field_width * scale)
    field += rng.normal(0.0, amounts.field_noise, field.shape)
    found = {"truth": (person[source] == person[destination]) & (person[source] != NOBODY)}
    if nuisance is None:
        found["affinity"] = (field.mean(axis=1) * unit_vectors(vector)).sum(axis=-1)
    else:
        # Looks are drawn apart, so that the problems are the same with features and without.
        looks = Looks.draw(person != NOBODY, nuisance, np.random.default_rng([*seed, 1]))
        features = pair_features(field, vector, scale, looks, source, destination)
        found["affinity"] = features[:, : config.num_samples].mean(axis=1).astype(np.float32)
        found["features"] = features.astype(np.float32)
    for number in np.unique(limb).tolist():
        rows, columns = (np.flatnonzero(keypoint == end) for end in limbs[number])
        own = {name: values[limb == number] for name, values in found.items()}
        own = {name: values.reshape(len(rows), len(columns), *values.shape[1:]) for name, values in own.items()}
        yield MatchingProblem(**own, image=seed[1], limb=number, source_candidate=rows, destination_candidate=columns)


def _pairs(keypoint: NDArray[np.int64], limbs: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Return limb, source and destination of all pairs of candidates: limb by limb, each in row-major order."""
    # All limbs at once, here and in what is read of the pairs: limb by limb it takes several times as long.
    is_source, is_destination = (limbs[:, end, None] == keypoint for end in (0, 1))
    pairs: tuple[NDArray[np.int64], ...] = (is_source[:, :, None] & is_destination[:, None]).nonzero()
    return pairs


def _scale(image: ImagePoses, kind: str) -> float:
    """Return the length in pixels that an image's lengths are relative to (`PoseProblemsConfig.scale`)."""
    annotated = image.annotated[..., None]
    low = np.where(annotated, image.position_image, np.inf).min(axis=1)
    high = np.where(annotated, image.position_image, -np.inf).max(axis=1)
    if kind == "image_extent":
        return float((high.max(axis=0) - low.min(axis=0)).max())
    has_keypoint = image.annotated.any(axis=1)
    return float(np.median((high - low)[has_keypoint].max(axis=1)))


def _draw_candidates(
    image: ImagePoses, amounts: PosePreset, scale: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the candidates' (x, y) in pixels, their persons, NOBODY for nobody's, and their types, in that order."""
    annotated = image.annotated
    num_keypoints = annotated.shape[1]
    person, keypoint = np.nonzero(annotated & (rng.random(annotated.shape) >= amounts.miss))
    found = image.position_image[person, keypoint]
    found = found + rng.normal(0.0, amounts.jitter * scale, found.shape)
    false_keypoint = np.repeat(np.arange(num_keypoints), rng.poisson(amounts.spurious, num_keypoints))
    everywhere = image.position_image[annotated]
    false = rng.uniform(everywhere.min(axis=0), everywhere.max(axis=0), (len(false_keypoint), 2))
    position_image = np.concatenate([found, false])
    person = np.concatenate([person, np.full(len(false), NOBODY)])
    keypoint = np.concatenate([keypoint, false_keypoint])
    # Shuffled, so that an assignment that follows the order is no better than chance.
    order = rng.permutation(len(keypoint))
    order = order[np.argsort(keypoint[order], kind="stable")]
    return position_image[order], person[order], keypoint[order]


def limb_field(
    points: NDArray[np.float64],
    limb: NDArray[np.int64],
    image: ImagePoses,
    limbs: NDArray[np.int64],
    width: float,
) -> NDArray[np.float64]:
    """Return the noiseless limb field of an image, as `simulate_problems` defines it.

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
    unit = unit_vectors(vector)[limb][:, None]
    # (pairs, samples, persons, 2): where each point lies in the frame of each person's limb.
    offset = points[:, :, None] - start[limb][:, None]
    along = (offset * unit).sum(axis=-1)
    across = offset[..., 0] * unit[..., 1] - offset[..., 1] * unit[..., 0]
    near = exists & (along >= -width) & (along <= length + width) & (np.abs(across) <= width)
    total: NDArray[np.float64] = (near[..., None] * unit).sum(axis=2)
    total /= np.maximum(near.sum(axis=2), 1)[..., None]
    return total
