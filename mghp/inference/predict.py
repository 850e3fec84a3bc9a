"""`mghp predict`: a folder of one's own pictures."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mghp.errors import InputError
from mghp.inference.human_parser import HumanParser
from mghp.inference.image_files import picture_files, upright_picture
from mghp.inference.outputs import PoseFile, output_files, write_people


@dataclass(frozen=True)
class Predicted:
    """What became of the pictures.

    Attributes:
        parsed: pictures that were parsed.
        unreadable: one line each of those that were not.
    """

    parsed: list[Path]
    unreadable: list[str]


def predict(parser: HumanParser, source: Path, out: Path, progress: Callable[[int, int, str], None]) -> Predicted:
    """Parse a picture, or all of a folder; a file that cannot be read is told and passed over.

    Args:
        parser: trained.
        source: file or folder.
        out: folder that gets NAME_parts.png, NAME_persons.png, NAME_overlay.png of each, and poses.json of all. Files
            whose names differ in their ending alone keep it in NAME.
        progress: told how many are done, of how many, and which is next.

    Raises:
        InputError: if there is no picture.
    """
    files = picture_files(source)
    stems = Counter(file.stem for file in files)
    names = {file.name for file in files}
    # a.jpg beside a.png keeps its ending, and so does a.jpg.png, whose stem would be the name that a.jpg then has.
    keep_ending = {file: stems[file.stem] > 1 or file.stem in names for file in files}
    poses = PoseFile(parser.people)
    parsed, unreadable = [], []
    for number, file in enumerate(files):
        progress(number, len(files), file.name)
        name = file.name if keep_ending[file] else file.stem
        try:
            output_files(out, name)  # refused before the picture is parsed
            image = upright_picture(file)
        except InputError as error:
            unreadable.append(str(error))
            continue
        found = parser.predict(image)
        write_people(out, name, image, found, parser.people)
        poses.add(file.name, (image.shape[0], image.shape[1]), found)
        parsed.append(file)
        poses.write(out / "poses.json")  # after every picture, so that nothing is lost where the next one fails
    progress(len(files), len(files), "")
    return Predicted(parsed, unreadable)
