"""How many candidate pairs an assignment joins rightly: counts, F1, and a bootstrap over images."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mghp.metrics.paired_seeds import PairedDifference, interval


def association_counts(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> tuple[int, int, int]:
    """True positives, false positives and false negatives among the pairs of a problem.

    Args:
        predicted: pairs joined. Shape (source, destination), or any.
        truth: pairs of one person. Same shape.

    Raises:
        TypeError: if either is not bool: a soft assignment must be rounded first.
        ValueError: if the shapes differ.
    """
    if predicted.dtype != np.bool_ or truth.dtype != np.bool_:
        raise TypeError(f"predicted and truth must be bool, got {predicted.dtype} and {truth.dtype}")
    if predicted.shape != truth.shape:
        raise ValueError(f"predicted and truth must share a shape, got {predicted.shape} and {truth.shape}")
    right = int(np.count_nonzero(predicted & truth))
    return right, int(np.count_nonzero(predicted)) - right, int(np.count_nonzero(truth)) - right


def f1(counts: ArrayLike) -> NDArray[np.float64]:
    """2 TP / (2 TP + FP + FN); 1 where nothing is true and nothing predicted, for then nothing is wrong.

    Args:
        counts: true positives, false positives, false negatives. Shape (..., 3).

    Returns:
        Shape (...), in [0, 1].

    Raises:
        ValueError: if the last axis does not hold three counts.
    """
    numbers = np.asarray(counts, dtype=np.float64)
    if numbers.shape[-1:] != (3,):
        raise ValueError(f"counts must have shape (..., 3), got {numbers.shape}")
    twice_right = 2.0 * numbers[..., 0]
    total = twice_right + numbers[..., 1] + numbers[..., 2]
    return np.divide(twice_right, total, out=np.ones_like(total), where=total > 0)


def bootstrap_difference(
    counts_a: ArrayLike, counts_b: ArrayLike, num_samples: int = 2000, seed: int = 0
) -> tuple[float, float, float]:
    """F1(a) - F1(b), and its 95 % interval by a paired bootstrap over images (Efron and Tibshirani, 1993).

    Images are drawn with replacement, the same ones for both; their counts are summed before F1 is taken; the
    interval is from the 2.5th to the 97.5th percentile of the differences.

    Args:
        counts_a: true positives, false positives, false negatives of each image. Shape (images, 3).
        counts_b: of another method on the same images. Same shape.
        num_samples: times that the images are drawn.
        seed: of the draws.

    Returns:
        The difference over all images, and the interval's low and high end.

    Raises:
        ValueError: if the shapes are not (images, 3), differ, or hold no image, or `num_samples` is below 1.
    """
    first, second = _image_counts(counts_a), _image_counts(counts_b)
    if first.shape != second.shape:
        raise ValueError(f"counts_a and counts_b must share a shape, got {first.shape} and {second.shape}")
    if num_samples < 1:
        raise ValueError(f"num_samples must be at least 1, got {num_samples}")
    pair = np.stack([first, second])
    num_images = pair.shape[1]
    rng = np.random.default_rng(seed)
    # How often each image is drawn, a few rows at a time, so that memory does not grow with num_samples.
    rows = [min(100, num_samples - start) for start in range(0, num_samples, 100)]
    chances = np.full(num_images, 1.0 / num_images)
    samples = [f1(rng.multinomial(num_images, chances, size).astype(np.float64) @ pair) for size in rows]
    drawn = np.concatenate(samples, axis=1)
    low, high = np.percentile(drawn[0] - drawn[1], (2.5, 97.5))
    whole = f1(pair.sum(axis=1))
    return float(whole[0] - whole[1]), float(low), float(high)


class SeedCounts(NamedTuple):
    """Two methods on the test images of one seed."""

    images: NDArray[np.int64]
    """Which images, (images,)."""
    counts_a: NDArray[np.int64]
    """As `f1` takes them, (images, 3)."""
    counts_b: NDArray[np.int64]
    """The same of the other method."""


def f1_over_seeds(seeds: Sequence[SeedCounts], num_samples: int = 2000, seed: int = 0) -> PairedDifference:
    """F1 of a - F1 of b, of methods that were trained with several seeds, each tested on images of its own choice.

    Its variance is that of a paired cluster bootstrap over images, of which one that is drawn twice counts twice with
    every seed that has tested on it, and for both methods; and what the seeds differ by beyond that, since they vary
    weights, noise and split. The interval is Student's t standard errors to both sides, with Satterthwaite's degrees of
    freedom: seeds - 1 where the seeds make all of the variance, more where the many images make some of it.

    Args:
        seeds: at least one; of one alone the interval is that of its images.
        num_samples: times that the images are drawn.
        seed: of the draws.

    Raises:
        ValueError: if there is no seed, or the shapes do not fit.
    """
    if not seeds or not all(len(one.images) for one in seeds):
        raise ValueError("expected the counts of at least one seed, each of at least one image")
    images = np.unique(np.concatenate([one.images for one in seeds]))
    drawn = _draws(len(images), num_samples, seed)
    differences = np.empty((num_samples, len(seeds)))
    whole = np.empty(len(seeds))
    for position, (of_seed, a, b) in enumerate(seeds):
        weights = drawn[:, np.searchsorted(images, of_seed)]
        pair = np.stack([_image_counts(counts) for counts in (a, b)])
        differences[:, position] = np.subtract(*f1(weights @ pair))
        whole[position] = np.subtract(*f1(pair.sum(1)))
    variance, number = float(differences.mean(1).var()), len(seeds)
    if number == 1:
        return interval(float(whole[0]), variance**0.5, np.inf, 1)
    of_seeds = float(whole.var(ddof=1))
    variance += max(0.0, of_seeds - float(differences.var(0).mean())) / number
    freedom = (number - 1) * max(1.0, (variance * number / of_seeds) ** 2) if of_seeds > 0 else np.inf
    return interval(float(whole.mean()), variance**0.5, freedom, number)


@functools.lru_cache(maxsize=1)
def _draws(num_images: int, num_samples: int, seed: int) -> NDArray[np.float64]:
    """How often each image is drawn, (samples, images): alike for all methods that are compared on as many images."""
    chances = np.full(num_images, 1 / num_images)
    drawn = np.random.default_rng(seed).multinomial(num_images, chances, num_samples).astype(np.float64)
    drawn.setflags(write=False)
    return drawn


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down correction (1979) of several tests' p-values, in their order."""
    order = np.argsort(p)
    corrected = np.empty(len(p))
    largest = 0.0
    for rank, position in enumerate(order):
        largest = max(largest, (len(p) - rank) * p[position])
        corrected[position] = min(1.0, largest)
    return corrected.tolist()


def _image_counts(counts: ArrayLike) -> NDArray[np.float64]:
    numbers = np.asarray(counts, dtype=np.float64)
    if numbers.ndim != 2 or numbers.shape[1] != 3 or not len(numbers):
        raise ValueError(f"counts must have shape (images, 3) with at least one image, got {numbers.shape}")
    return numbers
