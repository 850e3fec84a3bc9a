"""Random matching problems: matrices of one size, without poses behind them."""

import dataclasses
import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mghp.config.data import DataConfig, RandomProblemsConfig
from mghp.problems.problem_set import MatchingProblem, ProblemSet

BLOCK = 3
"""Candidates a side that compete with each other in a block-structured problem."""
PLANTED_SHARE = 0.8
"""Share of a block-structured problem's possible pairs that are true."""


def load_random_problems(config: DataConfig) -> ProblemSet:
    """Return the problems that `data.random` asks for, `data.max_images` at most: each is an image."""
    number = config.limited(config.random.num_problems)
    return random_problems(dataclasses.replace(config.random, num_problems=number), config.seed)


def random_problems(config: RandomProblemsConfig, seed: int) -> ProblemSet:
    """Draw problems of kind `config.kind`, one an image, all of limb 0.

    * uniform: affinities uniform in [0, 1]; normal: standard normal, so that half are negative. The truth is
      the best matching of max(A, 0) without its pairs of A <= 0.
    * block: candidates of both sides fall into blocks of three, in random order. Affinities are uniform in
      [0, 0.3] between blocks and [0.4, 0.8] within; the truth is a planted matching of about 80 % of the
      candidates of the shorter side, whose affinities are uniform in [0.6, 1].

    Args:
        config: kind, number and size of the problems.
        seed: with the problem's position, of all that is drawn: problem i is the same however many there are.
    """
    problems = tuple(
        MatchingProblem(*_draw(config, np.random.default_rng([seed, position])), image=position, limb=0)
        for position in range(config.num_problems)
    )
    return ProblemSet(problems, len(problems), _fingerprint(problems))


def _draw(config: RandomProblemsConfig, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    shape = (config.source, config.destination)
    if config.kind == "block":
        return _draw_blocks(shape, rng)
    affinity = rng.random(shape) if config.kind == "uniform" else rng.standard_normal(shape)
    return affinity, _best_matching(affinity)


def _draw_blocks(shape: tuple[int, int], rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    row, column = rng.permutation(shape[0])[:, None], rng.permutation(shape[1])
    truth = (row == column) & (rng.random((shape[0], 1)) < PLANTED_SHARE)
    together = row // BLOCK == column // BLOCK
    low = np.select([truth, together], [0.6, 0.4], 0.0)
    high = np.select([truth, together], [1.0, 0.8], 0.3)
    return rng.uniform(low, high), truth


def _best_matching(affinity: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return what `mghp.matching.problem.best_matching` does, without torch: problems are made before it is loaded."""
    matching = np.zeros(affinity.shape, dtype=bool)
    matching[linear_sum_assignment(np.maximum(affinity, 0.0), maximize=True)] = True
    return matching & (affinity > 0)


def _fingerprint(problems: tuple[MatchingProblem, ...]) -> str:
    digest = hashlib.sha256()
    for problem in problems:
        # Rounded, for a machine's logarithm may differ in the last bit; + 0.0 makes -0.0 and 0.0 one.
        digest.update((np.round(problem.affinity, 9) + 0.0).tobytes() + problem.truth.tobytes())
    return digest.hexdigest()[:16]
