"""Two processes and one run folder."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.runs.folder import RunFolder
from mghp.runs.lock import HELD_FOR_US, RunLock, hold_run
from mghp.sweep.processes import GuardedProcess, Job

HOLDER = """
import sys, time
from pathlib import Path
from mghp.runs.lock import hold_run
from mghp.sweep.processes import GuardedProcess, Job
lock = hold_run(Path(sys.argv[1]))
print("held", flush=True)
{then}
sys.stdin.read()
"""


@pytest.fixture
def hold_elsewhere():
    """Starts a process that holds a folder until it is told to end, after a few lines more."""
    started = []

    def start(folder, then="", **environment):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER.format(then=then), str(folder)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
            start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # with what it has forked
        process.communicate()


def test_a_second_process_is_told_who_holds_it(hold_elsewhere, tmp_path):
    holder = hold_elsewhere(tmp_path)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(InputError, match=rf"another process writes it, pid {holder.pid} on \S+ since 20..-"):
        hold_run(tmp_path)


def test_a_killed_process_holds_nothing_though_its_children_live(hold_elsewhere, tmp_path):
    fork = "import os\nif os.fork() == 0: time.sleep(100)"
    holder = hold_elsewhere(tmp_path, then=f"{fork}\nprint('forked', flush=True)")
    assert [holder.stdout.readline() for _ in range(2)] == ["held\n", "forked\n"]
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert hold_run(tmp_path) is not None


def test_the_same_process_may_take_it_again_and_keeps_it(hold_elsewhere, tmp_path):
    first = hold_run(tmp_path)
    assert hold_run(tmp_path) is first
    assert "another process" in hold_elsewhere(tmp_path).communicate()[1]


def test_it_is_free_once_nothing_refers_to_it(hold_elsewhere, tmp_path):
    lock = hold_run(tmp_path)
    del lock
    assert hold_elsewhere(tmp_path).stdout.readline() == "held\n"


def test_a_process_whose_starter_holds_it_goes_on(hold_elsewhere, tmp_path):
    lock = RunLock(tmp_path)
    assert lock.take()
    assert hold_elsewhere(tmp_path, **{HELD_FOR_US: lock.holder}).stdout.readline() == "held\n"
    assert "another process" in hold_elsewhere(tmp_path, **{HELD_FOR_US: "somebody else"}).communicate()[1]


def test_no_file_of_others_is_written_through_a_link(tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    (tmp_path / ".lock").symlink_to(mine)
    with pytest.raises(InputError, match=r"run folder .*: cannot be written"):
        RunFolder(Config(), "data", path=tmp_path)
    assert mine.read_text() == "mine"


def test_a_run_holds_its_folder_until_its_result_is_written(hold_elsewhere, tmp_path):
    config = Config(runs=str(tmp_path))
    folder = RunFolder(config, "data")
    folder.log({"step": 1})
    assert "another process" in hold_elsewhere(folder.path).communicate()[1]
    folder.finish({})
    holder = hold_elsewhere(folder.path)
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(InputError, match="another process writes it"):
        RunFolder(config, "data")
    assert (folder.path / "metrics.csv").read_text().split() == ["step", "1"]
    assert (folder.path / "result.json").exists()


def test_processes_that_do_not_write_need_no_lock(hold_elsewhere, tmp_path):
    assert hold_elsewhere(tmp_path).stdout.readline() == "held\n"
    RunFolder(Config(), "data", writes=False, path=tmp_path).finish({})
    assert not (tmp_path / "result.json").exists()


def test_a_run_that_has_finished_meanwhile_is_not_gone_on_with(tmp_path):
    RunFolder(Config(), "data", path=tmp_path).finish({"x": 1.0})
    with pytest.raises(InputError, match=r"has finished meanwhile: .*result\.json"):
        RunFolder(Config(), "data", path=tmp_path, resumed=True)
    assert json.loads((tmp_path / "result.json").read_text())["metrics"] == {"x": 1.0}


TRIAL = """
import time
from pathlib import Path
from mghp.config.schema import Config
from mghp.runs.folder import RunFolder
folder = RunFolder(Config(), "data")
while not Path("go").exists():
    time.sleep(0.01)
folder.finish({})
"""


def test_a_sweep_s_trial_writes_the_folder_that_its_guard_holds(tmp_path):
    run = tmp_path / "run"
    environment = {"MGHP_RUN_DIR": str(run)}
    trial = GuardedProcess(Job([sys.executable, "-c", TRIAL], tmp_path, run, tmp_path / "log", environment))
    until = time.monotonic() + 60
    while not (run / "config.yaml").exists() and trial.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    with pytest.raises(InputError, match="another process writes it, pid"):
        RunFolder(Config(), "data", path=run)
    (tmp_path / "go").touch()
    assert trial.wait() == 0, (tmp_path / "log").read_text()
    assert (run / "result.json").exists()
