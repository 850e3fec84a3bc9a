import dataclasses

import numpy as np
import pytest
import torch

from mghp.datasets.sample import Sample
from mghp.errors import InputError
from mghp.matching import PGDDykstra
from mghp.matching.losses import cross_entropy
from mghp.matching.solvers import SOLVERS
from mghp.parsing.assembly.peaks import find_peaks
from mghp.parsing.batch import collate
from mghp.training.parsing_module import true_persons


def all_finite(module):
    return all(p.grad is None or bool(p.grad.isfinite().all()) for p in module.parameters())


def step(module, batch):
    """One step's gradients, and its losses."""
    module.zero_grad()
    module.train()
    losses, _ = module.losses(batch)
    module.total(losses).backward()
    return {name: float(loss.detach()) for name, loss in losses.items()}


def matching_loss(module, batch):
    """The matching loss alone, and the prediction it comes from, whose gradients are kept."""
    module.train()
    prediction = module(batch.image)
    for output in (prediction.heatmap_logits, prediction.limb_fields):
        output.retain_grad()
    loss, _ = module.matching(prediction, batch, module.targets(batch), 50)
    return loss, prediction


@pytest.mark.parametrize(
    "matcher",
    [
        ["matcher.pgd_dykstra.step_size=0.05"],
        ["matcher.pgd_dykstra.num_steps=3", "matcher.pgd_dykstra.num_cycles=2", "matcher.pgd_dykstra.step_size=0.5"],
        ["matcher.name=sinkhorn"],
        ["matcher.name=projection"],
    ],
    ids=["paper_steps", "three_steps", "sinkhorn", "projection"],
)
def test_gradients_of_the_matching_loss_reach_heatmaps_limb_fields_and_backbone(small_module, batch, matcher):
    """Whatever the matcher: nothing but its name and options changes."""
    module = small_module(*matcher)
    loss, prediction = matching_loss(module, batch)
    loss.backward()
    assert loss > 0
    assert prediction.heatmap_logits.grad.abs().sum() > 0
    assert prediction.limb_fields.grad.abs().sum() > 0
    backbone = [p.grad.abs().sum() for p in module.network.backbone.parameters() if p.grad is not None]
    assert sum(backbone) > 0
    affinity = module.assembler.affinity
    assert all(p.grad.abs() > 0 for p in (affinity.log_scale, affinity.price, affinity.log_confidence_weight))
    assert all_finite(module)


def test_limb_offsets_are_trained_by_their_loss_and_through_the_matcher(small_module, batch):
    module = small_module("network.limbs=offsets", "losses.weights.limb_offsets=2", "losses.weights.limbs=0")
    losses = step(module, batch)
    assert losses["limb_offsets"] > 0
    assert "limbs" not in losses
    assert module.network.limbs.output.weight.grad is None
    loss, prediction = matching_loss(module, batch)
    of_offsets, of_reach = torch.autograd.grad(
        loss, [prediction.limb_offsets, module.assembler.affinity.landings.log_reach]
    )
    assert of_offsets.abs().sum() > 0
    assert of_reach.abs() > 0


def test_pose_offsets_are_trained_by_their_loss(small_module, batch):
    module = small_module("network.pose_offsets=true", "losses.weights.pose_offsets=2", "assembly.completion=offsets")
    assert step(module, batch)["pose_offsets"] > 0
    assert module.network.pose_offsets.output.weight.grad.abs().sum() > 0
    unlabelled = dataclasses.replace(batch, has_keypoints=torch.zeros(3, dtype=torch.bool))
    assert "pose_offsets" not in step(module, unlabelled)


def test_the_gradient_passes_through_the_matcher(small_module, batch, monkeypatch):
    """With the assignment cut off from its affinities nothing is left."""
    forward = PGDDykstra.forward
    monkeypatch.setattr(PGDDykstra, "forward", lambda *args, **kwargs: forward(*args, **kwargs).detach())
    loss, _ = matching_loss(small_module(), batch)
    assert not loss.requires_grad


def test_heatmap_scores_of_predicted_peaks_get_a_gradient(small_module, batch):
    """With no made-up candidates: the peaks' own confidences are trained."""
    module = small_module("training.candidates.true_share_start=0.0", "training.candidates.true_share_end=0.0")
    with torch.no_grad():
        module.network.keypoints.output.bias.view(17, 3, -1)[:, 0] = 0.0  # peaks everywhere
    loss, prediction = matching_loss(module, batch)
    loss.backward()
    touched = prediction.heatmap_logits.grad.abs() > 0
    assert touched.any()
    assert touched.float().mean() < 0.9  # only where candidates are


@pytest.mark.parametrize("name", ["hungarian", "linear_program", "greedy"])
def test_a_matcher_that_is_not_differentiable_is_refused_in_one_line(small_module, name):
    with pytest.raises(InputError, match="is not differentiable") as caught:
        small_module(f"matcher.name={name}")
    assert "\n" not in str(caught.value)
    assert "losses.weights.matching=0" in str(caught.value)


@pytest.mark.parametrize("name", SOLVERS.names)
def test_every_matcher_assembles(small_module, batch, name):
    module = small_module(f"matcher.name={name}", "losses.weights.matching=0").eval()
    with torch.no_grad():
        module.network.keypoints.output.bias.view(17, 3, -1)[:, 0] = 1.0
        assert len(module.assembler(module(batch.image).fields())) == 3


def test_every_part_of_the_network_is_trained(small_module, batch):
    module = small_module("losses.weights.parts_lovasz=0.1")
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):  # residual branches start at 0, and pass no gradient yet
            torch.nn.init.ones_(layer.weight)
    losses = step(module, batch)
    assert set(losses) == {
        "parts", "parts_lovasz", "heatmaps", "keypoint_offsets", "limbs", "field", "matching"
    }  # fmt: skip
    without = [name for name, p in module.named_parameters() if p.grad is None or not p.grad.abs().sum()]
    assert without == []


def person(pixels, keypoints=()):
    """A 64 x 64 picture with one person of these pixels (row, column) and keypoints (x, y, visibility)."""
    ids = np.zeros((64, 64), np.int16)
    for row, column in pixels:
        ids[row, column] = 1
    pose = np.zeros((1, 17, 3), np.float32)
    for k, keypoint in enumerate(keypoints):
        pose[0, k] = keypoint
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    return Sample(image, ids.astype(np.uint8), ids, pose, "person", (64, 64))


def crowd_of(number):
    """So many persons, each a column of pixels with a few keypoints; neighbours beyond 31 touch."""
    ids = np.zeros((64, 64), np.int16)
    apart = 2 if number < 32 else 1
    pose = np.zeros((number, 17, 3), np.float32)
    for p in range(number):
        ids[8:40, apart * p] = p + 1
        pose[p, :6] = [(apart * p + 0.5, 8 + 5 * k, 2) for k in range(6)]
    image = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    return Sample(image, (ids > 0).astype(np.uint8), ids, pose, "crowd", (64, 64))


def unlabelled():
    return Sample(np.full((64, 64, 3), 90, np.uint8), None, None, None, "unlabelled", (64, 64))


def nobody():
    nothing = np.zeros((64, 64), np.uint8)
    return Sample(
        np.zeros((64, 64, 3), np.uint8),
        nothing,
        nothing.astype(np.int16),
        np.zeros((0, 17, 3), np.float32),
        "nobody",
        (64, 64),
    )


def poses_only():
    sample = crowd_of(3)
    sample.parts = None
    return sample


def parts_only():
    sample = crowd_of(3)
    sample.keypoints = None
    return sample


SAMPLES = {
    "no person": [nobody()],
    "no labels at all": [unlabelled()],
    "a person without a keypoint": [person([(5, 5), (5, 6), (6, 5)])],
    "a person without a visible keypoint": [person([(5, 5), (5, 6)], [(5.5, 5.5, 1), (6.5, 5.5, 1)])],
    "a person of one pixel": [person([(5, 5)], [(5.5, 5.5, 2)])],
    "all keypoints at one place": [person([(5, 5)], [(5.5, 5.5, 2)] * 17)],
    "no parsing labels": [poses_only()],
    "no keypoints": [parts_only()],
    "50 persons": [crowd_of(50)],
    "mixed": [nobody(), unlabelled(), crowd_of(30), poses_only(), parts_only()],
}


@pytest.mark.parametrize("samples", SAMPLES.values(), ids=SAMPLES.keys())
@pytest.mark.parametrize("loss", ["balanced_cross_entropy", "fenchel_young"])
def test_training_goes_on_with_unusual_batches(small_module, samples, loss):
    module = small_module(f"losses.matching={loss}", "losses.weights.parts_lovasz=0.1", "losses.field_relative=true")
    losses = step(module, collate(samples, 17))
    assert all(np.isfinite(value) for value in losses.values())
    assert all_finite(module)


@pytest.mark.parametrize("samples", SAMPLES.values(), ids=SAMPLES.keys())
def test_inference_and_metrics_go_on_with_unusual_batches(small_module, samples):
    module = small_module().eval()
    batch = collate(samples, 17)
    with torch.no_grad():
        found = module.assembler(module(batch.image).fields())
    for predicted, true in zip(found, true_persons(batch), strict=True):
        module.metrics.update(predicted, true)
    module.metrics.compute()


@pytest.mark.parametrize("peaks", ["none", "hundreds"])
def test_no_peak_and_hundreds_of_peaks_a_type_are_ordinary(small_module, peaks):
    module = small_module("training.candidates.true_share_start=0.0", "training.candidates.true_share_end=0.0")
    with torch.no_grad():
        bias = module.network.keypoints.output.bias.view(17, 3, -1)[:, 0]
        bias.fill_(-50.0 if peaks == "none" else 0.0)
    image = np.random.default_rng(0).integers(0, 256, (352, 352, 3), np.uint8)
    ids = np.zeros((352, 352), np.int16)
    ids[:64, :64] = crowd_of(3).person_ids
    labels = (ids > 0).astype(np.uint8)
    batch = collate([Sample(image, labels, ids, crowd_of(3).keypoints, "noise", (352, 352))], 17)
    losses = step(module, batch)
    assert "matching" in losses
    assert all(np.isfinite(value) for value in losses.values())
    assert all_finite(module)
    with torch.no_grad():
        fields = module(batch.image).fields()
        found = find_peaks(fields.heatmaps, None, fields.keypoint_stride, max_peaks=10_000).is_candidate.sum(-1)
        (people,) = module.eval().assembler(fields)
    assert found.max() == 0 if peaks == "none" else found.float().mean() > 500
    module.metrics.update(people, true_persons(batch)[0])


def test_a_missing_label_switches_off_just_its_terms(small_module):
    module = small_module("losses.weights.parts_lovasz=0.1")
    keypoint_terms = {"heatmaps", "keypoint_offsets", "limbs", "field", "matching"}
    assert set(step(module, collate([poses_only()], 17))) == keypoint_terms
    assert set(step(module, collate([parts_only()], 17))) == {"parts", "parts_lovasz"}
    assert step(module, collate([unlabelled()], 17)) == {}


def test_an_unlabelled_picture_in_a_batch_changes_no_keypoint_loss(small_module, batch):
    module = small_module("losses.weights.matching=0").eval()
    alone = collate([crowd_of(3)], 17)
    with_other = collate([crowd_of(3), unlabelled()], 17)
    with torch.no_grad():
        one, two = (module.losses(b)[0] for b in (alone, with_other))
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-5)


def test_keypoints_where_nobody_annotated_change_no_loss(small_module):
    module = small_module("losses.weights.matching=0").eval()
    sample = crowd_of(31)
    sample.ignored_poses = np.zeros((64, 64), bool)
    sample.ignored_poses[:, 20:] = True
    removed = dataclasses.replace(sample, keypoints=sample.keypoints.copy())
    removed.keypoints[20:] = 0
    with torch.no_grad():
        one, two = (module.losses(collate([s], 17))[0] for s in (sample, removed))
    assert one["parts"] == two["parts"]
    torch.testing.assert_close(one["limbs"], two["limbs"])
    torch.testing.assert_close(one["heatmaps"], two["heatmaps"])
    sample.ignored_poses = None
    removed.ignored_poses = None
    with torch.no_grad():
        one, two = (module.losses(collate([s], 17))[0] for s in (sample, removed))
    assert abs(one["heatmaps"] - two["heatmaps"]) > 0.01


def test_candidates_where_nobody_annotated_are_no_false_ones(small_module):
    made_up = ("training.candidates.true_share_start=1.0", "training.candidates.true_share_end=1.0")
    module = small_module("training.candidates.spurious=50", *made_up).eval()
    sample = crowd_of(3)
    sample.ignored_poses = np.zeros((64, 64), bool)
    sample.ignored_poses[:, 20:] = True
    batch = collate([sample], 17)
    with torch.no_grad():
        fields, targets = module(batch.image).fields(), module.targets(batch)
        found = module.matching.candidates(fields, batch, targets, 0)
    x = found.positions_input[found.is_candidate][:, 0]
    assert len(x) > 17
    assert x.max() < 20


def test_centres_and_field_are_trained_from_masks_alone(small_module):
    module = small_module("assembly.grouping=center", "losses.weights.matching=0")
    bare = dataclasses.replace(crowd_of(3), keypoints=None)
    losses, _ = module.losses(collate([bare], 17))
    assert losses["field"] > 0
    (of_keypoints,) = torch.autograd.grad(losses["heatmaps"], module.network.keypoints.output.weight, retain_graph=True)
    (of_centers,) = torch.autograd.grad(losses["heatmaps"], module.network.centers.output.weight)
    assert of_keypoints.abs().max() == 0
    assert of_centers.abs().max() > 0


def test_the_matching_loss_is_of_pictures_whose_keypoints_are_known(small_module):
    made_up = ("training.candidates.true_share_start=1.0", "training.candidates.true_share_end=1.0")
    module = small_module("losses.matching=cross_entropy", *made_up).eval()
    batch = collate([crowd_of(3), crowd_of(4)], 17)
    half = dataclasses.replace(batch, has_keypoints=torch.tensor([True, False]))
    with torch.no_grad():
        loss, problems = module.matching(module(batch.image), half, module.targets(batch), 50)
    known, unknown = problems[:1], problems[1:]
    assert unknown.is_pair.any()
    torch.testing.assert_close(loss, cross_entropy(known.assignment, known.truth, known.is_pair))


@pytest.mark.parametrize("size", [(60, 52), (33, 70), (64, 49)])
def test_sizes_that_are_no_multiple_of_the_stride(small_module, size):
    sample = crowd_of(3)
    cut = dataclasses.replace(
        sample, image=np.resize(sample.image, (*size, 3)), parts=np.resize(sample.parts, size),
        person_ids=np.resize(sample.person_ids, size), original_size=size,
    )  # fmt: skip
    module = small_module()
    batch = collate([cut], 17)
    assert all(np.isfinite(value) for value in step(module, batch).values())
    with torch.no_grad():
        (found,) = module.eval().assembler(module(batch.image).fields())
    assert found.parts.shape == found.person_ids.shape == size


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_field_levels(small_module, batch, levels):
    module = small_module(f"network.levels={levels}")
    losses = step(module, batch)
    assert np.isfinite(losses["field"])
    assert len(module.network.field.strides) == levels
    without = [name for name, p in module.network.field.named_parameters() if not p.grad.abs().sum()]
    assert without == []


def anatomy_of_size(parts, keypoints):
    """A declaration of so many parts and keypoints, joined in a chain with a few limbs across."""
    from mghp.anatomy.anatomy import Anatomy
    from mghp.anatomy.parts import Parts
    from mghp.anatomy.skeleton import Skeleton

    limbs = (*((k, k + 1) for k in range(keypoints - 1)), (0, keypoints - 1))
    skeleton = Skeleton(
        "chain", tuple(f"k{k}" for k in range(keypoints)), limbs,
        sigmas=(0.06,) * keypoints,
    )  # fmt: skip
    names = tuple(f"p{k}" for k in range(parts))
    return Anatomy(skeleton, Parts("stripes", names, tuple((k, k, k) for k in range(parts))))


@pytest.mark.parametrize(("parts", "keypoints"), [(58, 16), (6, 14)])
def test_any_number_of_parts_and_keypoints(small_config, monkeypatch, parts, keypoints):
    from mghp.parsing import build
    from mghp.training.build import build_module

    anatomy = anatomy_of_size(parts, keypoints)
    monkeypatch.setattr(build, "anatomy_of", lambda config: anatomy)
    module = build_module(small_config(), 10)
    rng = np.random.default_rng(0)
    ids = np.zeros((64, 64), np.int16)
    ids[10:50, 5:25], ids[10:50, 35:55] = 1, 2
    labels = np.where(ids > 0, rng.integers(1, parts + 1, ids.shape), 0).astype(np.uint8)
    poses = np.zeros((2, keypoints, 3), np.float32)
    for p, left in enumerate((5, 35)):
        poses[p] = [(left + 1.2 * k, 12 + 2 * k, 2) for k in range(keypoints)]
    sample = Sample(rng.integers(0, 256, (64, 64, 3), np.uint8), labels, ids, poses, "two", (64, 64))
    batch = collate([sample], keypoints)
    losses = step(module, batch)
    assert {"parts", "heatmaps", "limbs", "field", "matching"} <= set(losses)
    assert all(np.isfinite(value) for value in losses.values())
    with torch.no_grad():
        (found,) = module.eval().assembler(module(batch.image).fields())
    assert found.part_scores.shape[1] == parts + 1
    module.metrics.update(found, true_persons(batch)[0])
    module.metrics.compute()


def test_parsing_in_half_precision_is_parsing_under_autocast(small_module, batch):
    """What a Trainer of `bf16-mixed` validates; assembled fields stay in single precision."""
    half, single = small_module("inference.bf16=true").eval(), small_module().eval()
    with torch.no_grad():
        found, exact = half.fields(batch.image), single.fields(batch.image)
        with torch.autocast("cpu", torch.bfloat16):
            expected = single.fields(batch.image)
    assert torch.equal(found.heatmaps, expected.heatmaps)
    assert torch.equal(found.projection, expected.projection)
    assert found.heatmaps.dtype == found.limb_fields.dtype == torch.float32
    assert not torch.equal(found.heatmaps, exact.heatmaps)
