"""Where a loader goes on from what another one has told: at every batch, at an epoch's end, at the beginning."""

import pytest

from mghp.training.resumable_loader import ResumableLoader, ShuffledDraws

EPOCHS, BATCHES = 3, 4


class Drawn:
    """Samples that are the (epoch, index) they are asked for."""

    def __getitem__(self, draw):
        return draw


def made_loader():
    """Four batches of two of nine samples an epoch; one is left over."""
    return ResumableLoader(
        Drawn(), ShuffledDraws(9, seed=3), lambda: None, batch_size=2, drop_last=True, collate_fn=list
    )


def batches_of(loader, first_epoch):
    """The batches up to the last epoch's end, each with the state after it, as a trainer asks for them."""
    for number in range(first_epoch, EPOCHS):
        iterator = iter(loader)
        loader.sampler.set_epoch(number)
        for batch in iterator:
            yield batch, loader.state_dict()


@pytest.fixture(scope="module")
def whole():
    return list(batches_of(made_loader(), 0))


def test_every_epoch_is_whole_and_another(whole):
    assert len(whole) == EPOCHS * BATCHES
    draws = [draw for batch, _ in whole for draw in batch]
    orders = [[index for of, index in draws if of == epoch] for epoch in range(EPOCHS)]
    assert all(len(set(order)) == 2 * BATCHES for order in orders)
    assert orders[0] != orders[1] != orders[2] != orders[0]


@pytest.mark.parametrize("after", range(1, EPOCHS * BATCHES))
def test_what_follows_a_batch_follows_it_in_another_loader_too(whole, after):
    """After the last batch of an epoch that is the whole next epoch, not an empty rest of this one."""
    state = whole[after - 1][1]
    loader = made_loader()
    loader.load_state_dict(state)
    assert list(batches_of(loader, after // BATCHES)) == whole[after:]


def test_a_state_that_does_not_tell_the_end_of_its_epoch_is_understood(whole):
    loader = made_loader()
    loader.load_state_dict({"epoch": 0, "given": BATCHES})
    assert list(batches_of(loader, 1)) == whole[BATCHES:]


def test_where_a_trainer_ends_the_epoch_the_next_one_follows(whole):
    loader = made_loader()
    loader.most_batches = lambda: 2
    batch, state = next(rest := batches_of(loader, 0))
    assert (batch, state) == (whole[0][0], {"epoch": 0, "given": 1})
    _, state = next(rest)
    other = made_loader()
    other.load_state_dict(state)
    assert list(batches_of(other, 1)) == whole[BATCHES:]


def test_before_the_first_batch_there_is_a_whole_epoch_to_come(whole):
    loader = made_loader()
    loader.load_state_dict(made_loader().state_dict())
    assert list(batches_of(loader, 0)) == whole
