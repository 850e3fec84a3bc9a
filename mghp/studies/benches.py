"""The commands of `mghp bench` by name; the module of a bench is imported when its command runs."""

from dataclasses import dataclass
from typing import Any

from mghp.registry import Entry, Registry


@dataclass(frozen=True)
class BenchEntry(Entry):
    """One command of `mghp bench`; its label is its help.

    Attributes:
        experiment: experiment file below experiments/; empty where the bench has no settings of its own.
        takes_experiment: True if the command takes any experiment file, whose variants it measures.
        argument: help of the path that the command takes; empty for none.
        has_pictures: True if its data are pictures, which are checked before anything slow is imported.
        on_device: the bench that `--device` asks for in its place; None where it has no such option.
    """

    experiment: str = ""
    takes_experiment: bool = False
    argument: str = ""
    has_pictures: bool = False
    on_device: "BenchEntry | None" = None


BENCHES: Registry[BenchEntry] = Registry("bench", "mghp.benches")


def _add(name: str, label: str, experiment: str = "", **about: Any) -> None:  # noqa: ANN401
    BENCHES.add(BenchEntry(name, f"mghp.studies.speed.{name}:BENCH", label, experiment=experiment, **about))


_ON_DEVICE = BenchEntry(
    "device", "mghp.studies.speed.devices:BENCH", "Check and time the matcher's backends on one device.",
    experiment="matcher/bench_device.yaml",
)  # fmt: skip
_add(
    "matcher", "Time PGD-Dykstra against the literal algorithm, and all solvers against problem size and batch.",
    "matcher/bench.yaml", on_device=_ON_DEVICE,
)  # fmt: skip
_add(
    "parsing", "Time what the matching loss adds to a training step, and how many pictures are rendered per second.",
    "parsing/bench.yaml", has_pictures=True,
)  # fmt: skip
_add(
    "data", "Time the loader against a training, and the making of targets against the number of persons.",
    "parsing/bench_data.yaml", has_pictures=True,
)  # fmt: skip
_add(
    "step", "Time the phases of a training step: backbone, heads, targets, losses, matcher, backward pass, waiting.",
    "parsing/bench_step.yaml", has_pictures=True,
)  # fmt: skip
_add(
    "inference", "Time the assembly of persons from fields against their number, at constant human pixels.",
    "parsing/bench_inference.yaml",
)  # fmt: skip
_add(
    "memory", "Measure the peak memory of training, evaluation and prediction, each in a process of its own.",
    "parsing/bench_memory.yaml", has_pictures=True,
)  # fmt: skip
_add(
    "learned", "Time a training step of every way to learn limb scores, beside one without a matcher; memory too.",
    "matcher/bench_learned.yaml",
)  # fmt: skip
_add("projection", "Hold Newton's projection against Dykstra's cycles in time and error, and against a QP solver.")
_add(
    "peers", "Hold our matchers against those of other packages: time, memory, gap, gradient and, if asked, F1.",
    "matcher/bench_peers.yaml",
)  # fmt: skip
_add(
    "metrics", "Time AP^r, AP^p, AP^h and mean IoU, in units of one joint histogram per picture.",
    argument="Stored set of test vectors, e.g. set.npz; made-up pictures by default",
)  # fmt: skip
_add("sweep", "Time `mghp sweep` itself: CPU per trial, and seconds until the first trial runs.")
_add("gallery", "Time how long galleries of up to 2,000 cases take to open, in headless Chromium.")
_add(
    "speed", "Time a training step and parsing with channels_last, bfloat16 and torch.compile, as ratios to plain.",
    "parsing/bench_speed.yaml", has_pictures=True,
)  # fmt: skip
_add(
    "faults", "Kill a short training at random moments, resume it, and compare it with one that was never killed.",
    "parsing/bench_faults.yaml",
)  # fmt: skip
_add(
    "gradients", "Measure at which weight each matching loss of an experiment pulls as hard as that of limb fields.",
    takes_experiment=True, has_pictures=True,
)  # fmt: skip
