"""Matching problems from the `data` section of a config, and the images for tuning thresholds."""

import numpy as np
from numpy.typing import NDArray

from mghp.config.data import DataConfig
from mghp.config.dataset_names import DATASETS
from mghp.errors import InputError
from mghp.problems.pose_problems import featured_problems, simulate_problems
from mghp.problems.poses import PoseSet
from mghp.problems.problem_set import ProblemSet


def load_problems(config: DataConfig) -> ProblemSet:
    """Return the matching problems that a config asks for.

    `max_images` counts the images of the file, before those of few persons are left out; random problems are
    an image each.

    Raises:
        InputError: if the file is missing or faulty, the seed is negative, or not a single problem comes out.
    """
    if config.seed < 0:
        raise InputError(f"data.seed must not be negative, got {config.seed}")
    if config.dataset.kind == "problems":
        problems: ProblemSet = config.dataset.load()(config)
        return problems
    problems = simulate_problems(load_poses(config), config.poses, config.seed)
    if not len(problems):
        raise InputError(
            f"data: no matching problem: of all images with at least {config.poses.amounts().min_persons} persons "
            "(data.poses.min_persons), none has a limb with candidates at both ends"
        )
    return problems


def load_featured_problems(config: DataConfig, seed: int, nuisance: float) -> ProblemSet:
    """Return the matching problems with features that limb scores are learned from.

    Args:
        config: of the data, whose own seed is not read.
        seed: of the noise of problems that are simulated of poses.
        nuisance: see `featured_problems`; 0 for problems that are not simulated.

    Raises:
        InputError: if a file is missing or faulty, or there is nothing to learn scores from.
    """
    if not config.dataset.featured:
        return featured_problems(load_poses(config), config.poses, seed, nuisance)
    if nuisance:
        raise InputError(f"learned.nuisance: expected 0, for nothing is simulated with data.name={config.name}")
    problems: ProblemSet = config.dataset.load_featured()(config)
    return problems


def featured_fingerprint(config: DataConfig) -> str:
    """Return the fingerprint of `load_featured_problems`, without simulating any.

    Raises:
        InputError: if a file is missing or faulty, or there is nothing to learn scores from.
    """
    return (
        load_featured_problems(config, 0, 0.0).fingerprint
        if config.dataset.featured
        else load_poses(config).fingerprint
    )


def problems_fingerprint(config: DataConfig) -> str:
    """Return `load_problems(config).fingerprint`, without simulating the problems of poses.

    Raises:
        InputError: if the file is missing or faulty.
    """
    return load_problems(config).fingerprint if config.dataset.kind == "problems" else load_poses(config).fingerprint


def validation_images(num_images: int, share: float, seed: int) -> NDArray[np.bool_]:
    """Choose the images that thresholds are tuned on; scores are of the others.

    Args:
        num_images: images in all.
        share: of them for tuning, in (0, 1). At least one is, and one is not, where there are two or more.
        seed: of the choice.

    Returns:
        True for an image for tuning. Shape (num_images,).
    """
    number = min(max(round(share * num_images), 1), max(num_images - 1, 0))
    return np.random.default_rng(seed).permutation(num_images) < number


def load_poses(config: DataConfig) -> PoseSet:
    """Return the poses that matching problems are simulated from.

    Raises:
        InputError: if the data are no poses, or the file is missing or faulty.
    """
    if config.dataset.kind != "poses":
        names = ", ".join(DATASETS.where(lambda entry: entry.kind != "pictures"))
        raise InputError(f"data.name: {config.name} are {config.dataset.kind}, not poses; expected one of {names}")
    poses: PoseSet = config.dataset.load()(config)
    return poses
