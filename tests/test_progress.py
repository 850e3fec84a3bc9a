"""Progress on a terminal and in a log."""

import io
import sys

import pytest

from mghp.progress import ProgressLines, in_words, progress_bar


def test_a_log_gets_a_line_a_minute_with_the_pace_of_what_is_done_now():
    now, lines = [0.0], []
    show = ProgressLines(lines.append, lambda: now[0])
    for what, pace in (("read", 1.0), ("step", 2.0)):
        for done in range(1, 91):
            now[0] += pace
            show(done, 500 if what == "step" else 90, what)
    assert lines == [
        "read 60/90, 1 s each, 30 s left",
        "step 15/500, 2 s each, 16 min left",
        "step 45/500, 2 s each, 15 min left",
        "step 75/500, 2 s each, 14 min left",
    ]


def test_what_has_not_moved_has_no_pace():
    now, lines = [0.0], []
    show = ProgressLines(lines.append, lambda: now[0])
    show(7, 9, "step")
    now[0] = 61
    show(7, 9, "step")
    assert lines == ["step 7/9"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (91, "2 min"), (5399, "90 min"), (5401, "1.5 h")]
)
def test_times_in_words(seconds, words):
    assert in_words(seconds) == words


def test_where_there_is_no_terminal_nothing_is_drawn(capsys):
    with progress_bar() as show:
        for done in range(5):
            show(done, 5, "read")
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_that_begins_anew_with_each_phase(monkeypatch):
    terminal = io.StringIO()
    terminal.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bar() as show:
        show(1, 2, "read")
        show(1, 7, "step")
    assert "step" in terminal.getvalue()
    assert "1/7" in terminal.getvalue()
