"""Registries: a name in a config maps to its words, its colour and the module that does the work.

Listing names imports none of those modules. Other packages add entries through an entry point group.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mghp.errors import InputError, nearest_name

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GREY = "#999999"
"""The colour of an entry that states none."""


@dataclass(frozen=True)
class Entry:
    """One name of a registry.

    Attributes:
        name: as configs use it.
        path: "package.module:attribute", imported by `load` only.
        label: its words in every table, figure, page and help text.
        colour: its colour in every figure, "#rrggbb".
    """

    name: str
    path: str
    label: str
    colour: str = GREY

    def load(self) -> Any:  # noqa: ANN401 (whatever stands there)
        """Import and return what `path` names."""
        module, _, attribute = self.path.partition(":")
        return getattr(import_module(module), attribute)


E = TypeVar("E", bound=Entry)


@functools.cache
def _installed(path: tuple[str, ...]) -> Any:  # noqa: ANN401 (another class from Python 3.12 on)
    """Return the entry points of all packages on `sys.path`, which takes some 10 ms, once for all registries."""
    from importlib.metadata import entry_points  # takes longer to import than all options together

    return entry_points()


class Registry(Generic[E]):
    """Entries by name: the package's own in the order they were added, then those of other packages by name.

    An entry point of `group` has the entry's name, and a module (or an object in one) whose import adds that entry. It
    is imported when its entry is asked for; `names` and `in` import nothing.

    Args:
        what: what an entry is, for errors, such as "solver".
        group: entry point group of other packages, such as "mghp.solvers"; empty for none.
    """

    def __init__(self, what: str, group: str = "") -> None:
        self.what = what
        self.group = group
        self._added: dict[str, E] = {}

    def add(self, entry: E) -> E:
        """Add an entry and return it.

        Raises:
            ValueError: if its name is taken by an entry with another path.
        """
        other = self._added.setdefault(entry.name, entry)
        if other.path != entry.path:
            raise ValueError(f"{self.what} {entry.name!r} is {other.path}; {entry.path} needs another name")
        self._added[entry.name] = entry
        return entry

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all entries, in order."""
        return *(name for name in self._added if name not in self._points), *self._points

    @property
    def foreign(self) -> tuple[str, ...]:
        """The names that other packages add."""
        return tuple(self._points)

    @property
    def entries(self) -> tuple[E, ...]:
        """The entries, in order; those of other packages are imported."""
        return tuple(self[name] for name in self.names)

    def where(self, holds: Callable[[E], bool]) -> tuple[str, ...]:
        """Return the names, in order, of the entries of which something holds."""
        return tuple(entry.name for entry in self.entries if holds(entry))

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, name: str) -> E:
        if name not in self._added and name in self._points:
            self._import(self._points[name])
        if name not in self._added:
            raise InputError(self.no_such(name))
        return self._added[name]

    def no_such(self, name: object) -> str:
        """Return the error about a name that is none: the nearest one, where one is near, and all of them."""
        close = nearest_name(name, self.names)
        hint = f"did you mean {close!r}? " if close else ""
        return f"no {self.what} {name!r}; {hint}there are {', '.join(self.names)}"

    @functools.cached_property
    def _points(self) -> "dict[str, EntryPoint]":
        """The entry points of other packages, by name and in its order.

        Raises:
            InputError: if one has the name of another, or of an entry that is not its own.
        """
        points: dict[str, EntryPoint] = {}
        found = _installed(tuple(sys.path)).select(group=self.group) if self.group else ()
        for point in sorted(found, key=lambda point: point.name):
            is_own = point.module in sys.modules  # imported by somebody, it has added its entry itself
            if point.name in points or (point.name in self._added and not is_own):
                raise InputError(f"{self._words(point)}: there is another {self.what} of this name")
            points[point.name] = point
        return points

    def _import(self, point: "EntryPoint") -> None:
        """Import an entry point, which adds its entry.

        Raises:
            InputError: if it cannot be imported, or adds no entry of its name.
        """
        try:
            point.load()
        except Exception as error:  # another package's code may raise anything
            raise InputError(f"{self._words(point)}: {type(error).__name__}: {error}") from error
        if point.name not in self._added:
            raise InputError(f"{self._words(point)}: its import adds no {self.what} {point.name!r}")

    def _words(self, point: "EntryPoint") -> str:
        package = f" of package {point.dist.name}" if point.dist else ""
        return f"entry point {point.name} = {point.value} in {self.group}{package}"
