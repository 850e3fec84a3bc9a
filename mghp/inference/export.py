"""`mghp export`: a trained parser as one program, for `torch.export.load` or any ONNX runtime."""

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.export import Dim, ExportedProgram

from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.inference.program import NUM_PEAKS, OUTPUTS, PictureProgram, exported_matcher
from mghp.inference.test_time import size_rule
from mghp.parsing.parser import Parser
from mghp.writing import remove_abandoned, temporary_beside

DESCRIPTION_FILE = "description.json"
"""The description's name inside a .pt2 file (`extra_files` of `torch.export.load`)."""


def export_program(module: Parser, config: Config, size: tuple[int, int] | None = None) -> ExportedProgram:
    """Export `PictureProgram` for a batch of one.

    Args:
        module: a trained parser in evaluation mode on the CPU.
        config: the config of its training.
        size: (height, width) of all pictures, pixels, multiples of the network's coarsest stride; None leaves both
            open: any multiples from `least_side` up.

    Raises:
        InputError: if the size does not fit the network.
    """
    program = PictureProgram(module, config.matcher.pgd_dykstra).eval()
    multiple, least = module.network.multiple, least_side(module)
    if size is not None and (any(side % multiple for side in size) or min(size) < least):
        raise InputError(f"--size: expected multiples of {multiple} from {least} on, got {size[0]}x{size[1]}")
    dynamic = None
    if size is None:
        fewest = least // multiple
        dynamic = {
            "image": {axis + 2: multiple * Dim(name, min=fewest) for axis, name in enumerate(("rows", "columns"))}
        }
    # Sides that differ from each other: the exporter would take equal ones for the same symbol.
    height, width = size or (least + multiple, least + 2 * multiple)
    example = torch.zeros(1, 3, height, width, dtype=torch.uint8)
    with torch.no_grad():
        return torch.export.export(program, (example,), dynamic_shapes=dynamic)


def least_side(module: Parser) -> int:
    """Return the least side of a picture, pixels: two coarsest cells, and as many heatmap cells as there are peaks."""
    stride, multiple = module.network.strides["keypoints"], module.network.multiple
    least: int = multiple * max(2, math.ceil(math.isqrt(NUM_PEAKS) * stride / multiple))
    return least


def describe(module: Parser, config: Config, size: tuple[int, int] | None) -> dict[str, Any]:
    """Describe a program: input, outputs, strides, names, and all that making persons of the outputs needs."""
    anatomy, multiple = module.assembler.anatomy, module.network.multiple
    sides = f"multiples of {multiple} from {least_side(module)} on" if size is None else f"{size[0]} x {size[1]}"
    centers = module.network.centers if module.assembler.config.finds_centers else None
    grey = [round(value) for value in module.network.normalised.mean.flatten().tolist()]
    optional = {name: getattr(module.network, name) for name in ("limb_offsets", "pose_offsets")}
    optional["centers"] = centers
    return {
        "image": f"(1, 3, height, width) uint8, red, green, blue, 0 to 255; height and width: {sides}. A picture of "
        f"another size is widened at the right and at the bottom, by grey ({', '.join(map(str, grey))}).",
        "outputs": {name: text for name, text in OUTPUTS.items() if optional.get(name, module) is not None},
        "strides": module.network.strides,
        "size": _size_rule(module, config),
        "grey": grey,
        "keypoints": list(anatomy.skeleton.keypoints),
        "limbs": [list(limb) for limb in anatomy.skeleton.limbs],
        "labels": ["background", *anatomy.parts.names],
        "sigmas": list(anatomy.skeleton.known_sigmas),
        "limb_ratios": list(anatomy.skeleton.known_limb_ratios),
        "mirrored_keypoints": list(anatomy.skeleton.mirrored_keypoints),
        "peak_threshold": module.assembler.config.peak_threshold,
        "assembly": vars(module.assembler.config),
        "matcher": {"name": "pgd_dykstra", **vars(exported_matcher(config.matcher.pgd_dykstra).config)},
    }


def _size_rule(module: Parser, config: Config) -> dict[str, int | None]:
    """Return the sides, pixels, to which pictures are brought for the program as `mghp predict` brings them."""
    longest_side, largest = size_rule(config.inference, config.data.trained_side)
    return {
        "longest_side": longest_side,
        "own_size_up_to": largest,
        "multiple": module.network.multiple,
        "least": least_side(module),
    }


def write_program(program: ExportedProgram, description: Mapping[str, Any], file: Path) -> None:
    """Write a .pt2 or .onnx file, under a temporary name first.

    Args:
        program: from `export_program`.
        description: from `describe`; JSON in the .onnx file's metadata, or in `DESCRIPTION_FILE` of the .pt2 file.
        file: target, whose ending decides on the format.

    Raises:
        InputError: if PyTorch's exporter cannot convert the network to ONNX.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(file.parent, file.name)
    folder = temporary_beside(file)
    temporary = folder / file.name  # both writers want the name's ending
    try:
        folder.mkdir(exist_ok=True)
        if file.suffix == ".pt2":
            torch.export.save(program, temporary, extra_files={DESCRIPTION_FILE: json.dumps(description)})
        else:
            _converted(program, description).save(str(temporary))
        temporary.replace(file)
    except torch.onnx.OnnxExporterError as error:
        raise InputError(f"{file}: an operation of the network has none in ONNX: {_first_line(error)}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _converted(program: ExportedProgram, description: Mapping[str, Any]) -> torch.onnx.ONNXProgram:
    names = list(description["outputs"])
    converted = torch.onnx.export(program, dynamo=True, output_names=names, verbose=False)
    assert converted is not None
    graph = converted.model.graph
    graph.inputs[0].doc_string = description["image"]
    for output, text in zip(graph.outputs, description["outputs"].values(), strict=True):
        output.doc_string = text
    converted.model.metadata_props.update({key: json.dumps(value) for key, value in description.items()})
    return converted


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
