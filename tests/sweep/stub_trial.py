"""A trial without torch: takes a moment, and leaves what a run folder must hold.

    python stub_trial.py --x=1 --y=2 [--seconds=0.1] [--curve=0.5,0.4] [--fail=1]

Beside the run folders it writes down what must not happen: that a trial is run whose result is there already.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

arguments = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
folder = Path(os.environ["MGHP_RUN_DIR"])
folder.mkdir(parents=True, exist_ok=True)
journal = Path(os.environ.get("STUB_JOURNAL", folder / "journal.txt"))


def note(what):
    with journal.open("a") as stream:
        stream.write(f"{what} {folder.name} {os.getpid()}\n")


def finish(metrics, **more):
    (folder / "part").write_text(json.dumps({"metrics": metrics, **more}))
    (folder / "part").replace(folder / "result.json")
    note("stopped" if more else "done")
    sys.exit()


if (folder / "result.json").exists():
    note("twice")
note("begin")
if arguments.get("fail") == "1":
    print("the stub fails, as it was told")
    sys.exit(3)

value = (float(arguments.get("x", 0)) - 0.3) ** 2 + (float(arguments.get("y", 0)) + 0.2) ** 2
signal.signal(signal.SIGTERM, lambda *_: finish({"loss": value}, stopped=True))
if "curve" in arguments:
    with (folder / "metrics.csv").open("w") as rows:
        rows.write("step,loss\n")
        for step in range(int(arguments["steps"])):
            value = float(arguments["curve"]) + 1 / (step + 1)
            rows.write(f"{step},{value}\n")
            rows.flush()
            time.sleep(0.05)
time.sleep(float(arguments.get("seconds", 0.05)))
finish({"loss": value})
