import torch

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.assembly.truth import candidate_owners, owners, shuffled, true_pairs
from mghp.parsing.batch import collate
from mghp.parsing.targets import TargetMaker
from mghp.problems.problem_set import NOBODY


def make_candidates(places):
    """`places[keypoint]`: list of (x, y)."""
    number = max(map(len, places))
    positions = torch.zeros(1, len(places), number, 2)
    is_candidate = torch.zeros(1, len(places), number, dtype=torch.bool)
    for kind, of_kind in enumerate(places):
        for k, place in enumerate(of_kind):
            positions[0, kind, k] = torch.tensor(place)
            is_candidate[0, kind, k] = True
    return Candidates(positions, is_candidate.float(), is_candidate)


TRUE = torch.tensor([[[[10.0, 10, 2], [10, 30, 2]], [[40, 10, 2], [40, 30, 1]], [[70, 10, 2], [0, 0, 0]]]])
RADIUS = torch.full((1, 3, 2), 16.0)


def owner_of(candidates, radius=RADIUS):
    return owners(candidates, TRUE, radius, 4)[0].tolist()


def test_the_nearest_candidate_within_half_the_radius_wins():
    candidates = make_candidates([[(12.0, 10), (39.0, 10), (55.0, 10)], [(10.0, 37.9), (40, 22.1)]])
    assert owner_of(candidates) == [[0, 1, NOBODY], [0, 1, NOBODY]]
    further = make_candidates([[(18.1, 10.0)], [(10.0, 30)]])
    assert owner_of(further) == [[NOBODY], [0]]


def test_one_to_one():
    """Two candidates near one keypoint: the nearer one is it, the other nobody's."""
    candidates = make_candidates([[(13.0, 10.0), (11.0, 10.0)], [(10.0, 30.0)]])
    assert owner_of(candidates)[0] == [NOBODY, 0]


def test_a_keypoint_that_is_not_annotated_owns_nothing():
    candidates = make_candidates([[(70.0, 10.0)], [(0.5, 0.5)]])
    assert owner_of(candidates) == [[2], [NOBODY]]


def test_small_radii_reach_as_far_as_a_heatmap_cell():
    candidates = make_candidates([[(13.0, 10.0)], [(10.0, 30.0)]])
    assert owner_of(candidates, torch.full((1, 3, 2), 0.1))[0] == [0]


def test_pairs_of_one_person_are_true():
    candidates = make_candidates([[(10.0, 10), (40, 10), (90, 90)], [(40.0, 30), (10, 30)]])
    truth = true_pairs(owners(candidates, TRUE, RADIUS, 4), [(0, 1)])
    assert truth.dtype == torch.bool
    assert truth[0, 0].int().tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_two_false_candidates_are_no_true_pair():
    candidates = make_candidates([[(90.0, 90)], [(95.0, 95)]])
    assert not true_pairs(owners(candidates, TRUE, RADIUS, 4), [(0, 1)]).any()


def test_padding_is_nobody_s_even_where_a_keypoint_is():
    candidates = make_candidates([[(10.0, 10)], [(10.0, 30)]])
    candidates.is_candidate[0, 0, 0] = False
    assert owner_of(candidates) == [[NOBODY], [0]]
    assert not true_pairs(owners(candidates, TRUE, RADIUS, 4), [(0, 1)]).any()


def test_candidates_of_a_batch_belong_to_those_within_the_radius_that_is_trained_with():
    batch = collate([render(SCENES["default"], index, seed=5, size=64) for index in range(3)], 17)
    moved = batch.keypoints[..., :2].transpose(1, 2) + torch.linspace(0, 4, batch.keypoints.shape[1])[:, None]
    candidates = Candidates(moved, torch.ones(moved.shape[:3]), (batch.keypoints[..., 2] > 0).transpose(1, 2))
    owner = candidate_owners(candidates, batch, DENSEPOSE_COCO.skeleton, 2)
    radius = TargetMaker(DENSEPOSE_COCO, 2, 2, ())(batch).keypoint_radius
    assert torch.equal(owner, owners(candidates, batch.keypoints, radius, 2))
    assert len(owner[candidates.is_candidate].unique()) > 2


def test_shuffled_truth_has_as_many_pairs_between_real_candidates_and_forgets_which():
    truth = torch.zeros(400, 4, 5, dtype=torch.bool)
    truth[:, 0, 0] = truth[:, 2, 3] = True  # of real candidates 0, 2, 3 and 0, 1, 3
    sources = torch.tensor([True, False, True, True]).expand(400, 4)
    destinations = torch.tensor([True, True, False, True, False]).expand(400, 5)
    drawn = shuffled(truth, sources, destinations, torch.Generator().manual_seed(0))
    assert (drawn.sum((-2, -1)) == 2).all()
    assert drawn.sum(-1).max() == drawn.sum(-2).max() == 1
    assert not drawn[:, 1].any()
    assert not drawn[..., [2, 4]].any()
    share = drawn.float().mean(0)[[0, 2, 3]][:, [0, 1, 3]]
    torch.testing.assert_close(share, torch.full((3, 3), 2 / 9), atol=0.08, rtol=0)
    again = shuffled(truth, sources, destinations, torch.Generator().manual_seed(0))
    assert torch.equal(drawn, again)
