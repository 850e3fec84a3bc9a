"""`mghp predict`: parsing one's own pictures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mghp.errors import InputError
from mghp.inference.human_parser import HumanParser
from mghp.inference.image_files import upright_picture
from mghp.inference.outputs import PoseFile, output_files, write_people
from mghp.inference.parsed_picture import ParsedPicture
from mghp.inference.prediction_files import POSES, all_names, prediction_names, shown_names
from mghp.out_folder import OutFolder
from mghp.pictures.canvas import Rgb
from mghp.progress import Progress


@dataclass(frozen=True)
class Predicted:
    """The outcome of `predict`.

    Attributes:
        parsed: pictures that were parsed.
        unreadable: one line for each picture that could not be read.
    """

    parsed: list[Path]
    unreadable: list[str]


def predict(
    parser: HumanParser, files: Sequence[Path], out: Path, progress: Progress, say: Callable[[str], None]
) -> Predicted:
    """Parse pictures; a file that cannot be read is reported and skipped.

    Args:
        parser: a trained parser; `inference.batch_size` pictures are read and parsed at a time.
        files: from `picture_files`.
        out: folder that gets NAME_parts.png, NAME_persons.png and NAME_overlay.png per picture, poses.json and
            labels.json. Files whose names differ only in their ending or folder keep it in NAME.
        progress: told the pictures done, the total and the next one.
        say: told one line about each picture that was parsed.

    Raises:
        InputError: if a file in `out` that no prediction wrote would be replaced.
    """
    folder = OutFolder(out)
    folder.refuse(all_names(files))
    shown, names, poses = shown_names(files), prediction_names(files), PoseFile(parser.people)
    outcome = Predicted([], [])
    for images in _read_in_batches(files, out, parser.config.inference.batch_size, outcome.unreadable, progress):
        for file, found in zip(images, parser.predict(list(images.values())), strict=True):
            parsed = replace(found, name=shown[file])
            with folder.adding() as fresh:  # after every picture, so that nothing is lost where the next one fails
                _write(fresh, names[file], parsed, poses)
            outcome.parsed.append(file)
            say(repr(parsed))
    return outcome


def _read_in_batches(
    files: Sequence[Path], out: Path, size: int, unreadable: list[str], progress: Progress
) -> Iterator[dict[Path, Rgb]]:
    """Yield the pixels of so many files at a time, and note in `unreadable` which have none."""
    names = prediction_names(files)
    for first in range(0, len(files), size):
        images: dict[Path, Rgb] = {}
        for file in files[first : first + size]:
            progress(first, len(files), file.name)
            try:
                output_files(out, names[file])  # refused before the picture is parsed
                images[file] = upright_picture(file)
            except InputError as error:
                unreadable.append(str(error))
        yield images
    progress(len(files), len(files), "")


def _write(folder: Path, name: str, parsed: ParsedPicture, poses: PoseFile) -> None:
    write_people(folder, name, parsed.image, parsed, parsed.anatomy)
    poses.add(parsed.name, parsed.image.shape[:2], parsed)
    poses.write(folder / POSES)
