import itertools

import numpy as np
import pytest
import torch

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.grouping import GroupingAccuracy, grouping_counts


def literal(true, predicted):
    """Every one-to-one pairing tried; the best by sum of IoU."""
    people = list(range(1, true.max() + 1))
    found = list(range(1, predicted.max() + 1))
    found += [-1] * max(0, len(people) - len(found))

    def iou(a, b):
        union = ((true == a) | (predicted == b)).sum()
        return ((true == a) & (predicted == b)).sum() / union if union else 0.0

    best = max(itertools.permutations(found, len(people)), key=lambda order: sum(map(iou, people, order)))
    return sum(((true == a) & (predicted == b)).sum() for a, b in zip(people, best, strict=True)), (true > 0).sum()


@pytest.mark.parametrize("seed", range(8))
def test_best_pairing_of_all(seed):
    rng = np.random.default_rng(seed)
    true, predicted = rng.integers(0, 4, (9, 9)), rng.integers(0, 5, (9, 9))
    assert grouping_counts(true, predicted) == literal(true, predicted)


def test_by_hand():
    true = np.array([[1, 1, 2, 2, 0]])
    assert grouping_counts(true, np.array([[2, 2, 1, 1, 1]])) == (
        4,
        4,
    )  # names do not matter, background does not count
    assert grouping_counts(true, np.array([[1, 1, 1, 1, 0]])) == (2, 4)  # merged: one of the two is right
    assert grouping_counts(true, np.array([[1, 0, 2, 3, 0]])) == (2, 4)  # left out or split off is wrong
    assert grouping_counts(np.zeros((2, 2), int), np.ones((2, 2), int)) == (0, 0)
    # The second's 3 of 5 are more than a quarter and a quarter; by Dice's measure, 2 x 3 of 8, they would be less.
    assert grouping_counts(np.array([[1, 2, 2, 2, 2]]), np.array([[2, 1, 2, 2, 2]])) == (3, 5)


def people(ids, kind):
    empty = np.zeros((0, 1, 3))
    if kind is TruePersons:
        return TruePersons(ids, ids, empty)
    return PredictedPersons(ids, ids, np.zeros(0), np.zeros((0, 1)), empty)


@pytest.mark.filterwarnings("ignore:The ``compute`` method:UserWarning")
def test_a_set_is_weighted_by_pixels_and_nobody_is_nan():
    metric = GroupingAccuracy()
    assert torch.isnan(metric.compute())
    for true, predicted in (([[1, 1, 1]], [[1, 1, 1]]), ([[1, 2, 0]], [[1, 1, 1]])):
        metric.update(people(np.array(predicted), PredictedPersons), people(np.array(true), TruePersons))
    assert float(metric.compute()) == pytest.approx(4 / 5)
