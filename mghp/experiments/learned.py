"""`mghp train` on matching problems: limb scores learned through a matcher or without one, into a run folder."""

import logging
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from mghp.config import Config
from mghp.data.load import load_poses
from mghp.data.pair_features import PairProblems, by_size, padded, pair_problems, positive_control
from mghp.data.pose_problems import SPURIOUS
from mghp.errors import InputError
from mghp.experiments.example import LARGEST
from mghp.experiments.learned_gradients import gradient_metrics
from mghp.experiments.tracking import tracked
from mghp.matching import make_matcher
from mghp.matching.problem import best_matching
from mghp.metrics.matching import f1, share
from mghp.modules.matcher import MatcherModule, PairBatch, make_batch, training_batches
from mghp.network.pair_scorer import PairScorer
from mghp.run_folder import RunFolder

SHARES = (0.7, 0.1, 0.2)
"""Of the images, for training, for tuning and for the score."""

CLIP = 1.0
"""Largest norm of a step's gradient."""
_BATCH = 4096
_LEVELS = 12
"""Thresholds that are tried, besides 0: quantiles of the true pairs' values."""


@dataclass(frozen=True)
class Split:
    """Problems by what they are for."""

    train: PairProblems
    validation: PairProblems
    test: PairProblems


@dataclass(frozen=True)
class Rounding:
    """How pairs are chosen: the best matching of what exceeds a threshold.

    Attributes:
        of_assignment: whether of the soft assignment, or of the affinity.
        threshold: taken off every value first; what is then negative is not joined.
    """

    of_assignment: bool
    threshold: float


@dataclass(frozen=True)
class _Examined:
    """Scores and assignments of all problems of a split, batch by batch and pair by pair."""

    problems: PairProblems
    batches: list[tuple[PairBatch, NDArray[np.int64], Tensor, Tensor]]
    """Batch, its pairs, affinity and soft assignment."""
    score: NDArray[np.float32]
    soft: NDArray[np.float32]

    def joined(self, rounding: Rounding) -> NDArray[np.bool_]:
        """Which pairs are chosen, (pairs,)."""
        kept = np.zeros(len(self.score), bool)
        for batch, pairs, affinity, soft in self.batches:
            values = soft if rounding.of_assignment else affinity
            values = torch.where(batch.is_pair, values - rounding.threshold, 0)
            kept[pairs] = best_matching(values)[tuple(batch.place)].numpy()
        return kept

    def counts(self, joined: NDArray[np.bool_]) -> NDArray[np.int64]:
        """True positives, false positives, false negatives of each image, (images, 3)."""
        images, truth = self.problems.images, self.problems.truth
        of_pair = np.searchsorted(images, np.repeat(self.problems.image, self.problems.sizes.prod(1)))
        sums = [np.bincount(of_pair[chosen], minlength=len(images)) for chosen in (joined & truth, joined, truth)]
        return np.stack([sums[0], sums[1] - sums[0], sums[2] - sums[0]], 1)


def run_learned(config: Config) -> Path:
    """Train with every learning rate and scale, keep what validation prefers, score it on the test images.

    Returns:
        The run folder. media/association.npz holds the counts of each test image, media/example.npz a problem.

    Raises:
        InputError: if the poses make no problem, or nothing can be trained through the matcher.
    """
    pl.seed_everything(config.seed, verbose=False)
    torch.set_num_threads(min(torch.get_num_threads(), 2))
    matcher = make_matcher(config.matcher.name, **config.matcher.options())
    if config.learned.objective == "matching" and not matcher.differentiable:
        raise InputError(
            f"matcher.name: nothing can be trained through {config.matcher.name}; learned.objective says so"
        )
    problems, fingerprint = load_pair_problems(config)
    split = split_problems(problems, config)
    folder = RunFolder(config, fingerprint)
    with tracked(config, folder) as tracker:
        with folder.timed("train"):
            module, rounding, tuned = _tuned(config, split)
            of_persons = _tuned_rounding(module, _examined(module, split.validation), _share_grouped)[1]
        for step, loss in enumerate(module.losses, start=1):
            if step % 20 == 0 or step == 1:
                folder.log({"step": step, "train/loss": loss})
                tracker.log({"train/loss": loss})
        with folder.timed("score"):
            metrics = tuned | {"tuned/threshold_of_persons": of_persons.threshold}
            metrics |= _scores(module, rounding, of_persons, split.test, folder) | gradient_metrics(module, split.test)
        torch.save(module.scorer.state_dict(), folder.path / "scorer.pt")
        tracker.summarise(metrics)
    folder.finish(metrics)
    return folder.path


def load_pair_problems(config: Config) -> tuple[PairProblems, str]:
    """The problems of a config, of its seed's noise, and their fingerprint.

    Raises:
        InputError: if there are none.
    """
    learned = config.learned
    seed = config.data.seed + config.seed  # noise, split and weights vary together
    poses = load_poses(config.data)
    if learned.problems == "positive_control":  # made up: of the poses nothing is used but their name
        return positive_control(learned.control_problems, seed), poses.fingerprint
    problems = pair_problems(poses, config.data.poses, seed, learned.nuisance)
    problems = problems.chosen(problems.sizes.min(1) >= learned.min_candidates)
    if len(problems.images) < 10:
        raise InputError(f"data: {len(problems.images)} images have a problem of learned.min_candidates; expected 10")
    return problems, poses.fingerprint


def split_problems(problems: PairProblems, config: Config) -> Split:
    """By image; the seed decides which."""
    images = np.random.default_rng([config.seed, 7]).permutation(problems.images)
    first, second = (round(share * len(images)) for share in (SHARES[0], SHARES[0] + SHARES[1]))
    train = images[:first][: config.learned.train_images]
    parts = (train, images[first:second], images[second:])
    return Split(*(problems.chosen(np.isin(problems.image, part)) for part in parts))


def _tuned(config: Config, split: Split) -> tuple[MatcherModule, Rounding, dict[str, float]]:
    """The training that does best on the validation images, and what it was."""
    learned = config.learned
    settings = list(product(learned.learning_rates, learned.scales))
    settings = settings[:1] if learned.objective == "none" else settings
    best: tuple[float, MatcherModule, Rounding, dict[str, float]] | None = None
    for rate, scale in settings:
        module, milliseconds = _trained(config, split.train, rate, scale)
        score, rounding = _tuned_rounding(module, _examined(module, split.validation))
        if best is None or score > best[0]:
            about = {"tuned/learning_rate": rate, "tuned/scale": scale, "tuned/f1_validation": score}
            about |= {"tuned/threshold": rounding.threshold, "tuned/of_assignment": float(rounding.of_assignment)}
            best = score, module, rounding, about | {"time/step_ms": milliseconds}
    assert best is not None
    images = {"train/images": len(split.train.images), "test/images": len(split.test.images)}
    return best[1], best[2], best[3] | {name: float(number) for name, number in images.items()}


def untrained(config: Config, train: PairProblems, rate: float, scale: float) -> MatcherModule:
    """The module of an arm before its first step, its weights of the config's seed."""
    learned = config.learned
    torch.manual_seed(config.seed)
    scorer = PairScorer(train.features.shape[1], train.num_limbs, learned.hidden, learned.layers, scale)
    scorer.standardise(torch.from_numpy(train.features))
    matcher = make_matcher(config.matcher.name, **config.matcher.options())
    return MatcherModule(scorer, matcher, learned.objective, config.losses.matching, rate, learned.steps)


def _trained(config: Config, train: PairProblems, rate: float, scale: float) -> tuple[MatcherModule, float]:
    learned = config.learned
    module = untrained(config, train, rate, scale)
    if learned.objective == "none":
        return module, 0.0
    options = {
        "accelerator": "cpu", "logger": False, "enable_checkpointing": False, "enable_model_summary": False,
        "enable_progress_bar": False, "max_epochs": -1, "max_steps": learned.steps, "gradient_clip_val": CLIP,
    }  # fmt: skip
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="lightning")
        trainer = pl.Trainer(**{**options, **config.trainer})
        begin = time.perf_counter()
        trainer.fit(module, training_batches(train, learned.batch_problems, config.seed))
    return module.eval(), 1000 * (time.perf_counter() - begin) / learned.steps


@torch.no_grad()
def _examined(module: MatcherModule, problems: PairProblems) -> _Examined:
    soft, score = (np.zeros(len(problems.truth), np.float32) for _ in range(2))
    batches = []
    for chosen in by_size(problems, _BATCH):
        batch, pairs = make_batch(problems, chosen), padded(problems, chosen).pairs
        affinity = module(batch)
        assignment = module.assignment(batch, affinity)
        soft[pairs], score[pairs] = assignment[tuple(batch.place)].numpy(), affinity[tuple(batch.place)].numpy()
        batches.append((batch, pairs, affinity, assignment))
    return _Examined(problems, batches, score, soft)


def _f1_of_limbs(examined: _Examined, joined: NDArray[np.bool_]) -> float:
    return float(f1(examined.counts(joined).sum(0)))


def _share_grouped(examined: _Examined, joined: NDArray[np.bool_]) -> float:
    return float(share(_grouping(examined.problems, np.flatnonzero(joined)).sum(0)))


def _tuned_rounding(
    module: MatcherModule,
    examined: _Examined,
    score_of: Callable[[_Examined, NDArray[np.bool_]], float] = _f1_of_limbs,
) -> tuple[float, Rounding]:
    """The largest score, and the rounding that has it: of the affinity, or of the assignment where that is soft."""
    best = -1.0, Rounding(False, 0.0)
    for of_assignment in (False, True) if module.matcher.differentiable else (False,):
        values = examined.soft if of_assignment else examined.score
        chances = np.quantile(values[examined.problems.truth], np.linspace(0, 0.5, _LEVELS))
        # From the doubtful true pairs' values up to their median: beyond lies no gain.
        for threshold in np.unique(np.concatenate([[0.0], chances])):
            rounding = Rounding(of_assignment, float(threshold))
            score = score_of(examined, examined.joined(rounding))
            if score > best[0]:
                best = score, rounding
    return best


def _scores(
    module: MatcherModule, rounding: Rounding, of_persons: Rounding, test: PairProblems, folder: RunFolder
) -> dict[str, float]:
    """Scores of limbs and persons; of persons also with the rounding that was tuned for them."""
    examined = _examined(module, test)
    joined = examined.joined(rounding)
    counts = examined.counts(joined)
    grouped = _grouping(test, np.flatnonzero(joined))
    tuned = _grouping(test, np.flatnonzero(examined.joined(of_persons)))
    folder.save_arrays("association", image=test.images, counts=counts, grouping=grouped, grouping_tuned=tuned)
    folder.save_arrays("example", **_example(module, test))
    metrics = {
        "test/f1": float(f1(counts.sum(0))),
        "test/grouping": float(share(grouped.sum(0))),
        "test/grouping_tuned": float(share(tuned.sum(0))),
        "test/mean_size_of_score": float(np.abs(examined.score).mean()),
    }
    if module.objective == "binary_cross_entropy":
        probability = torch.from_numpy(examined.score).double().sigmoid().numpy()
        metrics["test/calibration_error"] = calibration_error(probability, test.truth)
    elif module.matcher.differentiable:
        metrics["test/calibration_error"] = calibration_error(examined.soft, test.truth)
    return metrics


@torch.no_grad()
def _example(module: MatcherModule, problems: PairProblems) -> dict[str, NDArray[np.float32]]:
    """Scores, soft assignment, best matching and truth of the largest problem that a picture can show.

    The same problem for all arms of a seed; without a matcher in the training, the assignment is what the affinity
    promises: its sigmoid.
    """
    sizes = problems.sizes
    shown = np.where(sizes.max(1) <= LARGEST, sizes.min(1) * LARGEST**2 + sizes.prod(1), 0)
    batch = make_batch(problems, [int(shown.argmax())])
    affinity = module(batch)
    promised = module.objective == "binary_cross_entropy"
    arrays = {
        "affinity": affinity,
        "assignment": affinity.sigmoid() if promised else module.assignment(batch, affinity),
        "best": best_matching(affinity),
        "truth": batch.truth,
    }
    return {name: values[0].float().numpy() for name, values in arrays.items()}


def calibration_error(probability: NDArray[np.floating], truth: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: mean over pairs of |share of true ones - mean probability| in bins of equal width."""
    position = np.clip((np.clip(probability, 0, 1) * bins).astype(int), 0, bins - 1)
    number = np.bincount(position, minlength=bins)
    gap = np.bincount(position, truth, minlength=bins) - np.bincount(position, probability, minlength=bins)
    return float(np.abs(gap).sum() / max(number.sum(), 1))


def _grouping(problems: PairProblems, joined: NDArray[np.int64]) -> NDArray[np.int64]:
    """Candidates in their own person's group, and all candidates of persons, of each image: (images, 2).

    Joined pairs connect candidates to groups; groups and persons are paired one to one so that most candidates agree.
    """
    of_pair = np.repeat(problems.image, problems.sizes.prod(1))
    rows = []
    for image in problems.images:
        person = problems.person[int(image)]
        mine = joined[of_pair[joined] == image]
        edges = problems.source_candidate[mine], problems.destination_candidate[mine]
        graph = coo_array((np.ones(len(mine)), edges), shape=(len(person), len(person)))
        number, group = connected_components(graph, directed=False)
        real = person != SPURIOUS
        overlap = np.zeros((number, int(person.max(initial=0)) + 1), np.int64)
        np.add.at(overlap, (group[real], person[real]), 1)
        rows.append((overlap[linear_sum_assignment(overlap, maximize=True)].sum(), real.sum()))
    return np.array(rows, np.int64)
