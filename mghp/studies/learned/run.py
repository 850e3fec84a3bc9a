"""`mghp train` on matching problems: limb scores learned through a matcher or without one, into a run folder."""

import time
from itertools import product
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import torch
from numpy.typing import NDArray

from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.matching import Matcher, make_matcher
from mghp.matching.problem import best_matching
from mghp.metrics.matching import f1
from mghp.parsing.network.pair_scorer import PairScorer
from mghp.problems.load import featured_fingerprint, load_featured_problems
from mghp.problems.matching_batch import MatchingBatch
from mghp.problems.pair_features import positive_control
from mghp.problems.problem_set import ProblemSet
from mghp.runs.folder import RunFolder
from mghp.runs.tracking import tracked
from mghp.studies.learned.gradients import gradient_metrics
from mghp.studies.learned.rounding_names import ROUNDINGS
from mghp.studies.learned.scores import (
    Rounding,
    calibration_error,
    examined,
    limb_counts,
    person_counts,
    tuned_rounding,
)
from mghp.studies.solvers.example import LARGEST
from mghp.training.callbacks import SeedEveryBatch
from mghp.training.matcher_module import MatcherModule, training_batches
from mghp.training.trainers import learned_options, made_trainer, quiet

SHARES = (0.7, 0.1, 0.2)
"""Shares of the images for training, for tuning and for the score."""

LEAST_IMAGES = 10
"""Fewer images cannot be split."""


def run_learned(config: Config) -> Path:
    """Train with every learning rate and scale, keep what validation prefers, score it on the test images.

    Returns:
        The run folder. media/association.npz holds the counts of each test image, media/example.npz a problem.

    Raises:
        InputError: if the poses make no problem, or the objective trains through a matcher that is not differentiable.
    """
    pl.seed_everything(config.seed, verbose=False)
    torch.set_num_threads(min(torch.get_num_threads(), 2))
    matcher = make_matcher(config.matcher.name, **config.matcher.options())
    if config.learned.objective == "matching" and not matcher.differentiable:
        raise InputError(
            f"matcher {config.matcher.name} is not differentiable, but learned.objective=matching trains through it; "
            "choose another matcher or objective"
        )
    learned_options(config.trainer, config.learned.steps)
    problems = load_pair_problems(config)
    train, validation, test = split_problems(problems, config)
    folder = RunFolder(config, problems.fingerprint)
    with tracked(config, folder) as tracker:
        with folder.timed("train"):
            module, of_limbs, tuned = _tuned(config, train, validation)
            of_persons = tuned_rounding(examined(module, validation), person_counts)[1]
        for step, loss in enumerate(module.losses, start=1):
            if step % 20 == 0 or step == 1:
                folder.log({"step": step, "train/loss": loss})
                tracker.log({"train/loss": loss})
        with folder.timed("score"):
            metrics = tuned | {"train/images": float(len(train.images)), "test/images": float(len(test.images))}
            metrics |= _about("", of_limbs) | _about("persons_", of_persons)
            metrics |= _scores(module, of_limbs, of_persons, test, folder) | gradient_metrics(module, test)
        torch.save(module.scorer.state_dict(), folder.path / "scorer.pt")
        tracker.summarise(metrics)
    folder.finish(metrics)
    return folder.path


def learned_f1(config: Config, matcher: Matcher) -> float:
    """Return the F1 of limbs on test images, trained through a matcher, tuned and scored as `run_learned` does.

    Args:
        config: of the data and the training; its own matcher is not read.
        matcher: differentiable, or with a loss that asks for no gradient of it.

    Raises:
        InputError: if the poses make no problem, or every training diverged.
    """
    pl.seed_everything(config.seed, verbose=False)
    train, validation, test = split_problems(load_pair_problems(config), config)
    module, rounding, _ = _tuned(config, train, validation, matcher)
    on_test = examined(module, test)
    return float(f1(limb_counts(on_test.batches, on_test.joined(rounding)).sum(0)))


def load_pair_problems(config: Config) -> ProblemSet:
    """Return the problems of a config, of its seed's noise.

    Raises:
        InputError: if there are none.
    """
    learned = config.learned
    seed = config.data.seed + config.seed  # noise, split and weights vary together
    if learned.problems == "positive_control":  # made up: of the data nothing is used but their name
        if learned.control_problems < LEAST_IMAGES:
            raise InputError(f"learned.control_problems: expected {LEAST_IMAGES}, got {learned.control_problems}")
        return positive_control(learned.control_problems, seed, featured_fingerprint(config.data))
    problems = load_featured_problems(config.data, seed, learned.nuisance)
    problems = problems.only(p for p in problems if min(p.affinity.shape) >= learned.min_candidates)
    tested = np.isin(problems.images, [] if problems.held_out is None else problems.held_out)
    number = int((~tested).sum())
    if number < LEAST_IMAGES:
        raise InputError(f"data: {number} images have a problem of learned.min_candidates; expected {LEAST_IMAGES}")
    if problems.held_out is not None and not tested.any():
        raise InputError("data.splits.validation: no image has a problem of learned.min_candidates")
    return problems


def split_problems(problems: ProblemSet, config: Config) -> tuple[ProblemSet, ProblemSet, ProblemSet]:
    """Return the problems for training, for tuning and for the score, split by image; the seed decides which.

    Where the set holds images out, the score is of these, and the seed splits the others alone.
    """
    images = np.random.default_rng([config.seed, 7]).permutation(problems.images)
    if problems.held_out is None:
        first, second = (round(share * len(images)) for share in (SHARES[0], SHARES[0] + SHARES[1]))
    else:
        images = images[np.argsort(np.isin(images, problems.held_out), kind="stable")]
        second = int((~np.isin(images, problems.held_out)).sum())
        first = round(SHARES[0] / (SHARES[0] + SHARES[1]) * second)
    train, validation, test = np.split(images, [first, second])
    train = train[: config.learned.train_images]
    return _of_images(problems, train), _of_images(problems, validation), _of_images(problems, test)


def _of_images(problems: ProblemSet, images: NDArray[np.int64]) -> ProblemSet:
    chosen = set(images.tolist())
    return problems.only(problem for problem in problems if problem.image in chosen)


def _tuned(
    config: Config, train: ProblemSet, validation: ProblemSet, matcher: Matcher | None = None
) -> tuple[MatcherModule, Rounding, dict[str, float]]:
    """Return the training that does best on the validation images, and what it was."""
    learned = config.learned
    settings = list(product(learned.learning_rates, learned.scales))
    settings = settings[:1] if learned.objective == "none" else settings
    found: list[tuple[MatcherModule, Rounding, dict[str, float]]] = []
    for rate, scale in settings:
        module, milliseconds = _trained(config, train, rate, scale, matcher)
        if not _is_finite(module, validation):
            continue  # it diverged: the other settings are what can be chosen among
        score, rounding = tuned_rounding(examined(module, validation), limb_counts)
        about = {"tuned/learning_rate": rate, "tuned/scale": scale, "tuned/f1_validation": score}
        found.append((module, rounding, about | {"time/step_ms": milliseconds}))
    if not found:
        raise InputError(f"learned.learning_rates: every training diverged, with each of {learned.learning_rates}")
    return max(found, key=lambda one: one[2]["tuned/f1_validation"])


@torch.no_grad()
def _is_finite(module: MatcherModule, problems: ProblemSet) -> bool:
    return bool(module(MatchingBatch.pad(problems.problems)).isfinite().all())


def _about(whose: str, rounding: Rounding) -> dict[str, float]:
    place = float(ROUNDINGS.index(rounding.of))  # results are numbers
    return {f"tuned/{whose}rounding": place, f"tuned/{whose}threshold": rounding.threshold}


def untrained(
    config: Config, train: ProblemSet, rate: float, scale: float, matcher: Matcher | None = None
) -> MatcherModule:
    """Return the module of a variant before its first step, its weights of the config's seed.

    Args:
        config: of the training.
        train: the problems to train on, whose features are standardised.
        rate: learning rate.
        scale: initial factor of the scores.
        matcher: to train through; the config's by default.
    """
    learned = config.learned
    torch.manual_seed(config.seed)
    features = np.concatenate([problem.features.reshape(-1, problem.features.shape[-1]) for problem in train])
    scorer = PairScorer(features.shape[1], train.num_limbs, learned.hidden, learned.layers, scale)
    scorer.standardise(torch.from_numpy(features))
    matcher = matcher or make_matcher(config.matcher.name, **config.matcher.options())
    return MatcherModule(scorer, matcher, learned.objective, config.losses.matching, rate, learned.steps)


def _trained(
    config: Config, train: ProblemSet, rate: float, scale: float, matcher: Matcher | None
) -> tuple[MatcherModule, float]:
    learned = config.learned
    module = untrained(config, train, rate, scale, matcher)
    if learned.objective == "none":
        return module, 0.0
    with quiet():
        options = learned_options(config.trainer, learned.steps)
        trainer = made_trainer(options | {"callbacks": SeedEveryBatch(config.seed)})
        begin = time.perf_counter()
        trainer.fit(module, training_batches(train, learned.batch_problems, config.seed))
    return module.eval(), 1000 * (time.perf_counter() - begin) / learned.steps


def _scores(
    module: MatcherModule, of_limbs: Rounding, of_persons: Rounding, test: ProblemSet, folder: RunFolder
) -> dict[str, float]:
    """Return scores of limbs and persons on the test images, each with the rounding that was tuned for it."""
    on_test = examined(module, test)
    limbs = limb_counts(on_test.batches, on_test.joined(of_limbs))
    persons = person_counts(on_test.batches, on_test.joined(of_persons))
    folder.save_arrays("association", image=test.images, limbs=limbs, persons=persons)
    folder.save_arrays("example", **_example(module, test))
    metrics = {
        "test/f1": float(f1(limbs.sum(0))),
        "test/person_f1": float(f1(persons.sum(0))),
        "test/mean_size_of_score": float(np.abs(on_test.pairs("affinity")).mean()),
    }
    promised = "sigmoid" if module.objective == "binary_cross_entropy" else "assignment"
    if promised in on_test.values and module.objective != "none":
        metrics["test/calibration_error"] = calibration_error(on_test.pairs(promised).astype(np.float64), on_test.truth)
    return metrics


@torch.no_grad()
def _example(module: MatcherModule, problems: ProblemSet) -> dict[str, NDArray[np.float32]]:
    """Return scores, soft assignment, best matching and truth of the largest problem that a picture can show.

    All variants of a seed show the same problem; without a matcher in the training, the assignment is what the affinity
    promises: its sigmoid.
    """
    sizes = problems.sizes
    shown = np.where(sizes.max(1) <= LARGEST, sizes.min(1) * LARGEST**2 + sizes.prod(1), 0)
    batch = MatchingBatch.pad(problems.problems, [int(shown.argmax())])
    affinity = module(batch)
    promised = module.objective == "binary_cross_entropy"
    arrays = {
        "affinity": affinity,
        "assignment": affinity.sigmoid() if promised else module.assignment(batch, affinity),
        "best": best_matching(affinity),
        "truth": batch.truth,
    }
    return {name: values[0].float().numpy() for name, values in arrays.items()}
