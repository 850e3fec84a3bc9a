"""Trials as tasks of a Ray cluster, whose nodes see the same files: checkout, environment, run and sweep folders."""

import logging
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

from mghp.errors import InputError
from mghp.sweep.processes import GuardedProcess, Job

_KILLED = 128 + 9
_OF_A_NODE = ("RAY_", "CUDA_", "ROCR_", "HIP_", "SLURM_", "HOSTNAME", "TMPDIR", "OLDPWD", "PWD")
"""Beginnings of the environment variables that a node, or Ray on it, sets itself; all others are the supervisor's."""

_CONNECT_SECONDS = 5.0


def run_task(job: Job) -> int:
    """Run the very process that the pool of one machine would have started, in a Ray worker.

    The worker is its starter: if Ray kills the worker, because the supervisor is gone, the trial goes with it.
    """
    process = GuardedProcess(job)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # how ray.cancel reaches a running task
            process.stop()


class RayTask:
    """A trial as a task of the cluster."""

    def __init__(self, ray: Any, reference: Any, log: Path) -> None:  # noqa: ANN401 (ray is imported only where it is used)
        self._ray = ray
        self._reference = reference
        self._log = log

    def poll(self) -> int | None:
        """Return the exit status of the trial, None while it waits or runs; a lost worker counts as killed."""
        done, _ = self._ray.wait([self._reference], timeout=0)
        if not done:
            return None
        try:
            return int(self._ray.get(done[0]))
        except self._ray.exceptions.TaskCancelledError:
            return _KILLED
        except self._ray.exceptions.RayTaskError as error:  # the trial was not even started, e.g. without mghp there
            with self._log.open("a") as log:
                log.write(f"{error}\n")
            return 1
        except self._ray.exceptions.RayError:
            return _KILLED

    def stop(self) -> None:
        """Ask the trial to end."""
        self._ray.cancel(self._reference)

    def kill(self) -> None:
        """Kill the worker, and with it the trial."""
        self._ray.cancel(self._reference, force=True)


def _check_answers(address: str) -> None:
    """Refuse an address that nobody answers at; Ray itself would wait for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not (colon and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise InputError(f"--ray {address}: no Ray cluster answers: {error}") from None


class RayTasks:
    """Sends trials to a cluster.

    Args:
        address: of its head, as `ray.init` takes it; `auto` for the one started on this machine.
        cpus: declared of a trial.
        gpus: declared of a trial.

    Raises:
        InputError: if Ray is not installed, or no cluster answers there.
    """

    def __init__(self, address: str, cpus: float, gpus: float) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no address but the cluster's is contacted
        try:
            import ray
        except ImportError:
            raise InputError("--ray needs Ray: pip install 'mghp[sweep]'") from None
        _check_answers(address)
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise InputError(f"--ray {address}: no Ray cluster answers: {str(error).splitlines()[0]}") from None
        self._ray: Any = ray
        # Interrupted trials are the supervisor's to start again, which counts how often.
        self._task = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(run_task)

    @property
    def num_cpus(self) -> int:
        """The number of CPUs of the whole cluster."""
        return int(self._ray.cluster_resources().get("CPU", 1))

    def start(self, job: Job) -> RayTask:
        """Send a trial."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(_OF_A_NODE)}
        job = replace(job, environment={**ours, **job.environment})
        return RayTask(self._ray, self._task.remote(job), job.log)

    def close(self) -> None:
        """Leave the cluster."""
        self._ray.shutdown()
