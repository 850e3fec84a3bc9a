"""Where a person's joints are: proportions, pose, and forward kinematics in the picture plane.

Body frame: origin at the pelvis, x to the right of the picture, y down, lengths in standing heights. The person turns
about its upright axis by `facing` (0 towards the viewer, pi away, pi / 2 to the picture's right); what is turned away
gets shorter, and the side towards the viewer is drawn last.
"""

import math
from dataclasses import dataclass

import numpy as np

Point = tuple[float, float]

FROM_THE_SIDE = 0.35
"""The largest |cos facing| at which limbs are posed as seen from the side, forward and back; else as seen from front or
back, outward to both sides."""

POSES = ("stand", "walk", "arms_up", "wave", "hips", "sit", "crouch", "jump")
_POSE_SHARES = (0.24, 0.16, 0.12, 0.12, 0.08, 0.10, 0.06, 0.12)


@dataclass(frozen=True)
class Proportions:
    """Lengths relative to the standing height; radii at both ends of a limb."""

    head: float
    stout: float
    torso: float = 0.29
    upper_arm: float = 0.165
    lower_arm: float = 0.145
    upper_leg: float = 0.235
    lower_leg: float = 0.225
    foot: float = 0.085
    shoulder: float = 0.105
    hip: float = 0.055


@dataclass(frozen=True)
class Body:
    """A posed person in the picture.

    Attributes:
        joints: positions in pixels by name: pelvis, neck, head, and left_/right_ shoulder, elbow, wrist, hand, hip,
            knee, ankle, toe, eye, ear; nose.
        face_depth: of nose, eyes and ears: positive towards the viewer.
        facing: radians, see above.
        near: the side nearer to the viewer, "left" or "right".
        arm_behind: by side, whether the arm is behind the torso.
        sits: whether the thighs come towards the viewer.
        tilt: radians from upright to the picture's right.
        height: standing height in pixels.
        proportions: as drawn.
    """

    joints: dict[str, Point]
    face_depth: dict[str, float]
    facing: float
    near: str
    arm_behind: dict[str, bool]
    sits: bool
    tilt: float
    height: float
    proportions: Proportions

    @property
    def is_from_the_side(self) -> bool:
        """True if the limbs are posed as seen from the side, where the near one covers the far one."""
        return abs(math.cos(self.facing)) <= FROM_THE_SIDE


def draw_body(rng: np.random.Generator, pelvis: Point, height: float, tilt: float) -> Body:
    """Draw proportions and a pose, and put the joints into the picture.

    Args:
        rng: where the draws come from.
        pelvis: pixels.
        height: standing height, pixels.
        tilt: radians from upright.
    """
    child = rng.random() < 0.2
    proportions = Proportions(
        head=rng.uniform(0.085, 0.1) if child else rng.uniform(0.066, 0.078),
        stout=rng.uniform(0.85, 1.25),
        upper_arm=rng.uniform(0.155, 0.175),
        lower_arm=rng.uniform(0.135, 0.155),
        upper_leg=rng.uniform(0.21, 0.25),
        lower_leg=rng.uniform(0.205, 0.24),
    )
    facing = _draw_facing(rng)
    pose = POSES[int(rng.choice(len(POSES), p=_POSE_SHARES))]
    joints, near = _posed(rng, proportions, facing, pose)
    face, depth = _face(rng, joints["head"], proportions, facing)
    joints |= face
    cosine, sine = math.cos(tilt), math.sin(tilt)
    placed = {
        name: (
            pelvis[0] + height * (cosine * x - sine * y),
            pelvis[1] + height * (sine * x + cosine * y),
        )
        for name, (x, y) in joints.items()
    }
    behind = {side: bool(rng.random() < 0.15) for side in ("left", "right")}
    if abs(math.sin(facing)) > 0.5:  # seen from the side, the far arm is behind
        behind = {"left": near == "right", "right": near == "left"}
    return Body(placed, depth, facing, near, behind, pose in ("sit", "crouch"), tilt, height, proportions)


def _draw_facing(rng: np.random.Generator) -> float:
    """Draw an azimuth: most persons are seen from the front or the back, some from the side."""
    turn = rng.random()
    if turn < 0.5:
        return float(rng.uniform(-0.6, 0.6))
    if turn < 0.78:
        return float(math.pi + rng.uniform(-0.6, 0.6))
    return float(rng.choice([-1.0, 1.0]) * (math.pi / 2 + rng.uniform(-0.45, 0.45)))


def _posed(rng: np.random.Generator, size: Proportions, facing: float, pose: str) -> tuple[dict[str, Point], str]:
    """Return the joints in the body frame, and the side nearer to the viewer."""
    bend = rng.uniform(-0.12, 0.12)
    neck = (size.torso * math.sin(bend), -size.torso * math.cos(bend))
    nod = bend + rng.uniform(-0.2, 0.2)
    reach = size.head * 1.35
    joints: dict[str, Point] = {
        "pelvis": (0.0, 0.0),
        "neck": neck,
        "head": (neck[0] + reach * math.sin(nod), neck[1] - reach * math.cos(nod)),
    }
    profile = math.sin(facing)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        across = sign * math.cos(facing)
        # Seen from the side the shoulders do not quite fall together: the body is never exactly edge-on.
        shoulder = (neck[0] + size.shoulder * across, neck[1] + 0.035 + rng.uniform(-0.01, 0.01))
        hip = (size.hip * across, rng.uniform(-0.005, 0.01))
        joints[f"{side}_shoulder"], joints[f"{side}_hip"] = shoulder, hip
        outward = math.copysign(1.0, across) if abs(across) > FROM_THE_SIDE else 0.0
        forward = math.copysign(1.0, profile)
        joints |= _arm(rng, size, shoulder, side, outward, forward, pose)
        joints |= _leg(rng, size, hip, side, outward, forward, pose, profile)
    return joints, "right" if profile > 0 else "left"


def _arm(
    rng: np.random.Generator,
    size: Proportions,
    shoulder: Point,
    side: str,
    outward: float,
    forward: float,
    pose: str,
) -> dict[str, Point]:
    """Return elbow, wrist and fingertips. Angles from hanging down, positive outward (from the side: forward)."""
    direction = outward or forward
    if pose == "arms_up" or (pose == "wave" and side == ("left" if rng.random() < 0.5 else "right")):
        upper, bend = rng.uniform(1.7, 3.0), rng.uniform(-0.3, 1.2)
    elif pose == "jump":
        upper, bend = rng.uniform(0.7, 2.4), rng.uniform(-0.8, 1.2)
    elif pose == "hips":
        upper, bend = rng.uniform(0.6, 0.9), rng.uniform(-1.9, -1.4)
    elif pose == "sit":
        upper, bend = rng.uniform(0.05, 0.6), rng.uniform(-0.8, 1.2)
    else:
        swing = 0.45 if pose == "walk" else 0.3
        upper, bend = rng.normal(0.22, swing * 0.6), rng.uniform(-0.6, 0.35)
        if not outward:
            upper, bend = rng.normal(0.0, swing), rng.uniform(0.0, 0.9)
    shorten = rng.uniform(0.78, 1.0), rng.uniform(0.78, 1.0)
    elbow = _along(shoulder, direction * upper, size.upper_arm * shorten[0])
    wrist = _along(elbow, direction * (upper + bend), size.lower_arm * shorten[1])
    hand = _along(wrist, direction * (upper + bend) + rng.uniform(-0.5, 0.5), 0.05)
    return {f"{side}_elbow": elbow, f"{side}_wrist": wrist, f"{side}_hand": hand}


def _leg(
    rng: np.random.Generator,
    size: Proportions,
    hip: Point,
    side: str,
    outward: float,
    forward: float,
    pose: str,
    profile: float,
) -> dict[str, Point]:
    """Return knee, ankle and toe. Angles from hanging down, positive outward (or forward, seen from the side)."""
    direction = outward or forward
    upper_length, lower_length = size.upper_leg, size.lower_leg
    if pose == "sit":
        if outward:  # the thigh comes towards the viewer
            upper, lower, upper_length = rng.uniform(0.1, 0.9), rng.uniform(-0.2, 0.3), upper_length * 0.5
        else:
            upper, lower = rng.uniform(1.3, 1.7), rng.uniform(-0.2, 0.4)
    elif pose == "crouch":
        upper, lower = rng.uniform(0.8, 1.3), rng.uniform(-0.9, -0.3)
        upper_length, lower_length = upper_length * 0.75, lower_length * 0.85
    elif pose == "jump":
        upper, lower = rng.uniform(0.1, 1.1), rng.uniform(-0.8, 0.6)
    elif pose == "walk" and not outward:
        upper = rng.uniform(0.2, 0.6) * (1 if (side == "left") == (forward > 0) else -1)
        lower = upper - rng.uniform(0.05, 0.7)
    else:
        upper = rng.normal(0.09, 0.09)
        lower = upper - rng.uniform(-0.08, 0.15)
    knee = _along(hip, direction * upper, upper_length)
    ankle = _along(knee, direction * lower, lower_length)
    # Seen from the front the foot comes towards the viewer: short, and turned a little outward.
    ahead = abs(profile)
    toe_angle = forward * (math.pi / 2 + rng.uniform(-0.25, 0.1)) if ahead > 0.6 else direction * rng.uniform(0.2, 0.8)
    toe = _along(ankle, toe_angle, size.foot * (1.0 if ahead > 0.6 else 0.7))
    return {f"{side}_knee": knee, f"{side}_ankle": ankle, f"{side}_toe": toe}


def _along(start: Point, angle: float, length: float) -> Point:
    """Return the point `length` from `start`, at `angle` from straight down towards the picture's right."""
    return start[0] + length * math.sin(angle), start[1] + length * math.cos(angle)


def _face(
    rng: np.random.Generator, head: Point, size: Proportions, facing: float
) -> tuple[dict[str, Point], dict[str, float]]:
    """Return nose, eyes and ears on a round head: azimuth from the nose, positive to the person's left, and height."""
    turned = facing + rng.uniform(-0.35, 0.35)
    azimuths = {
        "nose": (0.0, 0.1),
        "left_eye": (0.5, -0.15),
        "right_eye": (-0.5, -0.15),
        "left_ear": (1.5, 0.0),
        "right_ear": (-1.5, 0.0),
    }
    points, depth = {}, {}
    for name, (azimuth, drop) in azimuths.items():
        points[name] = (head[0] + 0.88 * size.head * math.sin(azimuth + turned), head[1] + drop * size.head)
        depth[name] = math.cos(azimuth + turned)
    return points, depth
