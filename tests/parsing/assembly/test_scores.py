import pytest
import torch

from mghp.parsing.assembly.scores import part_scores, person_scores


def test_a_person_s_score():
    keypoints = torch.zeros(2, 4, 3)
    keypoints[0, :2, 2] = torch.tensor([0.8, 0.4])
    keypoints[1, :, 2] = 0.5
    ids = torch.tensor([[1, 1, 0], [2, 2, 2]])
    probability = torch.tensor([[0.9, 0.5, 1.0], [0.2, 0.4, 0.6]])
    scores = person_scores(keypoints, probability, ids)
    # Mean confidence x root of the share found x mean probability of the pixels.
    assert scores.tolist() == pytest.approx([0.6 * 0.5**0.5 * 0.7, 0.5 * 1.0 * 0.4])


def test_surer_ranks_higher():
    """Not raised to a negative power: more confidence, more keypoints, surer parts each raise the score."""
    ids = torch.ones(2, 2, dtype=torch.long)

    def score(confidence, found, probability):
        keypoints = torch.zeros(1, 6, 3)
        keypoints[0, :found, 2] = confidence
        return float(person_scores(keypoints, torch.full((2, 2), probability), ids))

    base = score(0.5, 4, 0.5)
    assert score(0.6, 4, 0.5) > base
    assert score(0.5, 5, 0.5) > base
    assert score(0.5, 4, 0.6) > base


def test_a_person_without_a_pixel_scores_0():
    keypoints = torch.ones(1, 3, 3)
    assert person_scores(keypoints, torch.ones(2, 2), torch.zeros(2, 2, dtype=torch.long)).tolist() == [0.0]


def test_part_scores():
    ids = torch.tensor([[1, 1, 2]])
    parts = torch.tensor([[1, 2, 1]])
    probability = torch.tensor([[0.5, 0.25, 1.0]])
    scores = part_scores(torch.tensor([0.5, 0.8], dtype=torch.float64), probability, parts, ids, 3)
    assert scores.tolist() == [[0.0, 0.25, 0.125], [0.0, 0.8, 0.0]]


def test_a_centre_stands_in_for_keypoints_where_there_are_none():
    keypoints = torch.zeros(2, 4, 3)
    keypoints[0, :, 2] = 0.5
    ids = torch.tensor([[1, 1], [2, 2]])
    scores = person_scores(keypoints, torch.full((2, 2), 0.4), ids, torch.tensor([0.9, 0.8]))
    assert scores.tolist() == pytest.approx([0.5 * 0.4, 0.8 * 0.4])
