from dataclasses import replace

import pytest
import torch

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.parsing.assembly.mirrored_fields import mirrored_fields


@pytest.mark.parametrize(("height", "width"), [(64, 64), (50, 61)])
def test_averaged_with_the_mirror_a_picture_and_its_mirror_image_agree(small_module, batch, height, width):
    """Whatever the network's weights, and at widths of no whole cells: both are the mean of the same two passes."""
    module = small_module("assembly.average_mirror=true").eval()
    image = batch.image[:, :, :height, :width]
    with torch.no_grad():
        fields = module.fields(image)
        plain = small_module().eval().fields(image)
    assert fields.image_size == (height, width)
    for name in ("part_logits", "heatmaps", "keypoint_offsets", "limb_fields", "projection"):
        assert getattr(fields, name).shape == getattr(plain, name).shape
        assert not torch.allclose(getattr(fields, name), getattr(plain, name), atol=1e-4)
    if width % module.network.multiple == 0:
        with torch.no_grad():
            mirror = mirrored_fields(module.fields(image.flip(-1)), DENSEPOSE_COCO)
        for name in ("part_logits", "heatmaps", "keypoint_offsets", "limb_fields", "projection"):
            torch.testing.assert_close(getattr(mirror, name), getattr(fields, name), atol=1e-4, rtol=1e-4)


def test_every_third_step_matches_and_counts_three_times(small_module, batch):
    module = small_module("training.matching_every=3").train()
    losses = [module.losses(batch, step)[0] for step in range(6)]
    assert ["matching" in of_step for of_step in losses] == [False, False, True] * 2
    plain = {name: loss for name, loss in losses[2].items() if name != "matching"}
    weight = module.weighting.weights["matching"]
    expected = module.total(plain) + 3 * weight * losses[2]["matching"]
    torch.testing.assert_close(module.total(losses[2]), expected)


def test_the_matching_costs_nothing_on_the_steps_without(small_module, batch, monkeypatch):
    module = small_module("training.matching_every=2").train()
    called = []
    forward = module.matching.matcher.forward
    monkeypatch.setattr(module.matching.matcher, "forward", lambda *args: called.append(1) or forward(*args))
    for step in range(4):
        module.losses(batch, step)
    assert len(called) == 2


def test_never_is_refused(small_config):
    with pytest.raises(Exception, match="matching_every"):
        replace(small_config().training, matching_every=0)
