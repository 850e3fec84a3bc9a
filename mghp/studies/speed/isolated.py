"""Work in a process of its own, so that what raises, hangs or takes all memory ends no more than itself."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

START_SECONDS = 300.0
"""How long a process may take to start and to import what it is to do."""


@dataclass(frozen=True)
class Failure:
    """The reason, in a line, why an item has no result.

    Attributes:
        reason: what was raised, or how the process ended.
        has_ended: whether the process ended with it.
    """

    reason: str
    has_ended: bool = False


def isolated(work: Callable[[Item], Result], items: Sequence[Item], seconds: float) -> Iterator[Result | Failure]:
    """Yield what each item comes to, in order, worked on one after the other in another process.

    A process that ends, or that an item keeps for too long, is left, and another goes on with the next item.

    Args:
        work: a function of a module, as pickling asks for; items and results are pickled too.
        items: what it is called with.
        seconds: how long an item may take.
    """
    done = 0
    while done < len(items):
        for outcome in _until_ended(work, items[done:], seconds):
            done += 1
            yield outcome


def _until_ended(work: Callable[[Item], Result], items: Sequence[Item], seconds: float) -> Iterator[Result | Failure]:
    """Yield what the first items come to, up to the one that ends the process."""
    context = multiprocessing.get_context("spawn")  # a fork would share its threads and its memory
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work_through, args=(theirs, work, items), daemon=True)
    process.start()
    theirs.close()
    try:
        started = _received(ours, START_SECONDS)
        for _ in items:
            outcome = started or _received(ours, seconds)
            yield outcome
            if isinstance(outcome, Failure) and outcome.has_ended:
                return
    finally:
        process.kill()
        process.join()


def _received(connection: Connection, seconds: float) -> Any:  # noqa: ANN401 (a result, or a failure)
    try:
        if connection.poll(seconds):
            return connection.recv()
    except EOFError:
        return Failure("its process ended, as it does where memory runs out", has_ended=True)
    return Failure(f"took over {seconds:g} s", has_ended=True)


def _work_through(connection: Connection, work: Callable[[Item], Result], items: Sequence[Item]) -> None:
    with suppress(BrokenPipeError):
        connection.send(None)  # started
        for item in items:
            connection.send(_outcome(work, item))


def _outcome(work: Callable[[Item], Result], item: Item) -> Result | Failure:
    try:
        return work(item)
    except Exception as error:  # whatever another package raises
        said = " ".join(str(error).split())
        return Failure(f"{type(error).__name__}: {said:.160}")
