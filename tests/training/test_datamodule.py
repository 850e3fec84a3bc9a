from itertools import combinations

import numpy as np
import pytest
import torch

from mghp.config.data import AugmentationConfig, DataConfig, LoaderConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.training.datamodule import AugmentedSamples, ParsingDataModule, ShuffledDraws, first_epoch
from mghp.training.transforms import Augmentation


@pytest.fixture(scope="module")
def samples():
    return [render(SCENES["default"], index, seed=8, size=48) for index in range(10)]


def epoch(samples, seed=0, number=0, workers=0, batch_size=4, first=0, **amounts):
    config = DataConfig(
        name="synthetic",
        augmentation=AugmentationConfig(**{"mirror": 0.5, "rotation": 20.0, "brightness": 0.3, **amounts}),
        loader=LoaderConfig(batch_size=batch_size, workers=workers),
    )
    loader = ParsingDataModule(config, DENSEPOSE_COCO, samples, samples, seed).train_dataloader()
    loader.sampler.set_epoch(number)
    if first:
        loader.load_state_dict({"epoch": number, "given": first})
    return list(loader)


def same(one, other):
    return all(
        torch.equal(a.image, b.image) and torch.equal(a.keypoints, b.keypoints) and a.names == b.names
        for a, b in zip(one, other, strict=True)
    )


def test_batches_do_not_depend_on_the_number_of_workers(samples):
    assert same(epoch(samples, workers=0), epoch(samples, workers=1))  # two of them: with pasting, below


def test_pasted_persons_depend_neither_on_workers_nor_on_a_resumption(samples):
    whole = epoch(samples, paste=1.0)
    assert not same(whole, epoch(samples))
    assert same(whole, epoch(samples, paste=1.0, workers=2))
    assert same(whole[1:], epoch(samples, paste=1.0, first=1))
    assert not same(whole, epoch(samples, paste=1.0, seed=1))


def test_by_default_nobody_is_pasted(samples):
    config = DataConfig(name="synthetic")
    augmented = ParsingDataModule(config, DENSEPOSE_COCO, samples, samples, 0).augmented_samples()
    assert augmented.pasting is None
    persons = sum(int(sample.person_ids.max()) for sample in samples)
    kept = sum(len(augmented[0, index].keypoints) for index in range(len(samples)))
    assert kept == persons


def test_what_is_shown_of_a_training_is_its_first_epoch(samples, small_config):
    settings = ["data.augmentation={paste: 1, mirror: 0.5, rotation: 0, scale: [1, 1]}", "seed=5"]
    shown = first_epoch(small_config(*settings), samples)
    (batch,) = epoch(samples, seed=5, batch_size=10, paste=1.0, rotation=0.0, brightness=0.0)
    assert len(shown) == len(batch) == 10
    for name, image in zip(batch.names, batch.image, strict=True):
        index = [sample.name for sample in samples].index(name)
        np.testing.assert_array_equal(shown[index].image, image.permute(1, 2, 0))


def test_seed_and_epoch_decide(samples):
    assert same(epoch(samples), epoch(samples))
    assert not same(epoch(samples), epoch(samples, seed=1))
    assert not same(epoch(samples), epoch(samples, number=1))


def test_a_picture_is_augmented_anew_in_every_epoch_and_by_every_seed(samples):
    """The order of an epoch alone does not tell: the same picture is looked at."""
    augmentation = Augmentation(AugmentationConfig(mirror=0.0, rotation=20.0), DENSEPOSE_COCO)
    seen = [AugmentedSamples(samples, augmentation, seed)[epoch, 1].image for seed in (0, 1) for epoch in (0, 1, 2)]
    assert all((one != other).any() for one, other in combinations(seen, 2))
    again = AugmentedSamples(samples, augmentation, 1)[2, 1].image
    assert (again == seen[-1]).all()


def test_processes_share_out_the_batches_of_one_with_larger_ones():
    whole = list(ShuffledDraws(11, seed=3))
    shares = [list(ShuffledDraws(11, seed=3, process=process, processes=2)) for process in (0, 1)]
    assert [len(share) for share in shares] == [5, 5]
    for first in range(0, 4, 2):  # two batches of two a process are one of four
        of_both = {draw for share in shares for draw in share[first : first + 2]}
        assert of_both == set(whole[2 * first : 2 * first + 4])


def test_the_global_random_state_is_left_alone(samples):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    epoch(samples)
    assert torch.equal(torch.rand(3), expected)


def test_an_epoch_draws_every_picture_once_but_for_an_incomplete_batch(samples):
    names = [name for batch in epoch(samples) for name in batch.names]
    assert len(names) == len(set(names)) == 8


def test_fewer_pictures_than_a_batch_are_one_smaller_batch(samples):
    (batch,) = epoch(samples[:3], batch_size=8)
    assert len(batch) == 3


def test_validation_is_in_order_and_as_it_is(samples):
    config = DataConfig(name="synthetic", loader=LoaderConfig(batch_size=4))
    batches = list(ParsingDataModule(config, DENSEPOSE_COCO, None, samples, 0).val_dataloader())
    assert [name for batch in batches for name in batch.names] == [sample.name for sample in samples]
    assert torch.equal(batches[0].image[0].permute(1, 2, 0), torch.from_numpy(samples[0].image))
