"""Lightning's Trainer from the options of a config, refused in one line before anything is loaded or built."""

import logging
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import lightning.pytorch as pl
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.strategies.launchers import _MultiProcessingLauncher

from mghp.errors import InputError
from mghp.training.half_precision import precision_here
from mghp.training.trainer_options import checked_options, length_of, validations_of

_SHORT = {"logger": False, "enable_checkpointing": False, "enable_model_summary": False, "enable_progress_bar": False}
"""The options of a Trainer that leaves nothing behind."""

CLIP = 1.0
"""The largest norm of a gradient of a scorer's step."""


def parsing_options(trainer: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return Lightning's options for a parsing training from section `trainer`.

    Returns:
        The options, with the precision that this machine computes in (`precision_here`), and the number of processes
        that train together.

    Raises:
        InputError: if an option is unknown, has an invalid value, or cannot be had on this machine.
    """
    options = checked_options(trainer)
    options |= length_of(options) | validations_of(options)
    with quiet():
        built = made_trainer(options | _SHORT)
    _check_precision(built, _MIXED)
    _check_processes(built)
    options["precision"] = precision_here(built.precision, built.strategy.root_device.type)
    if isinstance(built.strategy, DDPStrategy) and options.get("strategy", "auto") in ("auto", "ddp"):
        options["strategy"] = "ddp_find_unused_parameters_true"  # not every step has all losses, each with its weights
    return options, built.world_size


_MIXED = ("32-true", "bf16-mixed", "16-mixed")
"""The precisions that keep the weights 32 bits wide."""

_NOT_OF_SCORERS = {
    "max_steps": "learned.steps says how long a scorer is trained",
    "overfit_batches": "learned.train_images says how much a scorer is trained on",
    "limit_train_batches": "learned.train_images says how much a scorer is trained on",
    "fast_dev_run": "learned.steps=1 is as fast",
    "enable_checkpointing": "a scorer's training takes a minute and keeps no checkpoints",
    "model_registry": "a scorer's training takes a minute and keeps no checkpoints",
}
"""The options that a learned matching does not take, and why."""


def learned_options(trainer: Mapping[str, Any], steps: int) -> dict[str, Any]:
    """Return Lightning's options for each training of a learned matching, of so many steps, from section `trainer`.

    Raises:
        InputError: if `parsing_options` would refuse an option, or the option is not for scorers.
    """
    options = checked_options(trainer)
    for name, why in _NOT_OF_SCORERS.items():
        if options.pop(name, False) is not False:
            raise InputError(f"trainer.{name}: {why}")
    defaults = {**_SHORT, "accelerator": "cpu", "gradient_clip_val": CLIP}
    options = {**defaults, "max_epochs": -1, **options, "max_steps": steps}
    options |= {"logger": False, "check_val_every_n_epoch": 1, "val_check_interval": 1.0}  # nothing is validated
    with quiet():
        built = made_trainer(options)
    if built.world_size > 1:
        raise InputError("trainer.devices: a scorer is trained by one process; expected 1")
    _check_precision(built, (*_MIXED, "64-true"))
    _check_processes(built)
    return options


def made_trainer(options: Mapping[str, Any]) -> pl.Trainer:
    """Make a Trainer.

    Raises:
        InputError: if Lightning refuses the options.
    """
    try:
        return pl.Trainer(**options)
    except Exception as error:  # Lightning and what it looks for raise whatever they like; the options alone decide
        raise InputError(f"trainer: {' '.join(str(error).split())[:300]}") from None


def _check_precision(trainer: pl.Trainer, known: Sequence[str]) -> None:
    """Refuse a precision that the pictures and features do not have."""
    if trainer.precision not in known:
        raise InputError(f"trainer.precision: expected one of {', '.join(known)}, got {trainer.precision}")


def _check_processes(trainer: pl.Trainer) -> None:
    """Refuse processes that would wait for ever, or fail at the first batch."""
    on_cpu, processes = isinstance(trainer.accelerator, CPUAccelerator), trainer.num_devices
    cores = os.cpu_count() or 1
    if on_cpu and processes > cores:
        raise InputError(f"trainer.devices: {processes} processes on the CPU, which has {cores} cores")
    if isinstance(trainer.strategy.launcher, _MultiProcessingLauncher):
        raise InputError("trainer.strategy: what spawned or forked processes train is lost; expected auto or ddp")
    environment = getattr(trainer.strategy, "cluster_environment", None)
    if trainer.num_nodes > 1 and isinstance(environment, LightningEnvironment) and "MASTER_ADDR" not in os.environ:
        raise InputError(f"trainer.num_nodes: {trainer.num_nodes}, but MASTER_ADDR and NODE_RANK name no other machine")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence Lightning's hints: few workers and no sanity check were chosen on purpose."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            yield
    finally:
        logger.setLevel(level)
