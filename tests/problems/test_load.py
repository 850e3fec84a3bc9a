import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mghp.config.data import DataConfig, GeneratedPosesConfig, PoseProblemsConfig, RandomProblemsConfig
from mghp.errors import InputError
from mghp.problems.load import load_problems, problems_fingerprint, validation_images


def test_generated_poses_become_problems():
    problems = load_problems(DataConfig(generated_poses=GeneratedPosesConfig(num_images=5)))
    assert problems.num_images == 5
    assert len(problems) > 20


def test_random_problems_are_an_image_each():
    config = DataConfig(name="random", random=RandomProblemsConfig(num_problems=4))
    assert len(load_problems(config)) == load_problems(config).num_images == 4


@pytest.mark.parametrize("name", ["generated_poses", "random"])
def test_the_fingerprint_is_known_beforehand(name):
    small = DataConfig(name=name, max_images=4)
    assert problems_fingerprint(small) == load_problems(small).fingerprint
    assert problems_fingerprint(small) != problems_fingerprint(DataConfig(name=name, max_images=3))


@pytest.mark.parametrize("name", ["generated_poses", "random"])
def test_max_images_takes_the_first(name):
    whole, part = (load_problems(DataConfig(name=name, max_images=number)) for number in (6, 3))
    assert part.num_images == 3
    assert len(whole) > len(part)
    for a, b in zip(part, whole, strict=False):
        assert (a.affinity == b.affinity).all()


def test_a_file_is_read(tmp_path):
    file = tmp_path / "poses.json"
    category = {"id": 1, "keypoints": ["a", "b"], "skeleton": [[1, 2]]}
    person = {"image_id": 1, "category_id": 1, "keypoints": [0, 0, 2, 9, 9, 2]}
    images = [{"id": 1}, {"id": 2}]
    file.write_text(json.dumps({"images": images, "categories": [category], "annotations": [person]}))
    assert load_problems(DataConfig(name="mhp_poses", annotations=str(file))).num_images == 1


def test_real_poses_are_read(real_poses_file):
    config = DataConfig(name="mhp_poses", annotations=str(real_poses_file), max_images=20)
    assert load_problems(config).num_images == 20


def test_no_problem_at_all_is_told():
    config = DataConfig(max_images=3, poses=PoseProblemsConfig(min_persons=1000))
    with pytest.raises(InputError, match="at least 1000 persons"):
        load_problems(config)


def test_a_missing_file_and_a_negative_seed_are_told(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_problems(DataConfig(name="mhp_poses", annotations=str(tmp_path / "none.json")))
    with pytest.raises(InputError, match=r"^seed must"):
        load_problems(DataConfig(seed=-1))


@given(num_images=st.integers(2, 300), share=st.floats(0.01, 0.99), seed=st.integers(0, 2**32 - 1))
def test_validation_images_are_the_share(num_images, share, seed):
    chosen = validation_images(num_images, share, seed)
    assert chosen.shape == (num_images,)
    assert 1 <= chosen.sum() <= num_images - 1
    assert chosen.sum() == pytest.approx(share * num_images, abs=1)
    assert (chosen == validation_images(num_images, share, seed)).all()


def test_validation_images_of_almost_none():
    assert validation_images(0, 0.2, 0).shape == (0,)
    assert validation_images(1, 0.2, 0).tolist() == [False]


def test_validation_images_differ_by_seed():
    assert np.any(validation_images(100, 0.2, 0) != validation_images(100, 0.2, 1))


def test_loading_needs_no_heavy_package():
    program = "import sys, mghp.problems.load; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    )
    assert not loaded & {"torch", "lightning", "wandb", "cvxpy", "pandas"}
