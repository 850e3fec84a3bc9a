import json

import pytest
import yaml

from mghp.config.load import read_yaml
from mghp.runs.read import Run
from mghp.studies.parsing.published_table import NOT_RUN, NOT_VERIFIED, P1, PUBLISHED, SECOND_HAND, missing

SYNTHETIC = {"name": "synthetic", "splits": {"validation": "val"}, "max_images": None}


@pytest.fixture
def plant(tmp_path):
    """A finished run of a dataset."""

    def plant_run(experiment, data, mean_iou, seed=0, **metrics):
        folder = tmp_path / f"{experiment}{seed}"
        folder.mkdir()
        config = {"data": {**SYNTHETIC, **data}, "trainer": {"max_steps": 100}}
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        content = {"experiment": experiment, "variant": "", "seed": seed, "commit": "abcdef0123456"}
        (folder / "result.json").write_text(json.dumps(content | {"metrics": {"val/mean_iou": mean_iou, **metrics}}))
        return Run(folder)

    return plant_run


def rows(*runs):
    return P1.filled(runs).rows


def ours(*runs):
    return {row["dataset"]: row for row in rows(*runs) if row["method"].startswith("ours")}


def test_what_was_not_verified_reads_so_and_what_was_has_its_source(plant):
    found = {(row["dataset"], row["method"]): row for row in rows(plant("other", {}, 0.5))}
    paper = found["MHP v2 val", "MGHR (the paper)"]
    assert (paper["part mIoU"], paper["AP^p 0.5"]) == (f"41.40{SECOND_HAND}", NOT_VERIFIED)
    assert found["MHP v2 val", "Parsing R-CNN, R50-FPN 3x"]["AP^p averaged"] == "40.5"
    densepose = found["DensePose-COCO test", "MGHR (the paper)"]
    assert {densepose[name] for name in ("part mIoU", "AP^p 0.5", "AP^p averaged", "PCP 0.5")} == {NOT_VERIFIED}


def test_every_published_number_has_a_source_that_is_explained():
    published = read_yaml(PUBLISHED)
    for row in published["rows"]:
        numbers = [row[score] for score in published["scores"] if score in row]
        assert all(isinstance(number, str) and float(number) > 1 for number in numbers)
        assert not numbers or row["source"] in published["sources"]
        assert row["dataset"] in {dataset["name"] for dataset in published["datasets"]}


def test_the_numbers_are_those_of_the_facts_of_the_method(checkout):
    """The one place where they were collected is no part of the package: where it is, it must agree."""
    facts = checkout.parent / "shared" / "paper" / "method.md"
    if not facts.is_file():
        pytest.skip(f"the facts of the method are not here: {facts}")
    text = facts.read_text()
    section = text[text.index("## 4.") : text.index("## 5.")]
    published = read_yaml(PUBLISHED)
    for row in published["rows"]:
        for score in published["scores"]:
            assert row.get(score, "") in section, (row["method"], score)


def test_ours_reads_not_run_until_it_is(plant):
    other = plant("synthetic_10min", {}, 0.5)
    assert {row["part mIoU"] for row in ours(other).values()} == {NOT_RUN}
    run = plant("mhp_v2", {"name": "mhp_v2"}, 0.4123, **{"val/ap_p_vol": 0.25})
    found = ours(other, run)
    assert (found["MHP v2 val"]["part mIoU"], found["MHP v2 val"]["AP^p averaged"]) == ("41.2", "25.0")
    assert found["MHP v2 val"]["AP^p 0.5"] == NOT_RUN
    assert (found["MHP v2 val"]["method"], found["MHP v2 val"]["note"]) == ("ours, mhp_v2", "one seed")
    assert "abcdef0123" in found["MHP v2 val"]["source"]
    assert found["DensePose-COCO test"]["part mIoU"] == NOT_RUN


def test_an_evaluation_stands_for_its_training_and_seeds_are_averaged(plant):
    data = {"name": "mhp_v2"}
    runs = [plant("mhp_v2", data, 0.1, seed=0), plant("mhp_v2_evaluation", data, 0.4, seed=0)]
    runs += [plant("mhp_v2_evaluation", data, 0.5, seed=1)]
    row = ours(*runs)["MHP v2 val"]
    assert (row["part mIoU"], row["note"]) == ("45.0 ± 7.1", "2 seeds")


def test_other_pictures_than_the_published_rows_are_told(plant):
    data = {"name": "densepose_coco", "splits": {"validation": "minival"}, "max_images": 20}
    row = ours(plant("densepose_coco", data, 0.4))["DensePose-COCO test"]
    assert row["note"] == "one seed; split minival; only 20 pictures"


def test_beside_no_parser_there_is_no_table():
    assert rows() == []
    assert missing([]) == ""


def test_the_answer_names_the_datasets_on_which_ours_was_not_run(plant):
    answer = missing([plant("mhp_v2", {"name": "mhp_v2"}, 0.4)])
    assert answer.startswith("Ours has not been run on DensePose-COCO test, PASCAL-Person-Part test: ")
