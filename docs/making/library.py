"""The reference pages of the library; mkdocstrings fills them from the docstrings."""

import pkgutil

import mghp
import mghp.inference
import mghp.matching
from mghp.matching.solvers import SOLVERS

_ABOUT = {
    "mghp": "What most users import. Names are loaded when they are first used.",
    "mghp.matching": "Matchers and roundings, losses, and what tells how good an assignment is. Only PyTorch is "
    "loaded before a name is used.",
    "mghp.inference": "From a checkpoint and pictures to persons and files, module by module. `HumanParser`, "
    "`ParsedPicture` and `group` are [on the page of `mghp`](mghp.md).",
}


def library_pages() -> dict[str, str]:
    """Return the pages by their place below docs/."""
    names = {
        "mghp": [f"mghp.{name}" for name in mghp.__all__ if not name.startswith("_")]
        + ["mghp.inference.person.Person"],
        "mghp.matching": [f"mghp.matching.{name}" for name in _solvers_first(mghp.matching.__all__)],
        "mghp.inference": _modules(),
    }
    return {f"reference/api/{package.replace('.', '_')}.md": _page(package, names[package]) for package in names}


def _solvers_first(names: list[str]) -> list[str]:
    solvers = [entry.path.partition(":")[2] for entry in SOLVERS.entries]
    return [*solvers, *(name for name in names if name not in solvers)]


def _modules() -> list[str]:
    told = {"human_parser", "parsed_picture", "group", "person"}
    found = (module.name for module in pkgutil.iter_modules(mghp.inference.__path__))
    return [f"mghp.inference.{name}" for name in found if name not in told]


def _page(package: str, names: list[str]) -> str:
    return "\n\n".join([f"# `{package}`", _ABOUT[package], *(f"::: {name}" for name in names)]) + "\n"
