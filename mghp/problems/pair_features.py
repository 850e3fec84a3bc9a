"""Matching problems whose pairs have features to be scored by, instead of a ready-made affinity."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mghp.config.data import PoseProblemsConfig
from mghp.problems.pose_problems import SPURIOUS, SimulatedImage, simulate_images
from mghp.problems.poses import PoseSet


@dataclass(frozen=True, eq=False)
class PairProblems:
    """Problems, and all their pairs one after the other: problem by problem, each in row-major order.

    Attributes:
        features: (pairs, features), float32.
        affinity: the line integral of the limb field, (pairs,), float32: what nothing has to be learned for.
        truth: (pairs,) bool.
        sizes: sources and destinations of each problem, (problems, 2).
        limb: of each problem, (problems,).
        image: of each problem, (problems,): position of the image in its file.
        source_candidate, destination_candidate: of each pair, (pairs,): number of the candidate within its image.
        person: person of each candidate of an image, SPURIOUS for nobody's, by the image.
        num_limbs: limbs of the skeleton.
    """

    features: NDArray[np.float32]
    affinity: NDArray[np.float32]
    truth: NDArray[np.bool_]
    sizes: NDArray[np.int64]
    limb: NDArray[np.int64]
    image: NDArray[np.int64]
    source_candidate: NDArray[np.int64]
    destination_candidate: NDArray[np.int64]
    person: dict[int, NDArray[np.int64]]
    num_limbs: int

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each problem's pairs begin, and where the last one's end, (problems + 1,)."""
        return np.concatenate([[0], np.cumsum(self.sizes.prod(1))])

    @property
    def image_of_pair(self) -> NDArray[np.int64]:
        """(pairs,)."""
        return np.repeat(self.image, self.sizes.prod(1))

    @property
    def images(self) -> NDArray[np.int64]:
        """The images that have problems, in order."""
        return np.unique(self.image)

    def chosen(self, problems: NDArray[np.bool_]) -> "PairProblems":
        """Some of the problems; (problems,) bool."""
        pairs = np.repeat(problems, self.sizes.prod(1))
        images = set(self.image[problems].tolist())
        return PairProblems(
            self.features[pairs], self.affinity[pairs], self.truth[pairs], self.sizes[problems], self.limb[problems],
            self.image[problems], self.source_candidate[pairs], self.destination_candidate[pairs],
            {image: person for image, person in self.person.items() if image in images}, self.num_limbs,
        )  # fmt: skip


def pair_problems(poses: PoseSet, config: PoseProblemsConfig, seed: int, nuisance: float = 0.0) -> PairProblems:
    """The problems of `simulate_problems`, of the very same noise, with features of each pair.

    Features: the limb field's component along the segment at each sample point and the mean size of the one across;
    the segment's length relative to the image's scale, and its direction (x, y); confidences of both candidates.
    Confidences are drawn here, from generators of their own: Beta(4, 2) for a person's keypoint, Beta(2, 3) for a false
    one. `nuisance` adds b_i + c_j to all samples of a pair, normal numbers of that standard deviation that belong to
    its source and its destination: an offset that says nothing of the pair, and that competition alone can tell.

    Args:
        poses: the persons of each image.
        config: all amounts.
        seed: not negative.
        nuisance: standard deviation of the candidates' offsets, in units of the field.
    """
    skeleton = poses.skeleton
    images = [image for image in simulate_images(poses, config, seed) if image is not None and len(image.truth)]
    features = [_features(image, np.random.default_rng([seed, image.position, 1]), nuisance) for image in images]
    sizes = [image.sizes[image.sizes.prod(1) > 0] for image in images]
    limbs = [np.flatnonzero(image.sizes.prod(1) > 0) for image in images]
    return PairProblems(
        features=_joined([values for values, _ in features], (0, config.num_samples + 6)).astype(np.float32),
        affinity=_joined([affinity for _, affinity in features], (0,)).astype(np.float32),
        truth=_joined([image.truth for image in images], (0,)).astype(bool),
        sizes=_joined(sizes, (0, 2)).astype(np.int64),
        limb=_joined(limbs, (0,)).astype(np.int64),
        image=np.repeat([image.position for image in images], [len(one) for one in sizes]).astype(np.int64),
        source_candidate=_joined([image.source for image in images], (0,)).astype(np.int64),
        destination_candidate=_joined([image.destination for image in images], (0,)).astype(np.int64),
        person={image.position: image.candidate_person for image in images},
        num_limbs=len(skeleton.limbs),
    )


def _features(
    image: SimulatedImage, rng: np.random.Generator, nuisance: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Features (pairs, features), and the line integral (pairs,)."""
    is_person = image.candidate_person != SPURIOUS
    confidence = np.where(is_person, rng.beta(4, 2, len(is_person)), rng.beta(2, 3, len(is_person)))
    offset = nuisance * rng.normal(size=len(is_person))
    direction = image.direction[:, None]
    shift = (offset[image.source] + offset[image.destination])[:, None]
    along = (image.field * direction).sum(-1) + shift
    across = np.abs(image.field[..., 0] * direction[..., 1] - image.field[..., 1] * direction[..., 0]).mean(1)
    vector = image.candidate_position[image.destination] - image.candidate_position[image.source]
    length = np.hypot(vector[:, 0], vector[:, 1]) / max(image.scale, 1e-9)
    columns = [along, across[:, None], length[:, None], image.direction]
    columns += [confidence[image.source][:, None], confidence[image.destination][:, None]]
    return np.concatenate(columns, 1), along.mean(1)


def positive_control(number: int, seed: int, size: int = 6) -> PairProblems:
    """Problems on which competition must help: every pair's evidence is buried under its row's and its column's.

    The truth is a random permutation y. Features x1 = y + 0.4 noise + 3 b_i + 3 c_j and x2 = y + noise, all noise
    standard normal: a linear score of the pair alone can use little of x1, a matching nearly all of it, since what
    belongs to a row or a column moves no assignment.

    Args:
        number: problems, an image each.
        seed: of the draws.
        size: candidates a side.
    """
    rng = np.random.default_rng(seed)
    truth = np.stack([np.eye(size, dtype=bool)[rng.permutation(size)] for _ in range(number)])
    noise, other = rng.normal(size=(2, *truth.shape))
    rows, columns = rng.normal(size=(number, size, 1)), rng.normal(size=(number, 1, size))
    features = np.stack([truth + 0.4 * noise + 3 * rows + 3 * columns, truth + other], -1)
    source, destination = np.indices(truth.shape)[1:]
    people = {image: np.concatenate([np.arange(size), truth[image].argmax(0)]) for image in range(number)}
    return PairProblems(
        features=features.reshape(-1, 2).astype(np.float32),
        affinity=features[..., 1].ravel().astype(np.float32),
        truth=truth.ravel(),
        sizes=np.full((number, 2), size),
        limb=np.zeros(number, np.int64),
        image=np.arange(number),
        source_candidate=source.ravel(),
        destination_candidate=size + destination.ravel(),
        person=people,
        num_limbs=1,
    )


@dataclass(frozen=True, eq=False)
class PaddedPairs:
    """Some problems as one padded batch: where each pair stands in it.

    Attributes:
        pairs: positions among all pairs, (pairs in the batch,).
        problem, row, column: of each in the batch, (pairs in the batch,).
        shape: (problems, source, destination) of the batch.
        sizes: of each problem, (problems, 2).
    """

    pairs: NDArray[np.int64]
    problem: NDArray[np.int64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    shape: tuple[int, int, int]
    sizes: NDArray[np.int64]


def padded(problems: PairProblems, chosen: Sequence[int] | NDArray[np.int64]) -> PaddedPairs:
    """The problems at these positions side by side."""
    index = np.asarray(chosen)
    sizes = problems.sizes[index]
    counts = sizes.prod(1)
    problem = np.repeat(np.arange(len(index)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    row, column = np.divmod(within, sizes[problem, 1])
    pairs = problems.starts[:-1][index][problem] + within
    return PaddedPairs(pairs, problem, row, column, (len(index), *sizes.max(0).tolist()), sizes)


def by_size(problems: PairProblems, most: int) -> Iterator[NDArray[np.int64]]:
    """Positions of all problems in batches of at most so many, small problems with small ones."""
    order = np.argsort(problems.sizes.max(1), kind="stable")
    for first in range(0, len(order), most):
        yield order[first : first + most]


def _joined(parts: Sequence[NDArray[np.generic]], empty: tuple[int, ...]) -> NDArray[np.generic]:
    return np.concatenate(parts) if len(parts) else np.zeros(empty)
