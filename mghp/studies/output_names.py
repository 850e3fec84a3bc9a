"""Finding the files that a report would replace, before any of it is computed."""

from collections.abc import Callable, Iterator
from pathlib import Path

from mghp.gallery.page import PAGE_FOLDERS
from mghp.report.table import ENDINGS
from mghp.studies.registry import all_questions
from mghp.studies.report import ANSWERS

_PAGE_FILES = ("index.html", "qualitative.html")


def present_tables(out: Path) -> list[str]:
    """Return the tables and the answers, by name relative to the folder."""
    names = [table.name for question in all_questions() for table in question.tables]
    tables = {f"{name}{ending}" for name in names for ending in ENDINGS}
    return _files(out, {*tables, ANSWERS}.__contains__)


def present_figures(out: Path) -> list[str]:
    """Return the figures: what begins like one and is a PNG or SVG file."""
    beginnings = tuple(begins for question in all_questions() for begins in question.figures)
    return _files(out, lambda name: name.startswith(beginnings) and name.endswith((".png", ".svg")))


def present_galleries(out: Path) -> list[str]:
    """Return the pages of galleries, and all that lies in the folders beside them."""
    return [file.relative_to(out).as_posix() for page in _folders(out / "gallery") for file in _of_page(page)]


def present_report(out: Path) -> list[str]:
    """Return all of a report, with the page that shows it."""
    page = ["index.html"] if (out / "index.html").exists() else []
    return [*page, *present_tables(out), *present_figures(out), *present_galleries(out)]


def _of_page(folder: Path) -> Iterator[Path]:
    yield from (folder / name for name in _PAGE_FILES if (folder / name).exists())
    for name in PAGE_FOLDERS:
        yield from (file for file in (folder / name).rglob("*") if not file.is_dir())


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def _files(out: Path, is_one: Callable[[str], bool]) -> list[str]:
    return sorted(path.name for path in out.iterdir() if is_one(path.name)) if out.is_dir() else []
