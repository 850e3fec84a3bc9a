"""Rendered people: cartoon crowds with exact parts, persons and keypoints, seeded by picture index."""

from mghp.data.synthetic.render import render
from mghp.data.synthetic.scenes import SCENES, SceneConfig

__all__ = ["SCENES", "SceneConfig", "render"]
