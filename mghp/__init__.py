"""mghp: instance-aware human parsing with a differentiable matcher."""

__version__ = "0.1.0"
