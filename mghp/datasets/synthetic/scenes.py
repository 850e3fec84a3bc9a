"""How crowded and how hard the pictures are."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class SceneConfig:
    """Amounts of one kind of scene. Shares are probabilities; heights are relative to the picture's."""

    name: str
    """Part of every picture's name."""
    number: int
    """Enters the random numbers, so that scenes of one index differ."""
    persons: tuple[float, ...]
    """Probability of 1, 2, 3, ... people in a picture."""
    height: tuple[float, float]
    """Least and largest height of a standing person."""
    not_upright: float
    """Share of people who lie or stand on their hands. Tag `upside_down` where one stands on the hands."""
    cue: float
    """Share of people drawn differently from front and back: a face, a back of the head, a front and a back of clothes.
    The others are drawn alike, and nothing tells their left from their right unless they are seen from the side."""
    overlap: float
    """Share of people put next to or behind another one. Tag `overlap` where two persons' boxes share a fifth of the
    smaller one."""
    dim: float
    """Share of pictures in dim light. Tag `dim`."""
    distractors: float
    """Mean number of objects behind the people."""
    human_like: float
    """Share of pictures with a statue or loose limbs that are nobody's. Tag `human_like`."""
    occluders: float
    """Mean number of objects in front of the people."""
    small: float = 0.35
    """Tag `small` where a standing height lies below this."""
    on_hands: float = 0.5
    """The share who stand on their hands among those who are not upright; the others lie."""
    twins: bool = False
    """True for rows of identical people behind blinds (`mghp.datasets.synthetic.twins`), of whom `persons` and `height`
    tell; what is said of crowds, light and occluders is not read."""
    cords: bool = False
    """True, with `twins`, for cords that join them (`mghp.datasets.synthetic.cords`)."""


_PLAIN = {
    "simple": SceneConfig(
        name="simple",
        number=0,
        persons=(0.25, 0.30, 0.27, 0.18),
        height=(0.55, 1.05),
        not_upright=0.05,
        cue=1.0,
        overlap=0.25,
        dim=0.0,
        distractors=1.5,
        human_like=0.0,
        occluders=0.0,
    ),
    "default": SceneConfig(
        name="default",
        number=1,
        persons=(0.08, 0.19, 0.24, 0.23, 0.15, 0.11),
        height=(0.27, 1.13),
        not_upright=0.18,
        cue=0.6,
        overlap=0.5,
        dim=0.15,
        distractors=3.0,
        human_like=0.25,
        occluders=0.25,
    ),
    "hard": SceneConfig(
        name="hard",
        number=2,
        persons=(0.0, 0.0, 0.20, 0.25, 0.22, 0.18, 0.15),
        height=(0.27, 1.0),
        not_upright=0.22,
        cue=0.0,
        overlap=0.75,
        dim=0.2,
        distractors=4.0,
        human_like=0.4,
        occluders=1.5,
    ),
}

_PLAIN["clear"] = replace(_PLAIN["default"], name="clear", number=8, cue=1.0)

STRESS = {
    "upright": replace(_PLAIN["default"], name="upright", number=3, not_upright=0.0),
    "upside_down": replace(_PLAIN["default"], name="upside_down", number=4, not_upright=1.0, on_hands=1.0),
    "dim_human_like": replace(
        _PLAIN["default"], name="dim_human_like", number=5, dim=1.0, human_like=1.0, distractors=6.0
    ),
    "small_dim": replace(_PLAIN["default"], name="small_dim", number=6, height=(0.2, 0.35), dim=1.0),
    "crossing": replace(_PLAIN["default"], name="crossing", number=7, persons=(0.0, 0.4, 0.4, 0.2), overlap=1.0),
}
"""What the failure cases of the supplement are about, each as `default` but for one thing: all upright, all standing on
their hands, dim with human-like objects behind, small people in dim light, and people who cross and overlap."""

_CONTROL = {
    "twins": SceneConfig(
        name="twins",
        number=9,
        persons=(0.0, 0.0, 0.5, 0.5),
        height=(0.56, 0.63),
        not_upright=0.0,
        cue=1.0,
        overlap=0.0,
        dim=0.0,
        distractors=0.0,
        human_like=0.0,
        occluders=0.0,
        twins=True,
    )
}
_CONTROL["cords"] = replace(
    _CONTROL["twins"], name="cords", number=10, persons=(0.0, 1.0), height=(0.84, 0.92), cords=True
)

SCENES = _PLAIN | STRESS | _CONTROL
"""`simple`: one to four larger people, nearly all upright. `default`: one to six, some lying or upside-down, dim light
in some pictures. `hard`: three to seven who overlap, and objects in front of them. `clear`: `default` with a cue for
everybody. The stress scenes. And two positive controls of identical people behind blinds: `twins`, where no limb tells
on its own where it goes, and one-to-one matching does; `cords`, where a matching can learn to trust another sign than
who scores each limb on its own.

`default` and `hard` are ambiguous about sides: 33 % and 81 % of their people are seen from the front or the back and
drawn alike from both (`Sample.cues`), so that no picture tells their left from their right. The stress scenes are as
ambiguous as `default`; `simple` and `clear` are not."""
