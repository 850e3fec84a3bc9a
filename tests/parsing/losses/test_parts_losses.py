import itertools
import math
from functools import partial

import pytest
import torch

from mghp.parsing.losses.parts import cell_cross_entropy, lovasz_softmax, pixel_cross_entropy


def example(seed=0, size=6, labels=4):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, labels, size, size, generator=generator, dtype=torch.float64)
    parts = torch.randint(0, labels, (2, size, size), generator=generator, dtype=torch.uint8)
    parts[torch.rand(parts.shape, generator=generator) < 0.2] = 255
    return logits, parts


def mean_cross_entropy(logits, parts, stride):
    """Pixel by pixel, each under the logits of its cell."""
    total, known = 0.0, 0
    for b, y, x in itertools.product(*map(range, parts.shape)):
        label = int(parts[b, y, x])
        if label != 255:
            scores = logits[b, :, y // stride, x // stride].tolist()
            total += math.log(sum(map(math.exp, scores))) - scores[label]
            known += 1
    return total / known


@pytest.mark.parametrize("loss", [cell_cross_entropy, pixel_cross_entropy])
def test_cross_entropy_pixel_by_pixel(loss):
    logits, parts = example()
    assert loss(logits, parts, 1) == pytest.approx(mean_cross_entropy(logits, parts, 1))


@pytest.mark.parametrize(("stride", "height", "width"), [(2, 12, 12), (2, 11, 12), (4, 21, 23)])
def test_cross_entropy_of_cells(stride, height, width):
    logits, _ = example()
    _, parts = example(size=24)
    parts = parts[:, :height, :width]
    assert cell_cross_entropy(logits, parts, stride) == pytest.approx(mean_cross_entropy(logits, parts, stride))


def test_a_cell_learns_the_shares_of_its_parts():
    """At the logarithm of the shares the gradient is 0."""
    parts = torch.tensor([[1, 1, 2, 255], [0, 1, 2, 255]], dtype=torch.uint8)[None]
    shares = torch.tensor([[0.25, 0.75, 0.0], [0.0, 0.0, 1.0]]).clamp(min=1e-9)
    logits = shares.log().T[None, :, None].clone().requires_grad_()
    cell_cross_entropy(logits, parts, 2).backward()
    assert logits.grad.abs().max() < 1e-6


def test_logits_of_a_coarser_stride_are_judged_at_the_labels_size():
    coarse = torch.zeros(1, 2, 2, 2)
    coarse[:, 1, :, 1] = 8.0
    parts_loss = partial(pixel_cross_entropy, stride=2)
    parts = torch.tensor([[0, 0, 1, 1]] * 4, dtype=torch.uint8)[None]
    assert parts_loss(coarse, parts) < parts_loss(coarse.flip(-1), parts)
    # Half a pixel of shift would make this asymmetric.
    mirrored = parts_loss(coarse.flip(-1), parts.flip(-1))
    torch.testing.assert_close(parts_loss(coarse, parts), mirrored)


def jaccard_loss(mistaken, truth):
    """1 - |truth minus mistakes| / |truth and mistakes|: the set function that Lovasz extends."""
    return 1 - len(truth - mistaken) / len(truth | mistaken) if truth | mistaken else 0.0


def test_lovasz_is_the_extension_of_the_jaccard_loss():
    """Literal Lovasz extension: errors sorted, each times the growth of the set function."""
    logits, parts = example()
    probabilities = logits.softmax(1).movedim(1, -1).reshape(-1, 4)
    labels = parts.flatten().tolist()
    known = [i for i, label in enumerate(labels) if label != 255]
    losses = []
    for label in sorted({labels[i] for i in known}):
        truth = {i for i in known if labels[i] == label}
        error = {i: abs(float(i in truth) - float(probabilities[i, label])) for i in known}
        mistaken, loss = set(), 0.0
        for i in sorted(known, key=lambda i: -error[i]):
            before = jaccard_loss(mistaken, truth)
            mistaken = mistaken | {i}
            loss += error[i] * (jaccard_loss(mistaken, truth) - before)
        losses.append(loss)
    assert lovasz_softmax(logits, parts) == pytest.approx(sum(losses) / len(losses))


def test_lovasz_on_a_subset_of_pixels_is_near_that_on_all():
    logits, parts = example(size=64)
    whole = lovasz_softmax(logits, parts, max_pixels=10**9)
    assert lovasz_softmax(logits, parts, max_pixels=2000) == pytest.approx(float(whole), rel=0.05)


def test_lovasz_has_the_right_gradient():
    logits, parts = example(size=3)
    assert torch.autograd.gradcheck(lambda values: lovasz_softmax(values, parts), logits.requires_grad_())


@pytest.mark.parametrize(
    "loss", [partial(cell_cross_entropy, stride=1), partial(pixel_cross_entropy, stride=1), lovasz_softmax]
)
def test_no_known_label_is_no_loss(loss):
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    value = loss(logits, torch.full((1, 4, 4), 255, dtype=torch.uint8))
    value.backward()
    assert value == 0
    assert logits.grad.abs().max() == 0
