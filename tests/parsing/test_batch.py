import numpy as np
import pytest
import torch

from mghp.datasets.sample import Sample
from mghp.parsing.batch import collate


def sample(name="a", height=4, width=6, persons=1, labelled=True):
    return Sample(
        image=np.full((height, width, 3), 7, np.uint8),
        parts=np.ones((height, width), np.uint8) if labelled else None,
        person_ids=np.ones((height, width), np.int16) if labelled else None,
        keypoints=np.full((persons, 3, 3), 2, np.float32) if labelled else None,
        name=name,
        original_size=(height, width),
    )


def test_persons_are_padded_and_masked():
    batch = collate([sample("a", persons=1), sample("b", persons=3), sample("c", persons=0)], num_keypoints=3)
    assert batch.image.shape == (3, 3, 4, 6)
    assert batch.keypoints.shape == (3, 3, 3, 3)
    assert batch.is_person.tolist() == [[True, False, False], [True, True, True], [False, False, False]]
    assert batch.keypoints[0, 1:].abs().sum() == 0
    assert batch.names == ("a", "b", "c")
    assert len(batch) == 3


def test_what_is_not_labelled_is_told_and_ignored():
    batch = collate([sample("a"), sample("b", labelled=False)], num_keypoints=3)
    assert batch.has_parts.tolist() == [True, False]
    assert batch.has_keypoints.tolist() == [True, False]
    assert (batch.parts[1] == 255).all()
    assert (batch.person_ids[1] == 0).all()


def test_masks_without_keypoints_are_persons_without_a_keypoint():
    masks_alone = sample()
    masks_alone.keypoints = None
    masks_alone.person_ids[2:] = 2
    batch = collate([masks_alone], num_keypoints=3)
    assert batch.is_person.tolist() == [[True, True]]
    assert batch.has_keypoints.tolist() == [False]


def test_sizes_that_differ_are_named():
    with pytest.raises(ValueError, match=r"b is \(5, 6\), a is \(4, 6\)"):
        collate([sample("a"), sample("b", height=5)], num_keypoints=3)


def test_a_batch_moves_as_a_whole():
    batch = collate([sample()], num_keypoints=3).to("meta")
    assert {value.device.type for value in vars(batch).values() if isinstance(value, torch.Tensor)} == {"meta"}
