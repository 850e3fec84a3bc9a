"""mghp: instance-aware human parsing with a differentiable matcher."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mghp.inference.group import group
    from mghp.inference.human_parser import HumanParser
    from mghp.inference.parsed_picture import ParsedPicture

__version__ = "0.1.0"
__all__ = ["HumanParser", "ParsedPicture", "__version__", "group"]

_MODULES = {
    "HumanParser": "mghp.inference.human_parser",
    "ParsedPicture": "mghp.inference.parsed_picture",
    "group": "mghp.inference.group",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """Import a name on first use, so that the matcher alone costs no more than torch."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
