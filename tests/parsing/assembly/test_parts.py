import pytest
import torch

import mghp.parsing.assembly.parts
from mghp.parsing.assembly.parts import part_logits, pixel_parts
from mghp.parsing.fields import Fields

LABELS = 5


def fields_of(logits, size, stride=1):
    empty = torch.zeros(1, 1, 1, 1)
    return Fields(size, logits, empty, None, empty[None], empty, stride, 4, 4, 4)


@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("size", [(16, 16), (13, 18)])
def test_parts_are_those_of_the_largest_probability_at_the_picture_s_size(stride, size):
    torch.manual_seed(stride)
    fields = fields_of(torch.randn(2, LABELS, *(-(-side // stride) for side in size)), size, stride)
    probability, parts = pixel_parts(fields, 1)
    expected, labels = part_logits(fields, 1).softmax(0).max(0)
    assert probability.shape == parts.shape == size
    assert torch.equal(parts, labels)
    human = parts > 0
    assert 0 < human.sum() < human.numel()
    torch.testing.assert_close(probability[human], expected[human], rtol=1e-6, atol=0)
    assert set(probability[probability != expected].tolist()) == {0.0}


def test_the_first_of_equal_labels_counts():
    logits = torch.zeros(1, LABELS, 2, 2)
    logits[0, 2:4, 0, 0] = 1
    logits[0, 0, 1, 1] = 1e-9  # a lead that no probability shows
    assert pixel_parts(fields_of(logits, (2, 2)), 0)[1].tolist() == [[2, 0], [0, 0]]


def test_a_probability_is_the_same_whichever_other_pixels_are_human():
    """Softmax computes the last few of a row by another exponential."""
    torch.manual_seed(0)
    logits = torch.randn(1, LABELS, 1, 64)
    logits[:, 0] = -9
    of_all = pixel_parts(fields_of(logits, (1, 64)), 0)[0]
    for humans in (1, 3, 17, 50):
        fewer = logits.clone()
        fewer[:, 0, :, humans:] = 99
        assert torch.equal(pixel_parts(fields_of(fewer, (1, 64)), 0)[0][0, :humans], of_all[0, :humans])


def test_probabilities_are_computed_where_the_background_does_not_clearly_lead(monkeypatch):
    computed = []
    largest = mghp.parsing.assembly.parts._largest
    monkeypatch.setattr(mghp.parsing.assembly.parts, "_largest", lambda p: computed.append(p.shape) or largest(p))
    logits = torch.zeros(1, LABELS, 10, 10)
    logits[:, 0] = 5
    logits[0, 3, :2] = 6
    assert pixel_parts(fields_of(logits, (10, 10)), 0)[1].bool().sum() == 20
    logits[0, 3] = -9
    assert not pixel_parts(fields_of(logits, (10, 10)), 0)[1].any()
    assert computed == [(LABELS, 20), (LABELS, 0)]


def test_what_is_not_a_number_is_background():
    logits = torch.full((1, LABELS, 3, 3), torch.nan)
    assert not pixel_parts(fields_of(logits, (3, 3)), 0)[1].any()
