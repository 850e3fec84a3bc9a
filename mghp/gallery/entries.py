"""The data of a case on a page: a short entry for the list, and details loaded when it is opened."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mghp.errors import inside
from mghp.gallery.cases import Case, CaseSet, read_image

Entry = dict[str, Any]


@dataclass
class PictureCopies:
    """Copies of a run's pictures beside a page.

    Attributes:
        source: folder to which the cases' file names are relative.
        page: folder of the page.
        name: name of the copies' folder in it.
    """

    source: Path
    page: Path
    name: str = "pictures"
    _copied: set[str] = field(default_factory=set)

    def address(self, name: str) -> str:
        """Copy a picture once, and return its quoted address from the page.

        Raises:
            InputError: if it does not exist, or is no file of the run.
        """
        if name not in self._copied:
            picture = read_image(self.source, name)
            target = inside(self.page / self.name, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(picture)
            self._copied.add(name)
        return quote(f"{self.name}/{name}", errors="surrogateescape")


def entry(case: Case, copies: PictureCopies) -> Entry:
    """Return what the list shows, sorts by and filters by."""
    return {
        "id": case["id"],
        "picture": str(case["picture"]),
        "kind": case["kind"],
        "cause": case["cause"],
        "tags": [str(tag) for tag in case["tags"]],
        "score": case["score"],
        "mended": case.get("mended_score"),
        "thumbnail": copies.address(case["images"]["thumbnail"]),
        "over": {side: copies.address(case["images"][f"{side}_persons"]) for side in ("prediction", "truth")},
        "size": case.get("size"),
        "box": case["box"],
    }


def details(case: Case, copies: PictureCopies, *sides: Entry) -> Entry:
    """Return what an opened case shows: its picture, the truth, and one or two predictions from `side`."""
    truth = {"parts": "truth_parts", "persons": "truth_persons", "skeletons": "truth_skeletons"}
    return {
        "picture": copies.address(case["images"]["picture"]),
        "size": case.get("size"),
        "box": case["box"],
        "truth": _layers(case, copies, truth),
        "sides": list(sides),
    }


def side(case: Case, copies: PictureCopies, label: str) -> Entry:
    """Return a prediction: its layers, and the matching problems of its limbs."""
    prediction = {"parts": "prediction_parts", "persons": "prediction_persons", "skeletons": "skeletons"}
    return {
        "label": label,
        "kind": case["kind"],
        "cause": case["cause"],
        "score": case["score"],
        "mended": case.get("mended_score"),
        "layers": _layers(case, copies, prediction),
        "limbs": case["limbs"],
    }


def run_title(cases: CaseSet) -> str:
    """Return a run's title, with the commit that made its numbers."""
    return f"{cases.title}, commit {str(cases.about['commit'])[:10]}"


def _layers(case: Case, copies: PictureCopies, names: dict[str, str]) -> dict[str, str]:
    return {layer: copies.address(case["images"][name]) for layer, name in names.items() if name in case["images"]}
