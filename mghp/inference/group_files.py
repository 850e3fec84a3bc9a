"""`mghp group`: part maps of any model, and files that tell of persons, to the files of `mghp predict`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.parts import IGNORE
from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.coco_json import read_json
from mghp.datasets.label_files import read_picture
from mghp.errors import InputError, inside
from mghp.inference.given_persons import GivenPersons
from mghp.inference.group import group, plain_anatomy
from mghp.inference.image_files import picture_files
from mghp.inference.outputs import PoseFile, write_people
from mghp.inference.part_maps import ARRAYS, read_array, read_parts
from mghp.inference.prediction_files import LABELS, POSES, names_of_maps
from mghp.out_folder import OutFolder
from mghp.progress import Progress


@dataclass(frozen=True)
class Grouping:
    """What part maps are grouped by.

    Attributes:
        persons: the persons of each picture.
        anatomy: what the numbers mean; None: parts without a meaning, and COCO's keypoints.
        ignore: label of pixels whose part is not known.
        fields: folder of projection fields, NAME.npy or NAME.npz; None: there are none.
        images: photographs by the pictures' names, to draw over.
        options: further arguments of `group`.
    """

    persons: GivenPersons
    anatomy: Anatomy | None = None
    ignore: int = IGNORE
    fields: Path | None = None
    images: Mapping[str, Path] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def of(self, name: str, file: Path) -> PredictedPersons:
        """Return the persons of one picture.

        Raises:
            InputError: naming the file, if parts, persons or field do not fit each other or the anatomy.
        """
        labels = read_parts(file)
        labels[labels == self.ignore] = IGNORE
        given = self.persons.of(name, (labels.shape[0], labels.shape[1]))
        try:
            return group(labels, field=self._field(name), anatomy=self.shown_anatomy, **given, **self.options)
        except InputError:
            raise
        except ValueError as error:
            raise InputError(f"{file}: {error}") from None

    @property
    def shown_anatomy(self) -> Anatomy:
        """The anatomy, or one with a name for every label."""
        return self.anatomy or plain_anatomy(IGNORE - 1)

    def photograph(self, name: str, size: tuple[int, ...]) -> NDArray[np.uint8] | None:
        """Return a picture's photograph, where there is one.

        Raises:
            InputError: naming the file, if it is of another size than the part map.
        """
        if name not in self.images:
            return None
        image = read_picture(self.images[name], (size[0], size[1]))
        if image.shape[:2] != size:
            raise InputError(
                f"{self.images[name]}: {image.shape[1]}x{image.shape[0]} pixels, the part map {size[1]}x{size[0]}"
            )
        return image

    def _field(self, name: str) -> NDArray[Any] | None:
        if self.fields is None:
            return None
        files = [inside(self.fields, name + ending) for ending in ARRAYS]
        found = next((file for file in files if file.is_file()), None)
        if found is None:
            raise InputError(f"{self.fields}: expected the projection field {name}.npy or {name}.npz; none is")
        return read_array(found, "projection")


def anatomy_beside(files: Iterable[Path]) -> Anatomy | None:
    """Return parts with the names and colours of the labels.json that `mghp predict` writes beside its maps, if any.

    Labels that it does not name are parts without a meaning. A file of that name and of another form is ignored.

    Raises:
        InputError: if a file is no JSON, or the maps of several folders have not the same.
    """
    found = {parent / LABELS: _named(parent / LABELS) for parent in sorted({file.parent for file in files})}
    first, *others = found
    for file in others:
        if found[file] != found[first]:
            raise InputError(f"{file}: other parts than in {first}; expected --anatomy FILE, or the maps of one model")
    if not found[first]:
        return None
    plain = plain_anatomy(IGNORE - 1)
    own = enumerate(zip(plain.parts.names, plain.parts.colours, strict=True), start=1)
    names, colours = zip(*(found[first].get(label, part) for label, part in own), strict=True)
    return replace(plain, parts=replace(plain.parts, names=names, colours=colours))


def _named(file: Path) -> dict[int, tuple[str, tuple[int, int, int]]]:
    """Return name and colour by label; nothing where the file is not there, or of another form."""
    content: Any = read_json(file)[0] if file.is_file() else None
    try:
        named = {int(label): (str(part["name"]), _colour(part["colour"])) for label, part in content["parts"].items()}
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return {}
    names = [name for name, _ in named.values()]
    plain = set(plain_anatomy(IGNORE - 1).parts.names)
    return named if len({*names}) == len(names) and not plain & {*names} else {}


def _colour(numbers: Sequence[int]) -> tuple[int, int, int]:
    red, green, blue = (int(np.uint8(number)) for number in numbers)
    return red, green, blue


def photographs(folder: Path | None) -> dict[str, Path]:
    """Return the photographs of a folder by their names without ending.

    Raises:
        InputError: if there is none.
    """
    return {} if folder is None else {file.stem: file for file in picture_files(folder)}


def group_files(files: Mapping[str, Path], grouping: Grouping, out: Path, progress: Progress) -> None:
    """Group the pixels of part maps into persons, and write what `mghp predict` writes.

    Args:
        files: part maps by their pictures' names.
        grouping: what they are grouped by.
        out: folder that gets NAME_parts.png, NAME_persons.png and, with a photograph, NAME_overlay.png, and poses.json.
        progress: told the pictures done, the total and the next one.

    Raises:
        InputError: naming the file, if something does not fit, or a file in `out` would be replaced that is not ours.
    """
    _refuse(files, grouping, out)
    folder, poses = OutFolder(out), PoseFile(grouping.shown_anatomy)
    for number, (name, file) in enumerate(files.items()):
        progress(number, len(files), file.name)
        found = grouping.of(name, file)
        size = (found.parts.shape[0], found.parts.shape[1])
        image = grouping.photograph(name, size)
        poses.add(grouping.images[name].name if image is not None else f"{name}.png", size, found)
        with folder.adding() as fresh:
            write_people(fresh, name, image, found, grouping.shown_anatomy)
            poses.write(fresh / POSES)
    progress(len(files), len(files), "")


def _refuse(names: Iterable[str], grouping: Grouping, out: Path) -> None:
    """Refuse pictures without persons and files in the way before anything is computed."""
    names = list(names)
    for name in names:
        grouping.persons.refuse_unknown(name)
    OutFolder(out).refuse(names_of_maps(names))
