"""One training step outside Lightning, for benches to time."""

import torch
from torch.optim import Optimizer

from mghp.config import Config
from mghp.data.batch import Batch
from mghp.modules.parsing import ParsingModule


def training_step(config: Config, module: ParsingModule, optimizer: Optimizer, batch: Batch, step: int) -> None:
    """Losses, backward pass and optimiser of one batch.

    Args:
        config: precision and clipping, under `trainer`.
        module: in training mode.
        optimizer: of the module's weights.
        batch: of pictures.
        step: of the training, which decides the candidates of the matching.
    """
    half = config.trainer.get("precision") == "bf16-mixed"
    with torch.autocast(module.device.type, torch.bfloat16, enabled=half):
        losses, _ = module.losses(batch, step)
    optimizer.zero_grad()
    torch.autograd.backward(module.total(losses))
    clip = config.trainer.get("gradient_clip_val")
    if clip:
        torch.nn.utils.clip_grad_norm_(module.parameters(), clip)
    optimizer.step()
