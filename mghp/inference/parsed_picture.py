"""`ParsedPicture`: what a parser finds in one picture, to be looked at, saved and handed on."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.label_files import SUFFIXES
from mghp.inference.coco_form import annotations, person_category
from mghp.inference.outputs import write_people
from mghp.inference.person import Person
from mghp.out_folder import OutFolder
from mghp.pictures.parsed import parsed_sheet
from mghp.writing import writing


@dataclass(repr=False, eq=False)
class ParsedPicture(PredictedPersons):
    """The persons of one picture, with the picture itself; its maps have the picture's size.

    Attributes:
        image: red, green and blue, (height, width, 3) uint8, upright.
        anatomy: the meaning of labels and keypoints.
        parsed_size: (height, width) at which the picture went through the network, pixels.
        name: the file's name, or "picture".

    Example:
        >>> import numpy as np
        >>> from mghp import ParsedPicture
        >>> from mghp.anatomy.persons import PredictedPersons
        >>> from mghp.datasets.densepose_coco import DENSEPOSE_COCO
        >>> ids = np.zeros((48, 64), int)
        >>> ids[10:20, 30:40] = 1
        >>> keypoints = np.zeros((1, DENSEPOSE_COCO.num_keypoints, 3))
        >>> found = PredictedPersons(ids, ids, np.array([0.9]), np.ones((1, 15)), keypoints)
        >>> parsed = ParsedPicture.of(found, np.zeros((48, 64, 3), np.uint8), DENSEPOSE_COCO)
        >>> parsed
        picture: 1 person, 64x48
        >>> parsed.persons
        [person 1: score 0.90, 100 pixels in (30, 10, 40, 20), 0 of 17 keypoints]
        >>> parsed.to_coco()["annotations"][0]["bbox"]
        [30.0, 10.0, 10.0, 10.0]
    """

    image: NDArray[np.uint8]
    anatomy: Anatomy
    parsed_size: tuple[int, int]
    name: str = "picture"

    @classmethod
    def of(
        cls,
        found: PredictedPersons,
        image: NDArray[np.uint8],
        anatomy: Anatomy,
        parsed_size: tuple[int, int] | None = None,
        name: str = "picture",
    ) -> Self:
        """Join persons found by any parser to their picture; `parsed_size` None is the picture's own."""
        maps = {field.name: getattr(found, field.name) for field in fields(PredictedPersons)}
        own = image.shape[0], image.shape[1]
        return cls(**maps, image=image, anatomy=anatomy, parsed_size=parsed_size or own, name=name)

    @property
    def persons(self) -> list[Person]:
        """The persons, in the order of their numbers in `person_ids`."""
        return [Person(number, self, self.anatomy) for number in range(1, len(self) + 1)]

    @property
    def names(self) -> dict[int, str]:
        """The name of each label in `parts`, background included."""
        return dict(enumerate(("background", *self.anatomy.parts.names)))

    @property
    def keypoint_names(self) -> tuple[str, ...]:
        """The names of the keypoint types, in the order of `keypoints`."""
        return self.anatomy.skeleton.keypoints

    def __len__(self) -> int:
        return len(self.person_scores)

    def __iter__(self) -> Iterator[Person]:
        return iter(self.persons)

    def __repr__(self) -> str:
        height, width = self.image.shape[:2]
        parsed = (
            "" if self.parsed_size == (height, width) else f" parsed at {self.parsed_size[1]}x{self.parsed_size[0]}"
        )
        return f"{self.name}: {len(self)} {'person' if len(self) == 1 else 'persons'}, {width}x{height}{parsed}"

    def plot(self) -> NDArray[np.uint8]:
        """Draw parts, and beside them persons with skeletons, on the photograph, and a legend.

        Returns:
            Red, green and blue, (height, width, 3) uint8, e.g. for `PIL.Image.fromarray`; see `parsed_sheet`.
        """
        return parsed_sheet(self.image, self, self.anatomy)

    def to_coco(self) -> dict[str, list[dict[str, Any]]]:
        """Return `images`, `annotations` and `categories` as COCO's JSON holds them; see `coco_form.annotations`."""
        height, width = self.image.shape[:2]
        return {
            "images": [{"id": 1, "file_name": self.name, "height": height, "width": width}],
            "annotations": annotations(self, self.anatomy, image_id=1, first_id=1),
            "categories": [person_category(self.anatomy)],
        }

    def save(self, target: str | Path) -> Path:
        """Write the picture's results.

        Args:
            target: a picture's file, e.g. .png, gets `plot()`, one that ends in .json `to_coco()`. Anything else is a
                folder that gets both, the maps of parts and persons, named after the picture, and labels.json.

        Returns:
            The target.

        Raises:
            InputError: if it cannot be written, or a file in the folder that mghp did not write would be replaced.
        """
        target = Path(target)
        kind = target.suffix.lower()
        if kind not in (".json", *SUFFIXES):
            self._save_into(target)
            return target
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            if kind == ".json":
                target.write_text(json.dumps(self.to_coco()))
            else:
                Image.fromarray(self.plot()).save(target)
        return target

    def _save_into(self, folder: Path) -> None:
        stem = Path(self.name).stem
        with OutFolder(folder).adding() as fresh:
            write_people(fresh, stem, self.image, self, self.anatomy)
            (fresh / f"{stem}.json").write_text(json.dumps(self.to_coco()))
