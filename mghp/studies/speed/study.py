"""The study of speed and memory: how fast is it, and what does it need?"""

from collections.abc import Sequence
from statistics import median

from mghp.report.study import Question, Study
from mghp.runs.read import Run
from mghp.studies.benches import BENCHES
from mghp.studies.peers.registry import PEERS
from mghp.studies.speed.devices import BENCH as ON_DEVICE
from mghp.studies.speed.figures import speed_drawings
from mghp.studies.speed.matcher import LITERAL
from mghp.studies.speed.parsing import PARSING
from mghp.studies.speed.peers import COMPARED

_TABLES = {name: BENCHES[name].load().tables for name in BENCHES}
_OF_THE_MATCHER = ("matcher", "projection", "learned")


def matcher_answer(runs: Sequence[Run]) -> str:
    """Return how many times faster the kernels are than the literal algorithm."""
    rows = [row for row in LITERAL.filled(runs).rows if row["method"] == "numba"]
    if not rows:
        return ""
    factors = sorted(row["both, times faster"] for row in rows)
    memory = max(row["memory, share"] for row in rows)
    return (
        f"Forward and backward are {factors[0]:.0f} to {factors[-1]:.0f} times as fast as the literal algorithm under "
        f"autograd, with at most {100 * memory:.0f} % of its memory ({len(rows)} sizes)."
    )


def peers_answer(runs: Sequence[Run]) -> str:
    """Return how long other packages' matchers take beside ours, and which of them is faster anywhere."""
    ours = {entry.label for entry in PEERS.entries if not entry.package}
    ratio = "both, times ours"
    rows = [row for row in COMPARED.filled(runs).rows if row["matcher"] not in ours and row[ratio] == row[ratio]]
    if not rows:
        return ""
    ratios = [row[ratio] for row in rows]
    faster = sorted({row["matcher"] for row in rows if row[ratio] < 1})
    number = len({row["matcher"] for row in rows})
    return (
        f"{number} matchers take {min(ratios):.2g} to {max(ratios):.0f} times as long as ours, median "
        f"{median(ratios):.0f}, forward and backward; faster somewhere: {', '.join(faster) or 'none'}."
    )


def parser_answer(runs: Sequence[Run]) -> str:
    """Return what the matching loss adds to a training step."""
    added = sorted(row["adds on average [%]"] for row in PARSING.filled(runs).rows)
    return f"The matching loss makes a training step {added[0]:.1f} to {added[-1]:.1f} % longer." if added else ""


STUDY = Study(
    (
        Question(
            "What does the matcher cost?",
            matcher_answer,
            (*(table for name in _OF_THE_MATCHER for table in _TABLES[name]), *ON_DEVICE.tables),
            {"time": "Time per problem against its size and against the size of the batch"},
        ),
        Question("Are matchers of other packages faster?", peers_answer, _TABLES["peers"]),
        Question(
            "What does the parser cost?",
            parser_answer,
            tuple(table for name in BENCHES if name not in (*_OF_THE_MATCHER, "peers") for table in _TABLES[name]),
            {"matching_loss_time": "What the matching loss adds to a training step"},
        ),
    ),
    speed_drawings,
)
