"""From pictures to batches; all draws depend on (seed, epoch, index) alone, never on the workers."""

import math
import os
import signal
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from mghp.anatomy.anatomy import Anatomy
from mghp.config.data import DataConfig
from mghp.config.schema import Config
from mghp.datasets.registry import picture_dataset
from mghp.datasets.resized import ResizedSamples
from mghp.datasets.sample import Sample, Samples
from mghp.datasets.skipping import SkippingSamples
from mghp.parsing.batch import collate
from mghp.parsing.build import anatomy_of
from mghp.training.pasting import Pasting
from mghp.training.resumable_loader import OrderedDraws, ResumableLoader, ShuffledDraws, mixed_seed
from mghp.training.transforms import Augmentation


class AugmentedSamples(Dataset[Sample]):
    """Augmented training pictures.

    Args:
        samples: as they are.
        augmentation: of each picture.
        seed: of all that is drawn.
        pasting: puts persons of other pictures on them before; None: nobody.
    """

    def __init__(self, samples: Samples, augmentation: Augmentation, seed: int, pasting: Pasting | None = None) -> None:
        self.samples = samples
        self.augmentation = augmentation
        self.seed = seed
        self.pasting = pasting

    def __getitem__(self, draw: tuple[int, int]) -> Sample:
        epoch, index = draw
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(mixed_seed(self.seed, epoch, index))
            sample = self.samples[index]
            return self.augmentation(sample if self.pasting is None else self.pasting(sample, index))


class FirstEpoch:
    """Pictures in their own order, each as a training sees it in its first epoch."""

    def __init__(self, pictures: AugmentedSamples) -> None:
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures.samples)

    def __getitem__(self, index: int) -> Sample:
        return self.pictures[0, index]


class ParsingDataModule(LightningDataModule):
    """Training and validation batches.

    Args:
        config: data, augmentation and loading.
        anatomy: parts and skeleton of the data.
        train: pictures to train on; None where nothing is trained.
        validation: pictures to validate on.
        seed: seed of the order and the augmentation.

    Attributes:
        before_batch: called whenever a training batch is asked for; does nothing unless set.
    """

    def __init__(
        self, config: DataConfig, anatomy: Anatomy, train: Samples | None, validation: Samples, seed: int
    ) -> None:
        super().__init__()
        self.config = config
        self.train_samples: Samples | None = None if train is None else ResizedSamples(train, config.longest_side)
        if self.train_samples is not None and config.on_error == "skip":
            self.train_samples = SkippingSamples(self.train_samples)
        self.validation_samples = ResizedSamples(validation, config.longest_side)
        self.anatomy = anatomy
        self.augmentation = Augmentation(config.augmentation, anatomy)
        self.collate = partial(collate, num_keypoints=anatomy.num_keypoints)
        self.seed = seed
        self.before_batch: Callable[[], None] = lambda: None
        self._training_loader: ResumableLoader | None = None

    @property
    def _process(self) -> tuple[int, int]:
        """The rank of this process, and the number of processes."""
        return (0, 1) if self.trainer is None else (self.trainer.global_rank, self.trainer.world_size)

    @property
    def skipped(self) -> int:
        """The number of damaged training pictures that were replaced by others."""
        return self.train_samples.skipped if isinstance(self.train_samples, SkippingSamples) else 0

    @property
    def waited_seconds(self) -> float:
        """The time that the training has waited for batches, seconds."""
        return 0.0 if self._training_loader is None else self._training_loader.waited_seconds

    def train_dataloader(self) -> DataLoader[Any]:
        """Load shuffled and augmented batches, without an incomplete last one."""
        assert self.train_samples is not None
        workers = self.config.loader.workers
        in_order = self.trainer is not None and self.trainer.overfit_batches > 0  # type: ignore[attr-defined]
        draws = (OrderedDraws if in_order else ShuffledDraws)(len(self.train_samples), self.seed, *self._process)
        self._training_loader = ResumableLoader(
            self.augmented_samples(),
            draws=draws,
            before_batch=lambda: self.before_batch(),
            batch_size=self._batch_size(len(draws)),
            collate_fn=self.collate,
            num_workers=workers,
            persistent_workers=workers > 0,
            prefetch_factor=8 if workers else None,
            worker_init_fn=_begin_loading,
            generator=torch.Generator().manual_seed(self.seed),  # else the loader draws from the global state
            drop_last=True,
        )
        self._training_loader.most_batches = self._batches_of_epoch
        return self._training_loader

    def augmented_samples(self) -> AugmentedSamples:
        """Return the training pictures by (epoch, index), augmented."""
        assert self.train_samples is not None
        config = self.config.augmentation
        pasting = Pasting(config, self.anatomy, self.train_samples) if config.paste else None
        return AugmentedSamples(self.train_samples, self.augmentation, self.seed, pasting)

    def _batch_size(self, pictures: int) -> int:
        return min(self.config.loader.batch_size, max(pictures, 1))

    def batches(self, processes: int) -> tuple[int, int]:
        """Count the batches per process: of a training epoch, and of a validation."""
        training = 0 if self.train_samples is None else len(self.train_samples) // processes
        validation = len(range(0, len(self.validation_samples), processes))
        return training // self._batch_size(training), -(-validation // self._validation_batch_size)

    @property
    def _validation_batch_size(self) -> int:
        return self.config.loader.batch_size if picture_dataset(self.config).has_one_size else 1

    def _batches_of_epoch(self) -> float:
        """Return the number of batches that the trainer takes; infinity without a trainer, or before it knows."""
        return math.inf if self.trainer is None else self.trainer.num_training_batches

    def val_dataloader(self) -> DataLoader[Any]:
        """Load the pictures in order, unchanged; process r of several gets pictures r, r + processes, ..."""
        process, processes = self._process
        return DataLoader(
            self.validation_samples,  # type: ignore[arg-type]
            sampler=range(process, len(self.validation_samples), processes),
            batch_size=self._validation_batch_size,
            collate_fn=self.collate,
        )


def first_epoch(config: Config, train: Samples) -> FirstEpoch:
    """Return training pictures as the first epoch of an experiment's training sees them."""
    return FirstEpoch(ParsingDataModule(config.data, anatomy_of(config), train, train, config.seed).augmented_samples())


def _begin_loading(worker: int) -> None:
    """Prepare a loading process: it yields to the training on few cores, and ends when the training ends it."""
    torch.set_num_threads(1)
    if hasattr(os, "nice"):
        os.nice(5)  # else it holds up a thread that all others of the training wait for
    if hasattr(signal, "sigwaitinfo"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        Thread(target=_end_with_training, args=(os.getppid(),), daemon=True).start()


def _end_with_training(training: int) -> None:
    """End this process when the process `training` sends SIGTERM.

    A scheduler sends the signal to all processes of a job; the training then needs batches until it ends in good order.
    """
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != training:
        pass
    os._exit(0)
