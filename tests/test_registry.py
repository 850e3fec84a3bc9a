import sys

import pytest

from mghp.errors import InputError
from mghp.registry import GREY, Entry, Registry


def fruits(group=""):
    registry = Registry("fruit", group)
    registry.add(Entry("pear", "fractions:Fraction", "a pear", "#00ff00"))
    registry.add(Entry("apple", "no_such_module:Apple", "an apple"))
    return registry


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return a function that installs a package: entry points by name, and the text of its module."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(points, text, package="orchard"):
        info = tmp_path / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("\n".join(["[mghp.fruits]", *points]) + "\n")
        (tmp_path / f"{package}_entries.py").write_text(text)

    yield install
    for name in [name for name in sys.modules if name.endswith("_entries")]:
        del sys.modules[name]


ADDS_FIG = """import planted
from mghp.registry import Entry
planted.registry.add(Entry("fig", "json:loads", "a fig"))
"""


@pytest.fixture
def planted(monkeypatch):
    """Return a registry that the modules of installed packages reach."""
    module = type(sys)("planted")
    module.registry = fruits("mghp.fruits")
    monkeypatch.setitem(sys.modules, "planted", module)
    return module.registry


def test_names_keep_their_order_and_import_nothing():
    assert fruits().names == ("pear", "apple") == tuple(fruits())
    assert len(fruits()) == 2
    assert "pear" in fruits()
    assert "plum" not in fruits()
    with pytest.raises(ModuleNotFoundError):
        fruits()["apple"].load()


def test_an_entry_has_words_and_a_colour_and_loads_what_its_path_names():
    from fractions import Fraction

    pear = fruits()["pear"]
    assert (pear.label, pear.colour, pear.load()) == ("a pear", "#00ff00", Fraction)
    assert fruits()["apple"].colour == GREY
    assert fruits().where(lambda entry: entry.colour == GREY) == ("apple",)


def test_a_wrong_name_is_told_with_the_nearest_and_all():
    with pytest.raises(InputError, match=r"^no fruit 'peer'; did you mean 'pear'\? there are pear, apple$"):
        fruits()["peer"]
    with pytest.raises(InputError, match=r"^no fruit 'x'; there are pear, apple$"):
        fruits()["x"]


def test_a_name_is_given_once():
    registry = fruits()
    registry.add(registry["pear"])
    with pytest.raises(ValueError, match="fruit 'pear' is fractions:Fraction; json:loads needs another name"):
        registry.add(Entry("pear", "json:loads", "another pear"))


def test_an_installed_package_adds_entries_that_are_imported_when_asked_for(installed, planted):
    installed(["fig = orchard_entries"], ADDS_FIG)
    assert planted.names == ("pear", "apple", "fig")
    assert "fig" in planted
    assert "orchard_entries" not in sys.modules
    assert planted["fig"].label == "a fig"
    assert planted.names == ("pear", "apple", "fig")


def test_entries_of_other_packages_stand_by_name_whichever_is_imported_first(installed, planted):
    installed(["fig = orchard_entries"], ADDS_FIG)
    installed(["banana = grove_entries"], ADDS_FIG.replace("fig", "banana"), "grove")
    assert planted["fig"].label == "a fig"
    assert [entry.name for entry in planted.entries] == ["pear", "apple", "banana", "fig"] == list(planted.names)


def test_a_package_that_was_imported_by_hand_adds_its_entry_once(installed, planted):
    installed(["fig = orchard_entries"], ADDS_FIG)
    __import__("orchard_entries")
    assert planted.names == ("pear", "apple", "fig")


@pytest.mark.parametrize(
    ("point", "text", "message"),
    [
        ("fig = orchard_entries", "1 / 0", "ZeroDivisionError: division by zero"),
        ("fig = orchard_entries", "", "its import adds no fruit 'fig'"),
        ("fig = nowhere_entries", "", "ModuleNotFoundError: No module named 'nowhere_entries'"),
        ("pear = orchard_entries", "", "there is another fruit of this name"),
    ],
)
def test_a_faulty_package_is_one_line_that_names_it(installed, planted, point, text, message):
    installed([point], text)
    with pytest.raises(InputError, match=rf"^entry point {point} in mghp.fruits of package orchard: .*{message}$"):
        _ = planted.entries
