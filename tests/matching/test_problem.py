import pytest
import torch
from affinities import random_affinity
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.matching import (
    Hungarian,
    integrality,
    objective,
    optimality_gap,
    optimum,
    raw_signed_gap,
    repair,
    tight_rows,
    violation,
)

AFFINITY = torch.tensor([[3.0, 1.0], [2.0, -1.0]], dtype=torch.float64)
SOFT = torch.tensor([[1.0, 0.5], [0.5, 0.0]], dtype=torch.float64)
PROPERTY = given(source=st.integers(1, 6), destination=st.integers(1, 6), seed=st.integers(0, 2**32 - 2))


def test_by_hand():
    """The optimum is 1 + 2, the pair of 3 alone being as good; rows and columns of Y sum to 1.5 and 0.5."""
    assert objective(AFFINITY, SOFT).item() == 3 + 0.5 + 1
    assert optimum(AFFINITY).item() == 3
    assert violation(SOFT).item() == 0.5
    expected = torch.tensor([[1 / 1.5, 0.5 / 1.5], [0.5 / 1.5, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(repair(SOFT), expected, rtol=0, atol=1e-15)
    assert objective(AFFINITY, repair(SOFT)).item() == pytest.approx(3)
    assert optimality_gap(AFFINITY, SOFT).item() == pytest.approx(0, abs=1e-15)
    assert raw_signed_gap(AFFINITY, SOFT).item() == pytest.approx(-0.5)
    assert optimality_gap(AFFINITY, SOFT / 3).item() == pytest.approx(0.5)
    assert raw_signed_gap(AFFINITY, SOFT / 3).item() == pytest.approx(0.5)
    assert integrality(SOFT).item() == 0.5
    assert tight_rows(SOFT).item() == 0.5


def test_violation_is_the_largest_of_all_constraints():
    zeros = torch.zeros(2, 3)
    for row, column, value, expected in ((0, 1, 1.25, 0.25), (1, 2, -0.5, 0.5), (0, 0, 1.0, 0.0)):
        assignment = zeros.clone()
        assignment[row, column] = value
        assert violation(assignment).item() == expected
    columns = torch.tensor([[0.75, 0.0], [0.75, 0.0]])
    assert violation(columns).item() == 0.5
    assert violation(columns.mT).item() == 0.5
    assert violation(torch.stack([columns, 0 * columns])).tolist() == [0.5, 0]


def test_tight_rows_counts_real_rows():
    assignment = torch.tensor([[0.5, 0.5], [0.9995, 0.0], [0.9, 0.0], [0.0, 0.0]])
    assert tight_rows(assignment).item() == 0.5
    assert tight_rows(assignment, torch.tensor([True, False, True, False])).item() == 0.5
    assert tight_rows(assignment, torch.tensor([True, True, False, False])).item() == 1
    assert tight_rows(assignment, torch.zeros(4, dtype=torch.bool)).item() == 0
    assert tight_rows(assignment, tolerance=0.2).item() == 0.75


@PROPERTY
@settings(deadline=None, max_examples=60)
def test_repair_is_feasible_and_never_adds(source, destination, seed):
    soft = 2 * random_affinity(source, destination, seed, "uniform")
    repaired = repair(soft)
    assert violation(repaired) <= 1e-12
    assert (repaired <= soft).all()
    assert (repaired >= 0).all()
    feasible = soft / (2 * max(source, destination))
    assert torch.equal(repair(feasible), feasible)


@pytest.mark.parametrize("scale", [1e-3, 0.1, 10.0])
def test_gaps_are_relative_to_the_optimum_however_small(scale):
    for measure in (optimality_gap, raw_signed_gap):
        assert measure(scale * AFFINITY, SOFT / 3).item() == pytest.approx(0.5)


@PROPERTY
@settings(deadline=None, max_examples=60)
def test_gap_is_never_negative(source, destination, seed):
    affinity = random_affinity(source, destination, seed)
    soft = 2 * random_affinity(source, destination, seed + 1, "uniform")
    assert optimality_gap(affinity, soft) >= 0
    assert optimality_gap(affinity, Hungarian()(affinity)) == 0
    assert raw_signed_gap(affinity, Hungarian()(affinity)).abs() <= 1e-12
    assert optimality_gap(affinity, soft) == optimality_gap(affinity, soft, optimum(affinity))


def test_gaps_without_a_positive_affinity():
    affinity = -torch.ones(2, 3)
    assert optimum(affinity).item() == 0
    assert optimality_gap(affinity, torch.zeros(2, 3)).item() == 0
    assert raw_signed_gap(affinity, torch.zeros(2, 3)).item() == 0


def test_integrality_of_a_hard_assignment_is_zero():
    assert integrality(torch.eye(3, 4)).item() == 0
    assert integrality(torch.full((2, 2), 0.5)).item() == 1


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_no_candidates(shape):
    empty = torch.zeros(2, *shape)
    for measured in (
        objective(empty, empty),
        violation(empty),
        optimum(empty),
        optimality_gap(empty, empty),
        raw_signed_gap(empty, empty),
        integrality(empty),
        tight_rows(empty),
    ):
        assert measured.tolist() == [0, 0]
    assert repair(empty).shape == empty.shape


def test_leading_dimensions():
    affinity, soft = (random_affinity(24, 5, seed).reshape(2, 3, 4, 5).abs() for seed in range(2))
    for measure in (objective, optimality_gap, raw_signed_gap):
        assert measure(affinity, soft).shape == (2, 3)
        assert measure(affinity, soft)[1, 2] == measure(affinity[1, 2], soft[1, 2])
    for measure in (violation, integrality, tight_rows, optimum):
        assert measure(soft).shape == (2, 3)
        assert measure(soft)[1, 2] == measure(soft[1, 2])
