"""What oracles make of planted networks: of which one thing is right, and all else is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from mghp.anatomy.parts import IGNORE
from mghp.config.evaluation import FIELD_ORACLES, OWNER_ORACLES, EvaluationConfig
from mghp.config.network import StridesConfig
from mghp.config.schema import Config
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.evaluation.oracles import persons_with_oracle, truth_of
from mghp.matching import make_matcher
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.batch import collate
from mghp.parsing.fields import given
from mghp.training.parsing_module import true_persons

PICTURES = 2


@pytest.fixture(scope="module")
def crowds():
    return collate([render(SCENES["hard"], index, seed=1) for index in range(PICTURES)], 17)


@pytest.fixture
def setting(crowds):
    """Returns a config, the assembler of it, what is true of the crowds, and fields that are wrong everywhere."""

    def set_up(grouping, **assembly):
        config = Config()
        # At full resolution nothing but the fields can be wrong.
        config.network.strides = StridesConfig(parts=1, field=1)
        config.assembly = replace(config.assembly, grouping=grouping, **assembly)
        affinity = Affinity(DENSEPOSE_COCO.skeleton.limbs)
        assembler = Assembler(DENSEPOSE_COCO, make_matcher("hungarian"), affinity, config.assembly)
        truth = truth_of(crowds, DENSEPOSE_COCO, config)
        wrong = replace(truth.fields, **{name: value.roll(1, 0) for name, value in given(truth.fields).items()})
        return assembler, truth, wrong

    return set_up


def right_share(found, crowds):
    """The share of human pixels given to their own person, by its number, among those of persons with a keypoint."""
    right = human = 0
    for predicted, true in zip(found, true_persons(crowds), strict=True):
        posed = np.concatenate([[False], (true.keypoints[..., 2] > 0).any(1)])[true.person_ids]
        right += np.count_nonzero((predicted.person_ids == true.person_ids) & posed)
        human += np.count_nonzero(posed)
    return right / human


@pytest.mark.parametrize("grouping", ["field", "center"])
def test_a_right_field_and_parts_give_true_persons_all_their_pixels(setting, crowds, grouping):
    """Whatever the network takes for keypoints, limbs and centres."""
    assembler, truth, wrong = setting(grouping)
    fields = replace(wrong, projection=truth.fields.projection, part_logits=truth.fields.part_logits)
    assert right_share(persons_with_oracle(assembler, fields, truth, "true_poses"), crowds) == 1
    found = persons_with_oracle(assembler, fields, truth, "predicted")
    assert max(people.person_ids.max() for people in found) > 0
    assert right_share(found, crowds) < 0.7


@pytest.mark.parametrize("grouping", ["field", "center", "nearest"])
def test_true_persons_and_parts_leave_the_field_alone_to_be_the_networks(setting, crowds, grouping):
    assembler, truth, wrong = setting(grouping)
    right = replace(wrong, projection=truth.fields.projection)
    shares = {
        name: right_share(persons_with_oracle(assembler, fields, truth, "true_poses_and_parts"), crowds)
        for name, fields in (("right", right), ("wrong", wrong))
    }
    if grouping == "nearest":  # it reads no field
        assert 0.5 < shares["right"] == shares["wrong"] < 1
    else:
        assert shares["right"] == 1 > shares["wrong"] + 0.2


@pytest.mark.parametrize("oracle", ["true_poses", "true_poses_and_parts"])
@pytest.mark.parametrize("grouping", ["field", "center", "nearest", "hybrid"])
def test_true_persons_are_those_annotated_with_nothing_added(setting, crowds, grouping, oracle):
    assembler, truth, wrong = setting(grouping, unclaimed="regions", max_distance=0.01)
    for predicted, true in zip(persons_with_oracle(assembler, wrong, truth, oracle), true_persons(crowds), strict=True):
        annotated = true.keypoints[..., 2] > 0
        assert np.array_equal(predicted.keypoints[..., 2] > 0, annotated)
        np.testing.assert_allclose(predicted.keypoints[annotated][:, :2], true.keypoints[annotated][:, :2])
        assert predicted.person_ids.max() <= len(annotated)
        known = true.parts != IGNORE
        is_true = np.array_equal(predicted.parts[known], true.parts[known])
        assert is_true == (oracle == "true_poses_and_parts")


def test_a_person_without_keypoints_has_a_centre_and_no_keypoint_to_point_to(setting, crowds):
    bare = replace(crowds, keypoints=crowds.keypoints.clone())
    bare.keypoints[:, 0] = 0
    for grouping in ("field", "center"):
        assembler, _, _ = setting(grouping)
        config = Config()
        config.network.strides = StridesConfig(parts=1, field=1)
        config.assembly = assembler.config
        truth = truth_of(bare, DENSEPOSE_COCO, config)
        for predicted, true in zip(
            persons_with_oracle(assembler, truth.fields, truth, "true_poses"), true_persons(bare), strict=True
        ):
            assert len(predicted.keypoints) == len(true.keypoints)
            assert (predicted.person_ids == 1).any() == (grouping == "center")
            assert (predicted.person_scores[0] > 0) == (grouping == "center")


@pytest.mark.parametrize("grouping", ["field", "center", "nearest", "hybrid"])
def test_a_true_projection_leaves_persons_as_the_network_finds_them(setting, crowds, grouping):
    """Centres too, which `true_field` replaces with it."""
    assembler, truth, wrong = setting(grouping)
    swapped = replace(wrong, projection=truth.fields.projection)
    ours = persons_with_oracle(assembler, wrong, truth, "true_projection")
    for predicted, expected in zip(ours, assembler(swapped), strict=True):
        assert np.array_equal(predicted.person_ids, expected.person_ids)
        assert np.array_equal(predicted.keypoints, expected.keypoints)
    with_parts = persons_with_oracle(assembler, wrong, truth, "true_projection_and_parts")
    both = replace(swapped, part_logits=truth.fields.part_logits)
    assert all(
        np.array_equal(predicted.person_ids, expected.person_ids)
        for predicted, expected in zip(with_parts, assembler(both), strict=True)
    )
    centers = persons_with_oracle(assembler, wrong, truth, "true_field")
    is_same = all(np.array_equal(a.person_ids, b.person_ids) for a, b in zip(ours, centers, strict=True))
    assert is_same == (grouping not in ("center", "hybrid"))


def test_an_evaluation_asks_for_the_oracles_of_fields_unless_others_are_named():
    """Names and order are in the results of runs, and a longer list would not be told by their keys."""
    assert EvaluationConfig().oracles == list(FIELD_ORACLES)
    assert list(FIELD_ORACLES) == [
        "predicted", "true_parts", "true_keypoints", "true_limbs", "true_field", "all_true",
    ]  # fmt: skip
    assert EvaluationConfig(oracles=list(OWNER_ORACLES)).oracles == list(OWNER_ORACLES)
