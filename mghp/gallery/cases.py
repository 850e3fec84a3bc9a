"""The cases of a run, `media/failures/cases.json`: per person what went wrong, and pictures of it."""

import math
import re
import reprlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mghp.datasets.coco_json import json_of
from mghp.errors import InputError, inside
from mghp.runs.places import files_below, is_file, is_there, read_file

Case = dict[str, Any]

KINDS = {
    "missed": "missed",
    "merged": "merged",
    "split": "split",
    "left_right": "sides swapped",
    "wrong_person": "wrong person",
    "wrong_part": "wrong part",
    "spurious": "spurious",
    "right": "right",
}
"""The kinds of cases in words, in the order of the reports."""

KINDS_EXPLAINED = {
    "missed": "no predicted person stands for it, and nobody has most of its pixels",
    "merged": "one predicted person has most of it, and most of another",
    "split": "several predicted persons share its pixels",
    "left_right": "left parts or keypoints are taken for right ones, or the other way round",
    "wrong_person": "pixels of it are given to others, or theirs to it",
    "wrong_part": "too many of its pixels have another label, or none",
    "spurious": "a predicted person where there is none",
    "right": "nothing is wrong with it",
}
"""The kinds of cases in a sentence; the command that made the cases has the rules."""

CAUSES = {
    "parts": "true parts",
    "keypoints": "true keypoints",
    "limbs": "true limbs",
    "field": "a true field",
    "several": "all true fields together",
    "other": "nothing",
}
"""The causes in words: what mends a case when it is true instead of predicted."""

SCHEMA = 1

MARGIN = 0.15
"""The margin of a thumbnail's square around the person's box, relative to the box's longer side."""

NEEDED_IMAGES = ("picture", "thumbnail", "prediction_parts", "prediction_persons", "truth_parts", "truth_persons")
"""The pictures of every case, which may have `skeletons` and `truth_skeletons` too."""

FILE = Path("media") / "failures" / "cases.json"
"""The file of cases, below a run folder."""

PERSONS = Path("media") / "failures.csv"
"""The table of all persons who were judged, shown or not, below a run folder: picture, kind, cause, score, tags."""

PERSON_COLUMNS = ("picture", "true_person", "kind", "cause", "score", "tags")
"""The columns of that table; a spurious person is no true one, and who is right has no cause."""

_ABOUT = ("experiment", "variant", "seed", "commit", "set", "score", "cases")
_LIMB = ("name", "source", "destination", "affinity", "assignment")
_CASE = ("id", "picture", "kind", "cause", "tags", "score", "true_person", "images", "box", "limbs")


@dataclass(frozen=True)
class CaseSet:
    """The cases of one run.

    Attributes:
        run: the run folder.
        about: experiment, variant, seed, commit, set (of pictures) and score (the meaning of a case's number).
        cases: the cases as in the file; their images are files below `folder`.
        parts: colours `#rrggbb` by part, for the legend; empty where the file has none.
    """

    run: Path
    about: dict[str, Any]
    cases: list[Case]
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The folder to which the cases' file names are relative."""
        return (self.run / FILE).parent

    @property
    def tags(self) -> list[str]:
        """The tags of the pictures and persons, the rarest first."""
        tags = Counter(tag for case in self.cases for tag in case["tags"])
        return [tag for tag, _ in reversed(tags.most_common())]

    @property
    def title(self) -> str:
        """The experiment, variant and seed in words."""
        variant = f", {self.about['variant'].replace('_', ' ')}" if self.about["variant"] else ""
        return f"{self.about['experiment']}{variant}, seed {self.about['seed']}"

    @property
    def name(self) -> str:
        """The experiment, variant and seed as the name of a folder."""
        words = [str(self.about[key]) for key in ("experiment", "variant", "seed")]
        return "-".join(re.sub(r"[^\w.]+|^\.+", "_", word, flags=re.ASCII) for word in words if word)


def has_cases(run: Path) -> bool:
    """Return whether a run holds cases."""
    return is_file(run / FILE)


def folders_of_cases(path: Path) -> list[Path]:
    """Return the run folders at or below a path that hold cases, in order of their names."""
    return [file.parents[2] for file in files_below(path, str(FILE))]


def read_cases(run: Path) -> CaseSet:
    """Read and check the cases of a run.

    Raises:
        InputError: if there are none, or the page cannot show them.
    """
    if not is_there(run):
        raise InputError(f"{run}: no such run folder")
    file = run / FILE
    if not is_file(file):
        raise InputError(f"{run}: no cases ({FILE}); `mghp gallery RUN` makes them")
    content = json_of(read_file(file, "cases"), file)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise InputError(f"{file}: expected an object of schema {SCHEMA}")
    _needs(content, _ABOUT, str(file))
    for key in ("experiment", "variant", "commit", "score"):
        if not isinstance(content[key], str):
            raise InputError(f"{file}: {key} {reprlib.repr(content[key])}: expected text")
    if not isinstance(content["cases"], list):
        raise InputError(f"{file}: cases: expected a list")
    parts = content.get("parts", {})
    if not isinstance(parts, dict) or not all(re.fullmatch("#[0-9a-f]{6}", str(colour)) for colour in parts.values()):
        raise InputError(f"{file}: parts {reprlib.repr(parts)}: expected a colour #rrggbb of each name")
    cases = CaseSet(run, {key: content[key] for key in _ABOUT if key != "cases"}, content["cases"], parts)
    ids: set[str] = set()
    for number, case in enumerate(cases.cases):
        where = f"{file}: cases[{number}]"
        _check_case(case, where)
        if case["id"] in ids:
            raise InputError(f"{where}: id {reprlib.repr(case['id'])} is there twice")
        ids.add(case["id"])
    return cases


def read_all(runs: Iterable[Path]) -> Iterator[CaseSet]:
    """Read the cases of those runs that hold some."""
    return (read_cases(run) for run in runs if has_cases(run))


def read_image(folder: Path, name: str) -> bytes:
    """Read the file of an image that a case names.

    Raises:
        InputError: if it lies outside the cases' folder, or does not exist.
    """
    return read_file(inside(folder, name), "image")


def _check_case(case: Any, where: str) -> None:  # noqa: ANN401 (whatever the file holds)
    _needs(case, _CASE, where)
    for key, known in (("kind", KINDS), ("cause", CAUSES)):
        if (not isinstance(case[key], str) or case[key] not in known) and not (key == "cause" and case[key] is None):
            raise InputError(f"{where}: {key} {reprlib.repr(case[key])}: expected one of {', '.join(known)}")
    for key in ("score", "mended_score"):
        value = case.get(key)
        if not (_is_number(value) and 0 <= value <= 1) and not (key == "mended_score" and value is None):
            raise InputError(f"{where}: {key} {reprlib.repr(value)}: expected a number from 0 to 1")
    for key in ("id", "picture"):
        if not isinstance(case[key], str):
            raise InputError(f"{where}: {key} {reprlib.repr(case[key])}: expected text")
    for key, number in (("box", 4), ("size", 2)):
        value = case.get(key)
        are_numbers = isinstance(value, list) and len(value) == number and all(map(_is_number, value))
        if not are_numbers and not (key == "size" and value is None):
            raise InputError(f"{where}: {key} {reprlib.repr(value)}: expected {number} numbers")
    if not isinstance(case["tags"], list) or not all(isinstance(tag, str) for tag in case["tags"]):
        raise InputError(f"{where}: tags {reprlib.repr(case['tags'])}: expected a list of words")
    if not isinstance(case["limbs"], list):
        raise InputError(f"{where}: limbs: expected a list")
    for position, limb in enumerate(case["limbs"]):
        _needs(limb, _LIMB, f"{where}: limbs[{position}]")
    _needs(case["images"], NEEDED_IMAGES, f"{where}: images")
    for name, image in case["images"].items():
        if not isinstance(image, str):
            raise InputError(f"{where}: images: {name} {reprlib.repr(image)}: expected the name of a file")


def _is_number(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, int | float) and abs(value) < math.inf


def _needs(content: Any, keys: Iterable[str], where: str) -> None:  # noqa: ANN401
    missing = [key for key in keys if not isinstance(content, dict) or key not in content]
    if missing:
        raise InputError(f"{where}: expected a key {missing[0]!r}")
