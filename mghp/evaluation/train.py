"""`mghp train`: a parsing experiment, from config to run folder."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback, LearningRateMonitor
from lightning.pytorch.loggers import Logger, WandbLogger
from lightning.pytorch.profilers import AdvancedProfiler, Profiler, PyTorchProfiler, SimpleProfiler
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor

from mghp.config.monitor import check_monitor
from mghp.config.schema import Config
from mghp.datasets.pictures import fingerprint_of, with_tuning
from mghp.datasets.sample import PictureSet
from mghp.errors import InputError
from mghp.evaluation.evaluate import examine_into
from mghp.evaluation.examination import take_matcher, tune
from mghp.parsing.build import anatomy_of
from mghp.parsing.checkpoint_places import checkpoint_of
from mghp.parsing.network.compilation import compile_network
from mghp.parsing.transfer import take_weights
from mghp.runs.folder import RunFolder, git_commit, resume_points
from mghp.runs.metrics_file import MetricsFile
from mghp.runs.tracking import Tracker, WandbTracker, tracked
from mghp.training.best_weights import BestWeights
from mghp.training.build import build_module
from mghp.training.callbacks import (
    AveragedWeights,
    BranchPoint,
    DrawPictures,
    SeedEveryBatch,
    StepProgress,
    StopWhenAsked,
)
from mghp.training.checkpoint_files import CheckpointFiles, check_training
from mghp.training.datamodule import ParsingDataModule
from mghp.training.finite import NotFiniteError, check_weights
from mghp.training.half_precision import HALF, SINGLE
from mghp.training.optimization import make_optimizer
from mghp.training.parsing_module import ParsingModule
from mghp.training.resume import point_to_resume
from mghp.training.resume_points import ResumePoints
from mghp.training.trainer_options import check_batches
from mghp.training.trainers import made_trainer, parsing_options, quiet

_LOGGER = logging.getLogger("mghp")

EMA_EVERY = 8
"""The number of steps between updates of the averaged weights, each a pass over all weights."""

_PROFILERS: Mapping[str, Callable[..., Profiler]] = {
    "simple": SimpleProfiler,
    "advanced": AdvancedProfiler,
    "pytorch": PyTorchProfiler,
}


def run_training(config: Config, train: PictureSet, validation: PictureSet, interrupted: Path | None = None) -> Path:
    """Train, validate, keep the last weights, and return the run folder.

    On SIGTERM the training ends early, and its result says so. With `training.monitor` the best weights are kept too,
    the result has their scores and their step, and they are what an evaluation at the end is of.

    Args:
        config: the whole config.
        train: pictures to train on.
        validation: pictures to validate on.
        interrupted: run folder of the same training to resume; None to begin.

    Raises:
        InputError: if the config does not fit, a checkpoint is unreadable, the folder cannot be written, a picture can
            no longer be read, or a loss is not finite.
    """
    pl.seed_everything(config.seed, verbose=False)
    check_monitor(config)
    options, processes = parsing_options(config.trainer)
    _tell_precision(config, options)
    module = build_module(config)
    if config.training.compile:
        compile_network(module.network)
    fingerprint = with_tuning(fingerprint_of(train, validation), config.data)
    point = None if interrupted is None else point_to_resume(interrupted, fingerprint)
    begun_from = point or config.training.continue_from
    if begun_from is not None:  # a faulty one is told before anything is written
        check_training(begun_from, module, make_optimizer(config.training.optimizer, module))
    elif config.network.weights is not None:
        _begin_with(config.network.weights, module)
    data = ParsingDataModule(config.data, anatomy_of(config), train, validation, config.seed)
    check_batches(options, *data.batches(processes))
    folder = RunFolder(config, fingerprint, is_first_process(), interrupted, resumed=point is not None)
    torch.set_float32_matmul_precision("high")
    with tracked(config, folder) as tracker, quiet():
        metrics_file = MetricsFile(folder.path / "metrics.csv")
        best = _best_weights(config, folder, is_resumed=point is not None)
        points = _resume_points(config, folder, metrics_file, is_resumed=point is not None)
        stop = StopWhenAsked(points)
        data.before_batch = points.save_if_due
        callbacks = [*_callbacks(config, options, folder, tracker), *filter(None, [best]), stop, points]
        trainer = _trainer(options, callbacks, folder, _loggers(metrics_file, tracker))
        with _told_in_a_line(points):
            with folder.timed("train") as training:
                trainer.fit(module, datamodule=data, ckpt_path=begun_from)
            check_weights(module, trainer.global_step)
            trainer.save_checkpoint(folder.checkpoints / "last.ckpt")
            with folder.timed("validate"):
                # A training that is stopped has just been validated by Lightning.
                scores: Mapping[str, float | Tensor] = trainer.callback_metrics
                if not stop.asked:
                    # Nothing comes back where no picture is validated.
                    scores = next(iter(trainer.validate(module, datamodule=data, verbose=False)), {})
        metrics = {name: float(value) for name, value in scores.items()} | {
            "time/waiting_share": data.waited_seconds / max(training.seconds, 1e-9),
            "time/train_seconds": training.seconds,
            "train/steps": float(trainer.global_step),
            "network/parameters": float(sum(p.numel() for p in module.network.parameters())),
        }
        if best is not None:
            metrics |= best.load_into(module)
        if config.evaluation.at_end and not stop.asked and folder.writes:
            with folder.timed("evaluate"):
                metrics |= _evaluated(module, config, folder, validation, tracker)
        if config.data.on_error == "skip":
            metrics["data/skipped"] = float(data.skipped)
        if config.training.on_non_finite == "skip":
            metrics["train/skipped_steps"] = float(module.finite.skipped)
        tracker.summarise(metrics)
    folder.finish(metrics, stopped=stop.asked, precision=options["precision"])
    if folder.writes and not stop.asked:
        folder.forget_resume_points()
    return folder.path


def _tell_precision(config: Config, options: Mapping[str, Any]) -> None:
    asked = str(config.trainer.get("precision", SINGLE))
    if asked in (HALF, "bf16") and options["precision"] == SINGLE and is_first_process():
        _LOGGER.warning("trainer.precision=%s: no instructions for bfloat16 on this CPU: trained in float32", asked)


def _begin_with(weights: str, module: ParsingModule) -> None:
    taken = take_weights(module, checkpoint_of(Path(weights)))
    if is_first_process():
        _LOGGER.warning(taken)


@contextmanager
def _told_in_a_line(points: ResumePoints) -> Iterator[None]:
    """Turn what ends a training, a loss that is not finite or a late error of Lightning's, into one line."""
    try:
        yield
    except NotFiniteError as error:
        raise InputError(f"{error}; the last finite checkpoint is {points.newest() or 'none'}") from None
    except MisconfigurationException as error:
        raise InputError(f"trainer: {' '.join(str(error).split())}") from None


def _best_weights(config: Config, folder: RunFolder, is_resumed: bool) -> BestWeights | None:
    """Return what keeps the best weights, if they are asked for; those of an earlier training there are removed."""
    file = folder.checkpoints / "best.ckpt"
    if folder.writes and not is_resumed:
        file.unlink(missing_ok=True)
    training = config.training
    return None if training.monitor is None else BestWeights(file, training.monitor, training.patience, is_resumed)


def _resume_points(config: Config, folder: RunFolder, metrics: MetricsFile, is_resumed: bool) -> ResumePoints:
    def restore(state: Mapping[str, Any]) -> None:
        # A branch of another training begins with a checkpoint too, and has rows of its own.
        if is_resumed:
            metrics.go_back_to(state["metrics"])

    commit = git_commit()[0]

    def state() -> dict[str, Any]:
        metrics.to_disk()
        return {"data": folder.data_fingerprint, "commit": commit, "metrics": metrics.position}

    last, before = resume_points(folder.checkpoints)
    return ResumePoints(last, before, config.training.resume_every, state, restore)


def _evaluated(
    module: ParsingModule, config: Config, folder: RunFolder, validation: PictureSet, tracker: Tracker
) -> dict[str, float]:
    """Evaluate as `mghp evaluate` does; the scores, with a tuned threshold, replace those of the validation."""

    def silent(done: int, total: int, what: str) -> None:
        """Show nothing beside the training's own bar."""

    module.eval()
    take_matcher(module, config)
    tuned = tune(module, config, silent)
    metrics, pictures = examine_into(folder, module, config, validation, None, silent)
    tracker.tabulate("pictures", pictures)
    return metrics | tuned


def is_first_process() -> bool:
    """Return True in the one process that writes, of those started for one training."""
    return bool(rank_zero_only.rank == 0)  # type: ignore[attr-defined]


def _loggers(metrics: MetricsFile, tracker: Tracker) -> list[Logger]:
    return [metrics, *([WandbLogger(experiment=tracker.run)] if isinstance(tracker, WandbTracker) else [])]


def _trainer(
    options: Mapping[str, Any], callbacks: list[Callback], folder: RunFolder, loggers: list[Logger]
) -> pl.Trainer:
    """Make a Trainer of the options over our defaults; callbacks, loggers and plugins are always ours."""
    defaults: dict[str, Any] = {
        "default_root_dir": folder.path,
        "log_every_n_steps": 25,
        "num_sanity_val_steps": 0,
        "enable_checkpointing": False,
        "enable_model_summary": False,
    }
    ours = {
        "enable_progress_bar": False,  # StepProgress tells steps and the time left, also to a log
        "logger": loggers if options.get("logger", True) else False,
        "callbacks": callbacks,
        "plugins": CheckpointFiles(),
        "profiler": _profiler(options.get("profiler"), folder),
        "use_distributed_sampler": False,  # the data module deals the pictures out itself
    }
    return made_trainer({**defaults, **options, **ours})


def _profiler(name: str | None, folder: RunFolder) -> Profiler | None:
    """Make a profiler that writes into the run folder."""
    return None if name is None else _PROFILERS[name](dirpath=folder.path, filename="profile")


def _callbacks(config: Config, options: Mapping[str, Any], folder: RunFolder, tracker: Tracker) -> list[Callback]:
    callbacks: list[Callback] = [SeedEveryBatch(config.seed)]
    if options.get("logger", True):
        callbacks.insert(0, LearningRateMonitor("step"))
    if options.get("enable_progress_bar", True):
        callbacks.append(StepProgress())
    if config.training.ema_decay is not None:
        callbacks.append(AveragedWeights(config.training.ema_decay**EMA_EVERY, EMA_EVERY))
    if config.training.pictures:
        callbacks.append(DrawPictures(folder.media, tracker.show, config.training.pictures))
    optimizer = config.training.optimizer
    if optimizer.schedule == "linear_decay":
        callbacks.append(BranchPoint(optimizer.decay_share, folder.checkpoints / "before_decay.ckpt"))
    return callbacks
