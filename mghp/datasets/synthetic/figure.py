"""Paints a posed and dressed body: every shape with the part it belongs to, the far ones first."""

import math

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic.body import Body, Point
from mghp.datasets.synthetic.outfit import Outfit
from mghp.datasets.synthetic.painting import Canvas, Colour, Label

PART = {name: label + 1 for label, name in enumerate(DENSEPOSE_COCO.parts.names)}
"""Label of each part by name."""

SIDES = ("left", "right")


def paint_figure(canvas: Canvas, body: Body, outfit: Outfit, person: int) -> None:
    """Paint a person, or with `person` 0 a figure that is nobody's.

    Args:
        canvas: what to paint on.
        body: where the joints are.
        outfit: what is worn.
        person: 1 + the person's row.
    """
    _Painter(canvas, body, outfit, person).paint()


class _Painter:
    def __init__(self, canvas: Canvas, body: Body, outfit: Outfit, person: int) -> None:
        self.canvas = canvas
        self.body = body
        self.outfit = outfit
        self.person = person
        self.unit = body.height * body.proportions.stout
        self.joints = body.joints
        self.is_front = math.cos(body.facing) > 0
        self.up = (math.sin(body.tilt), -math.cos(body.tilt))

    def paint(self) -> None:
        """Paint far leg, near leg, torso, head, arms; thighs that come towards the viewer after the torso."""
        body = self.body
        far = "right" if body.near == "left" else "left"
        if self.outfit.has_cue and self.outfit.long_hair and self.is_front:
            self._long_hair()
        for side in (far, body.near):
            if body.arm_behind[side]:
                self._arm(side)
        if not body.sits:
            self._leg(far)
            self._leg(body.near)
        self._torso()
        if body.sits:
            self._leg(far)
            self._leg(body.near)
        elif self.outfit.skirt:
            self._skirt()
        self._head()
        for side in (far, body.near):
            if not body.arm_behind[side]:
                self._arm(side)

    def _label(self, part: str) -> Label:
        return Label(PART[part], self.person) if self.person else Label()

    def _limb(self, part: str, start: str, end: str, radii: Point, colour: Colour, textured: bool = False) -> None:
        scaled = radii[0] * self.unit, radii[1] * self.unit
        texture = self.outfit.shirt_texture if textured else None
        self.canvas.capsule(self.joints[start], self.joints[end], scaled, colour, self._label(part), texture)

    def _arm(self, side: str) -> None:
        outfit = self.outfit
        upper = outfit.shirt if outfit.sleeves > 0 else outfit.skin
        lower = outfit.shirt if outfit.sleeves > 1 else outfit.skin
        self._limb(f"{side}_hand", f"{side}_wrist", f"{side}_hand", (0.019, 0.024), outfit.skin)
        self._limb(f"{side}_lower_arm", f"{side}_elbow", f"{side}_wrist", (0.026, 0.02), lower, outfit.sleeves > 1)
        self._limb(f"{side}_upper_arm", f"{side}_shoulder", f"{side}_elbow", (0.034, 0.027), upper, outfit.sleeves > 0)

    def _leg(self, side: str) -> None:
        outfit = self.outfit
        lower = outfit.trousers_colour if outfit.trousers > 1 else outfit.skin
        self._limb(f"{side}_foot", f"{side}_ankle", f"{side}_toe", (0.024, 0.022), outfit.shoes)
        self._limb(f"{side}_lower_leg", f"{side}_knee", f"{side}_ankle", (0.036, 0.025), lower)
        self._limb(f"{side}_upper_leg", f"{side}_hip", f"{side}_knee", (0.052, 0.038), outfit.trousers_colour)

    def _torso(self) -> None:
        body, outfit = self.body, self.outfit
        half_width = max(abs(math.cos(body.facing)), 0.5)
        shoulders = self._across("neck", body.proportions.shoulder * half_width * 0.72, drop=0.045)
        hips = self._across("pelvis", body.proportions.hip * half_width * 1.15, drop=-0.005)
        corners = [*shoulders, *reversed(hips)]
        self.canvas.polygon(corners, 0.042 * self.unit, outfit.shirt, self._label("torso"), outfit.shirt_texture)
        if outfit.has_cue:
            self._badge()

    def _badge(self) -> None:
        """Paint a zip, a print or buttons on the front, or a rucksack on the back."""
        neck, pelvis = self.joints["neck"], self.joints["pelvis"]
        label, colour = self._label("torso"), self.outfit.badge
        upper, lower = _between(neck, pelvis, 0.28), _between(neck, pelvis, 0.68)
        turned = 0.05 * self.body.height * math.sin(self.body.facing)
        if abs(math.cos(self.body.facing)) < 0.4:
            return
        if not self.is_front:
            wide = 0.062 * self.unit
            self.canvas.capsule(upper, lower, (wide, wide), colour, label)
            return
        upper, lower = (upper[0] + turned, upper[1]), (lower[0] + turned, lower[1])
        if self.outfit.print_kind == 0:
            thin = max(0.013 * self.unit, 0.6)
            self.canvas.capsule(_between(neck, pelvis, 0.12), _between(neck, pelvis, 0.95), (thin, thin), colour, label)
        elif self.outfit.print_kind == 1:
            round_print = 0.042 * self.unit
            self.canvas.ellipse(_between(upper, lower, 0.3), self.up, (round_print, round_print), colour, label)
        else:
            for share in (0.0, 0.5, 1.0):
                dot = max(0.015 * self.unit, 0.7)
                self.canvas.ellipse(_between(upper, lower, share), self.up, (dot, dot), colour, label)

    def _skirt(self) -> None:
        waist = self._across("pelvis", 0.05, drop=-0.03)
        knees = [_between(self.joints[f"{side}_hip"], self.joints[f"{side}_knee"], 0.6) for side in SIDES]
        for side, knee, hip in zip(SIDES, knees, waist, strict=True):
            self.canvas.capsule(
                hip,
                knee,
                (0.05 * self.unit, 0.062 * self.unit),
                self.outfit.trousers_colour,
                self._label(f"{side}_upper_leg"),
            )

    def _head(self) -> None:
        body, outfit = self.body, self.outfit
        head, neck, label = self.joints["head"], self.joints["neck"], self._label("head")
        long, wide = 1.18 * body.proportions.head * body.height, 0.9 * body.proportions.head * body.height
        thick = 0.033 * self.unit
        self.canvas.capsule(_between(neck, head, 0.05), _between(neck, head, 0.6), (thick, thick), outfit.skin, label)
        axis = _direction(neck, head)
        if not outfit.has_cue:
            self.canvas.ellipse(head, axis, (long, wide), outfit.hood, label)
            self.canvas.ellipse(head, axis, (long, wide), _darker(outfit.hood), label, cut=(-0.25, 0.25))
            return
        self.canvas.ellipse(head, axis, (long, wide), outfit.skin, label)
        self._face(head, axis, long, wide)

    def _face(self, head: Point, axis: Point, long: float, wide: float) -> None:
        body, outfit, label = self.body, self.outfit, self._label("head")
        if body.face_depth["nose"] < -0.25:
            self.canvas.ellipse(head, axis, (long, wide), outfit.hair, label, cut=(-0.75, 1.1))
            if outfit.long_hair:
                self.canvas.capsule(
                    head, _between(head, self.joints["neck"], 1.25), (wide * 0.95, wide * 0.8), outfit.hair, label
                )
            return
        self.canvas.ellipse(head, axis, (long * 1.05, wide * 1.05), outfit.hair, label, cut=(0.42, 1.1))
        if abs(body.face_depth["nose"]) < 0.8:  # seen from the side, the back of the head is hair
            nose = self.joints["nose"]
            back = (2 * head[0] - nose[0], 2 * head[1] - nose[1])
            self.canvas.ellipse(_between(head, back, 0.45), axis, (long * 0.85, wide * 0.6), outfit.hair, label)
        dot = max(0.11 * wide, 0.55)
        for eye in ("left_eye", "right_eye"):
            if body.face_depth[eye] > 0.1:
                self.canvas.ellipse(self.joints[eye], axis, (dot * 1.3, dot), (24, 22, 30), label, outline=1.0)
        nose = self.joints["nose"]
        mouth = (nose[0] - 0.42 * long * axis[0], nose[1] - 0.42 * long * axis[1])
        self.canvas.ellipse(nose, axis, (dot * 1.2, dot * 1.1), _darker(outfit.skin), label, outline=1.0)
        self.canvas.ellipse(mouth, axis, (dot * 0.8, dot * 2.2), (150, 44, 50), label, outline=1.0)

    def _long_hair(self) -> None:
        wide = 1.05 * self.body.proportions.head * self.body.height
        head, neck = self.joints["head"], self.joints["neck"]
        self.canvas.capsule(head, _between(head, neck, 1.2), (wide, wide * 0.9), self.outfit.hair, self._label("head"))

    def _across(self, joint: str, half: float, drop: float) -> list[Point]:
        """Return two points beside a joint, the left one first from the front; `half`, `drop` in standing heights."""
        x, y = self.joints[joint]
        height = self.body.height
        right = (-self.up[1], self.up[0])
        sign = 1.0 if self.is_front else -1.0
        x, y = x - drop * height * self.up[0], y - drop * height * self.up[1]
        return [
            (x + sign * half * height * right[0], y + sign * half * height * right[1]),
            (x - sign * half * height * right[0], y - sign * half * height * right[1]),
        ]


def _between(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def _direction(a: Point, b: Point) -> Point:
    length = max(math.hypot(b[0] - a[0], b[1] - a[1]), 1e-6)
    return (b[0] - a[0]) / length, (b[1] - a[1]) / length


def _darker(colour: Colour) -> Colour:
    return 0.7 * colour[0], 0.7 * colour[1], 0.7 * colour[2]
