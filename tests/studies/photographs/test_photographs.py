import json
from itertools import count

import pandas as pd
import pytest
import yaml

from mghp.report.study import MOST_WORDS
from mghp.runs.read import Run
from mghp.studies.photographs import network
from mghp.studies.photographs.rows import BASELINE_LABELS, photographs
from mghp.studies.photographs.study import STUDY, answer
from mghp.studies.photographs.tables import HUMAN, PARTS

OWNERS = ("coverage", "owner_accuracy", "owner_grouping", "contested_owner_accuracy")
OTHERS = ("mask_ap_50", "mask_ap_50_all", "keypoint_ap_50", "teacher_agreement", "side_accuracy", "side_coverage")


def scores(value, names=(*OWNERS, *OTHERS)):
    """Scores with intervals of 2 points to both sides; those of single persons are larger by 5 points."""
    told = dict.fromkeys(names, value) | {f"{name}_singles": value + 0.05 for name in names if name in OWNERS}
    ends = {f"{name}_{end}": score + by for name, score in told.items() for end, by in (("low", -0.02), ("high", 0.02))}
    return told | ends


@pytest.fixture
def plant(tmp_path):
    """A finished run with just what the tables read."""
    number = count()

    def plant_run(experiment="coco_persons", seed=0, value=0.6, groups=None, data="folder", steps=100, variant=""):
        folder = tmp_path / f"run{next(number)}"
        (folder / "media").mkdir(parents=True)
        config = {"data": {"name": data, "root": "/somewhere/coco_persons"}, "trainer": {"max_steps": steps}}
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        content = {"experiment": experiment, "variant": variant, "seed": seed, "commit": "abc", "key": "k"}
        metrics = {
            f"val/{name}": score for name, score in scores(value).items() if not name.endswith(("_low", "_high"))
        }
        (folder / "result.json").write_text(json.dumps({**content, "metrics": metrics}))
        if groups is not None:
            table = pd.DataFrame.from_dict(groups, orient="index").rename_axis("group")
            table.reset_index().to_csv(folder / "media" / "breakdown.csv", index=False)
        return Run(folder)

    return plant_run


@pytest.fixture
def evaluated(plant):
    """An evaluation that has the baselines of its pictures."""

    def plant_evaluation(value=0.6, **options):
        groups = {"pictures/crowds": scores(value), "pictures/singles": scores(value + 0.1), "part/head": {"iou": 0.5}}
        for name, of_baseline in (("nearest_box", 0.9), ("largest_person", 0.5)):
            groups |= {f"baseline/{name}/{group}": scores(of_baseline, OWNERS) for group in ("crowds", "singles")}
        return plant("coco_persons_evaluation", groups=groups, **options)

    return plant_evaluation


def cells(table, runs, name):
    return [row[name] for row in table.filled(runs).rows]


def test_other_data_fill_nothing(plant):
    runs = [plant(data="synthetic")]
    assert [table.filled(runs).rows for table in STUDY.tables] == [[]] * len(STUDY.tables)
    assert answer(runs) == answer([]) == network.answer([]) == ""


def test_parsers_stand_below_the_baselines_of_their_pictures_crowds_first(evaluated):
    runs = [evaluated(seed=0), evaluated(seed=1, value=0.7)]
    rows = HUMAN.filled(runs).rows
    nearest, largest = BASELINE_LABELS["nearest_box"], BASELINE_LABELS["largest_person"]
    assert [(row["group"], row["parser"], row["seed"]) for row in rows] == [
        (group, *row)
        for group in ("crowds", "singles")
        for row in ((nearest, ""), (largest, ""), ("coco_persons", "0"), ("coco_persons", "1"))
    ]
    assert {row["pictures"] for row in rows} == {"coco_persons val"}


def test_baselines_are_told_once_though_a_later_evaluation_knows_further_scores(evaluated):
    earlier, later, of_others = evaluated(seed=0), evaluated(seed=1), evaluated(seed=2)
    file = later.path / "media" / "breakdown.csv"
    pd.read_csv(file).assign(coverage_further=0.5).to_csv(file, index=False)
    runs = [earlier, Run(later.path)]
    assert len([row for row in photographs(runs) if row.baseline]) == 4  # two of crowds, two of single persons
    file = of_others.path / "media" / "breakdown.csv"
    other = pd.read_csv(file)
    other.loc[other["group"].str.startswith("baseline/"), "owner_accuracy"] = 0.8  # on other pictures
    other.to_csv(file, index=False)
    assert len([row for row in photographs([*runs, Run(of_others.path)]) if row.baseline]) > 4


def test_scores_have_their_intervals_and_single_persons_their_own(evaluated):
    runs = [evaluated()]
    table = HUMAN.filled(runs)
    shown = dict(zip(table.formats, table.cells()[2], strict=True))
    assert shown["owner accuracy"] == shown["mask AP, IoU 0.5, all sizes"] == "60.0 [58.0, 62.0]"
    single = table.rows[-1]
    assert (single["owner accuracy"].value, single["keypoint AP, OKS 0.5"].value) == pytest.approx((0.75, 0.7))
    assert table.frame()["owner accuracy low"].iloc[2] == pytest.approx(0.58)
    assert table.cells()[0][-1] == ""  # a baseline finds no poses


def test_parts_are_compared_of_parsers_alone(evaluated):
    assert cells(PARTS, [evaluated()], "parser") == ["coco_persons", "coco_persons"]
    assert "teacher" in list(PARTS.filled([evaluated()]).formats)[-1]


def test_an_evaluation_counts_in_the_place_of_its_training(plant, evaluated):
    training = plant(seed=0, value=0.3)
    assert [row.run for row in photographs([training, evaluated(seed=1)]) if not row.baseline].count(training) == 2
    both = photographs([training, evaluated(seed=0)])
    assert training not in [row.run for row in both]


def test_a_training_alone_has_owners_of_crowds_and_singles_without_intervals(plant):
    runs = [plant(value=0.3)]
    rows = HUMAN.filled(runs).rows
    assert [f"{row['owner accuracy']:.1f}" for row in rows] == ["30.0", "35.0"]
    assert [f"{row['mask AP, IoU 0.5, from 32 x 32']:.1f}" for row in rows] == ["", ""]
    assert PARTS.filled(runs).rows == []


def test_the_answer_names_the_best_and_what_needs_no_learning(evaluated, plant):
    assert answer([evaluated(seed=0), evaluated(seed=1, value=0.7, variant="without_field_loss")]) == (
        "In crowds coco_persons, without_field_loss, seed 1, gives 70.0 % of human pixels to the right person, 70.0 % "
        "of covered ones; nearest true box without learning: 90.0 %."
    )
    assert "without learning" not in answer([plant()])
    assert len(answer([evaluated(variant="without_field_loss")]).split()) <= MOST_WORDS


@pytest.fixture
def branch(plant):
    """A branch with a grouping for each of 40 pictures."""

    def plant_branch(variant, seed, shift):
        run = plant(network.EXPERIMENT, seed, 0.5 + shift, variant=variant)
        content = json.loads((run.path / "result.json").read_text())
        content["metrics"]["train/steps"] = 400
        (run.path / "result.json").write_text(json.dumps(content))
        base = [0.2 + 0.6 * (number % 10) / 10 for number in range(40)]
        table = {"name": range(40), "tags": "", "grouping": base, "person_iou": base}
        rows = pd.DataFrame(table)
        rows["grouping"] += [shift + 0.01 * ((number + seed) % 3 - 1) for number in range(40)]
        rows.to_csv(run.path / "media" / "per_picture.csv", index=False)
        return Run(run.path)

    return plant_branch


def test_branches_are_compared_with_the_plain_network_over_seeds_and_pictures(branch, plant):
    shifts = {"plain": 0.0, "keypoints_at_stride_2": 0.08, "paper": -0.1, "field_kernel_5": 0.0}
    runs = [branch(variant, seed, shift) for variant, shift in shifts.items() for seed in (0, 1)]
    runs.append(plant(network.EXPERIMENT, variant="pose_offsets"))  # whose training has not ended
    table = network.NETWORKS.filled(runs)
    assert [row["variant"] for row in table.rows] == [
        "no matching loss", "the paper's: with its matching loss", "keypoints at stride 2, weight 2",
        "field refined over 5x5 cells",
    ]  # fmt: skip
    rows = {row["variant"]: row for row in network.DIFFERENCES.filled(runs).rows}
    verdicts = {name: row["grouping"].verdict for name, row in rows.items()}
    assert list(verdicts.values()) == ["worse", "better", "no effect"]
    assert rows["keypoints at stride 2, weight 2"]["grouping"].difference.mean == pytest.approx(0.08)
    told = network.answer(runs)
    assert told.startswith("Of 3 changes 1 raise the grouping of pixels, 1 lower it; most: keypoints at stride 2")
    assert len(told.split()) <= MOST_WORDS
    assert not HUMAN.filled(runs).rows  # of other pictures, and many


def test_branches_of_one_seed_are_no_evidence(branch):
    runs = [branch(variant, 0, shift) for variant, shift in {"plain": 0.0, "keypoints_at_stride_2": 0.08}.items()]
    assert network.answer(runs) == "Undecided: one seed is no evidence."
