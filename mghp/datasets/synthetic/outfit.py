"""What a person wears: skin, hair, clothes and their textures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mghp.datasets.synthetic.painting import Colour, Texture

_SKIN: tuple[Colour, ...] = (
    (250, 214, 184), (236, 188, 150), (214, 160, 118), (176, 122, 84), (132, 88, 60), (96, 64, 48),
)  # fmt: skip
_HAIR: tuple[Colour, ...] = (
    (40, 30, 26), (84, 54, 34), (140, 92, 48), (206, 168, 92), (150, 60, 34), (170, 170, 172),
)  # fmt: skip
_CLOTH: tuple[Colour, ...] = (
    (214, 54, 54), (236, 132, 40), (238, 206, 62), (96, 170, 70), (46, 122, 92), (52, 140, 196), (44, 70, 150),
    (122, 78, 160), (206, 96, 150), (236, 236, 230), (70, 72, 80), (150, 150, 150), (126, 88, 60), (178, 214, 222),
)  # fmt: skip


@dataclass(frozen=True)
class Outfit:
    """Colours and clothes of one person.

    Attributes:
        has_cue: whether front and back differ, so that left and right can be told.
        sleeves: how much of the arm is cloth: 0 none, 1 the upper arm, 2 all of it.
        trousers: how much of the leg is cloth: 1 the upper leg, 2 all of it.
        skirt: whether a skirt covers the upper legs.
        long_hair: whether hair falls on the shoulders.
        badge: colour of what marks the front (a zip, a print) and the back (a rucksack) of the shirt.
        hood: colour of what hides the head of people without cue.
        shirt_texture: of torso and sleeves.
    """

    skin: Colour
    hair: Colour
    shirt: Colour
    trousers_colour: Colour
    shoes: Colour
    badge: Colour
    hood: Colour
    has_cue: bool
    sleeves: int
    trousers: int
    skirt: bool
    long_hair: bool
    print_kind: int
    shirt_texture: Texture | None


def draw_outfit(rng: np.random.Generator, has_cue: bool, scale: float) -> Outfit:
    """Draw an outfit.

    Args:
        rng: where the draws come from.
        has_cue: see `Outfit`.
        scale: pixels a stripe of cloth is wide.
    """
    shirt, trousers = rng.choice(len(_CLOTH), 2, replace=False)
    return Outfit(
        skin=_varied(rng, _SKIN[rng.integers(len(_SKIN))], 10),
        hair=_varied(rng, _HAIR[rng.integers(len(_HAIR))], 10),
        shirt=_varied(rng, _CLOTH[shirt], 16),
        trousers_colour=_varied(rng, _CLOTH[trousers], 16),
        shoes=_varied(rng, _CLOTH[rng.integers(len(_CLOTH))], 16),
        badge=_varied(rng, _CLOTH[rng.integers(len(_CLOTH))], 16),
        hood=_varied(rng, _CLOTH[rng.integers(len(_CLOTH))], 16),
        has_cue=has_cue,
        sleeves=int(rng.choice(3, p=(0.2, 0.45, 0.35))),
        trousers=int(rng.choice((1, 2), p=(0.3, 0.7))),
        skirt=bool(rng.random() < 0.15),
        long_hair=bool(rng.random() < 0.35),
        print_kind=int(rng.integers(3)),
        shirt_texture=_draw_texture(rng, scale),
    )


def _varied(rng: np.random.Generator, colour: Colour, amount: float) -> Colour:
    red, green, blue = (float(np.clip(value + rng.uniform(-amount, amount), 0, 255)) for value in colour)
    return red, green, blue


def _draw_texture(rng: np.random.Generator, scale: float) -> Texture | None:
    """Draw a texture: plain, stripes along or across, checks or dots."""
    kind = int(rng.integers(6))
    period = np.float32(1 / (scale * rng.uniform(1.6, 3.0)))
    dark = np.float32(rng.uniform(0.55, 0.8))

    def wave(values: NDArray[np.float32]) -> NDArray[np.bool_]:
        return np.asarray(values * period - np.floor(values * period) < np.float32(0.5))

    def stripes(along: NDArray[np.float32], across: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.where(wave(along), np.float32(1), dark)

    def pinstripes(along: NDArray[np.float32], across: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.where(wave(across), np.float32(1), dark)

    def checks(along: NDArray[np.float32], across: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.where(wave(along) ^ wave(across), np.float32(1), dark)

    def dots(along: NDArray[np.float32], across: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.where(wave(along) & wave(across), dark, np.float32(1))

    return (None, None, stripes, pinstripes, checks, dots)[kind]
