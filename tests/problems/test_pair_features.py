import numpy as np
import pytest

from mghp.config.data import GeneratedPosesConfig, PoseProblemsConfig
from mghp.problems.generated_poses import generate_poses
from mghp.problems.pair_features import by_size, padded, pair_problems, positive_control
from mghp.problems.pose_problems import SPURIOUS, simulate_problems


@pytest.fixture(scope="module")
def poses():
    return generate_poses(GeneratedPosesConfig(num_images=12), seed=3)


@pytest.fixture(scope="module")
def config():
    return PoseProblemsConfig(preset="hard", min_persons=1)


def test_they_are_the_problems_of_the_simulation(poses, config):
    pairs, problems = pair_problems(poses, config, 5), simulate_problems(poses, config, 5)
    assert len(pairs) == len(problems) > 50
    for position, problem in enumerate(problems):
        own = slice(*pairs.starts[position : position + 2])
        assert tuple(pairs.sizes[position]) == problem.affinity.shape
        np.testing.assert_allclose(pairs.affinity[own], problem.affinity.ravel(), rtol=1e-5, atol=1e-6)
        assert np.array_equal(pairs.truth[own], problem.truth.ravel())
        assert pairs.limb[position] == problem.limb


def test_features_are_samples_geometry_and_confidences(poses, config):
    pairs = pair_problems(poses, config, 5)
    assert pairs.features.shape == (len(pairs.truth), config.num_samples + 6)
    np.testing.assert_allclose(pairs.features[:, : config.num_samples].mean(1), pairs.affinity, atol=1e-5)
    length, direction, confidence = pairs.features[:, 11], pairs.features[:, 12:14], pairs.features[:, 14:]
    assert (length >= 0).all()
    np.testing.assert_allclose(np.hypot(*direction.T)[length > 0], 1, atol=1e-5)
    assert ((confidence >= 0) & (confidence <= 1)).all()
    is_person = np.concatenate(
        [pairs.person[image][pairs.source_candidate[slice(*pairs.starts[k : k + 2])]] != SPURIOUS
         for k, image in enumerate(pairs.image.tolist())]
    )  # fmt: skip
    assert confidence[is_person, 0].mean() > confidence[~is_person, 0].mean() + 0.1


def test_truth_is_that_of_the_candidates_persons(poses, config):
    pairs = pair_problems(poses, config, 5)
    for k, image in enumerate(pairs.image.tolist()):
        own = slice(*pairs.starts[k : k + 2])
        person = pairs.person[image]
        source, destination = person[pairs.source_candidate[own]], person[pairs.destination_candidate[own]]
        assert np.array_equal(pairs.truth[own], (source == destination) & (source != SPURIOUS))


def test_nuisance_shifts_all_pairs_of_a_candidate_alike(poses, config):
    plain, shifted = pair_problems(poses, config, 5), pair_problems(poses, config, 5, nuisance=2.0)
    difference = shifted.affinity - plain.affinity
    assert difference.std() > 1
    for k in np.flatnonzero(plain.sizes.min(1) > 1)[:20]:
        table = difference[slice(*plain.starts[k : k + 2])].reshape(plain.sizes[k])
        # b_i + c_j: the differences of two rows are the same in all columns.
        of_rows = table[1:] - table[:1]
        np.testing.assert_allclose(of_rows, of_rows[:, :1].repeat(table.shape[1], 1), atol=1e-4)


def test_choosing_keeps_what_belongs_together(poses, config):
    pairs = pair_problems(poses, config, 5)
    wanted = pairs.image == pairs.images[2]
    few = pairs.chosen(wanted)
    assert few.images.tolist() == [pairs.images[2]]
    assert list(few.person) == [pairs.images[2]]
    assert few.starts[-1] == len(few.truth) == len(few.features)
    assert np.array_equal(few.truth, pairs.truth[np.repeat(wanted, pairs.sizes.prod(1))])


def test_padding_puts_every_pair_in_its_place(poses, config):
    pairs = pair_problems(poses, config, 5)
    chosen = [7, 2, 30]
    batch = padded(pairs, chosen)
    whole = np.zeros(batch.shape)
    whole[batch.problem, batch.row, batch.column] = pairs.affinity[batch.pairs]
    for position, problem in enumerate(chosen):
        rows, columns = pairs.sizes[problem]
        own = pairs.affinity[slice(*pairs.starts[problem : problem + 2])].reshape(rows, columns)
        assert np.array_equal(whole[position, :rows, :columns], own)
        assert not whole[position, rows:].any()
        assert not whole[position, :, columns:].any()
    assert sorted(np.concatenate(list(by_size(pairs, 16)))) == list(range(len(pairs)))


def test_the_positive_control_hides_pairs_behind_rows_and_columns():
    control = positive_control(200, seed=0)
    x1, x2 = control.features.reshape(200, 6, 6, 2).transpose(3, 0, 1, 2)
    truth = control.truth.reshape(200, 6, 6)
    assert (truth.sum(1) == 1).all()
    assert (truth.sum(2) == 1).all()
    # Alone x1 says little; without its rows' and columns' means it says nearly all.
    centred = x1 - x1.mean(1, keepdims=True) - x1.mean(2, keepdims=True) + x1.mean((1, 2), keepdims=True)
    alone, competing = (np.corrcoef(values.ravel(), truth.ravel())[0, 1] for values in (x1, centred))
    assert abs(alone) < 0.2 < 0.6 < competing
    assert 0.2 < np.corrcoef(x2.ravel(), truth.ravel())[0, 1] < 0.5
    for image, person in control.person.items():
        assert np.array_equal(person[6:], truth[image].argmax(0))
