"""Training batches that a checkpoint can resume: order and position are functions of (seed, epoch, batch)."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, Sampler, SequentialSampler

from mghp.errors import InputError
from mghp.parsing.batch import Batch


def mixed_seed(*numbers: int) -> int:
    """Mix several numbers from -1 up into one seed, different for every tuple that occurs."""
    mixed = 0
    # An odd base loses nothing modulo a power of two, and + 1 makes room for -1.
    for number in numbers:
        mixed = (mixed * 1_000_003 + number + 1) % 2**63
    return mixed


class ShuffledDraws(Sampler[tuple[int, int]]):
    """Draws (epoch, index) of every picture once per epoch, in an order that (seed, epoch) decides.

    Each of several processes gets its share: together their n-th batches are the n-th batch of one process whose
    batches are larger by their number. A remainder is left out.

    Args:
        number: number of pictures.
        seed: seed of the order.
        process: rank of this process, from 0.
        processes: number of processes that train together.
    """

    def __init__(self, number: int, seed: int, process: int = 0, processes: int = 1) -> None:
        self.number = number
        self.seed = seed
        self.process = process
        self.processes = processes
        self.epoch = 0
        self.first = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch that comes next; Lightning calls this at the beginning of each."""
        self.epoch = epoch

    def start_at(self, epoch: int, draws: int) -> None:
        """Start the next epoch at `epoch`, skipping the first `draws` samples; later epochs are complete."""
        self.epoch, self.first = epoch, draws

    def __len__(self) -> int:
        return self.number // self.processes

    def __iter__(self) -> Iterator[tuple[int, int]]:
        epoch, first, self.first = self.epoch, self.first, 0
        for index in self._order(epoch)[self.process : len(self) * self.processes : self.processes][first:]:
            yield epoch, index

    def _order(self, epoch: int) -> Sequence[int]:
        generator = torch.Generator().manual_seed(mixed_seed(self.seed, epoch))
        order: list[int] = torch.randperm(self.number, generator=generator).tolist()
        return order


class OrderedDraws(ShuffledDraws, SequentialSampler):  # type: ignore[misc]  # of (epoch, index), not of indices
    """Draws in the pictures' own order, for a training that overfits to the first batches of every epoch.

    Lightning tells by SequentialSampler that nothing is shuffled; else it would make a new loader.
    """

    def _order(self, epoch: int) -> Sequence[int]:
        return range(self.number)


class ResumableLoader(DataLoader[Any]):
    """A loader whose state, kept in every checkpoint, is the epoch and the number of its batches given so far.

    The length stays that of a whole epoch.

    Args:
        samples: samples by (epoch, index).
        draws: order of the samples.
        before_batch: called whenever a batch is asked for, when all work on the batch before is done.
        options: further options of DataLoader.

    Attributes:
        waited_seconds: time waited for batches after the first.
        most_batches: returns the number of batches after which a trainer ends an epoch.
    """

    def __init__(
        self,
        samples: Dataset[Any],
        draws: ShuffledDraws,
        before_batch: Callable[[], None],
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(samples, sampler=draws, **options)
        self.draws = draws
        self.before_batch = before_batch
        self.epoch = 0
        self.given = 0
        self.waited_seconds = 0.0
        self.most_batches: Callable[[], float] = lambda: math.inf
        self._has_begun = False
        self._resumes = False

    def state_dict(self) -> dict[str, int]:
        """Return the epoch and the number of its batches given; after the last one, the next epoch and 0."""
        if self.given >= min(self.most_batches(), len(self)):
            return {"epoch": self.epoch + 1, "given": 0}
        return {"epoch": self.epoch, "given": self.given}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Resume at a state; after the last batch of an epoch, with the next one."""
        epoch, given = state["epoch"], state["given"]
        if given >= len(self):  # as checkpoints of earlier versions have it
            epoch, given = epoch + 1, 0
        assert self.batch_size is not None
        self.draws.start_at(epoch, given * self.batch_size)
        self.given = given
        self._resumes = True

    def __iter__(self) -> Any:  # noqa: ANN401
        if not self._resumes:
            self.given = 0
        self._resumes = False
        return self._counted(super().__iter__())

    def _counted(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        # By now Lightning has told the draws which epoch this is.
        self.epoch = self.draws.epoch
        while True:
            self.before_batch()
            began = time.perf_counter()
            try:
                batch = next(batches)
            except StopIteration:
                return
            except (InputError, RuntimeError) as error:
                raise _one_line(error) from None
            # The first wait, in which the loading processes start, is no wait for data.
            self.waited_seconds += time.perf_counter() - began if self._has_begun else 0.0
            self._has_begun = True
            self.given += 1
            yield batch


def _one_line(error: InputError | RuntimeError) -> InputError | RuntimeError:
    """Cut the traceback of a loading process, which torch has put into the message, down to its last line."""
    text = str(error).strip()
    if isinstance(error, InputError):
        return InputError(text.splitlines()[-1].split("InputError: ")[-1])
    if text.startswith("DataLoader worker"):
        return InputError(f"data.loader.workers: a loading process has died, perhaps for lack of memory: {text}")
    return error
