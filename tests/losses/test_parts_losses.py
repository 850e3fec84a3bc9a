import math

import pytest
import torch

from mghp.losses.parts import lovasz_softmax, parts_loss


def example(seed=0, size=6, labels=4):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, labels, size, size, generator=generator, dtype=torch.float64)
    parts = torch.randint(0, labels, (2, size, size), generator=generator, dtype=torch.uint8)
    parts[torch.rand(parts.shape, generator=generator) < 0.2] = 255
    return logits, parts


def test_cross_entropy_pixel_by_pixel():
    logits, parts = example()
    total, known = 0.0, 0
    for b in range(2):
        for y in range(6):
            for x in range(6):
                label = int(parts[b, y, x])
                if label != 255:
                    scores = logits[b, :, y, x].tolist()
                    total += math.log(sum(map(math.exp, scores))) - scores[label]
                    known += 1
    assert parts_loss(logits, parts) == pytest.approx(total / known)


def test_logits_of_a_coarser_stride_are_judged_at_the_labels_size():
    coarse = torch.zeros(1, 2, 2, 2)
    coarse[:, 1, :, 1] = 8.0
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


@pytest.mark.parametrize("loss", [parts_loss, lovasz_softmax])
def test_no_known_label_is_no_loss(loss):
    logits = torch.randn(1, 3, 4, 4, requires_grad=True)
    value = loss(logits, torch.full((1, 4, 4), 255, dtype=torch.uint8))
    value.backward()
    assert value == 0
    assert logits.grad.abs().max() == 0
