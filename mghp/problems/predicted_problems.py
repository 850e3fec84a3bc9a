"""The matching problems of `data.name=predicted_problems`: a network's on pictures, from files of `mghp data problems`.

Candidates of which nobody knows whose they are have no truth to be held against, and are left out: see `Doubt`.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mghp.config.data import DataConfig
from mghp.datasets.split_names import members
from mghp.errors import InputError, inside
from mghp.problems.predicted_candidates import Doubt, PictureCandidates
from mghp.problems.problem_set import ProblemSet
from mghp.problems.problems_file import SUFFIX, ProblemsFile, read_problems


class _Picture(NamedTuple):
    file: ProblemsFile
    candidates: PictureCandidates


def load_predicted_problems(config: DataConfig) -> ProblemSet:
    """Return the problems to match: those of the file `data.annotations`, or else of `data.splits.validation`.

    Pictures without a problem count as images.

    Raises:
        InputError: if a file is missing or faulty, or not a single problem comes out.
    """
    return _problem_set(config, _of_split(config, config.splits.validation), with_features=False)


def load_to_learn_from(config: DataConfig) -> ProblemSet:
    """Return the problems to learn limb scores on, with features.

    Of a file `data.annotations` they are split by whoever trains. Else those of `data.splits.validation` are held out,
    and those of `data.splits.train` come first.

    Raises:
        InputError: as `load_predicted_problems`, or if a picture is in both splits.
    """
    validation = _of_split(config, config.splits.validation)
    if config.annotations is not None:
        return _problem_set(config, validation, with_features=True)
    train = _of_split(config, config.splits.train)
    shared = {picture.candidates.name for picture in train} & {picture.candidates.name for picture in validation}
    if shared:
        raise InputError(f"data.splits: {len(shared)} pictures are in train and in validation, e.g. {min(shared)!r}")
    problems = _problem_set(config, [*train, *validation], with_features=True)
    return replace(problems, held_out=len(train) + np.arange(len(validation)))


def _of_split(config: DataConfig, split: str) -> list[_Picture]:
    """Return the first `data.max_images` pictures of the file, or else of a split, whose parts are files."""
    if config.annotations is not None:
        return _pictures(Path(config.annotations))[: config.max_images]
    folder = Path(config.root)
    return members(split, lambda name: _pictures(inside(folder, name + SUFFIX)))[: config.max_images]


def _pictures(path: Path) -> list[_Picture]:
    file = read_problems(path)
    return [_Picture(file, candidates) for candidates in file.content.pictures]


def _problem_set(config: DataConfig, pictures: Sequence[_Picture], with_features: bool) -> ProblemSet:
    files = list(dict.fromkeys(picture.file for picture in pictures))
    _check_alike(files)
    problems = [
        problem
        for image, (file, candidates) in enumerate(pictures)
        for problem in candidates.problems(file.content.limbs, image, _kept(config, candidates), with_features)
    ]
    if not problems:
        raise InputError(
            f"data: no matching problem: of {len(pictures)} pictures none has a limb with candidates at both ends of "
            "which it is known whose they are"
        )
    fingerprint = " ".join(file.fingerprint for file in files)
    return ProblemSet(tuple(problems), len(pictures), fingerprint, len(files[0].content.limbs))


def _kept(config: DataConfig, candidates: PictureCandidates) -> NDArray[np.bool_]:
    known = [Doubt.NONE]
    if config.predicted_problems.near_nobody == "kept":
        known.append(Doubt.NEAR_NOBODY)
    return np.isin(candidates.doubt, known)


def _check_alike(files: Sequence[ProblemsFile]) -> None:
    """Refuse files of different skeletons or features."""
    for file in files[1:]:
        if file.form != files[0].form:
            raise InputError(f"{file.path}: other keypoints, limbs or features than {files[0].path}")
