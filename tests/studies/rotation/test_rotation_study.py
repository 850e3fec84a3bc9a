import pytest
from planted_trainings import plant_rotations

from mghp.studies.rotation.study import STUDY, answer
from mghp.studies.rotation.tables import PLAIN, TEST_SETS, UPRIGHT


def scores(upside_down, overall, angle=180.0):
    """Scores by angle and test set: without rotation 0.4, with it so much more."""
    gains = dict.fromkeys(TEST_SETS, overall) | {"upside_down": upside_down}
    return {angle: {scene: 0.4 + gain for scene, gain in gains.items()}, 0.0: dict.fromkeys(TEST_SETS, 0.4)}


@pytest.mark.parametrize(
    ("upside_down", "overall", "said"),
    [
        (0.05, -0.05, "Yes."),
        (-0.05, -0.05, "No."),
        (0.05, 0.05, "No."),
        (0.05, -0.012, "Undecided."),
    ],
)
def test_the_answer_turns_with_the_numbers(tmp_path, upside_down, overall, said):
    told = answer(plant_rotations(tmp_path, scores(upside_down, overall), noise=0.06))
    assert told.startswith(f"{said} Rotating by up to 180° changes person IoU by ")
    assert told.endswith("overall (3 seeds).")


def test_the_largest_angle_is_told(tmp_path):
    runs = plant_rotations(tmp_path / "far", scores(0.05, -0.05))
    runs += plant_rotations(tmp_path / "near", {30.0: scores(0, 0, 30.0)[30.0]})
    assert "up to 180°" in answer(runs)


def test_one_seed_decides_nothing(tmp_path):
    runs = plant_rotations(tmp_path, scores(0.05, -0.05), seeds=1)
    assert answer(runs).startswith("Undecided: one seed is no evidence. ")


def test_without_rotated_trainings_or_those_without_rotation_there_is_no_answer(tmp_path):
    runs = plant_rotations(tmp_path, scores(0.05, -0.05))
    rotated = [run for run in runs if run.config["data"]["augmentation"]["rotation"]]
    assert answer([]) == answer(rotated) == answer([run for run in runs if run not in rotated]) == ""


def test_training_on_upright_persons_alone_has_an_answer_a_table_and_a_figure_of_its_own(tmp_path):
    shown = {0.0: dict.fromkeys(UPRIGHT.test_sets, 0.4), 180.0: {"": 0.3, "upside_down": 0.5, "default": 0.4}}
    runs = plant_rotations(tmp_path, shown, rotations=UPRIGHT)
    told = STUDY.questions[1].answer(runs)
    assert told.startswith("Yes. Rotating by up to 180° changes person IoU by +")
    assert "better upside-down, by -" in told
    assert told.endswith("worse upright (3 seeds).")
    (plain, upright) = (rotations.tables[0].filled(runs) for rotations in (PLAIN, UPRIGHT))
    assert (len(plain.rows), len(upright.rows)) == (0, 2)
    assert list(upright.formats)[2:] == ["upright", "upside-down", "mixed"]
    assert set(STUDY.drawings(runs)) == {"upright_rotation"}
    assert answer(runs) == ""
