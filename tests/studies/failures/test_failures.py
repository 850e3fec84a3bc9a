"""Errors planted into fields are traced to the branch that they were planted in; a run writes all that a page shows."""

import csv
import dataclasses
import json

import numpy as np
import pytest
import torch
from PIL import Image

from mghp.config.assembly import AssemblyConfig
from mghp.config.evaluation import EvaluationConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.pictures import load_pictures
from mghp.datasets.synthetic import SCENES, render
from mghp.datasets.truth_tags import truth_tags
from mghp.errors import InputError
from mghp.evaluation.train import run_training
from mghp.gallery.cases import CAUSES
from mghp.matching import make_matcher
from mghp.metrics.failure_kinds import KINDS, PersonKind
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.batch import collate
from mghp.parsing.true_fields import true_fields
from mghp.studies.failures.cases import CaseWriter, shown_pictures
from mghp.studies.failures.causes import Diagnosis, diagnose
from mghp.studies.failures.limbs import LimbsOfBatch
from mghp.studies.failures.pictures import stem_of
from mghp.studies.failures.run import run_failures
from mghp.training.parsing_module import true_persons

STRIDES = {"parts": 1, "keypoints": 4, "limbs": 4, "field": 2}


def nothing(*_):
    """No progress to show."""


def assembler(**config):
    affinity = Affinity(DENSEPOSE_COCO.skeleton.limbs)
    return Assembler(DENSEPOSE_COCO, make_matcher("hungarian"), affinity, AssemblyConfig(**config))


def verdicts(fields, batch, **config):
    """(kind, cause) of every person of the only picture."""
    exact = true_fields(batch, DENSEPOSE_COCO, STRIDES)
    parser = assembler(**config)
    (diagnoses,) = diagnose(fields, exact, parser, parser(fields), true_persons(batch))
    return [(diagnosis.verdict.kind, diagnosis.cause) for diagnosis in diagnoses], diagnoses


@pytest.fixture(scope="module")
def pictures():
    """Of one person and of two apart, whom the assembly of true fields gets right."""
    chosen = {}
    for index in range(100):
        sample = render(SCENES["simple"], index, seed=5)
        sizes = np.bincount(sample.person_ids.ravel())[1:]
        batch = collate([sample], 17)
        is_whole = len(sizes) and sizes.min() > 900 and (sample.keypoints[..., 2] == 2).mean() > 0.8
        if len(sizes) in (1, 2) and len(sizes) not in chosen and "overlap" not in sample.tags and is_whole:
            kinds, _ = verdicts(true_fields(batch, DENSEPOSE_COCO, STRIDES), batch)
            if {kind for kind, _ in kinds} == {"right"}:
                chosen[len(sizes)] = batch
        if len(chosen) == 2:
            return chosen
    raise AssertionError("no such pictures")


def swapped_sides(fields, batch):
    """Left and right exchanged in the part logits."""
    labels = list(DENSEPOSE_COCO.parts.mirrored_labels)
    return dataclasses.replace(fields, part_logits=fields.part_logits[:, labels])


def one_label(fields, batch):
    """Everybody is torso from head to foot."""
    logits = torch.full_like(fields.part_logits, -4.0)
    logits[:, 0] = fields.part_logits[:, 0]
    logits[:, 1] = fields.part_logits[:, 1:].amax(1)
    return dataclasses.replace(fields, part_logits=logits)


def erased_heatmaps(fields, batch):
    """Of the first person."""
    erased = fields.heatmaps.clone()
    xy = batch.keypoints[0, 0, :, :2]
    rows, columns = erased.shape[2:]
    x, y = STRIDES["keypoints"] * (torch.arange(columns) + 0.5), STRIDES["keypoints"] * (torch.arange(rows) + 0.5)
    near = ((x - xy[:, 0, None])[:, None] ** 2 + (y - xy[:, 1, None])[..., None] ** 2) < 16**2
    erased[0][near] = 0
    return dataclasses.replace(fields, heatmaps=erased)


def scrambled_limbs(fields, batch):
    """Limb fields of no direction: nothing can be joined."""
    turned = torch.randn(fields.limb_fields.shape, generator=torch.Generator().manual_seed(0))
    return dataclasses.replace(fields, limb_fields=0.2 * turned)


def shifted_field(fields, batch):
    """Every pixel of the first person points to the second."""
    keypoints, there = batch.keypoints[0], batch.keypoints[0][..., 2] > 0
    first, second = (keypoints[person][there[person], :2].mean(0) for person in (0, 1))
    ids = batch.person_ids[0, :: STRIDES["field"], :: STRIDES["field"]]
    moved = fields.projection + (ids == 1) * (second - first)[:, None, None]
    return dataclasses.replace(fields, projection=moved)


def ghost(fields, batch):
    """Keypoints and limbs of the person once more, half a picture away, where nobody is."""
    away = fields.heatmaps.shape[-1] // 2
    heatmaps, offsets, limbs = (
        field.roll(away, -1) for field in (fields.heatmaps, fields.keypoint_offsets, fields.limb_fields)
    )
    return dataclasses.replace(
        fields,
        heatmaps=torch.maximum(fields.heatmaps, heatmaps),
        keypoint_offsets=torch.where((heatmaps > fields.heatmaps)[:, :, None], offsets, fields.keypoint_offsets),
        limb_fields=fields.limb_fields + limbs,
    )


def shifted_and_swapped(fields, batch):
    return shifted_field(swapped_sides(fields, batch), batch)


def undamaged(fields, batch):
    return fields


MIXED_UP = {"merged", "split", "wrong_person"}

PLANTED = [
    (swapped_sides, 1, {}, {"left_right"}, "parts"),
    (one_label, 1, {}, {"wrong_part"}, "parts"),
    (erased_heatmaps, 1, {}, {"missed"}, "keypoints"),
    (erased_heatmaps, 2, {}, {"merged"}, "keypoints"),
    (scrambled_limbs, 1, {}, {"missed"}, "limbs"),
    (shifted_field, 2, {}, MIXED_UP, "field"),
    (shifted_and_swapped, 2, {}, MIXED_UP | {"left_right"}, "several"),
    (undamaged, 1, {"min_keypoints": 18}, {"missed"}, "other"),
    (ghost, 1, {}, {"spurious"}, "keypoints"),
]


def test_every_cause_is_planted():
    assert {cause for *_, cause in PLANTED} == set(CAUSES)


@pytest.mark.parametrize(("damage", "persons", "config", "kinds", "cause"), PLANTED)
def test_planted_damage_is_traced_to_its_branch(pictures, damage, persons, config, kinds, cause):
    batch = pictures[persons]
    fields = damage(true_fields(batch, DENSEPOSE_COCO, STRIDES), batch)
    found, diagnoses = verdicts(fields, batch, **config)
    failures = [(kind, why) for kind, why in found if kind != "right"]
    assert failures
    for kind, why in failures:
        assert kind in kinds
        assert why == cause
    for diagnosis in diagnoses:
        is_mended = diagnosis.cause not in (None, "other") and diagnosis.verdict.kind != "spurious"
        assert (diagnosis.mended_score is not None) == is_mended
        assert diagnosis.mended_score is None or diagnosis.mended_score > diagnosis.verdict.score


@pytest.mark.parametrize("matcher", ["hungarian", "pgd_dykstra"])
def test_limbs_of_a_person_are_the_wrongly_joined_first(pictures, matcher):
    """With the field of the left thighs turned round, those are the limbs that are joined wrongly or not at all."""
    batch = pictures[2]
    fields = true_fields(batch, DENSEPOSE_COCO, STRIDES)
    affinity = Affinity(DENSEPOSE_COCO.skeleton.limbs)
    parser = Assembler(DENSEPOSE_COCO, make_matcher(matcher), affinity, AssemblyConfig())
    turned = dataclasses.replace(fields, limb_fields=fields.limb_fields.clone())
    turned.limb_fields[:, 1] *= -1
    people = LimbsOfBatch(turned, batch, parser)
    shown = people.of_person(0, 0, None, zoom=3)
    assert shown[0]["name"] == "left knee - left hip"
    assert shown[0]["true"]
    assert shown[0]["joined"] != shown[0]["true"]
    assert 1 <= len(shown) <= 4
    knees = DENSEPOSE_COCO.skeleton.keypoints.index("left_knee")
    places = np.array(shown[0]["source"])[:, :2]
    for x, y, _ in batch.keypoints[0, :, knees].tolist():
        assert np.abs(places - [3 * x, 3 * y]).max(1).min() < 6
    for limb in shown:
        shape = len(limb["source"]), len(limb["destination"])
        assert np.shape(limb["affinity"]) == np.shape(limb["assignment"]) == shape
        trace = limb["trace"]
        assert len({len(values) for values in trace.values()}) == 1
        assert bool(trace["step"]) == (matcher == "pgd_dykstra")
        assert trace["step"] == sorted(set(trace["step"]))
        assert len(trace["step"]) <= 25
    assert people.of_person(0, None, None, zoom=3) == []


def test_names_of_files_are_made_not_taken():
    assert stem_of("default_1_000003") == "default_1_000003"
    odd = [stem_of(name) for name in ("../a b", ".._a_b", "../a/b", "ä", "x" * 300)]
    assert len(set(odd)) == 5
    for stem in odd:
        assert len(stem) < 100
        assert not set(stem) - set("abcdefghijklmnopqrstuvwxyz0123456789_-")


@pytest.fixture(scope="module")
def trained(small_config, tmp_path_factory):
    torch.set_num_threads(1)
    config = small_config(f"runs={tmp_path_factory.mktemp('runs')}", "trainer.max_steps=3")
    return run_training(config, *load_pictures(config.data, nothing))


@pytest.fixture(scope="module")
def failures(trained):
    return run_failures(trained, [f"runs={trained.parents[1]}", "assembly.min_affinity=0"], nothing)


def content(run):
    return json.loads((run / "media" / "failures" / "cases.json").read_text())


def persons_of(run):
    with (run / "media" / "failures.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def metrics_of(run):
    return json.loads((run / "result.json").read_text())["metrics"]


def test_a_run_writes_a_case_a_person_and_the_pictures_it_names(failures):
    folder, cases = failures / "media" / "failures", content(failures)["cases"]
    assert len({case["id"] for case in cases}) == len(cases) > 5
    for case in cases:
        assert case["kind"] in KINDS
        assert (case["cause"] is None) == (case["kind"] == "right")
        assert case["cause"] in (None, *CAUSES)
        assert 0 <= case["score"] <= 1
        assert case["id"].endswith(f"-p{case['predicted_person']}" if case["true_person"] is None else
                                   f"-t{case['true_person']}")  # fmt: skip
        width, height = case["size"]
        x0, y0, x1, y1 = case["box"]
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        for name, file in case["images"].items():
            with Image.open(folder / file) as image:
                assert image.size == (112, 112) if name == "thumbnail" else image.size == (width, height)
                if name.startswith("truth_"):  # somewhere is nobody
                    assert image.convert("RGBA").getchannel("A").getextrema()[0] == 0
    named = {file for case in cases for file in case["images"].values()} | {"cases.json"}
    assert {file.name for file in folder.iterdir()} == named


def test_a_case_of_a_person_without_a_cue_says_so(failures):
    cases = [case for case in content(failures)["cases"] if case["true_person"] is not None]
    for case in cases:
        index = int(case["picture"].rpartition("_")[2])
        cues = render(SCENES["default"], index, seed=1, size=64).cues
        assert ("no_cue" in case["tags"]) == (not cues[case["true_person"]])
    assert len({"no_cue" in case["tags"] for case in cases}) == 2


def test_the_legend_has_every_colour_of_the_parts(failures):
    colours = set(content(failures)["parts"].values())
    assert len(colours) == len(DENSEPOSE_COCO.parts.names)
    for name in {case["images"]["truth_parts"] for case in content(failures)["cases"]}:
        pixels = np.asarray(Image.open(failures / "media" / "failures" / name).convert("RGBA")).reshape(-1, 4)
        assert {"#{:02x}{:02x}{:02x}".format(*pixel) for pixel in pixels[pixels[:, 3] > 0, :3]} <= colours


def test_numbers_of_a_run_are_those_of_its_cases(failures):
    cases, metrics = content(failures)["cases"], metrics_of(failures)
    for kind in KINDS:
        assert metrics[f"failures/{kind}"] == sum(case["kind"] == kind for case in cases)
    for cause in CAUSES:
        assert metrics[f"failures/cause/{cause}"] == sum(case["cause"] == cause for case in cases)
    assert metrics["failures/persons"] == sum(case["true_person"] is not None for case in cases)
    pairs = sum(value for name, value in metrics.items() if name.count("/") == 2 and "/cause/" not in name)
    assert pairs == sum(case["kind"] != "right" for case in cases)


def test_whole_pictures_are_shown_as_far_as_they_fit_and_all_are_counted(trained, failures, tmp_path):
    settings = [f"runs={tmp_path}", "assembly.min_affinity=0", "evaluation.failure_cases=6"]
    few = run_failures(trained, settings, nothing)
    cases, every = content(few)["cases"], content(failures)["cases"]
    assert cases == every[: len(cases)]
    assert 1 <= len(cases) <= 6 < len(every)
    assert cases[-1]["picture"] != every[len(cases)]["picture"]
    assert metrics_of(few) == metrics_of(failures)
    assert persons_of(few) == persons_of(failures)


def test_the_table_has_a_row_of_every_person(failures):
    told = [
        {
            "picture": case["picture"],
            "true_person": "" if case["true_person"] is None else str(case["true_person"]),
            "kind": case["kind"],
            "cause": case["cause"] or "",
            "score": str(case["score"]),
            "tags": " ".join(case["tags"]),
        }
        for case in content(failures)["cases"]
    ]
    assert persons_of(failures) == told


@pytest.fixture(scope="module")
def listed(trained, tmp_path_factory):
    """The name of the only picture that may be shown, and a run that parses pictures at 50 pixels and tags persons."""
    folder = tmp_path_factory.mktemp("listed")
    (folder / "shown.txt").write_text("default_1_000001\nanother\n")
    settings = (
        f"evaluation.failure_pictures={folder / 'shown.txt'}",
        "data.truth_tags=true",
        "inference.longest_side=50",
    )
    return run_failures(trained, [f"runs={folder}", "assembly.min_affinity=0", *settings], nothing)


def test_pictures_that_are_not_listed_are_counted_and_not_shown(listed):
    folder, persons = listed / "media" / "failures", persons_of(listed)
    cases = [case for case in persons if case["picture"] == "default_1_000001"]
    assert [case["kind"] for case in content(listed)["cases"]] == [case["kind"] for case in cases]
    assert 0 < len(cases) < len(persons) == sum(metrics_of(listed)[f"failures/{kind}"] for kind in KINDS)
    assert {file.name[:16] for file in folder.iterdir()} == {"cases.json", "default_1_000001"}


def test_pictures_are_parsed_at_the_size_that_the_parser_asks_for(listed):
    assert {tuple(case["size"]) for case in content(listed)["cases"]} == {(350, 350)}


def test_persons_have_tags_of_their_own_and_spurious_ones_none(listed):
    for row in persons_of(listed):
        tags = set(row["tags"].split()) - {"no_cue"}
        sample = render(SCENES["default"], int(row["picture"][-6:]), seed=1, size=64)
        if row["true_person"]:
            assert tags == {*sample.tags, *truth_tags(sample, DENSEPOSE_COCO.skeleton)[int(row["true_person"])]}
        else:
            assert not tags


def test_a_list_of_other_pictures_is_refused(tmp_path):
    config = EvaluationConfig(failure_pictures=str(tmp_path / "shown.txt"))
    with pytest.raises(InputError, match=r"shown.txt"):
        shown_pictures(config, ["a"])
    (tmp_path / "shown.txt").write_text("b\n")
    with pytest.raises(InputError, match=r"failure_pictures: .*shown.txt names none of the 1 pictures"):
        shown_pictures(config, ["a"])
    assert shown_pictures(config, ["b", "c"]) == {"b"}


def test_of_no_cases_the_table_alone_is_written(tmp_path):
    sample = render(SCENES["simple"], 0, size=64)
    true = true_persons(collate([sample], 17))[0]
    writer = CaseWriter(tmp_path, DENSEPOSE_COCO, 0, {sample.name})
    missed = Diagnosis(PersonKind("missed", 0.0, 0, None), "keypoints")
    writer.add(sample, [missed], None, true, lambda *_: [])
    writer.finish({})
    assert content(tmp_path)["cases"] == []
    assert [row["cause"] for row in persons_of(tmp_path)] == ["keypoints"]


def test_a_finished_run_is_adopted_while_its_cases_are_there(trained, failures):
    settings = [f"runs={trained.parents[1]}", "assembly.min_affinity=0"]
    written = (failures / "result.json").stat().st_mtime_ns
    assert run_failures(trained / "checkpoints" / "last.ckpt", settings, nothing) == failures
    assert (failures / "result.json").stat().st_mtime_ns == written
    before = content(failures)
    (failures / "media" / "failures" / "cases.json").unlink()
    assert run_failures(trained, settings, nothing) == failures
    assert content(failures) == before


def test_other_scenes_are_looked_at_where_that_is_asked_for(trained, tmp_path):
    settings = [f"runs={tmp_path}", "data.synthetic.scene=crossing", "data.synthetic.num_validation=2"]
    run = run_failures(trained, [*settings, "assembly.min_affinity=0"], nothing)
    assert content(run)["set"].startswith("crossing")
    assert {case["picture"].split("_")[0] for case in content(run)["cases"]} == {"crossing"}
