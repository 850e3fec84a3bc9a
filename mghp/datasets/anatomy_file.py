"""`anatomy.yaml`: the parts, keypoints and limbs that one's own labels are of.

name: sticks
parts: [head, body, foot]            # label 1, 2, 3
colours: {head: [230, 170, 220]}     # of parts, 0 to 255; where left out, distinct ones
keypoints: [neck, left_knee, right_knee]
skeleton: [[neck, left_knee], [neck, right_knee]]
sigmas: {neck: 0.08}                 # of keypoints, in OKS; 0.08 where left out
limb_ratios: [0.4, 0.4]              # mean length of each limb, relative to the person's size; 0.3 where left out
mirror: [[front, back]]              # parts or keypoints that change places in the mirror image; left_ and right_ do
ignore: 255                          # the label of pixels whose part is not known
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.coco_skeleton import COCO_SKELETON
from mghp.anatomy.colours import distinct_colours
from mghp.anatomy.parts import IGNORE, Parts
from mghp.anatomy.skeleton import UNKNOWN_SIGMA, Skeleton
from mghp.config.check import MERGING_RAISES, check_keys, nearest, one_line
from mghp.config.load import yaml_mapping
from mghp.config.packaged import own_or_packaged
from mghp.config.yaml_text import read_text
from mghp.errors import InputError


@dataclass
class AnatomyFile:
    """The keys of an `anatomy.yaml`; see the module."""

    name: str = "own"
    parts: list[str] = field(default_factory=list)
    colours: dict[str, list[int]] = field(default_factory=dict)
    keypoints: list[str] = field(default_factory=list)
    skeleton: list[list[str]] = field(default_factory=list)
    sigmas: dict[str, float] = field(default_factory=dict)
    limb_ratios: list[float] = field(default_factory=list)
    mirror: list[list[str]] = field(default_factory=list)
    ignore: int = IGNORE

    def anatomy(self) -> Anatomy:
        """Return what the file describes; without keypoints the skeleton is COCO's, and is not trained.

        Raises:
            ValueError: naming the key, if names are unknown or listed twice, or there is neither part nor keypoint.
        """
        if not self.parts and not self.keypoints:
            raise ValueError("parts, keypoints: expected at least one name of either")
        mirror = self._pairs("mirror", [*self.parts, *self.keypoints])
        return Anatomy(self._skeleton(mirror), self._parts(mirror), has_poses=bool(self.keypoints))

    def _parts(self, mirror: Sequence[tuple[str, str]]) -> Parts:
        _check_names("colours", self.colours, self.parts)
        chosen = {name: _colour(name, values) for name, values in self.colours.items()}
        others = zip(self.parts, distinct_colours(len(self.parts)), strict=True)
        colours = tuple(chosen.get(name, other) for name, other in others)
        return Parts(self.name, tuple(self.parts), colours, _among(mirror, self.parts))

    def _skeleton(self, mirror: Sequence[tuple[str, str]]) -> Skeleton:
        if not self.keypoints:
            return COCO_SKELETON
        if not self.skeleton:
            raise ValueError("skeleton: expected pairs of keypoints, which limbs join to persons; got none")
        _check_names("sigmas", self.sigmas, self.keypoints)
        limbs = self._pairs("skeleton", self.keypoints)
        return Skeleton(
            name=self.name,
            keypoints=tuple(self.keypoints),
            limbs=tuple(
                (self.keypoints.index(source), self.keypoints.index(destination)) for source, destination in limbs
            ),
            sigmas=tuple(self.sigmas.get(name, UNKNOWN_SIGMA) for name in self.keypoints) if self.sigmas else (),
            limb_ratios=tuple(self.limb_ratios),
            mirror=_among(mirror, self.keypoints),
        )

    def _pairs(self, key: str, known: Sequence[str]) -> list[tuple[str, str]]:
        """Return the pairs of names under a key."""
        for pair in getattr(self, key):
            if len(pair) != 2:
                raise ValueError(f"{key}: expected pairs of names, got {pair}")
            _check_names(key, pair, known)
        return [(first, second) for first, second in getattr(self, key)]


def read_anatomy(file: Path) -> tuple[Anatomy, int]:
    """Return the anatomy that a file describes, and the label of pixels whose part is not known.

    Raises:
        InputError: naming the file and key, if it is missing or broken.
    """
    found = own_or_packaged(file, "anatomy")
    return anatomy_of_text(read_text(found), str(found))


def anatomy_of_text(text: str, origin: str) -> tuple[Anatomy, int]:
    """Return the anatomy that a YAML text describes, and the label of pixels whose part is not known.

    Raises:
        InputError: as `read_anatomy`, naming the origin.
    """
    content = yaml_mapping(text, AnatomyFile, origin)
    schema = OmegaConf.structured(AnatomyFile)
    check_keys(content, schema, origin)
    try:
        read: Any = OmegaConf.to_object(OmegaConf.merge(schema, content))
        anatomy = read.anatomy()
        anatomy.parts.mirrored_labels, anatomy.skeleton.mirrored_limbs  # noqa: B018 (told now, not in training)
    except OmegaConfBaseException as error:
        raise InputError(f"{origin}: {error.full_key}: {one_line(error)}") from None
    except MERGING_RAISES as error:
        raise InputError(f"{origin}: {one_line(error)}") from None
    if not 0 <= read.ignore <= IGNORE:
        raise InputError(f"{origin}: ignore: expected a label from 0 to 255, got {read.ignore}")
    return anatomy, read.ignore


def anatomy_text(anatomy: Anatomy) -> str:
    """Return the text of an `anatomy.yaml` that describes an anatomy, for a checkpoint to carry."""
    skeleton, parts = anatomy.skeleton, anatomy.parts
    names = skeleton.keypoints
    described = AnatomyFile(
        name=parts.name,
        parts=list(parts.names),
        colours={name: list(colour) for name, colour in zip(parts.names, parts.colours, strict=True)},
        keypoints=list(names) if anatomy.has_poses else [],
        skeleton=[[names[a], names[b]] for a, b in skeleton.limbs] if anatomy.has_poses else [],
        sigmas=dict(zip(names, skeleton.sigmas, strict=True)) if skeleton.sigmas and anatomy.has_poses else {},
        limb_ratios=list(skeleton.limb_ratios) if anatomy.has_poses else [],
        mirror=[list(pair) for pair in (*parts.mirror, *skeleton.mirror)],
    )
    return OmegaConf.to_yaml(OmegaConf.structured(described))


def _among(pairs: Sequence[tuple[str, str]], names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in pairs if set(pair) <= set(names))


def _check_names(key: str, given: Sequence[str] | dict[str, Any], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"{key}: no such name {name!r}{nearest(name, known)}")


def _colour(name: str, values: Sequence[int]) -> tuple[int, int, int]:
    if len(values) != 3 or not all(0 <= value <= 255 for value in values):
        raise ValueError(f"colours.{name}: expected red, green and blue from 0 to 255, got {list(values)}")
    red, green, blue = values
    return red, green, blue
