"""Rendered persons: cartoon crowds with exact parts, persons and keypoints, seeded by picture index."""

from mghp.datasets.synthetic.render import render
from mghp.datasets.synthetic.scenes import SCENES, SceneConfig

__all__ = ["SCENES", "SceneConfig", "render"]
