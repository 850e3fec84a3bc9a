import numpy as np
import pytest

from mghp.config.data import GeneratedPosesConfig, PoseProblemsConfig
from mghp.problems.generated_poses import generate_poses
from mghp.problems.pair_features import positive_control
from mghp.problems.pose_problems import featured_problems, simulate_problems


@pytest.fixture(scope="module")
def poses():
    return generate_poses(GeneratedPosesConfig(num_images=12), seed=3)


@pytest.fixture(scope="module")
def config():
    return PoseProblemsConfig(preset="hard", min_persons=1)


@pytest.fixture(scope="module")
def featured(poses, config):
    return featured_problems(poses, config, 5)


def is_somebodys(problem):
    """Candidates that are in a true pair: surely no false ones."""
    return problem.truth.any(1), problem.truth.any(0)


def test_they_are_the_problems_of_the_simulation(poses, config, featured):
    problems = simulate_problems(poses, config, 5)
    assert len(featured) == len(problems) > 50
    assert (featured.fingerprint, featured.num_limbs) == (problems.fingerprint, len(poses.skeleton.limbs))
    for ours, theirs in zip(featured, problems, strict=True):
        np.testing.assert_allclose(ours.affinity, theirs.affinity, rtol=1e-5, atol=1e-6)
        assert np.array_equal(ours.truth, theirs.truth)
        assert ours.limb == theirs.limb


def test_images_are_numbered_by_their_file(poses, config):
    crowded = PoseProblemsConfig(preset="hard", min_persons=3)
    assert featured_problems(poses, crowded, 5).num_images == len(poses.images)
    persons = [int(image.annotated.any(1).sum()) for image in poses.images]
    assert min(persons) < 3
    expected = [number for number, count in enumerate(persons) if count >= 3]
    assert featured_problems(poses, crowded, 5).images.tolist() == expected
    assert simulate_problems(poses, crowded, 5).images.tolist() == list(range(len(expected)))


def test_features_are_samples_geometry_and_confidences(config, featured):
    number = config.num_samples
    sure, false = [], []
    for problem in featured:
        features = problem.features
        assert features.shape == (*problem.affinity.shape, number + 6)
        np.testing.assert_allclose(features[..., :number].mean(-1), problem.affinity, atol=1e-5)
        length, direction, confidence = features[..., 11], features[..., 12:14], features[..., 14:]
        assert (length >= 0).all()
        np.testing.assert_allclose(np.hypot(direction[..., 0], direction[..., 1])[length > 0], 1, atol=1e-5)
        assert ((confidence >= 0) & (confidence <= 1)).all()
        assert (confidence[..., 0] == confidence[:, :1, 0]).all()  # a source's, whatever it is joined to
        assert (confidence[..., 1] == confidence[:1, :, 1]).all()
        rows, columns = is_somebodys(problem)
        sure += [*confidence[rows, 0, 0], *confidence[0, columns, 1]]
        false += [*confidence[~rows, 0, 0], *confidence[0, ~columns, 1]]
    assert np.mean(sure) > np.mean(false) + 0.1


def test_limbs_share_candidates_and_what_is_said_of_them(poses, featured):
    """A candidate's number and its confidence are the same in all limbs that end in its type."""
    found = {}
    for problem in featured:
        source, destination = poses.skeleton.limbs[problem.limb]
        ends = (source, problem.source_candidate, problem.features[:, 0, 14]), (
            destination, problem.destination_candidate, problem.features[0, :, 15],
        )  # fmt: skip
        for end, candidates, confidence in ends:
            for candidate, value in zip(candidates.tolist(), confidence.tolist(), strict=True):
                assert found.setdefault((problem.image, candidate), (end, value)) == (end, value)
    assert len({value for _, value in found.values()}) == len(found)


def test_nuisance_shifts_all_pairs_of_a_candidate_alike(poses, config, featured):
    shifted = featured_problems(poses, config, 5, nuisance=2.0)
    differences = [ours.affinity - plain.affinity for ours, plain in zip(shifted, featured, strict=True)]
    assert np.concatenate([difference.ravel() for difference in differences]).std() > 1
    for table in differences:
        # b_i + c_j: the differences of two rows are the same in all columns.
        of_rows = table[1:] - table[:1]
        np.testing.assert_allclose(of_rows, of_rows[:, :1].repeat(table.shape[1], 1), atol=1e-4)


def test_the_positive_control_hides_pairs_behind_rows_and_columns():
    control = positive_control(200, seed=0, fingerprint="made-up")
    assert (len(control), control.num_images, control.fingerprint) == (200, 200, "made-up")
    x1, x2 = np.stack([problem.features for problem in control]).transpose(3, 0, 1, 2)
    truth = np.stack([problem.truth for problem in control])
    assert (truth.sum(1) == 1).all()
    assert (truth.sum(2) == 1).all()
    # Alone x1 says little; without its rows' and columns' means it says nearly all.
    centred = x1 - x1.mean(1, keepdims=True) - x1.mean(2, keepdims=True) + x1.mean((1, 2), keepdims=True)
    alone, competing = (np.corrcoef(values.ravel(), truth.ravel())[0, 1] for values in (x1, centred))
    assert abs(alone) < 0.2 < 0.6 < competing
    assert 0.2 < np.corrcoef(x2.ravel(), truth.ravel())[0, 1] < 0.5
    assert {len({*one.source_candidate, *one.destination_candidate}) for one in control} == {12}
