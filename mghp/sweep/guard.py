"""Runs one trial's command and ends with whoever started it: `python guard.py LIFELINE RUN_DIR COMMAND...`.

A script of the standard library alone, so that it starts in no time. It leads a process group of its own. LIFELINE is
the reading end of a pipe that only the starter holds open: when the starter dies, however it dies, the pipe closes and
the whole group is killed. The run folder is locked meanwhile, so that two trials never write into one; the trial is
told that the lock is held for it.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType

sys.path.append(str(Path(__file__).parents[2]))  # started without any other packages

from mghp.runs.lock import HELD_FOR_US, RunLock


def main(lifeline: int, run_dir: Path, command: list[str]) -> int:
    """Run the command and return its exit status; pass SIGTERM on to it alone, so that it can end in good order."""
    child: subprocess.Popen[bytes] | None = None

    def forward(number: int, frame: FrameType | None) -> None:
        if child is None:
            sys.exit(128 + number)
        child.send_signal(number)

    signal.signal(signal.SIGTERM, forward)
    threading.Thread(target=_die_with_starter, args=(lifeline,), daemon=True).start()
    run_dir.mkdir(parents=True, exist_ok=True)
    lock = RunLock(run_dir)
    if not lock.take():
        lock.take(wait=True)
        if _has_finished(run_dir / "result.json"):
            return 0  # whoever held the lock has just finished this very trial
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, env={**os.environ, HELD_FOR_US: lock.holder})
    status = child.wait()
    return 128 - status if status < 0 else status


def _has_finished(result: Path) -> bool:
    """Return whether there is a result of a run that came to its end."""
    try:
        content = json.loads(result.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and not content.get("stopped")


def _die_with_starter(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
