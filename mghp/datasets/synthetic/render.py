"""One picture: everything is drawn from (seed, index, scene), then painted from back to front."""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.mask_boxes import box_about, do_overlap
from mghp.datasets.sample import OCCLUDED, VISIBLE, Sample
from mghp.datasets.synthetic.background import draw_background, paint_loose_limb, paint_object
from mghp.datasets.synthetic.body import Body, draw_body
from mghp.datasets.synthetic.cords import JOINED, Cord, draw_corded_twins, paint_cords
from mghp.datasets.synthetic.figure import PART, paint_figure
from mghp.datasets.synthetic.outfit import Outfit, draw_outfit
from mghp.datasets.synthetic.painting import Canvas
from mghp.datasets.synthetic.scenes import SceneConfig
from mghp.datasets.synthetic.twins import draw_twins, paint_twins

LEAST_PIXELS = 24
"""A person of whom fewer pixels are seen, at 128 x 128, is left out of the picture."""


def _seen_parts() -> tuple[tuple[int, ...], ...]:
    """Return for each keypoint the parts that show it: any other part of the own body in front hides it."""
    allowed = {
        "shoulder": ("torso", "{side}_upper_arm"),
        "elbow": ("{side}_upper_arm", "{side}_lower_arm"),
        "wrist": ("{side}_lower_arm", "{side}_hand"),
        "hip": ("torso", "{side}_upper_leg"),
        "knee": ("{side}_upper_leg", "{side}_lower_leg"),
        "ankle": ("{side}_lower_leg", "{side}_foot"),
    }
    seen = []
    for name in DENSEPOSE_COCO.skeleton.keypoints:
        side, _, joint = name.partition("_")
        parts = allowed.get(joint, ("head",))
        seen.append(tuple(PART[part.format(side=side)] for part in parts))
    return tuple(seen)


_SEEN_PARTS = _seen_parts()


@dataclass(frozen=True)
class _Figure:
    body: Body
    outfit: Outfit
    upside_down: bool

    @property
    def has_cue(self) -> bool:
        return self.outfit.has_cue or self.body.is_from_the_side


def render(scene: SceneConfig, index: int, *, seed: int = 0, size: int = 128) -> Sample:
    """Render picture `index` of a set.

    Args:
        scene: how crowded and how hard.
        index: of the picture, from 0.
        seed: of the set.
        size: height and width, pixels.

    Returns:
        The labelled picture: parts of DensePose-COCO, COCO's keypoints. A keypoint is visible where its pixel shows a
        part next to it of its own person; hidden ones are annotated too, those outside the picture are not. Face
        keypoints turned away are hidden. A cue has who is drawn differently from front and back, or seen from the side;
        neither what hides it nor the seam of a skirt, which may tell a side too, is looked at.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, index, scene.number]))
    tags: set[str] = set()
    background = _draw_behind(rng, scene, size, tags)
    if scene.twins:
        return _twins(rng, scene, size, background, f"{scene.name}_{seed}_{index:06d}")
    figures = _draw_crowd(rng, scene, size)
    objects = np.random.SeedSequence(int(rng.integers(2**63)))
    in_front = int(rng.poisson(scene.occluders))
    dim = bool(rng.random() < scene.dim)
    finish = np.random.SeedSequence(int(rng.integers(2**63)))

    while True:
        canvas = _painted(background, figures, objects, in_front, size)
        kept = _enough_seen(canvas, figures, size)
        if len(kept) == len(figures) or (len(figures) == 1 and not in_front):
            break
        # Painted again without the others, so that nobody is seen who is not labelled; where objects hide everybody,
        # without the objects: the figure in front has its pelvis in the picture.
        in_front = in_front if kept else 0
        figures = kept or figures[-1:]
    keypoints = np.stack([_keypoints(figure.body, row, canvas) for row, figure in enumerate(figures)])
    tags |= _tags_of(figures, canvas, scene, size) | ({"dim"} if dim else set())
    return Sample(
        image=_in_light(np.random.default_rng(finish), canvas.rgb, dim),
        parts=canvas.parts,
        person_ids=canvas.persons,
        keypoints=keypoints,
        name=f"{scene.name}_{seed}_{index:06d}",
        original_size=(size, size),
        tags=tuple(sorted(tags)),
        cues=np.array([figure.has_cue for figure in figures]),
    )


def _twins(
    rng: np.random.Generator, scene: SceneConfig, size: int, background: NDArray[np.float32], name: str
) -> Sample:
    """Return the labelled picture of a row of twins behind blinds; of those with cords only what cords join is."""
    cords: list[Cord] = []
    drawn = rng, _draw_number(rng, scene), float(rng.uniform(*scene.height)) * size, size
    if scene.cords:
        twins, cords = draw_corded_twins(*drawn)
    else:
        twins = draw_twins(*drawn)
    canvas = paint_twins(background, twins)
    paint_cords(canvas, cords)
    figures = [_Figure(body, twins.outfit, upside_down=False) for body in twins.bodies]
    keypoints = np.stack([_keypoints(figure.body, row, canvas) for row, figure in enumerate(figures)])
    if cords:
        keypoints[:, [name not in JOINED for name in DENSEPOSE_COCO.skeleton.keypoints]] = 0
    return Sample(
        image=_in_light(rng, canvas.rgb, dim=False),
        parts=canvas.parts,
        person_ids=canvas.persons,
        keypoints=keypoints,
        name=name,
        original_size=(size, size),
        tags=tuple(sorted(_tags_of(figures, canvas, scene, size))),
        cues=np.array([figure.has_cue for figure in figures]),
    )


def _draw_number(rng: np.random.Generator, scene: SceneConfig) -> int:
    return 1 + int(rng.choice(len(scene.persons), p=np.array(scene.persons) / sum(scene.persons)))


def _draw_behind(rng: np.random.Generator, scene: SceneConfig, size: int, tags: set[str]) -> NDArray[np.float32]:
    """Paint the background and all that stands behind the persons."""
    canvas = Canvas(draw_background(rng, size))
    for _ in range(int(rng.poisson(scene.distractors))):
        paint_object(rng, canvas, 0.4 * size)
    if rng.random() < scene.human_like:
        tags.add("human_like")
        for _ in range(int(rng.integers(1, 4))):
            cloth = draw_outfit(rng, True, 4.0)
            paint_loose_limb(rng, canvas, cloth.skin if rng.random() < 0.5 else cloth.shirt, 0.2 * size)
        if rng.random() < 0.6:
            _paint_statue(rng, canvas, size)
    return canvas.rgb


def _paint_statue(rng: np.random.Generator, canvas: Canvas, size: int) -> None:
    """Paint a figure of one material: nobody."""
    pelvis = (float(rng.uniform(0.1, 0.9) * size), float(rng.uniform(0.4, 0.7) * size))
    body = draw_body(rng, pelvis, float(rng.uniform(0.4, 0.8) * size), 0.0)
    grey = float(rng.uniform(90, 200))
    stone = (grey, grey * 0.97, grey * 0.9)
    plain = draw_outfit(rng, False, 4.0)
    stone_outfit = dataclasses.replace(
        plain, skin=stone, shirt=stone, trousers_colour=stone, shoes=stone, hood=stone, shirt_texture=None, skirt=False
    )
    paint_figure(canvas, body, stone_outfit, 0)


def _draw_crowd(rng: np.random.Generator, scene: SceneConfig, size: int) -> list[_Figure]:
    """Return the persons, from back to front: larger ones tend to stand nearer."""
    number = _draw_number(rng, scene)
    placed: list[tuple[float, float, float]] = []
    figures: list[tuple[float, _Figure]] = []
    for _ in range(number):
        height = float(rng.uniform(*scene.height)) * size
        tilt, upside_down = _draw_tilt(rng, scene)
        pelvis = _draw_place(rng, scene, size, height, tilt, placed)
        placed.append((*pelvis, height))
        body = draw_body(rng, pelvis, height, tilt)
        outfit = draw_outfit(rng, bool(rng.random() < scene.cue), 0.035 * height)
        depth = height + float(rng.uniform(-0.25, 0.25)) * size
        figures.append((depth, _Figure(body, outfit, upside_down)))
    return [figure for _, figure in sorted(figures, key=lambda pair: pair[0])]


def _draw_tilt(rng: np.random.Generator, scene: SceneConfig) -> tuple[float, bool]:
    if rng.random() >= scene.not_upright:
        return float(rng.normal(0, 0.12)), False
    if rng.random() < scene.on_hands:
        return float(math.pi + rng.normal(0, 0.25)), True
    return float(rng.choice([-1.0, 1.0]) * (math.pi / 2 + rng.normal(0, 0.2))), False


def _draw_place(
    rng: np.random.Generator,
    scene: SceneConfig,
    size: int,
    height: float,
    tilt: float,
    placed: list[tuple[float, float, float]],
) -> tuple[float, float]:
    """Draw the pelvis's place: beside somebody in a share of the cases, else the farthest of a few free places."""
    # Half a body reaches this far across and down; what does not fit is spread over the middle.
    across = height * (0.2 + 0.3 * abs(math.sin(tilt)))
    down = height * (0.2 + 0.3 * abs(math.cos(tilt)))

    def inside(value: float, reach: float) -> float:
        low, high = min(0.85 * reach, 0.45 * size), max(size - 0.85 * reach, 0.55 * size)
        return float(np.clip(value, low, high))

    if placed and rng.random() < scene.overlap:
        x, y, other = placed[int(rng.integers(len(placed)))]
        away = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.1, 0.4)) * max(height, other)
        return inside(x + away, across), inside(y + float(rng.uniform(-0.12, 0.12)) * height, down)
    choices = [(inside(float(x), across), inside(float(y), down)) for x, y in rng.uniform(0, size, (4, 2))]
    if not placed:
        return choices[0]
    return max(choices, key=lambda c: min(math.hypot(c[0] - x, c[1] - y) for x, y, _ in placed))


def _painted(
    background: NDArray[np.float32],
    figures: list[_Figure],
    objects: np.random.SeedSequence,
    in_front: int,
    size: int,
) -> Canvas:
    canvas = Canvas(background.copy())
    for row, figure in enumerate(figures):
        paint_figure(canvas, figure.body, figure.outfit, row + 1)
    rng = np.random.default_rng(objects)
    for _ in range(in_front):
        paint_object(rng, canvas, 0.28 * size)
    return canvas


def _enough_seen(canvas: Canvas, figures: list[_Figure], size: int) -> list[_Figure]:
    """Return the figures of whom enough is seen."""
    seen = np.bincount(canvas.persons.ravel(), minlength=len(figures) + 1)[1:]
    least = LEAST_PIXELS * (size / 128) ** 2
    return [figure for figure, pixels in zip(figures, seen, strict=True) if pixels >= least]


def _keypoints(body: Body, row: int, canvas: Canvas) -> NDArray[np.float32]:
    """Return x, y and visibility. Shape (keypoints, 3)."""
    size = len(canvas.parts)
    keypoints = np.zeros((DENSEPOSE_COCO.num_keypoints, 3), np.float32)
    for keypoint, name in enumerate(DENSEPOSE_COCO.skeleton.keypoints):
        # Rounded first: what lies on a pixel must lie there for whoever reads the float32 value.
        x, y = (float(np.float32(value)) for value in body.joints[name])
        if not (0 <= x < size and 0 <= y < size):
            continue
        column, line = int(x), int(y)
        own = canvas.persons[line, column] == row + 1 and canvas.parts[line, column] in _SEEN_PARTS[keypoint]
        turned_away = body.face_depth.get(name, 1.0) < -0.05
        keypoints[keypoint] = x, y, VISIBLE if own and not turned_away else OCCLUDED
    return keypoints


def _tags_of(figures: list[_Figure], canvas: Canvas, scene: SceneConfig, size: int) -> set[str]:
    tags = set()
    if any(figure.upside_down for figure in figures):
        tags.add("upside_down")
    if any(figure.body.height < scene.small * size for figure in figures):
        tags.add("small")
    boxes = [box_about(canvas.persons == row + 1) for row in range(len(figures))]
    if any(do_overlap(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a and b):
        tags.add("overlap")
    return tags


def _in_light(rng: np.random.Generator, rgb: NDArray[np.float32], dim: bool) -> NDArray[np.uint8]:
    """Apply blur, gain, gamma, a cast of colour and noise."""
    picture = np.clip(rgb, 0, 255)
    if rng.random() < 0.3:
        picture = _blurred(picture, float(rng.uniform(0.05, 0.22)))
    gain = rng.uniform(0.32, 0.55) if dim else rng.uniform(0.85, 1.12)
    gamma = rng.uniform(0.85, 1.2)
    cast = gain * rng.uniform(0.93, 1.07, 3)
    values = (picture + np.float32(0.5)).astype(np.uint8)
    # A table holds the powers: they are computed one by one, the same on every processor.
    powers = [255 * math.pow(value / 255, gamma) for value in range(256)]
    lit = np.stack(
        [np.array([c * p for p in powers], np.float32)[values[..., k]] for k, c in enumerate(cast.tolist())], -1
    )
    strength = int(rng.integers(1, 9))
    noise = rng.integers(-strength, strength + 1, lit.shape, dtype=np.int8)
    final: NDArray[np.uint8] = np.clip(lit + noise + np.float32(0.5), 0, 255).astype(np.uint8)
    return final


def _blurred(picture: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Let each pixel give `share` of itself to both neighbours, along rows and columns."""
    side = np.float32(share)
    for axis in (0, 1):
        padded = np.pad(picture, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        before, after = (padded.take(range(o, o + picture.shape[axis]), axis) for o in (0, 2))
        picture = (1 - 2 * side) * picture + side * (before + after)
    return picture
