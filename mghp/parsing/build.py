"""From a config, or a checkpoint with its config, to a parser."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from mghp.anatomy.anatomy import Anatomy
from mghp.config.load import load_config_text
from mghp.config.schema import Config
from mghp.datasets.anatomy_file import anatomy_of_text
from mghp.datasets.registry import picture_dataset
from mghp.errors import InputError
from mghp.matching import make_matcher
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.assembly.label_balance import LabelBalance
from mghp.parsing.checkpoint_places import checkpoint_to_use
from mghp.parsing.checkpoints import check_weights, read_checkpoint
from mghp.parsing.network.parser import ParsingNetwork
from mghp.parsing.parser import Parser

_NEEDED = ("network.", "assembler.", "label_balance.")
"""What a checkpoint's weights must have."""

_MATCHER = "assembler.matcher."
"""What a matcher keeps; another one than was trained with has none of it, or something else."""

AnyParser = TypeVar("AnyParser", bound=Parser)


@dataclass(frozen=True)
class Trained:
    """The content of a checkpoint.

    Attributes:
        weights: by name.
        config: of the training, with what was asked for over it.
        anatomy: what the network was trained to tell; the data of the training need not be there any more.
    """

    weights: dict[str, Any]
    config: Config
    anatomy: Anatomy


def anatomy_of(config: Config) -> Anatomy:
    """Return what the config's data annotate.

    Raises:
        InputError: if the data have no pictures.
    """
    return picture_dataset(config.data).anatomy_of(config.data)


def build_parser(config: Config, anatomy: Anatomy | None = None) -> Parser:
    """Build every piece of a parser, weights at their start.

    Args:
        config: the whole.
        anatomy: parts and skeleton; None: what the config's data annotate.

    Raises:
        InputError: one line, if sizes do not fit.
    """
    anatomy = anatomy or anatomy_of(config)
    try:
        network = ParsingNetwork(config.network, anatomy, centers=config.assembly.grouping == "center")
        matcher = make_matcher(config.matcher.name, **config.matcher.options())
        affinity = Affinity(
            anatomy.skeleton.limbs,
            num_samples=config.assembly.num_samples,
            detach_positions=config.training.candidates.detach_positions,
            evidence=config.network.limbs,
            limb_ratios=anatomy.skeleton.known_limb_ratios,
        )
    except (ValueError, TypeError) as error:
        raise InputError(" ".join(str(error).split())) from None
    label_balance = LabelBalance(anatomy.num_labels, config.assembly.label_balance)
    assembler = Assembler(anatomy, matcher, affinity, config.assembly)
    return Parser(network, label_balance, assembler, config.inference.bf16)


def load_parser(path: str | Path, overrides: Sequence[str] = ()) -> tuple[Parser, Config]:
    """Load the parser of a checkpoint or run folder, with its weights, and its config with `key=value` over it.

    Raises:
        InputError: as `read_trained`, or if the weights do not fit the config.
    """
    path = checkpoint_to_use(path)
    trained = read_trained(path, overrides)
    parser = build_parser(untrained(trained.config), trained.anatomy)
    return with_weights(parser, trained.weights, path).eval(), trained.config


def read_trained(path: str | Path, overrides: Sequence[str] = ()) -> Trained:
    """Read the weights of a checkpoint, its anatomy, and its config with `key=value` over it.

    Raises:
        InputError: as `read_checkpoint`, or if an override does not fit.
    """
    checkpoint = read_checkpoint(path)
    config = load_config_text(checkpoint["mghp_config"], overrides, origin=str(path))
    text = checkpoint["mghp_anatomy"]
    anatomy = anatomy_of_text(text, f"{path}: mghp_anatomy")[0] if text else anatomy_of(config)
    return Trained({name: _single(value) for name, value in checkpoint["state_dict"].items()}, config, anatomy)


def _single(value: Any) -> Any:  # noqa: ANN401 (whatever a checkpoint holds; what does not fit is told later)
    """Return weights kept in half precision as those that a network computes with."""
    return value.float() if isinstance(value, Tensor) and value.dtype == torch.float16 else value


def untrained(config: Config) -> Config:
    """Return a config of which nothing is trained.

    The matcher need not be differentiable then, and what the training started from need not be there.
    """
    losses = dataclasses.replace(config.losses, weights=dataclasses.replace(config.losses.weights, matching=0.0))
    backbone = dataclasses.replace(config.network.backbone, weights=None, checkpointing=False)
    network = dataclasses.replace(config.network, backbone=backbone, weights=None)
    return dataclasses.replace(config, losses=losses, network=network)


def needed_to_parse(name: str) -> bool:
    """Return True if parsing needs the weight of this name, and not only training."""
    return name.startswith(_NEEDED)


def _must_fit(name: str) -> bool:
    return needed_to_parse(name) and not name.startswith(_MATCHER)


def with_weights(parser: AnyParser, weights: dict[str, Tensor], path: str | Path) -> AnyParser:
    """Load a checkpoint's weights into a parser, and return it.

    What only training needs (learned weights of losses, the matching's) may differ, and so may the matcher; network and
    affinity may not.

    Raises:
        InputError: naming the checkpoint and a tensor, if they do not fit.
    """
    state = parser.state_dict()
    of_matcher = {name for name in state if name.startswith(_MATCHER) and name in weights}

    def compared(values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if _must_fit(str(name)) or name in of_matcher}

    needed = compared(state)
    check_weights(path, needed, compared(weights))
    parser.load_state_dict({name: weights[name] for name in needed}, strict=False)
    return parser
