"""Poses of people in images, and the matching problems that a limb detector would make of them."""

import hashlib
import json
import reprlib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mghp.config import POSE_PRESETS, PosePreset, PoseProblemsConfig
from mghp.data.problems import MatchingProblem, MatchingProblems
from mghp.errors import InputError, existing_file
from mghp.people.skeleton import Skeleton

Kind = TypeVar("Kind")

SPURIOUS = -1
"""The person of a candidate that is nobody's."""


@dataclass(frozen=True, eq=False)
class ImagePoses:
    """The persons of one image.

    Attributes:
        keypoints: x and y in pixels of the image, and visibility as in COCO: 0 is not annotated.
            Shape (persons, keypoints, 3), float64.
    """

    keypoints: NDArray[np.float64]

    @property
    def position_image(self) -> NDArray[np.float64]:
        """(x, y) in pixels of the image, meaningless where not annotated. Shape (persons, keypoints, 2)."""
        return self.keypoints[..., :2]

    @property
    def annotated(self) -> NDArray[np.bool_]:
        """Shape (persons, keypoints)."""
        return self.keypoints[..., 2] > 0


@dataclass(frozen=True, eq=False)
class PoseSet:
    """Images of people of one skeleton, images without a person included.

    Attributes:
        skeleton: names of the keypoints, and the limbs.
        images: in the order of their file.
        fingerprint: hex digest of the file, or of the made-up arrays.
    """

    skeleton: Skeleton
    images: tuple[ImagePoses, ...]
    fingerprint: str


def read_coco_poses(path: str | Path, max_images: int | None = None) -> PoseSet:
    """The poses of a COCO person-keypoint file, with the skeleton of its one category that has keypoints.

    Persons are grouped by image, in the order of the file's images; crowds (`iscrowd`) and annotations of
    other categories are left out; images without persons stay.

    Args:
        path: JSON with `images`, `annotations` and `categories`.
        max_images: keep only the first so many images. The whole file is checked all the same.

    Raises:
        InputError: one line that names the file, what was expected and what came.
    """
    file = existing_file(path, "annotations file")
    content, fingerprint = _read_json(file)
    if not isinstance(content, dict):
        raise InputError(f"{file}: expected a JSON object with images, annotations and categories, {_came(content)}")
    categories = _member(content, "categories", list, str(file))
    identifier, skeleton = _skeleton(categories, str(file))
    known = [category.get("id") for category in categories if isinstance(category, dict)]
    persons = _empty_images(_member(content, "images", list, str(file)), str(file))
    for number, annotation in enumerate(_member(content, "annotations", list, str(file))):
        where = f"{file}: annotations[{number}]"
        image = _identifier(annotation, "image_id", where)
        if image not in persons:
            raise InputError(f"{where}: image_id {reprlib.repr(image)} is not among the images")
        category = annotation.get("category_id", identifier)
        if category not in known:
            raise InputError(f"{where}: category_id {reprlib.repr(category)} is not among the categories")
        if category == identifier and not annotation.get("iscrowd", 0):
            persons[image].append(_person(annotation, len(skeleton.keypoints), where))
    shape = (-1, len(skeleton.keypoints), 3)
    images = [ImagePoses(np.array(found, dtype=np.float64).reshape(shape)) for found in persons.values()]
    return PoseSet(skeleton, tuple(images[:max_images]), fingerprint)


def _read_json(file: Path) -> tuple[Any, str]:
    """A file's JSON, and the digest of its bytes."""
    try:
        data = file.read_bytes()
        return json.loads(data), hashlib.sha256(data).hexdigest()[:16]
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{file}: broken JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise InputError(f"{file}: broken JSON: nested too deeply") from None
    except ValueError as error:  # not text, or a number of thousands of digits
        raise InputError(f"{file}: broken JSON: {error}") from None


def _member(container: object, key: str, kind: type[Kind], where: str) -> Kind:
    """`container[key]`, if it is of the expected kind."""
    value = _present(container, key, where)
    if not isinstance(value, kind):
        raise InputError(f"{where}: {key} must be of type {kind.__name__}, {_came(value)}")
    return value


def _identifier(container: object, key: str, where: str) -> int | str:
    value = _present(container, key, where)
    if not isinstance(value, int | str):
        raise InputError(f"{where}: {key} must be a whole number or a string, {_came(value)}")
    return value


def _present(container: object, key: str, where: str) -> object:
    if not isinstance(container, dict):
        raise InputError(f"{where}: expected an object, {_came(container)}")
    if key not in container:
        raise InputError(f"{where}: expected a key {key!r}, found none")
    return container[key]


def _came(value: object) -> str:
    return f"got {reprlib.repr(value)} ({type(value).__name__})"


def _skeleton(categories: list[Any], where: str) -> tuple[int | str, Skeleton]:
    """The id of the one category with keypoints, and its skeleton."""
    with_keypoints = [entry for entry in categories if isinstance(entry, dict) and "keypoints" in entry]
    if len(with_keypoints) != 1:
        raise InputError(f"{where}: expected one category with keypoints, got {len(with_keypoints)}")
    category, where = with_keypoints[0], f"{where}: category"
    names = _member(category, "keypoints", list, where)
    limbs = _member(category, "skeleton", list, where)
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"{where}: keypoints must be a list of names, {_came(names)}")
    for limb in limbs:
        if not isinstance(limb, list) or len(limb) != 2 or not all(_is_position(end, len(names)) for end in limb):
            raise InputError(f"{where}: skeleton must hold pairs of keypoints 1 to {len(names)}, {_came(limb)}")
    counted_from_0 = tuple((source - 1, destination - 1) for source, destination in limbs)
    try:
        skeleton = Skeleton(str(category.get("name", "person")), tuple(names), counted_from_0)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from None
    return _identifier(category, "id", where), skeleton


def _is_position(end: object, num_keypoints: int) -> bool:
    return type(end) is int and 1 <= end <= num_keypoints


def _empty_images(images: list[Any], where: str) -> dict[int | str, list[NDArray[np.float64]]]:
    """No person yet for each image, by its id."""
    if not images:
        raise InputError(f"{where}: expected at least one image, got an empty list")
    persons: dict[int | str, list[NDArray[np.float64]]] = {}
    for number, image in enumerate(images):
        identifier = _identifier(image, "id", f"{where}: images[{number}]")
        if identifier in persons:
            raise InputError(f"{where}: images[{number}]: id {reprlib.repr(identifier)} is taken by another image")
        persons[identifier] = []
    return persons


def _person(annotation: dict[str, Any], num_keypoints: int, where: str) -> NDArray[np.float64]:
    """Keypoints of one person, shape (3 * keypoints,)."""
    values = _member(annotation, "keypoints", list, where)
    if len(values) != 3 * num_keypoints:
        raise InputError(
            f"{where}: keypoints must hold 3 numbers each of {num_keypoints} keypoints, got {len(values)} values"
        )
    if not set(map(type, values)) <= {int, float}:
        odd = next(value for value in values if type(value) not in (int, float))
        raise InputError(f"{where}: keypoints must be numbers, {_came(odd)}")
    try:
        keypoints = np.array(values, dtype=np.float64)
    except OverflowError:
        keypoints = np.array([np.inf])
    if not np.isfinite(keypoints).all():
        raise InputError(f"{where}: keypoints must be finite, got NaN, infinity or a number too large")
    return keypoints


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
    amounts = _amounts(config)
    problems: list[MatchingProblem] = []
    num_images = 0
    for position, image in enumerate(poses.images):
        num_persons = int(image.annotated.any(axis=1).sum())
        if num_persons < amounts.min_persons:
            continue
        if num_persons:
            rng = np.random.default_rng([seed, position])
            problems += _image_problems(image, poses.skeleton, config, amounts, num_images, rng)
        num_images += 1
    return MatchingProblems(tuple(problems), num_images, poses.fingerprint)


def _amounts(config: PoseProblemsConfig) -> PosePreset:
    """The config's amounts, those left null from its preset."""
    given = {field.name: getattr(config, field.name) for field in fields(PosePreset)}
    return replace(POSE_PRESETS[config.preset], **{key: value for key, value in given.items() if value is not None})


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


def _image_problems(
    image: ImagePoses,
    skeleton: Skeleton,
    config: PoseProblemsConfig,
    amounts: PosePreset,
    number: int,
    rng: np.random.Generator,
) -> list[MatchingProblem]:
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
    affinity = (field.mean(axis=1) * _unit(destination - source)).sum(axis=-1)
    person = candidates.person
    truth = (person[pairs.source] == person[pairs.destination]) & (person[pairs.source] != SPURIOUS)
    return _split(affinity, truth, candidates.count[limbs], number)


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


def _split(
    affinity: NDArray[np.float64], truth: NDArray[np.bool_], sizes: NDArray[np.int64], image: int
) -> list[MatchingProblem]:
    """An image's pairs as one problem a limb; `sizes` has shape (limbs, 2)."""
    problems, stop = [], 0
    for limb, (sources, destinations) in enumerate(sizes.tolist()):
        start, stop = stop, stop + sources * destinations
        if stop > start:
            shape = (sources, destinations)
            problems.append(
                MatchingProblem(affinity[start:stop].reshape(shape), truth[start:stop].reshape(shape), image, limb)
            )
    return problems
