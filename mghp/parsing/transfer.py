"""Fine-tuning: a network begins with what fits of another training's weights."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from mghp.errors import InputError, first_few
from mghp.parsing.checkpoints import read_checkpoint
from mghp.parsing.network.heads import Head

_TRANSFERRED = ("network.", "assembler.affinity.")
"""What is worth taking along to other persons and parts: the network, and the learned affinity."""

_FIELD, _CENTER_FIELD, _CENTERS = "network.field.", "network.center_field.", "network.centers.output.weight"
"""The names of weights of the plain field, of one to centres beside it, and of the heatmap of centres."""

_SHOWN = 8
"""The most tensors that the line names."""


def take_weights(parser: nn.Module, file: Path) -> str:
    """Load every tensor of network and affinity that fits by name and shape, and return a line about the others.

    A head that is finer than the other training's begins with its output, repeated over the finer cells. A field that
    points to centres begins with the other training's field to centres, whose name it has only where
    `network.centers` is true.

    Args:
        parser: keeps its own weights where none fit.
        file: a checkpoint, of another anatomy or of half precision too.

    Raises:
        InputError: if the file is no checkpoint, or none of its tensors fits.
    """
    own = {name: value for name, value in parser.state_dict().items() if name.startswith(_TRANSFERRED)}
    given = _with_finer_heads(_with_field_to_centers(read_checkpoint(file)["state_dict"], own), parser)
    fitting = {name: given[name] for name, value in own.items() if _fits(given.get(name), value)}
    if not fitting:
        raise InputError(f"network.weights: {file}: none of its tensors fits the network of the config")
    parser.load_state_dict(fitting, strict=False)  # copies into its own tensors, of whatever precision
    others = [_difference(name, given, value) for name, value in own.items() if name not in fitting]
    said = f"; not: {first_few(others, _SHOWN)}" if others else ""
    return f"network.weights: took {len(fitting)} of {len(own)} tensors from {file}{said}"


def _with_field_to_centers(given: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """Return weights with those of `network.center_field` for `network.field` where own weights' field is to centres.

    That is so where the network has a heatmap of centres, and no field for it but the plain one.
    """
    if _CENTERS not in own or any(name.startswith(_CENTER_FIELD) for name in own):
        return dict(given)
    of_centers = {name: value for name, value in given.items() if name.startswith(_CENTER_FIELD)}
    return {**given, **{_FIELD + name.removeprefix(_CENTER_FIELD): value for name, value in of_centers.items()}}


def _with_finer_heads(given: Mapping[str, object], parser: nn.Module) -> dict[str, object]:
    """Return weights with those of heads for as many outputs as the parser's, where these are made by a shuffle."""
    found = dict(given)
    for head, module in parser.named_modules():
        if isinstance(module, Head):
            cells = module.shuffle.upscale_factor**2
            for name, own in module.output.named_parameters():
                path = f"{head}.output.{name}"
                coarse = given.get(path)
                if isinstance(coarse, Tensor) and (cells * len(coarse), *coarse.shape[1:]) == own.shape:
                    found[path] = coarse.repeat_interleave(cells, 0)  # the shuffle takes a cell's outputs side by side
    return found


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
