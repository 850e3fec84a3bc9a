"""A network with the heads of every way to group pixels: what each head learns, and which one is read."""

import pytest
import torch

from mghp.config.load import to_yaml
from mghp.evaluation.oracles import persons_with_oracle, truth_of
from mghp.parsing.build import load_parser
from mghp.parsing.losses.projection_field import projection_loss
from mghp.parsing.transfer import take_weights

HEADS = (
    "network.levels=3", "network.further_fields=[1,2]", "network.centers=true", "network.pose_offsets=true",
    "losses.weights.matching=0", "losses.weights.pose_offsets=1",
)  # fmt: skip

WAYS = {
    "field over 3 levels": [],
    "field over 1 level": ["assembly.levels=1"],
    "field over 2 levels": ["assembly.levels=2"],
    "nearest": ["assembly.grouping=nearest"],
    "center": ["assembly.grouping=center"],
    "hybrid": ["assembly.grouping=hybrid"],
}


@pytest.fixture(scope="module")
def many(small_module):
    return small_module(*HEADS)


@pytest.fixture(scope="module")
def prediction(many, crowd_batch):
    many.train()
    return many(crowd_batch.image)


@pytest.fixture(scope="module")
def saved(many, small_config, tmp_path_factory):
    file = tmp_path_factory.mktemp("heads") / "many.ckpt"
    content = {"mghp_config": to_yaml(small_config(*HEADS)), "mghp_anatomy": "", "state_dict": many.state_dict()}
    torch.save(content, file)
    return file


def test_every_field_ends_at_the_finest_stride(prediction):
    fields = {3: prediction.projection_levels, **prediction.further_levels, "center": prediction.center_levels}
    shapes = {name: [tuple(level.shape[2:]) for level in levels] for name, levels in fields.items()}
    whole = [(8, 8), (16, 16), (32, 32)]
    assert shapes == {3: whole, 1: whole[2:], 2: whole[1:], "center": whole}


def test_the_loss_of_the_field_is_the_mean_over_heads(many, prediction, crowd_batch):
    targets = many.targets(crowd_batch)
    true = targets.projection_levels, targets.projection_weights
    to_keypoints = [
        projection_loss(levels, *(each[3 - len(levels) :] for each in true))
        for levels in (prediction.projection_levels, *prediction.further_levels.values())
    ]
    to_centers = projection_loss(prediction.center_levels, targets.center_levels, targets.center_weights)
    losses = many.objective(prediction, crowd_batch, targets)
    torch.testing.assert_close(losses["field"], torch.stack([*to_keypoints, to_centers]).mean())


def test_a_gradient_of_each_head_reaches_itself_and_the_trunk(many, crowd_batch):
    many.zero_grad()
    losses, _ = many.losses(crowd_batch)
    losses["field"].backward(retain_graph=True)
    network = many.network
    heads = [network.field, *network.further_fields.values(), network.center_field]
    assert all(bool(weight.grad.abs().sum()) for head in heads for weight in head.parameters())
    assert network.centers.output.weight.grad is network.pose_offsets.output.weight.grad is None
    assert any(weight.grad is not None for weight in network.backbone.parameters())
    many.total(losses).backward()
    assert all(bool(head.output.weight.grad.any()) for head in (network.centers, network.pose_offsets))


def test_fields_point_to_keypoints_and_one_to_centres_whatever_the_grouping(many, small_module, crowd_batch):
    alone, by_centers = (small_module(f"assembly.grouping={way}").targets(crowd_batch) for way in ("field", "center"))
    for targets in (many.targets, small_module(*HEADS, "assembly.grouping=center").targets):
        found = targets(crowd_batch)
        assert torch.equal(found.projection_levels[-1], alone.projection_levels[-1])
        assert torch.equal(found.center_levels[-1], by_centers.projection_levels[-1])
        assert torch.equal(found.centers, by_centers.centers)


def test_further_heads_leave_what_the_others_say_as_it_is(many, small_module, crowd_batch):
    """A network with one head has the names that it always had, and its fields to the last bit."""
    plain = small_module()
    names = set(plain.network.state_dict())
    assert not any(name.startswith(("further_fields", "center", "pose_offsets")) for name in names)
    plain.network.load_state_dict({name: many.network.state_dict()[name] for name in names})
    with torch.no_grad():
        ours, theirs = (module.eval().network(crowd_batch.image).fields() for module in (many, plain))
    for name in ("part_logits", "heatmaps", "keypoint_offsets", "limb_fields", "projection"):
        assert torch.equal(getattr(ours, name), getattr(theirs, name))
    assert ours.centers is None


@pytest.mark.parametrize("way", WAYS)
def test_a_checkpoint_is_read_by_each_way_with_persons_and_field_true_or_its_own(saved, crowd_batch, way):
    parser, config = load_parser(saved, ["matcher.name=hungarian", "assembly.center_threshold=0", *WAYS[way]])
    with torch.no_grad():
        prediction, fields = parser(crowd_batch.image), parser.fields(crowd_batch.image)
    heads = {
        "field over 1 level": prediction.further_levels[1],
        "field over 2 levels": prediction.further_levels[2],
        "center": prediction.center_levels,
    }
    assert torch.equal(fields.projection, heads.get(way, prediction.projection_levels)[-1])
    assert (fields.centers is not None) == (way in ("center", "hybrid"))
    truth = truth_of(crowd_batch, parser.assembler.anatomy, config)
    found = {
        oracle: persons_with_oracle(parser.assembler, fields, truth, oracle)
        for oracle in ("predicted", "true_poses", "true_projection", "all_true")
    }
    assert {len(pictures) for pictures in found.values()} == {len(crowd_batch)}
    assert all(picture.person_ids.any() for picture in found["all_true"])


@pytest.mark.parametrize("grouping", ["field", "center"])
def test_a_network_with_one_field_begins_with_the_one_that_points_where_its_own_does(saved, small_module, grouping):
    apart = small_module(f"assembly.grouping={grouping}")
    names = [name for name in apart.state_dict() if name.startswith(("network.", "assembler.affinity."))]
    assert f"took {len(names)} of {len(names)} tensors" in take_weights(apart, saved)
    given = torch.load(saved, weights_only=True)["state_dict"]
    head = "network.field." if grouping == "field" else "network.center_field."
    taken = apart.network.field.state_dict()
    assert all(torch.equal(value, given[head + name]) for name, value in taken.items())
