"""torch.compile of a network, where there is a compiler."""

import os
import shutil

from torch import nn

from mghp.errors import InputError

COMPILERS = ("g++", "clang++", "c++", "cl")


def missing_compiler() -> str | None:
    """Return why torch.compile cannot run here; None if it can. It writes C++ for the CPU, and a launcher for GPUs."""
    names = [os.environ["CXX"]] if os.environ.get("CXX") else COMPILERS
    return None if any(map(shutil.which, names)) else f"no C++ compiler ({', '.join(names)})"


def compile_network(network: nn.Module) -> None:
    """Let a network be compiled at its first call, anew for every size: sizes left open are not taken by the compiler.

    Raises:
        InputError: if there is no compiler.
    """
    missing = missing_compiler()
    if missing is not None:
        raise InputError(f"training.compile: {missing}; install one, or set it to false")
    network.compile(dynamic=False)
