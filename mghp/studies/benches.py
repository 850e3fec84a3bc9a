"""The commands of `mghp bench` by name; a bench's module is imported when it is measured."""

from dataclasses import dataclass

from mghp.registry import Entry, Registry


@dataclass(frozen=True)
class BenchEntry(Entry):
    """One command of `mghp bench`; its label is its help.

    Attributes:
        experiment: experiment file below experiments/; empty where the bench has no settings.
        argument: what the command takes beside settings, for help; empty for nothing.
        has_pictures: whether its data are pictures, which are checked before anything slow is imported.
    """

    experiment: str = ""
    argument: str = ""
    has_pictures: bool = False


BENCHES: Registry[BenchEntry] = Registry("bench", "mghp.benches")


def _add(name: str, label: str, experiment: str = "", argument: str = "", has_pictures: bool = False) -> None:
    path = f"mghp.studies.speed.{name}:BENCH"
    BENCHES.add(BenchEntry(name, path, label, experiment=experiment, argument=argument, has_pictures=has_pictures))


_add(
    "matcher", "PGD-Dykstra against the literal algorithm, and all solvers against size and batch.",
    "matcher/bench.yaml",
)  # fmt: skip
_add(
    "parsing", "What the matching loss adds to a training step, and pictures rendered per second.",
    "parsing/bench.yaml", has_pictures=True,
)  # fmt: skip
_add(
    "data", "The loader against a training, and the making of targets against the number of persons.",
    "parsing/bench_data.yaml", has_pictures=True,
)  # fmt: skip
_add(
    "step", "Where a training step's time goes: backbone, heads, targets, losses, matcher, backward pass, waiting.",
    "parsing/bench_step.yaml", has_pictures=True,
)  # fmt: skip
_add(
    "inference", "From fields to persons, against the number of persons at constant human pixels; peak memory.",
    "parsing/bench_inference.yaml",
)  # fmt: skip
_add(
    "memory", "Peak memory of training, evaluation and prediction, each in a process of its own.",
    "parsing/bench_memory.yaml", has_pictures=True,
)  # fmt: skip
_add(
    "learned", "Time and memory of a training step of every way to learn limb scores, beside one without a matcher.",
    "matcher/bench_learned.yaml",
)  # fmt: skip
_add(
    "metrics", "AP^r, AP^p, AP^h and mean IoU, in units of one joint histogram of a picture.",
    argument="Stored set of test vectors, .npz; made up without",
)  # fmt: skip
_add("sweep", "What `mghp sweep` itself costs: CPU per trial, and seconds until the first trial runs.")
_add("gallery", "How long galleries of up to 2,000 cases take to open, in headless Chromium.")
_add(
    "speed", "Training step and parsing with channels_last, bfloat16 and torch.compile, as ratios to plain.",
    "parsing/bench_speed.yaml", has_pictures=True,
)  # fmt: skip
_add(
    "faults", "Kill a short training at random moments, resume it, and compare it with one that was never killed.",
    "parsing/bench_faults.yaml",
)  # fmt: skip
