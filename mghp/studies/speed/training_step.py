"""A training step as Lightning takes it, to be timed."""

import dataclasses
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.optim import Optimizer

from mghp.config.schema import Config
from mghp.datasets.sample import Samples
from mghp.parsing.batch import Batch
from mghp.parsing.build import anatomy_of, read_trained, with_weights
from mghp.parsing.checkpoint_places import checkpoint_of
from mghp.parsing.transfer import take_weights
from mghp.training.build import build_module
from mghp.training.datamodule import ParsingDataModule
from mghp.training.half_precision import is_in_half
from mghp.training.parsing_module import ParsingModule
from mghp.training.trainer_options import checked_options, length_of


def steps_of(config: Config) -> int:
    """Return the length of a training in steps."""
    return int(length_of(checked_options(config.trainer))["max_steps"])


def begun_module(config: Config, max_steps: int = 1) -> ParsingModule:
    """Return the module that a training would begin with, weights of `training.continue_from` or `network` included.

    Raises:
        InputError: if the config does not fit, or the checkpoint is unreadable or of another network.
    """
    module = build_module(config, max_steps)
    if config.training.continue_from is not None:
        trained = read_trained(config.training.continue_from)
        with_weights(module, trained.weights, config.training.continue_from)
    elif config.network.weights is not None:
        take_weights(module, checkpoint_of(Path(config.network.weights)))
    return module


def first_batches(config: Config, train: Samples, number: int) -> list[Batch]:
    """Return the batches that a training begins with."""
    loader = dataclasses.replace(config.data.loader, workers=0)
    data = dataclasses.replace(config.data, loader=loader)
    loaded = ParsingDataModule(data, anatomy_of(config), train, train, config.seed).train_dataloader()
    return list(islice(loaded, number))


def training_step(config: Config, module: ParsingModule, optimizer: Optimizer, batch: Batch, step: int) -> Tensor:
    """Take a step of the training, forward, backward and update, and return its loss."""
    half = is_in_half(config.trainer, module.device)
    with torch.autocast(module.device.type, torch.bfloat16, enabled=half):
        losses, _ = module.losses(batch, step)
    total = module.total(losses)
    optimizer.zero_grad()
    torch.autograd.backward(total)
    clip = config.trainer.get("gradient_clip_val")
    if clip:
        torch.nn.utils.clip_grad_norm_(module.parameters(), clip)
    optimizer.step()
    return total.detach()
