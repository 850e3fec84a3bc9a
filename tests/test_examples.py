"""The examples in docstrings run as they stand, importing what they use."""

import doctest
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "mghp"
FILES = sorted(file for file in PACKAGE.rglob("*.py") if ">>> " in file.read_text())
MODULES = [".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts) for file in FILES]


def examples(name):
    """Return the examples of a module, which see nothing of its namespace."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    return [test for test in finder.find(importlib.import_module(name), name, globs={}) if test.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_do_what_they_say(name):
    found, lines = examples(name), []
    for test in found:
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=lines.append)
    assert found
    assert not lines, "".join(lines)


def test_a_wrong_example_is_found():
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "planted", None, 0)
    assert doctest.DocTestRunner().run(test, out=lambda line: None).failed == 1


def test_twenty_names_of_the_library_have_an_example():
    assert len([test for name in MODULES for test in examples(name)]) >= 20
