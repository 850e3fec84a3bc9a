import math

import pytest
import torch

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.parts import Parts
from mghp.anatomy.skeleton import Skeleton
from mghp.config.network import BackboneConfig, NetworkConfig, StridesConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.parsing.network.backbone import make_backbone
from mghp.parsing.network.parser import ParsingNetwork
from mghp.parsing.network.projection_field import ProjectionField, _refined

SLIM = {"channels": [4, 6, 8, 10, 12], "blocks": [1, 1, 0, 0, 0]}


def made_up_anatomy(parts, keypoints):
    return Anatomy(
        Skeleton("made_up", tuple(f"k{k}" for k in range(keypoints)), tuple((k, k + 1) for k in range(keypoints - 1))),
        Parts("made_up", tuple(f"p{p}" for p in range(parts)), ((0, 0, 0),) * parts),
    )


def tiny(anatomy=DENSEPOSE_COCO, **options):
    torch.manual_seed(0)
    return ParsingNetwork(NetworkConfig(backbone=BackboneConfig(kwargs=SLIM), width=8, **options), anatomy).eval()


def picture(*size, seed=0):
    return torch.randint(0, 256, size, dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
@pytest.mark.parametrize(("parts", "keypoints"), [(58, 16), (6, 14)])
@pytest.mark.parametrize("size", [(64, 96), (101, 67)])
def test_outputs_have_the_people_s_channels_and_the_strides_sizes(levels, parts, keypoints, size):
    anatomy = made_up_anatomy(parts, keypoints)
    prediction = tiny(anatomy, levels=levels)(picture(2, 3, *size))

    def cells(stride):
        return tuple(math.ceil(side / stride) for side in size)

    assert prediction.part_logits.shape == (2, parts + 1, *cells(2))
    assert prediction.heatmap_logits.shape == (2, keypoints, *cells(4))
    assert prediction.keypoint_offsets.shape == (2, keypoints, 2, *cells(4))
    assert prediction.limb_fields.shape == (2, keypoints - 1, 2, *cells(4))
    assert prediction.level_strides == tuple(2 ** (levels - level) for level in range(levels))
    expected = [(2, 2, *cells(stride)) for stride in prediction.level_strides]
    assert [tuple(level.shape) for level in prediction.projection_levels] == expected
    assert all(torch.isfinite(level).all() for level in prediction.projection_levels)


@pytest.mark.parametrize("limbs", ["fields", "offsets", "both"])
def test_limb_offsets_are_there_where_limbs_are_told_by_them(limbs):
    network = tiny(limbs=limbs, strides=StridesConfig(limbs=8))
    prediction = network(picture(2, 3, 64, 90))
    assert prediction.limb_fields.shape == (2, 19, 2, 8, 12)
    if limbs == "fields":
        assert prediction.limb_offsets is None
    else:
        assert prediction.limb_offsets.shape == (2, 19, 2, 2, 8, 12)
        assert prediction.fields().limb_offsets is prediction.limb_offsets
    # All that is there without them starts as it does without them.
    plain = tiny(strides=StridesConfig(limbs=8)).state_dict()
    assert all(torch.equal(network.state_dict()[name], value) for name, value in plain.items())


def test_poses_are_regressed_where_asked_for():
    network, plain = tiny(pose_offsets=True), tiny()
    prediction = network(picture(2, 3, 64, 90))
    assert prediction.pose_offsets.shape == (2, 17, 2, 16, 23)
    assert prediction.fields().pose_offsets is prediction.pose_offsets
    assert plain(picture(2, 3, 64, 90)).pose_offsets is None
    assert all(torch.equal(network.state_dict()[name], value) for name, value in plain.state_dict().items())


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_the_field_is_refined_by_what_the_kernel_sees(kernel):
    torch.manual_seed(0)
    field = ProjectionField(6, 4, 1, (4,), kernel).eval()
    features = torch.zeros(1, 6, 9, 9, requires_grad=True)
    with torch.no_grad():
        features += torch.randn(features.shape)
    (level,) = field({4: features})
    level[0, :, 4, 4].sum().backward()
    seen = features.grad.abs().sum(1)[0] > 0
    reach = kernel // 2
    assert seen[4 - reach : 5 + reach, 4 - reach : 5 + reach].all()
    assert seen.sum() == kernel**2


@pytest.mark.parametrize("kernel", [3, 5])
def test_a_wider_refinement_changes_the_field_alone(kernel):
    wide, plain = tiny(field_kernel=kernel), tiny()
    assert sum(p.numel() for p in wide.parameters()) > sum(p.numel() for p in plain.parameters())
    prediction = wide(picture(2, 3, 64, 90))
    assert [level.shape for level in prediction.projection_levels] == [
        level.shape for level in plain(picture(2, 3, 64, 90)).projection_levels
    ]
    prediction.projection_levels[-1].sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in wide.field.trunks[-1].parameters())


@pytest.mark.parametrize(
    "strides",
    [
        StridesConfig(keypoints=8, limbs=4, parts=1, field=4),
        StridesConfig(keypoints=2, limbs=16, parts=4, field=1),
    ],
)
def test_every_head_has_its_own_stride(strides):
    prediction = tiny(strides=strides)(picture(1, 3, 64, 64))
    assert prediction.part_logits.shape[-1] == 64 // strides.parts
    assert prediction.heatmap_logits.shape[-1] == 64 // strides.keypoints
    assert prediction.limb_fields.shape[-1] == 64 // strides.limbs
    assert prediction.projection_levels[-1].shape[-1] == 64 // strides.field


def test_channels_last_is_another_order_in_memory_and_the_same_answer():
    network = tiny(channels_last=True)
    weight = network.backbone.stages[1][0][0].weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert not weight.is_contiguous()
    seen = []
    network.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        found, expected = (net(picture(2, 3, 64, 96)).fields() for net in (network, tiny()))
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(found.heatmaps, expected.heatmaps, atol=1e-5)
    assert torch.allclose(found.part_logits, expected.part_logits, atol=1e-5)


@pytest.mark.parametrize("name", ["resnet18", "mobilenetv3_small_050", "hrnet_w18_small"])
def test_backbones_of_timm_by_name(name):
    config = NetworkConfig(backbone=BackboneConfig(name=name), width=8)
    network = ParsingNetwork(config, DENSEPOSE_COCO).eval()
    with torch.no_grad():
        prediction = network(picture(1, 3, 64, 64))
    assert prediction.part_logits.shape == (1, 15, 32, 32)


@pytest.mark.parametrize("name", ["resnet50", "resnet101"])
def test_the_paper_s_backbones_have_the_strides_that_the_decoder_needs(name):
    with torch.device("meta"):
        backbone = make_backbone(BackboneConfig(name=name))
    assert backbone.strides == (2, 4, 8, 16, 32)


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        (NetworkConfig(backbone=BackboneConfig(name="resnet5o")), "neither slim nor a timm model: 'resnet5o'"),
        (NetworkConfig(backbone=BackboneConfig(kwargs={"chanels": [1]})), "unexpected keyword argument 'chanels'"),
        (NetworkConfig(backbone=BackboneConfig(kwargs={"channels": [4, 4]})), "2 channels, but 5 blocks"),
        (
            NetworkConfig(backbone=BackboneConfig(kwargs={"channels": [10**9], "blocks": [1]})),
            "1 to 4096, got 1000000000",
        ),
        (
            NetworkConfig(backbone=BackboneConfig(kwargs={"channels": [8], "blocks": [10**9]})),
            "0 to 100, got 1000000000",
        ),
        (NetworkConfig(decoder_stride=64), "the backbone has strides 2, 4, 8, 16, 32, got 64"),
        (NetworkConfig(strides=StridesConfig(parts=64)), "network.strides"),
    ],
)
def test_sizes_that_do_not_fit_are_one_clear_line(config, complaint):
    with pytest.raises(ValueError, match=complaint):
        ParsingNetwork(config, DENSEPOSE_COCO)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: NetworkConfig(levels=5), "levels must be 1 to 4"),
        (lambda: NetworkConfig(field_kernel=4), "field_kernel must be 1, 3 or 5, got 4"),
        (lambda: NetworkConfig(field_kernel=7), "field_kernel must be 1, 3 or 5, got 7"),
        (lambda: NetworkConfig(width=0), "width must be at least 1"),
        (lambda: NetworkConfig(decoder_stride=3), "decoder_stride must be a power of two"),
        (lambda: NetworkConfig(aspp_rates=[0]), "aspp_rates must be at least 1"),
        (lambda: StridesConfig(parts=3), "parts must be a power of two"),
    ],
)
def test_ranges_are_checked(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()


def test_refining_keeps_the_landing_point():
    coarse = torch.randn(1, 2, 3, 5, dtype=torch.float64)

    def landing(field, stride):  # in pixels
        rows, columns = (stride * (torch.arange(side) + 0.5) for side in field.shape[2:])
        return torch.stack([columns.expand(len(rows), -1), rows[:, None].expand(-1, len(columns))]) + stride * field

    fine = landing(_refined(coarse), 4)
    torch.testing.assert_close(fine, landing(coarse, 8).repeat_interleave(2, 2).repeat_interleave(2, 3))


def test_a_size_between_strides_is_padded_with_the_mean_colour_and_cut():
    network = tiny()
    image = picture(1, 3, 64, 60)
    mean_colour = network.normalised.mean.expand(1, 3, 64, 4)
    padded = network(torch.cat([image.float(), mean_colour], -1))
    torch.testing.assert_close(network(image).part_logits, padded.part_logits[..., :30])
    torch.testing.assert_close(network(image).limb_fields, padded.limb_fields[..., :15])


def test_fields_are_the_prediction_s():
    prediction = tiny(levels=2)(picture(1, 3, 64, 64))
    fields = prediction.fields()
    assert fields.projection is prediction.projection_levels[-1]
    assert (fields.part_stride, fields.keypoint_stride, fields.limb_stride, fields.projection_stride) == (2, 4, 4, 2)
    assert 0 < float(fields.heatmaps.detach().max()) < 0.2  # a keypoint is rare before anything is learned


def test_separate_decoders_share_nothing_but_the_backbone():
    network = tiny(decoders="separate")
    assert tiny().pose_decoder is None
    prediction = network(picture(1, 3, 64, 64))
    prediction.heatmap_logits.sum().backward()
    assert all(parameter.grad is None for parameter in network.decoder.parameters())
    assert any(parameter.grad is not None and parameter.grad.any() for parameter in network.pose_decoder.parameters())
    assert any(parameter.grad is not None for parameter in network.backbone.parameters())
    network.zero_grad(set_to_none=True)
    prediction = network(picture(1, 3, 64, 64))
    (prediction.part_logits.sum() + prediction.projection_levels[-1].sum()).backward()
    assert all(parameter.grad is None for parameter in network.pose_decoder.parameters())
