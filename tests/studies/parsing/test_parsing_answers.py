import json

import pytest
import yaml

from mghp.runs.read import Run
from mghp.studies.parsing.answers import assembly, limits, training

CHAIN = {"projection": 0.9, "field_resolution": 0.89, "peaks": 0.7, "matching_pgd_dykstra": 0.69}


@pytest.fixture
def plant(tmp_path):
    """A finished run with these metrics."""

    def plant_run(experiment, scene="default", seed=0, **metrics):
        folder = tmp_path / f"{experiment}{scene}{seed}"
        folder.mkdir()
        config = {"data": {"name": "synthetic", "synthetic": {"scene": scene}}, "trainer": {"max_steps": 100}}
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        content = {"experiment": experiment, "variant": "", "seed": seed, "metrics": metrics}
        (folder / "result.json").write_text(json.dumps(content))
        return Run(folder)

    return plant_run


def of_steps(scores):
    return {f"assembly/{step}/ap_p_vol": score for step, score in scores.items()}


def test_the_costliest_step_of_the_assembly(plant):
    answer = assembly([plant("assembly", "hard", **of_steps(CHAIN))])
    assert answer == (
        "On true fields of scene hard it reaches AP^p averaged 69.0 %, from 90.0 % by its first step; poses from "
        "peaks, truly matched costs most, 19.0 points."
    )


def test_the_assembly_is_told_where_it_loses_most(plant):
    gains = {step: 0.9 + 0.01 * place for place, step in enumerate(CHAIN)}
    free = plant("assembly", "simple", **of_steps(gains))
    assert assembly([free]).endswith("by its first step; no step costs anything.")
    assert "scene hard" in assembly([free, plant("assembly", "hard", **of_steps(CHAIN))])
    assert assembly([plant("assembly", **of_steps({"projection": 0.9}))]) == ""


def test_the_longest_training_is_told(plant):
    runs = [
        plant(f"synthetic_{minutes}min", **{
            "train/steps": 10 * minutes, "time/train_seconds": 60 * minutes, "val/ap_p_vol": 0.3, "val/grouping": 0.8,
        })
        for minutes in (10, 60, 30)
    ]  # fmt: skip
    assert training(runs) == (
        "synthetic_60min on scene default, seed 0, the longest of 3: AP^p averaged 30.0 %, grouping 80.0 % after 600 "
        "steps in 60.0 minutes."
    )
    assert training([]) == ""


def test_the_field_that_limits_most_trainings_is_told_and_that_it_is_no_evidence(plant):
    def oracles(**gains):
        return {f"oracle/{name}/ap_p_vol": 0.3 + gain for name, gain in gains.items()}

    runs = [
        plant("a_evaluation", **oracles(predicted=0, true_parts=0.2, true_limbs=0.1, all_true=0.6)),
        plant("b_evaluation", **oracles(predicted=0, true_parts=0.1, true_limbs=0.05)),
        plant("c_evaluation", **oracles(predicted=0, true_parts=0.0, true_limbs=0.05)),
    ]
    answer = (
        "By single seeds, no evidence: true parts raise AP^p averaged most, by 10.0 to 20.0 points, in 2 of 3 trainings"
    )
    assert limits(runs) == f"{answer}."
    runs += [plant("d_evaluation", **{"tag/upside_down/person_iou": 0.2, "tag/dim/person_iou": 0.3})]
    assert limits(runs) == f"{answer}; hardest pictures: upside-down (person IoU 0.200)."
    assert limits([]) == limits(runs[3:]) == ""
