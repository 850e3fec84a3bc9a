"""The difference of two methods with its 95 % interval, over seeds, over pictures or over both; Holm's correction."""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from mghp.metrics.matching import f1
from mghp.metrics.resampling import percentile_interval, picture_draws
from mghp.metrics.scores import ratio

CONFIDENCE = 0.95


class PairedDifference(NamedTuple):
    """The mean of a difference, its interval, and the two-sided p of no difference.

    With one seed the interval and p are NaN; `seeds` is 0 where nothing is random but the images.
    """

    mean: float
    low: float
    high: float
    p: float
    seeds: int


def paired_seeds(differences: ArrayLike) -> PairedDifference:
    """Return the difference of a score that only a whole set has, by Student's t over the seeds.

    Args:
        differences: one per seed. Shape (seeds,).

    Raises:
        ValueError: if there is no seed.
    """
    of_seeds = np.asarray(differences, dtype=np.float64)
    if of_seeds.ndim != 1 or not len(of_seeds):
        raise ValueError(f"differences must have shape (seeds,) with at least one seed, got {of_seeds.shape}")
    error = np.sqrt(_variance_of_mean(of_seeds)) if len(of_seeds) > 1 else np.nan
    return interval(float(of_seeds.mean()), float(error), len(of_seeds) - 1, len(of_seeds))


def paired_pictures(differences: ArrayLike, num_samples: int = 2000, seed: int = 0) -> PairedDifference:
    """Return the difference of a score that each picture has, by a paired cluster bootstrap with Student's quantiles.

    Pictures and seeds are drawn; a picture that is drawn twice counts twice with every seed. Of n seeds n - 1 are
    drawn, which makes the bootstrap's variance that of the mean (Rao and Wu, 1988); its percentiles would still be far
    too narrow for three seeds, so that the interval is t standard errors to both sides. The degrees of freedom are
    Satterthwaite's: n - 1 where the seeds make all of the variance, more where the many pictures make some of it. On
    made-up differences of three seeds and 100 pictures, with known variances, the intervals hold the truth 92 to 99
    times of 100.

    Args:
        differences: one per seed and picture. Shape (seeds, pictures).
        num_samples: number of draws.
        seed: seed of the draws.

    Raises:
        ValueError: if there is no seed or no picture.
    """
    cells = np.asarray(differences, dtype=np.float64)
    if cells.ndim != 2 or not cells.size:
        raise ValueError(f"differences must have shape (seeds, pictures), neither of them 0, got {cells.shape}")
    num_seeds, num_pictures = cells.shape
    mean = float(cells.mean())
    if num_seeds == 1:
        return interval(mean, np.nan, 0, 1)
    pictures, seeds = _cluster_draws(num_seeds, num_pictures, num_samples, seed)
    variance = float(((pictures @ cells.T) * seeds).sum(1).var())
    of_seeds = _variance_of_mean(cells.mean(1))
    freedom = (num_seeds - 1) * max(1.0, (variance / of_seeds) ** 2) if of_seeds > 0 else np.inf
    return interval(mean, float(np.sqrt(variance)), freedom, num_seeds)


@functools.lru_cache(maxsize=1)
def _cluster_draws(
    num_seeds: int, num_pictures: int, num_samples: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each picture's and each seed's share of every draw: (samples, pictures) and (samples, seeds).

    They are alike for all that is compared on as many, and shared: nobody may write to them.
    """
    rng = np.random.default_rng(seed)
    pictures = rng.multinomial(num_pictures, np.full(num_pictures, 1 / num_pictures), num_samples) / num_pictures
    seeds = rng.multinomial(num_seeds - 1, np.full(num_seeds, 1 / num_seeds), num_samples) / (num_seeds - 1)
    return pictures, seeds


def _variance_of_mean(of_seeds: NDArray[np.float64]) -> float:
    return float(of_seeds.var(ddof=1)) / len(of_seeds)


def interval(mean: float, error: float, freedom: float, seeds: int) -> PairedDifference:
    """Return the interval and p of a mean by Student's t.

    Args:
        mean: of the differences.
        error: standard error of the mean; 0 if they are all equal, NaN for one seed.
        freedom: degrees of freedom.
        seeds: number of seeds.
    """
    if not error > 0:
        # Equal differences leave nothing uncertain; of one seed nothing is known.
        p = np.nan if np.isnan(error) else float(mean == 0)
        return PairedDifference(mean, mean + error, mean + error, p, seeds)
    reach = error * float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))
    p = 2 * float(stats.t.sf(abs(mean) / error, freedom))
    return PairedDifference(mean, mean - reach, mean + reach, p, seeds)


def bootstrap_difference(
    counts_a: ArrayLike, counts_b: ArrayLike, num_samples: int = 2000, seed: int = 0
) -> PairedDifference:
    """Return F1(a) - F1(b) with its 95 % interval, by a paired bootstrap over images (Efron and Tibshirani, 1993).

    Images are drawn with replacement, the same ones for both; their counts are summed before F1 is taken; the
    interval is from the 2.5th to the 97.5th percentile of the differences, and p twice the share of them on the other
    side of 0.

    Args:
        counts_a: true positives, false positives, false negatives per image. Shape (images, 3).
        counts_b: counts of another method on the same images. Shape (images, 3).
        num_samples: number of draws.
        seed: seed of the draws.

    Returns:
        The difference over all images, without seeds.

    Raises:
        ValueError: if the shapes are not (images, 3), differ, or hold no image, or `num_samples` is below 1.
    """
    first, second = _image_counts(counts_a), _image_counts(counts_b)
    if first.shape != second.shape:
        raise ValueError(f"counts_a and counts_b must share a shape, got {first.shape} and {second.shape}")
    if num_samples < 1:
        raise ValueError(f"num_samples must be at least 1, got {num_samples}")
    pair = np.stack([first, second])
    drawn = f1(picture_draws(len(first), num_samples, seed) @ pair)
    differences = drawn[0] - drawn[1]
    low, high = np.percentile(differences, (2.5, 97.5))
    whole = f1(pair.sum(axis=1))
    return PairedDifference(float(whole[0] - whole[1]), float(low), float(high), _two_sided(differences), 0)


class SeedCounts(NamedTuple):
    """The counts of two methods on the test images of one seed.

    Attributes:
        images: numbers of the images, (images,).
        counts_a: counts of one method as `f1` takes them, (images, 3).
        counts_b: counts of the other method, (images, 3).
    """

    images: NDArray[np.int64]
    counts_a: NDArray[np.int64]
    counts_b: NDArray[np.int64]


def f1_over_seeds(seeds: Sequence[SeedCounts], num_samples: int = 2000, seed: int = 0) -> PairedDifference:
    """Return F1(a) - F1(b) of methods trained with several seeds, each of which was tested on images of its own.

    The variance is that of a paired cluster bootstrap over images, where an image that is drawn twice counts twice with
    every seed that was tested on it, for both methods; plus what the seeds differ by beyond that, since they vary
    weights, noise and split. The interval is Student's t standard errors to both sides, with Satterthwaite's degrees of
    freedom: seeds - 1 where the seeds make all of the variance, more where the many images make some of it.

    Args:
        seeds: counts per seed, at least one; with one seed the interval is that of its images.
        num_samples: number of draws.
        seed: seed of the draws.

    Raises:
        ValueError: if there is no seed, or the shapes do not fit.
    """
    if not seeds or not all(len(one.images) for one in seeds):
        raise ValueError("expected the counts of at least one seed, each of at least one image")
    images = np.unique(np.concatenate([one.images for one in seeds]))
    drawn = picture_draws(len(images), num_samples, seed)
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


class PairedCounts(NamedTuple):
    """What a ratio of two methods is pooled from, on the pictures that a pair of networks is tested on.

    Attributes:
        pictures: names of the pictures, by which pairs of one fold are known.
        ours: of each picture the numerator and the denominator of the one, (pictures, 2).
        baseline: those of the other, on the same pictures.
    """

    pictures: Sequence[str]
    ours: NDArray[np.float64]
    baseline: NDArray[np.float64]


def seeds_in_starts(differences: ArrayLike, starts: Sequence[str]) -> PairedDifference:
    """Return the difference of a score that only a whole set has, by Student's t over the means of the starts.

    Seeds that branch from one start share what it has learned: they tell less than as many starts would.

    Args:
        differences: one per pair of networks. Shape (pairs,).
        starts: name of the start of each pair.

    Raises:
        ValueError: if there is no pair.
    """
    of_pairs = np.asarray(differences, dtype=np.float64)
    return paired_seeds([of_pairs[group].mean() for group in _groups(starts)])


def _groups(starts: Sequence[str]) -> list[list[int]]:
    """Return the positions of the pairs of each start."""
    return [[place for place, name in enumerate(starts) if name == start] for start in dict.fromkeys(starts)]


def ratios_over_starts(
    pairs: Sequence[PairedCounts], starts: Sequence[str] | None = None, num_samples: int = 2000, seed: int = 0
) -> PairedDifference:
    """Return the mean over starts of the difference of two pooled ratios, with the wider of two 95 % intervals.

    One is Student's t over the means of the starts' pairs, as `seeds_in_starts` takes it; the other a bootstrap over
    starts, of which n - 1 of n are drawn, over the pairs of each, and over pictures, which starts of one fold share.

    Args:
        pairs: counts of each pair of networks, at least one; of one start there is no interval.
        starts: name of the start of each pair; None where each has one of its own.
        num_samples: number of draws.
        seed: seed of the draws.

    Raises:
        ValueError: if there is no pair.
    """
    names = [str(place) for place in range(len(pairs))] if starts is None else starts
    whole = [_difference_of_ratios(pair, np.ones((1, len(pair.ours))))[0] for pair in pairs]
    by_student = seeds_in_starts(whole, names)
    groups = _groups(names)
    if len(groups) == 1:
        return by_student
    folds = list(dict.fromkeys(tuple(pair.pictures) for pair in pairs))
    weights = [picture_draws(len(fold), num_samples, seed + place) for place, fold in enumerate(folds)]
    drawn = [_difference_of_ratios(pair, weights[folds.index(tuple(pair.pictures))]) for pair in pairs]
    means = (np.stack(drawn, 1) * nested_draws(groups, num_samples, seed)).sum(1)
    low, high = percentile_interval(means)
    by_bootstrap = by_student._replace(low=low, high=high, p=_two_sided(means))
    return max(by_student, by_bootstrap, key=lambda found: found.high - found.low)


def ratio_over_pictures(pair: PairedCounts, num_samples: int = 2000, seed: int = 0) -> PairedDifference:
    """Return the difference of two pooled ratios of given networks, with its 95 % interval over pictures alone.

    Args:
        pair: counts of the two on the same pictures.
        num_samples: number of draws of a paired bootstrap over pictures.
        seed: seed of the draws.

    Returns:
        The difference over all pictures, without seeds: nothing is random but the pictures.

    Raises:
        ValueError: if there is no picture.
    """
    if not len(pair.ours):
        raise ValueError("pair must have at least one picture")
    drawn = _difference_of_ratios(pair, picture_draws(len(pair.ours), num_samples, seed))
    whole = _difference_of_ratios(pair, np.ones((1, len(pair.ours))))[0]
    return PairedDifference(float(whole), *percentile_interval(drawn), _two_sided(drawn), 0)


def nested_draws(groups: Sequence[Sequence[int]], num_samples: int, seed: int) -> NDArray[np.float64]:
    """Return each member's share of every draw: n - 1 of n groups, and of each as many members as it has.

    Args:
        groups: positions of the members of each group.
        num_samples: number of draws.
        seed: seed of the draws.

    Returns:
        Shares that sum to 1, (samples, members).
    """
    rng = np.random.default_rng(seed)
    rest = len(groups) - 1
    drawn = rng.multinomial(rest, np.full(rest + 1, 1 / (rest + 1)), num_samples) / rest
    shares = np.zeros((num_samples, sum(map(len, groups))))
    for group, times in zip(groups, drawn.T, strict=True):
        within = rng.multinomial(len(group), np.full(len(group), 1 / len(group)), num_samples) / len(group)
        shares[:, group] = times[:, None] * within
    return shares


def _difference_of_ratios(pair: PairedCounts, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the differences of ratios with pictures counted by weights (samples, pictures)."""
    ours, baseline = (ratio(*(weights @ counts).T) for counts in (pair.ours, pair.baseline))
    return ours - baseline


def _two_sided(drawn: NDArray[np.float64]) -> float:
    """Return twice the share of draws on the rarer side of 0."""
    # The sample itself counts as one draw, so that p is never 0 (Davison and Hinkley, 1997).
    beyond = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0))
    return min(1.0, 2 * (1 + int(beyond)) / (1 + len(drawn)))


def holm(p: Sequence[float]) -> list[float]:
    """Return the p-values of several tests, in their order, after Holm's step-down correction (1979)."""
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
