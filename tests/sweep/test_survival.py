"""Supervisors and trials that are killed: nothing is lost, nothing is done twice, nothing is left behind."""

import collections
import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from living_processes import processes_with

NUM_TRIALS = 24


def supervisor(file, tmp_path, *options, **environment):
    """Starts `mghp sweep` in a process of its own."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from mghp.cli.main import main; main()",
            "sweep",
            str(file),
            "--resume",
            *map(str, options),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "STUB_JOURNAL": str(tmp_path / "journal.txt"),
            "RAY_USAGE_STATS_ENABLED": "0",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def grid_of_stubs(sweep_yaml, tmp_path):
    # The folder's name in the arguments tells these processes from all others.
    return sweep_yaml(parameters={
        "x": {"values": list(range(6))}, "y": {"values": list(range(4))}, "seconds": {"value": 0.15},
        "mark": {"value": tmp_path.name},
    })  # fmt: skip


def kill_at_random_moments(start, times, seed, finished):
    """Start supervisors and kill each once it has got something done, but not all."""
    rng = random.Random(seed)
    for _ in range(times):
        process = start()
        before = finished()
        until = time.monotonic() + 60
        while finished() == before and process.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.4))
        assert process.poll() is None, process.stdout.read()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def assert_each_is_done_once(tmp_path, journal):
    counts = collections.Counter(what for what, _ in journal())
    done = [trial for what, trial in journal() if what == "done"]
    assert "twice" not in counts
    assert len(done) == len(set(done)) == NUM_TRIALS
    (folder,) = (tmp_path / "runs" / "sweeps").iterdir()
    trials = pd.read_csv(folder / "trials.csv")
    assert collections.Counter(trials["state"]) == {"done": NUM_TRIALS}
    assert sorted(trials["trial"]) == list(range(NUM_TRIALS))
    assert len(set(trials["run folder"])) == NUM_TRIALS


def assert_nothing_is_left(mark):
    until = time.monotonic() + 5
    while processes_with(mark) and time.monotonic() < until:
        time.sleep(0.1)
    assert not processes_with(mark)


def test_the_supervisor_is_killed_three_times(sweep_yaml, tmp_path, journal):
    file = grid_of_stubs(sweep_yaml, tmp_path)

    def finished():
        return sum(what == "done" for what, _ in journal())

    kill_at_random_moments(lambda: supervisor(file, tmp_path, "--workers", 2), 3, seed=0, finished=finished)
    assert_nothing_is_left(tmp_path.name)
    assert finished() < NUM_TRIALS
    last = supervisor(file, tmp_path, "--workers", 2)
    output, _ = last.communicate()
    assert last.returncode == 0, output
    assert_each_is_done_once(tmp_path, journal)
    assert_nothing_is_left(tmp_path.name)


@pytest.mark.parametrize("victim", ["trial", "guard"])
def test_workers_are_killed(sweep_yaml, tmp_path, journal, victim):
    file = grid_of_stubs(sweep_yaml, tmp_path)
    process = supervisor(file, tmp_path, "--workers", 2)
    rng = random.Random(0)
    killed = set()
    while len(killed) < 3 and process.poll() is None:
        alive = [
            (number, line) for number, line in processes_with(tmp_path.name)
            if "stub_trial.py" in line and ("guard.py" in line) == (victim == "guard") and line not in killed
        ]  # fmt: skip
        if alive:
            number, line = rng.choice(alive)
            os.kill(number, signal.SIGKILL)
            killed.add(line)
        time.sleep(0.1)
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert len(killed) == 3
    assert output.count("queued again") >= 1
    assert_each_is_done_once(tmp_path, journal)
    assert_nothing_is_left(tmp_path.name)


@pytest.fixture
def ray_address(free_port, tmp_path_factory):
    """A Ray cluster of two CPUs on loopback."""
    ray = os.path.join(os.path.dirname(sys.executable), "ray")  # noqa: PTH118, PTH120
    folder = tmp_path_factory.mktemp("ray")
    with (folder / "head.log").open("w") as log:
        head = subprocess.Popen(
            [ray, "start", "--head", "--block", "--num-cpus=2", "--include-dashboard=false",
             "--node-ip-address=127.0.0.1", f"--port={free_port}", "--disable-usage-stats"],
            stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0"},
        )  # fmt: skip
        until = time.monotonic() + 60
        while "Ray runtime started" not in (folder / "head.log").read_text() and time.monotonic() < until:
            assert head.poll() is None, (folder / "head.log").read_text()
            time.sleep(0.1)
        yield f"127.0.0.1:{free_port}"
        head.terminate()
        head.wait()


def test_the_same_through_ray(sweep_yaml, tmp_path, journal, ray_address):
    file = grid_of_stubs(sweep_yaml, tmp_path)

    def finished():
        return sum(what == "done" for what, _ in journal())

    kill_at_random_moments(lambda: supervisor(file, tmp_path, "--ray", ray_address), 3, seed=1, finished=finished)
    last = supervisor(file, tmp_path, "--ray", ray_address)
    output, _ = last.communicate()
    assert last.returncode == 0, output
    assert_each_is_done_once(tmp_path, journal)
    assert_nothing_is_left(tmp_path.name)


def test_real_trials_survive_it_too(sweep_yaml, tmp_path, checkout):
    steps = checkout / "experiments" / "matcher" / "steps.yaml"
    file = sweep_yaml(
        metric={"name": "matching/gap_mean"},
        parameters={
            "matcher.pgd_dykstra.num_steps": {"values": [3, 4, 5]}, "data.generated_poses.num_images": {"value": 12},
            "match.trace_problems": {"value": 4}, "match.coupling_problems": {"value": 2},
            "wandb.mode": {"value": "offline"}, "runs": {"value": str(tmp_path / "runs")},
        },
        command=["${env}", "mghp", "match", str(steps), "${args_no_hyphens}"],
    )  # fmt: skip
    path = {"PATH": f"{sys.prefix}/bin:/usr/bin:/bin", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}

    def results():
        return len(list((tmp_path / "runs").glob("steps/*/result.json")))

    kill_at_random_moments(lambda: supervisor(file, tmp_path, "--workers", 2, **path), 1, seed=2, finished=results)
    assert_nothing_is_left(str(tmp_path))
    last = supervisor(file, tmp_path, "--workers", 2, **path)
    output, _ = last.communicate()
    assert last.returncode == 0, output
    assert results() == 3
    (folder,) = (tmp_path / "runs" / "sweeps").iterdir()
    trials = pd.read_csv(folder / "trials.csv")
    assert collections.Counter(trials["state"]) == {"done": 3}
    assert trials["matching/gap_mean"].nunique() == 3
    assert_nothing_is_left(str(tmp_path))
