"""Section `wandb`: where a run is logged."""

from dataclasses import dataclass
from typing import Literal


@dataclass
class WandbConfig:
    """Logging to Weights & Biases; WANDB_MODE and WANDB_SWEEP_ID, where set, override `mode`."""

    mode: Literal["offline", "online", "disabled"] = "offline"
    """Where the run is logged: in its folder, on the server too, or nowhere."""
    project: str = "mghp"
    """The project on the server."""
