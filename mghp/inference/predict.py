"""`mghp predict`: parsing a folder of one's own pictures."""

from dataclasses import dataclass
from pathlib import Path

from mghp.errors import InputError
from mghp.inference.human_parser import HumanParser
from mghp.inference.image_files import picture_files, upright_picture
from mghp.inference.outputs import PoseFile, output_files, write_people
from mghp.inference.prediction_files import POSES, all_names, prediction_names
from mghp.out_folder import OutFolder
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


def predict(parser: HumanParser, source: Path, out: Path, progress: Progress) -> Predicted:
    """Parse a picture, or all of a folder; a file that cannot be read is reported and skipped.

    Args:
        parser: a trained parser.
        source: file or folder.
        out: folder that gets NAME_parts.png, NAME_persons.png and NAME_overlay.png per picture, and poses.json. Files
            whose names differ only in their ending keep it in NAME.
        progress: told the pictures done, the total and the next one.

    Raises:
        InputError: if there is no picture, or a file in `out` that no prediction wrote would be replaced.
    """
    files = picture_files(source)
    folder = OutFolder(out)
    folder.refuse(all_names(files))
    names = prediction_names(files)
    poses = PoseFile(parser.people)
    parsed, unreadable = [], []
    for number, file in enumerate(files):
        progress(number, len(files), file.name)
        try:
            output_files(out, names[file])  # refused before the picture is parsed
            image = upright_picture(file)
        except InputError as error:
            unreadable.append(str(error))
            continue
        found = parser.predict(image)
        poses.add(file.name, (image.shape[0], image.shape[1]), found)
        with folder.adding() as fresh:  # after every picture, so that nothing is lost where the next one fails
            write_people(fresh, names[file], image, found, parser.people)
            poses.write(fresh / POSES)
        parsed.append(file)
    progress(len(files), len(files), "")
    return Predicted(parsed, unreadable)
