"""mghp: instance-aware human parsing with a differentiable matcher."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mghp.inference.human_parser import HumanParser

__version__ = "0.1.0"
__all__ = ["HumanParser", "__version__"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import `HumanParser` on first use, so that the matcher alone costs no more than torch."""
    if name == "HumanParser":
        from mghp.inference.human_parser import HumanParser

        return HumanParser
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
