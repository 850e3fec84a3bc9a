import torch

from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.assembly.training_candidates import chosen, made_up, strongest


def candidates_of(scores):
    values = torch.tensor(scores)
    positions = torch.stack([torch.arange(values.numel()).view(values.shape)] * 2, -1).float()
    return Candidates(positions, values, values > 0)


def test_the_strongest_are_kept():
    kept = strongest(candidates_of([[[0.2, 0.9, 0.0, 0.5]]]), 2)
    assert kept.scores.tolist() == [[[0.9, 0.5]]] or torch.allclose(kept.scores, torch.tensor([[[0.9, 0.5]]]))
    assert kept.positions_input[0, 0, :, 0].tolist() == [1.0, 3.0]
    few = candidates_of([[[0.2]]])
    assert strongest(few, 2) is few


def make(jitter=0.02, spurious=0.5, number=8, seed=0, batch=64):
    keypoints = torch.tensor([[[20.0, 20, 2], [40, 40, 1]], [[90, 90, 2], [0, 0, 0]]]).expand(batch, -1, -1, -1)
    size = torch.full((batch, 2), 50.0)
    generator = torch.Generator().manual_seed(seed)
    return made_up(keypoints, size, (128, 128), number, jitter, spurious, generator)


def test_true_keypoints_are_displaced_by_the_person_s_size():
    made = make(spurious=0.0)
    assert made.is_candidate.sum(-1)[0].tolist() == [2, 1]
    shift = made.positions_input[:, 0, 0] - 20
    assert 0.8 < float(shift.std()) < 1.2  # 0.02 x 50 pixels
    exact = make(jitter=0.0, spurious=0.0)
    assert exact.positions_input[0, 0, :2].tolist() == [[20.0, 20.0], [90.0, 90.0]]


def test_false_candidates_come_in_the_number_expected_and_inside_the_picture():
    made = make(spurious=2.0, number=12)
    false = made.is_candidate.sum(-1) - torch.tensor([2, 1])
    assert abs(float(false.float().mean()) - 2.0) < 0.4
    places = made.positions_input[:, 1, 1:][made.is_candidate[:, 1, 1:]]
    assert (places >= 0).all()
    assert (places <= 128).all()


def test_false_candidates_lie_all_over_a_picture_that_is_no_square():
    keypoints, size = torch.zeros(64, 1, 2, 3), torch.ones(64, 1)
    made = made_up(keypoints, size, (40, 200), 12, 0.0, 6.0, torch.Generator().manual_seed(0))
    x, y = made.positions_input[made.is_candidate].unbind(-1)
    assert ((x >= 0) & (x <= 200) & (y >= 0) & (y <= 40)).all()
    assert x.max() > 190
    assert y.max() > 38


def test_no_more_than_asked_and_true_ones_first():
    made = make(jitter=0.0, spurious=5.0, number=2)
    assert made.scores.shape[-1] == 2
    assert (made.positions_input[:, 0, 0] == 20).all()


def test_the_seed_decides():
    assert torch.equal(make(seed=3).positions_input, make(seed=3).positions_input)
    assert not torch.equal(make(seed=3).positions_input, make(seed=4).positions_input)


def test_each_picture_has_one_kind():
    made, predicted = candidates_of([[[1.0]], [[1.0]]]), candidates_of([[[0.5, 0.4]], [[0.3, 0.2]]])
    mixed = chosen(made, predicted, torch.tensor([True, False]))
    assert mixed.scores[0, 0].tolist() == [1.0, 0.0]
    assert torch.equal(mixed.scores[1], predicted.scores[1])
    assert mixed.is_candidate[0, 0].tolist() == [True, False]
