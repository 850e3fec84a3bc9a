"""`mghp bench gradients`: the weight at which a matching loss pulls a network as hard as the loss on limb fields."""

import dataclasses
import statistics
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mghp.config.load import variant_labels
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.parsing.batch import Batch
from mghp.report.table import TableOf
from mghp.runs.folder import RunFolder
from mghp.studies.speed.bench import Bench, Call, cell, finished, measurements
from mghp.studies.speed.parsing import stepped_module
from mghp.studies.speed.training_step import first_batches
from mghp.training.half_precision import is_in_half
from mghp.training.parsing_module import ParsingModule


def bench_gradients(call: Call) -> Path:
    """Measure into a run folder: ratios.csv, a row per variant of the experiment that has a matching loss.

    Each variant is at its start, `network.weights` or `training.continue_from` included, and all see the same pictures,
    `bench.repeats` batches of the training's.

    Raises:
        InputError: if the config does not fit, or no batch has both losses.
    """
    variants = call.variants or {call.config.variant: call.config}
    labels = variant_labels(call.file)
    trained = {name: config for name, config in variants.items() if config.losses.weights.matching}
    config = dataclasses.replace(call.config, experiment="bench_gradients")
    batches = first_batches(config, call.train, config.bench.repeats)
    folder = RunFolder(config, call.train.fingerprint)
    rows = []
    for number, (name, variant) in enumerate(trained.items()):
        call.progress(number, len(trained), f"gradients of {name or 'the experiment'}")
        rows.append({"variant": labels.get(name, name), **_row(variant, batches)})
    return finished(folder, rows, {"batches": len(batches), "batch_size": config.data.loader.batch_size})


def _row(config: Config, batches: list[Batch]) -> dict[str, Any]:
    torch.manual_seed(config.seed)
    module, _ = stepped_module(config)
    norms = [norm for norm in (gradient_norms(config, module, batch) for batch in batches) if norm]
    if not norms:
        raise InputError("bench gradients: no batch has limbs to learn; expected losses.weights.limbs and keypoints")
    limbs, matching = (statistics.median(of_loss) for of_loss in zip(*norms, strict=True))
    weights = [config.losses.weights.limbs * _ratio(*pair) for pair in norms]
    return {
        "limbs": limbs,
        "matching": matching,
        "weight": statistics.median(weights),
        "least": min(weights),
        "largest": max(weights),
    }


def gradient_norms(config: Config, module: ParsingModule, batch: Batch) -> tuple[float, float] | None:
    """Return the norms of the gradients of the limb loss and of the matching loss, both without their weights.

    They are of the network's parameters that both losses reach, at the training's first step.

    Returns:
        None where the batch lacks one of the losses.
    """
    half = is_in_half(config.trainer, module.device)
    with torch.autocast(module.device.type, torch.bfloat16, enabled=half):
        losses, _ = module.losses(batch)
    if not {"limbs", "matching"} <= losses.keys():
        return None
    parameters = [parameter for parameter in module.network.parameters() if parameter.requires_grad]
    both = [_gradients(losses[name], parameters) for name in ("limbs", "matching")]
    shared = [(limb, match) for limb, match in zip(*both, strict=True) if limb is not None and match is not None]
    limbs, matching = (_norm(gradients) for gradients in zip(*shared, strict=True))
    return limbs, matching


def _gradients(loss: Tensor, parameters: list[torch.nn.Parameter]) -> tuple[Tensor | None, ...]:
    return torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)


def _norm(gradients: tuple[Tensor, ...]) -> float:
    return float(torch.stack([gradient.double().square().sum() for gradient in gradients]).sum().sqrt())


def _ratio(limbs: float, matching: float) -> float:
    """Return the ratio of two norms; infinite where the matching pulls at nothing."""
    return limbs / matching if matching else float("inf")


GRADIENTS = TableOf(
    "bench_gradients",
    "Norms of the gradients of the limb fields' loss and of the matching loss on the parameters that both reach, at "
    "the start of a training (medians over batches); and the weight of the matching loss at which they are equal, with "
    "its least and largest value over the batches.",
    cell("trained by", "variant"),
    cell("limbs", "limbs", ".3g"),
    cell("matching", "matching", ".3g"),
    cell("equal at weight", "weight", ".3g"),
    cell("least", "least", ".3g"),
    cell("largest", "largest", ".3g"),
    rows=measurements("bench_gradients", texts=("variant",)),
)

BENCH = Bench(bench_gradients, (GRADIENTS,))
