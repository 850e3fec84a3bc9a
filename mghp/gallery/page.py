"""A page: HTML from a template, its scripts and styles, and the cases as data that cannot break out of it.

The page works from a file, without a server. Scripts of such a page may not fetch, so that the details of the cases
come as scripts, each loaded when one of its cases is opened.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.utils import htmlsafe_json_dumps

from mghp.gallery.cases import CAUSES, KINDS, KINDS_EXPLAINED, MARGIN, CaseSet
from mghp.gallery.entries import Entry
from mghp.pictures.sides import LEFT, MIDDLE, RIGHT
from mghp.pictures.sketch import css_colour

CASES_A_FILE = 40
"""The number of cases whose details are loaded together."""

SCRIPTS = tuple(
    f"{name}.js" for name in ("elements", "state", "filters", "grid", "trace", "limbs", "stages", "case", "main")
)
"""The scripts in the order of loading."""

_PAGE = Path(__file__).parent / "static"

PAGE_FOLDERS = ("data", "page", "pictures", "pictures_a", "pictures_b")
"""The folders that may lie beside a page."""


def templates() -> Environment:
    """Load the templates, which escape all they are given."""
    environment = Environment(
        loader=PackageLoader("mghp.gallery", "static"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    # Plain JSON: no NaN, which scripts could not read.
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return environment


class Legend(NamedTuple):
    """The legend of one layer over the pictures.

    Attributes:
        layer: the page's name of the layer, "parts" or "skeletons".
        head: text before the colours.
        colours: `#rrggbb` by meaning.
    """

    layer: str
    head: str
    colours: dict[str, str]


def legends(cases: CaseSet) -> list[Legend]:
    """Return the legends of the parts, where the cases have any, and of the dots of skeletons."""
    sides = {"right side": RIGHT, "left side": LEFT, "neither": MIDDLE}
    found = [Legend("skeletons", "Keypoints", {name: css_colour(side) for name, side in sides.items()})]
    if cases.parts:
        found.insert(0, Legend("parts", "Parts", {name.replace("_", " "): cases.parts[name] for name in cases.parts}))
    return found


def clear(folder: Path) -> None:
    """Make the folder of a page, emptied of an earlier page."""
    for name in PAGE_FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)


def write_page(
    folder: Path, entries: Sequence[Entry], all_details: Sequence[Entry], *, title: str, score: str, **words: object
) -> Path:
    """Write index.html, page/ and data/.

    Args:
        folder: the page's folder, which holds the pictures already.
        entries: an entry per case, see `mghp.gallery.entries`.
        all_details: details per case, in the same order.
        title: title of the page.
        score: meaning of a case's number.
        words: further values of index.html.j2: `summary` (sentences), `runs`, and, if there are any, `which` (the head
            of compared runs), `links` (addresses and words) and `legends` of the layers.

    Returns:
        The page.
    """
    data = {
        "entries": finite(list(entries)), "kinds": KINDS, "causes": CAUSES, "score": score, "casesAFile": CASES_A_FILE,
        "margin": MARGIN,
    }  # fmt: skip
    for number, first in enumerate(range(0, len(all_details), CASES_A_FILE)):
        _write_details(folder / "data" / f"{number}.js", number, all_details[first : first + CASES_A_FILE])
    copy_assets(folder, ("gallery.css", *SCRIPTS))
    template = templates().get_template("index.html.j2")
    words = {"kinds": KINDS, "explained": KINDS_EXPLAINED, "which": None, "links": [], "legends": [], **words}
    return write_html(
        folder / "index.html", template.render(title=title, score=score, data=data, scripts=SCRIPTS, **words)
    )


def copy_assets(folder: Path, names: Sequence[str]) -> None:
    """Copy styles and scripts into page/ beside a page."""
    (folder / "page").mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(_PAGE / name, folder / "page" / name)


def write_html(file: Path, text: str) -> Path:
    """Write a page; file names that are no UTF-8 show question marks."""
    file.write_text(text, encoding="utf-8", errors="replace")
    return file


def finite(value: Any) -> Any:  # noqa: ANN401 (any JSON)
    """Replace NaN and infinity, which JSON does not have, by null."""
    return json.loads(json.dumps(value), parse_constant=lambda constant: None)


def _write_details(file: Path, number: int, some: Sequence[Entry]) -> None:
    file.parent.mkdir(exist_ok=True)
    content = htmlsafe_json_dumps(finite(list(some)), allow_nan=False, separators=(",", ":"))
    file.write_text(f"gallery.details.arrived({number}, {content});\n", encoding="utf-8")
