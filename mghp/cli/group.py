"""The command that gives the pixels of any model's part maps to persons."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mghp.errors import InputError, writable_folder
from mghp.progress import progress_bar

if TYPE_CHECKING:
    from mghp.anatomy.anatomy import Anatomy
    from mghp.inference.given_persons import GivenPersons


class Near(StrEnum):
    """What of a pose is near to a pixel."""

    KEYPOINT = "keypoint"
    LIMB = "limb"


def _from(metavar: str, text: str) -> Any:  # noqa: ANN401 (typer's option)
    return typer.Option(metavar=metavar, help=text)


def group_command(
    parts: Annotated[list[Path], typer.Argument(help="Part maps by any model: PNG, NPY or NPZ files, or their folder")],
    poses: Annotated[Path | None, _from("FILE", "Persons by poses: COCO JSON, annotations or results")] = None,
    masks: Annotated[
        Path | None, _from("FOLDER|FILE", "Persons by masks: folder of PNG, NPY or JSON files, or COCO JSON")
    ] = None,
    boxes: Annotated[Path | None, _from("FILE", "Persons by boxes: COCO JSON")] = None,
    centers: Annotated[Path | None, _from("FILE", "Persons by centres: JSON, lists of x, y by picture")] = None,
    field: Annotated[Path | None, _from("FOLDER", "Projection fields, NAME.npy or NAME.npz")] = None,
    anatomy: Annotated[Path | None, _from("FILE", "anatomy.yaml: what the labels and keypoints mean")] = None,
    images: Annotated[Path | None, _from("FOLDER", "Photographs to draw overlays on")] = None,
    names: Annotated[Path | None, _from("FILE", "Pictures' names by image_id, or COCO JSON with images")] = None,
    min_score: Annotated[float, typer.Option(help="Least score of a person in a JSON file")] = 0.0,
    nearest: Annotated[Near, typer.Option(help="What of a pose is near: its keypoints, or its limbs too")] = (
        Near.KEYPOINT
    ),
    max_distance: Annotated[
        float | None, typer.Option(min=0, help="Farthest a pixel's person may be, in sizes of the person", show_default=
                                   "0.1 for masks, else any")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder to write maps, overlays and poses.json to")] = Path("grouped"),
) -> None:  # fmt: skip
    """Give the pixels of any model's part maps to persons: by poses, masks, boxes or centres that you have."""
    given = {"--poses": poses, "--masks": masks, "--boxes": boxes, "--centers": centers}
    sources = {option: source for option, source in given.items() if source is not None}
    if len(sources) != 1:
        told = " and ".join(sources) or "none of them"
        raise InputError(f"mghp group: expected one of {', '.join(given)}; got {told}")
    writable_folder(out)

    from mghp.inference.part_maps import part_map_files

    files = part_map_files(parts)

    ((option, source),) = sources.items()
    meaning, ignore = _meaning(anatomy)
    persons = _persons(option, source, meaning, names, min_score)

    from mghp.inference.group_files import Grouping, anatomy_beside, group_files, photographs

    options = {"nearest": nearest.value, "max_distance": max_distance}
    shown = meaning or anatomy_beside(files.values())
    grouping = Grouping(persons, shown, ignore, field, photographs(images), options)
    with progress_bar() as show:
        group_files(files, grouping, out, show)
    typer.echo(out)


def _meaning(file: Path | None) -> "tuple[Anatomy | None, int]":
    """Return an anatomy and the label of what is not known."""
    from mghp.anatomy.parts import IGNORE
    from mghp.datasets.anatomy_file import read_anatomy

    return (None, IGNORE) if file is None else read_anatomy(file)


def _persons(
    option: str, source: Path, anatomy: "Anatomy | None", names: Path | None, least_score: float
) -> "GivenPersons":
    from mghp.anatomy.coco_skeleton import COCO_SKELETON
    from mghp.inference.given_persons import CenterFile, JsonPersons, MaskFolder, boxes_of, masks_of, poses_reader

    if option == "--centers":
        return CenterFile(source)
    if option == "--masks" and source.suffix.lower() != ".json":
        return MaskFolder(source)
    keypoints = len(COCO_SKELETON.keypoints) if anatomy is None else anatomy.num_keypoints
    readers = {"--poses": poses_reader(keypoints), "--masks": masks_of, "--boxes": boxes_of}
    return JsonPersons(option.removeprefix("--"), source, readers[option], names, least_score)
