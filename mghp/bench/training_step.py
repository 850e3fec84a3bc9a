"""A training step as Lightning takes it, to be timed."""

import dataclasses
from itertools import islice

import torch
from torch import Tensor
from torch.optim import Optimizer

from mghp.config import Config
from mghp.data.batch import Batch
from mghp.data.datamodule import ParsingDataModule
from mghp.data.sample import Samples
from mghp.experiments.parsing_parts import build_module, people_of
from mghp.modules.checkpoint_files import check_weights, read_checkpoint
from mghp.modules.parsing import ParsingModule


def begun_module(config: Config, max_steps: int = 1) -> ParsingModule:
    """The module that a training would begin with: weights of `training.continue_from`, where that is given.

    Raises:
        InputError: if the config does not fit, or the checkpoint is unreadable or of another network.
    """
    module = build_module(config, max_steps)
    if config.training.continue_from is not None:
        given = read_checkpoint(config.training.continue_from)["state_dict"]
        states = (module.state_dict(), given)
        needed, network = ({k: v for k, v in state.items() if str(k).startswith("network.")} for state in states)
        check_weights(config.training.continue_from, needed, network)
        module.load_state_dict(network, strict=False)
    return module


def first_batches(config: Config, train: Samples, number: int) -> list[Batch]:
    """The batches that a training begins with."""
    loader = dataclasses.replace(config.data.loader, workers=0)
    data = dataclasses.replace(config.data, loader=loader)
    loaded = ParsingDataModule(data, people_of(config), train, train, config.seed).train_dataloader()
    return list(islice(loaded, number))


def training_step(config: Config, module: ParsingModule, optimizer: Optimizer, batch: Batch, step: int) -> Tensor:
    """Forward, backward and update at a step of the training; the loss."""
    half = config.trainer.get("precision") == "bf16-mixed"
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
