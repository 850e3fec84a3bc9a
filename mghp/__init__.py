"""mghp: instance-aware human parsing with a differentiable matcher."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mghp.inference.human_parser import HumanParser

__version__ = "0.1.0"
__all__ = ["HumanParser", "__version__"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """`HumanParser` is imported when it is asked for: who wants only the matcher does not pay for it."""
    if name == "HumanParser":
        from mghp.inference.human_parser import HumanParser

        return HumanParser
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
