"""`mghp train`: a parsing experiment from config to run folder."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback, EMAWeightAveraging, LearningRateMonitor, RichProgressBar
from lightning.pytorch.loggers import CSVLogger, Logger, WandbLogger
from lightning.pytorch.profilers import SimpleProfiler
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor

from mghp.config import Config
from mghp.data.datamodule import ParsingDataModule
from mghp.data.pictures import fingerprint_of
from mghp.data.sample import PictureSet
from mghp.errors import InputError
from mghp.experiments.evaluate import examine_into
from mghp.experiments.examination import tune
from mghp.experiments.parsing_parts import build_module, people_of, read_checkpoint
from mghp.experiments.tracking import Tracker, WandbTracker, tracked
from mghp.modules.callbacks import BranchPoint, DrawPictures, StopWhenAsked
from mghp.modules.parsing import ParsingModule
from mghp.network.compilation import compile_network
from mghp.run_folder import RunFolder

DEFAULT_MAX_STEPS = 1000
"""Where the config names no length."""

EMA_EVERY = 8
"""Steps between two updates of the averaged weights, which cost a pass over all weights."""

_LOADING = "[_TrainingEpochLoop].train_dataloader_next"
"""What Lightning's profiler calls the wait for a batch."""


def run_training(config: Config, train: PictureSet, validation: PictureSet) -> Path:
    """Train, validate, keep the last weights, and write the run folder.

    On SIGTERM the training ends early, and its result says so.

    Args:
        config: the whole.
        train: pictures to train on.
        validation: pictures to validate on.

    Returns:
        The run folder.

    Raises:
        InputError: one line, if the config does not fit, a checkpoint is unreadable, or the folder cannot be written.
    """
    pl.seed_everything(config.seed, verbose=False)
    max_steps = int(config.trainer.get("max_steps", DEFAULT_MAX_STEPS))
    module = build_module(config, max_steps)
    if config.training.compile:
        compile_network(module.network)
    if config.training.continue_from is not None:
        read_checkpoint(config.training.continue_from)  # a faulty one is told before anything is written
    data = ParsingDataModule(config.data, people_of(config), train, validation, config.seed)
    folder = RunFolder(config, fingerprint_of(train, validation), writes=is_first_process())
    profiler = SimpleProfiler(dirpath=folder.path, filename="profile")
    with tracked(config, folder) as tracker, _quiet():
        loggers: list[Logger] = [_csv_logger(folder)]
        if isinstance(tracker, WandbTracker):
            loggers.append(WandbLogger(experiment=tracker.run))
        stop = StopWhenAsked()
        callbacks = [*_callbacks(config, folder, tracker, max_steps), stop]
        trainer = _trainer(config, callbacks, folder, max_steps, loggers, profiler)
        with folder.timed("train") as training:
            trainer.fit(module, datamodule=data, ckpt_path=config.training.continue_from)
        trainer.save_checkpoint(folder.checkpoints / "last.ckpt")
        with folder.timed("validate"):
            # A training that is stopped has just been validated by Lightning.
            scores: Mapping[str, float | Tensor] = trainer.callback_metrics
            if not stop.asked:
                scores = trainer.validate(module, datamodule=data, verbose=False)[0]
        metrics = {name: float(value) for name, value in scores.items()} | _costs(
            trainer, module, profiler, training.seconds
        )
        if config.evaluation.at_end and not stop.asked and folder.writes:
            with folder.timed("evaluate"):
                metrics |= _evaluated(module, config, folder, validation, tracker)
        if config.data.on_error == "skip":
            metrics["data/skipped"] = float(data.skipped)
        tracker.summarise(metrics)
    folder.finish(metrics, stopped=stop.asked)
    return folder.path


def _evaluated(
    module: ParsingModule, config: Config, folder: RunFolder, validation: PictureSet, tracker: Tracker
) -> dict[str, float]:
    """What `mghp evaluate` would find; its scores, which have a tuned threshold, replace those of the validation."""

    def silent(done: int, total: int, what: str) -> None:
        """The training's own bar is there."""

    module.eval()
    tune(module, config, silent)
    metrics, pictures = examine_into(folder, module, config, validation, None, silent)
    tracker.tabulate("pictures", pictures)
    return metrics


def is_first_process() -> bool:
    """Whether this is the process that writes, of those that Lightning or a scheduler has started for one training."""
    return bool(rank_zero_only.rank == 0)  # type: ignore[attr-defined]


def _trainer(
    config: Config,
    callbacks: list[Callback],
    folder: RunFolder,
    max_steps: int,
    loggers: list[Logger],
    profiler: SimpleProfiler,
) -> pl.Trainer:
    ours: dict[str, Any] = {
        "default_root_dir": folder.path,
        "logger": loggers,
        "callbacks": callbacks,
        "profiler": profiler,
        "max_steps": max_steps,
        "max_epochs": -1,
        "log_every_n_steps": 25,
        "num_sanity_val_steps": 0,
        "check_val_every_n_epoch": None,
        "val_check_interval": max_steps + 1,  # after training only, unless the config says otherwise
        "enable_checkpointing": False,
        "enable_model_summary": False,
        "use_distributed_sampler": False,  # the data module deals the pictures out itself
        "enable_progress_bar": any(isinstance(callback, RichProgressBar) for callback in callbacks),
    }
    try:
        return pl.Trainer(**{**ours, **config.trainer})
    except (TypeError, ValueError, MisconfigurationException) as error:
        raise InputError(f"trainer: {' '.join(str(error).split())}") from None


def _callbacks(config: Config, folder: RunFolder, tracker: Tracker, max_steps: int) -> list[Callback]:
    from rich.console import Console

    callbacks: list[Callback] = [LearningRateMonitor("step")]
    if Console(stderr=True).is_terminal:
        callbacks.append(RichProgressBar())
    if config.training.ema_decay is not None:
        decay = config.training.ema_decay**EMA_EVERY
        callbacks.append(EMAWeightAveraging(decay=decay, update_every_n_steps=EMA_EVERY))
    if config.training.pictures:
        callbacks.append(DrawPictures(folder.media, tracker.show, config.training.pictures))
    optimizer = config.training.optimizer
    if optimizer.schedule == "linear_decay":
        decay_begins = round(max_steps * (1 - optimizer.decay_share))
        callbacks.append(BranchPoint(decay_begins, folder.checkpoints / "before_decay.ckpt"))
    return callbacks


def _csv_logger(folder: RunFolder) -> CSVLogger:
    """Writes metrics.csv where every run folder has it."""
    return CSVLogger(folder.path, name="", version="", flush_logs_every_n_steps=25)


def _costs(trainer: pl.Trainer, module: ParsingModule, profiler: SimpleProfiler, seconds: float) -> dict[str, float]:
    """What the training took; the first wait, in which the loading processes start, is no wait for data."""
    waits = profiler.recorded_durations.get(_LOADING, [])[1:]
    return {
        "time/waiting_share": sum(waits) / max(seconds, 1e-9),
        "time/train_seconds": seconds,
        "train/steps": float(trainer.global_step),
        "network/parameters": float(sum(p.numel() for p in module.network.parameters())),
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Lightning's hints: few workers and no sanity check were chosen on purpose."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.WARNING)
    torch.set_float32_matmul_precision("high")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            yield
    finally:
        logger.setLevel(level)
