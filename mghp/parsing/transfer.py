"""Fine-tuning: a network begins with what fits of another training's weights."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from mghp.errors import InputError
from mghp.parsing.checkpoints import read_checkpoint

_TRANSFERRED = ("network.", "assembler.affinity.")
"""What is worth taking along to other persons and parts: the network, and the learned affinity."""

_SHOWN = 8
"""The most tensors that the line names."""


def take_weights(parser: nn.Module, file: Path) -> str:
    """Load every tensor of network and affinity that fits by name and shape, and return a line about the others.

    Args:
        parser: keeps its own weights where none fit.
        file: a checkpoint, of another anatomy or of half precision too.

    Raises:
        InputError: if the file is no checkpoint, or none of its tensors fits.
    """
    given = read_checkpoint(file)["state_dict"]
    own = {name: value for name, value in parser.state_dict().items() if name.startswith(_TRANSFERRED)}
    fitting = {name: given[name] for name, value in own.items() if _fits(given.get(name), value)}
    if not fitting:
        raise InputError(f"network.weights: {file}: none of its tensors fits the network of the config")
    parser.load_state_dict(fitting, strict=False)  # copies into its own tensors, of whatever precision
    others = [_difference(name, given, value) for name, value in own.items() if name not in fitting]
    shown = [*others[:_SHOWN], *([f"{len(others) - _SHOWN} more"] if len(others) > _SHOWN else [])]
    said = f"; not: {', '.join(shown)}" if shown else ""
    return f"network.weights: took {len(fitting)} of {len(own)} tensors from {file}{said}"


def _fits(given: object, own: Tensor) -> bool:
    return (
        isinstance(given, Tensor)
        and given.shape == own.shape
        and given.layout == own.layout
        and given.is_floating_point() == own.is_floating_point()
    )


def _difference(name: str, given: Mapping[str, object], own: Tensor) -> str:
    other = given.get(name)
    sizes = _sizes(other) if isinstance(other, Tensor) else "not there"
    return f"{name.removeprefix('network.')} ({sizes}, here {_sizes(own)})"


def _sizes(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"
