import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from mghp.cli.main import app
from mghp.config.load import to_yaml
from mghp.datasets.anatomy_file import anatomy_text
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.errors import InputError
from mghp.evaluation.doubts import doubts
from mghp.evaluation.problems_of_pictures import outcome, predicted_candidates
from mghp.matching import Identity
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.batch import collate
from mghp.parsing.build import build_parser
from mghp.parsing.checkpoints import write_checkpoint
from mghp.parsing.true_fields import true_fields
from mghp.problems.predicted_candidates import Doubt
from mghp.problems.problem_set import NOBODY
from mghp.problems.problems_file import write_problems
from mghp.runs.read import Run

STRIDES = {"parts": 4, "keypoints": 4, "limbs": 4, "field": 4}
SKELETON = DENSEPOSE_COCO.skeleton


@pytest.fixture(scope="module")
def pictures():
    return [render(SCENES["simple"], index, seed=5, size=96) for index in range(2)]


@pytest.fixture(scope="module")
def small_checkpoint(small_config, tmp_path_factory):
    """A network that was never trained, whose every local maximum counts as a candidate if asked to."""
    torch.manual_seed(0)
    config = small_config()
    parser = build_parser(config)
    file = tmp_path_factory.mktemp("checkpoint") / "small.ckpt"
    anatomy = anatomy_text(parser.assembler.anatomy)
    content = {"mghp_config": to_yaml(config), "mghp_anatomy": anatomy, "state_dict": parser.state_dict()}
    write_checkpoint(content, file)
    return file, config.data.root


def perfect(pictures, assembly):
    """A parser whose fields are the true ones."""
    batch = collate(pictures, len(SKELETON.keypoints))
    affinity = Affinity(SKELETON.limbs, limb_ratios=SKELETON.known_limb_ratios)
    assembler = Assembler(DENSEPOSE_COCO, Identity(), affinity, assembly)
    return SimpleNamespace(assembler=assembler, fields=lambda image: true_fields(batch, DENSEPOSE_COCO, STRIDES))


def silent(*_):
    pass


def matched(file, tmp_path, checkout, *overrides):
    settings = [
        "data.name=predicted_problems", f"data.annotations={file}", f"runs={tmp_path / 'runs'}", "wandb.mode=disabled",
        "match.timing_repeats=0", "match.trace_problems=4", "match.coupling_problems=2", *overrides,
    ]  # fmt: skip
    result = CliRunner().invoke(app, ["match", str(checkout / "experiments/matcher/solvers.yaml"), *settings])
    assert result.exit_code == 0, result.output
    return Run(next((tmp_path / "runs").rglob("result.json")).parent)


def test_candidates_of_true_fields_are_matched_without_a_fault(pictures, small_config, tmp_path, checkout):
    content = predicted_candidates(perfect(pictures, small_config().assembly), pictures, {}, silent)
    assert [one.name for one in content.pictures] == [sample.name for sample in pictures]
    truth = [
        problem.truth for one in content.pictures for problem in one.problems(content.limbs, 0, one.doubt == 0, True)
    ]
    assert sum(pairs.sum() for pairs in truth) > 0.7 * content.labelled_pairs > 0
    write_problems(content, tmp_path / "perfect.npz")
    run = matched(tmp_path / "perfect.npz", tmp_path, checkout, "variant=identity")
    for rounding in ("hungarian", "mutual", "greedy"):
        assert run.metric(f"association/f1_{rounding}") == 1
    assert run.data == "predicted candidates, perfect"


def test_affinities_and_features_are_those_of_the_assembly(pictures, small_config):
    parser = perfect(pictures, small_config().assembly)
    content = predicted_candidates(parser, pictures, {}, silent)
    fields = parser.fields(None)
    scored = parser.assembler.affinity(fields, parser.assembler.candidates(fields))
    for row, one in enumerate(content.pictures):
        assert np.allclose(one.affinity, scored.affinity[row][scored.is_pair[row]].detach())
        assert one.features.shape == (len(one.affinity), 10 + 7)
        assert np.allclose(one.features[:, -1], one.affinity)
        # By its formula an affinity is 4 (mean along the segment - 0.25), and what both confidences add.
        by_field = 4 * (one.features[:, :10].mean(1) - 0.25)
        sureness = np.log(one.features[:, -3:-1] / (1 - one.features[:, -3:-1] + 1e-4)).mean(1)
        assert np.corrcoef(one.affinity - by_field, sureness)[0, 1] > 0.5


def test_the_commands_go_from_a_checkpoint_to_matches(small_checkpoint, tmp_path, checkout):
    checkpoint, root = small_checkpoint
    out = tmp_path / "problems.npz"
    settings = [
        f"data.root={root}", "data.synthetic.size=64", "data.synthetic.num_validation=2", "assembly.max_peaks=3",
        "assembly.peak_threshold=0",
    ]  # fmt: skip
    experiment = checkout / "experiments" / "parsing" / "synthetic_10min.yaml"
    result = CliRunner().invoke(
        app, ["data", "problems", str(checkpoint), str(experiment), *settings, "--out", str(out)]
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{out}\n"
    assert result.stderr.startswith("2 pictures, ")
    assert "true pairs present" in result.stderr
    run = matched(out, tmp_path, checkout, "variant=hungarian", "data.predicted_problems.near_nobody=kept")
    assert run.data == "predicted candidates, problems, near nobody kept"
    assert run.metric("problems/number") > 0
    assert 0 <= run.metric("association/f1_hungarian") <= 1


@pytest.mark.parametrize(
    ("out", "anatomy", "words"),
    [
        ("problems.json", None, r"--out .*problems\.json: expected a name that ends in \.npz"),
        (
            "a.npz",
            "parts: [all]\nkeypoints: [nose, foot]\nskeleton: [[nose, foot]]",
            "was trained for other keypoints than those of",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_a_line(small_checkpoint, tmp_path, checkout, out, anatomy, words):
    experiment = checkout / "experiments" / "parsing" / "synthetic_10min.yaml"
    settings = []
    if anatomy:
        (tmp_path / "anatomy.yaml").write_text(f"name: other\n{anatomy}")
        (tmp_path / "images").mkdir()
        settings = ["data.name=folder", f"data.root={tmp_path}", "data.splits.validation=images"]
    with pytest.raises(InputError, match=words):
        CliRunner().invoke(
            app,
            ["data", "problems", str(small_checkpoint[0]), str(experiment), *settings, "--out", str(tmp_path / out)],
            catch_exceptions=False,
        )


def test_pictures_without_keypoints_are_none(pictures, small_config):
    without = [dataclasses.replace(sample, keypoints=None) for sample in pictures]
    with pytest.raises(InputError, match=r"^data: none of 2 pictures has keypoints"):
        predicted_candidates(perfect(pictures, small_config().assembly), without, {}, silent)


# A picture of 100 x 40 pixels: a person at the left whose type 1 is not labelled, a region at the right.
PLACES = {
    (8.0, 20.0): (Doubt.NONE, Doubt.UNLABELLED_KEYPOINT),  # on the mask
    (4.5, 20.0): (Doubt.NONE, Doubt.NONE),  # off the mask, in the box
    (50.0, 20.0): (Doubt.NEAR_NOBODY, Doubt.NEAR_NOBODY),
    (95.0, 20.0): (Doubt.UNLABELLED_REGION, Doubt.UNLABELLED_REGION),
}


@pytest.mark.parametrize("has_mask", [True, False])
def test_it_is_told_why_nobody_knows_whose_a_candidate_is(has_mask, pictures):
    mask = np.zeros((40, 100), np.int16)
    mask[5:35, 6:15] = 1
    ignored = np.zeros((40, 100), bool)
    ignored[:, 90:] = True
    keypoints = np.array([[[10, 10, 2], [0, 0, 0]]], np.float32)
    sample = dataclasses.replace(
        pictures[0], image=np.zeros((40, 100, 3), np.uint8), parts=None, person_ids=mask if has_mask else None,
        keypoints=keypoints, regions=np.array([[5, 5, 10, 30, 300]], np.float32), ignored_poses=ignored,
    )  # fmt: skip
    batch = collate([sample], 2)
    positions = torch.tensor([*PLACES]).expand(1, 2, -1, -1)
    there = torch.ones(positions.shape[:-1], dtype=torch.bool)
    candidates = Candidates(positions, there.float(), there)
    known = dataclasses.replace(candidates, is_candidate=positions[..., 0] < 90)
    found = doubts(candidates, known, torch.full(there.shape, NOBODY), batch)[0].T.tolist()
    expected = [list(row) for row in PLACES.values()]
    if not has_mask:
        expected[1][1] = Doubt.UNLABELLED_KEYPOINT  # the box alone tells
    assert found == expected
    of_somebody = torch.full(there.shape, NOBODY)
    of_somebody[0, :, 2] = 0  # what is a person's is in no doubt, wherever it lies
    assert doubts(candidates, known, of_somebody, batch)[0, :, 2].tolist() == [0, 0]


def test_the_outcome_is_one_line_of_shares(pictures, small_config):
    content = predicted_candidates(perfect(pictures, small_config().assembly), pictures, {}, silent)
    told = outcome(content)
    assert told.startswith("2 pictures, ")
    assert f"% of {content.labelled_pairs} true pairs present" in told
    assert "\n" not in told
