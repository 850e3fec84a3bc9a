"""A call that compiles says so: once, on a terminal, and not where the disk has what it needs."""

import sys
from collections import defaultdict
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from numba.core import event

from mghp.matching.compile_notice import announce_compiling

LOOPS = """
from numba import njit

@njit(cache=True)
def one_more(x):
    return x + 1

@njit(cache=True)
def one_less(x):
    return x - 1
"""


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Imports the loops as a module, as a new process would, calls both, and returns what was said."""
    (tmp_path / "loops.py").write_text(LOOPS)

    def call(module="mghp.planted_loops", on_terminal=True):
        spec = spec_from_file_location(module, tmp_path / "loops.py")
        loops = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, module, loops)
        monkeypatch.setattr(event, "_registered", defaultdict(list))
        monkeypatch.setattr(sys.stderr, "isatty", lambda: on_terminal)
        spec.loader.exec_module(loops)
        announce_compiling()
        assert (loops.one_more(1), loops.one_less(1)) == (2, 0)
        return capsys.readouterr().err

    return call


def test_the_first_compilation_is_told_and_what_is_on_disk_needs_none(said):
    assert said().count("compiling") == 1
    assert said() == ""


@pytest.mark.parametrize("call", [{"on_terminal": False}, {"module": "another_package.loops"}])
def test_no_log_hears_of_it_nor_do_others_compilations(said, call):
    assert said(**call) == ""
