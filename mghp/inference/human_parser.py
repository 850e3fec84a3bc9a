"""`HumanParser`: a trained parser that takes pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self, TypeVar, overload

import torch

from mghp.anatomy.anatomy import Anatomy
from mghp.config.schema import Config
from mghp.datasets.resized import resized_picture
from mghp.inference.any_picture import AnyPicture, name_of, pixels_of
from mghp.inference.parsed_picture import ParsedPicture
from mghp.inference.test_time import averaged_fields, parse_pictures, parsed_size
from mghp.parsing.build import load_parser
from mghp.parsing.checkpoint_places import SHIPPED
from mghp.parsing.fields import Fields
from mghp.parsing.parser import Parser

OnePicture = TypeVar("OnePicture", bound=AnyPicture)
"""The kind of a list's pictures."""


class HumanParser:
    """Parses pictures with a trained parser: with the one that comes with the package, or with your own.

    Args:
        checkpoint: a checkpoint of `mghp train`, or its run folder: then the best checkpoint is taken, or else the last
            one. "shipped" is the parser that comes with the package, trained on photographs.
        overrides: `key=value` over the config of its training, e.g. "inference.scales=[0.75,1,1.25]".
        device: the device to run on.

    Raises:
        InputError: if there is no such checkpoint, or an override does not fit.

    Example:
        >>> import numpy as np
        >>> from mghp import HumanParser
        >>> from mghp.config.load import load_config_text
        >>> from mghp.parsing.build import build_parser
        >>> config = load_config_text("{data: {name: synthetic}}")
        >>> parser = HumanParser.of(build_parser(config), config)  # untrained; HumanParser() is trained
        >>> found = parser.predict(np.zeros((64, 96, 3), np.uint8))
        >>> found
        picture: 0 persons, 96x64 parsed at 128x85
        >>> found.parts.shape, found.person_ids.shape, found.keypoints.shape
        ((64, 96), (64, 96), (0, 17, 3))
    """

    module: Parser
    config: Config

    def __init__(self, checkpoint: str | Path = SHIPPED, *overrides: str, device: str | torch.device = "cpu") -> None:
        module, self.config = load_parser(checkpoint, overrides)
        self.module = module.to(device).eval()

    @classmethod
    def of(cls, module: Parser, config: Config) -> Self:
        """Return the parser of a module that is there already, and of the config of its training."""
        parser = cls.__new__(cls)
        parser.module, parser.config = module.eval(), config
        return parser

    @property
    def people(self) -> Anatomy:
        """The parts and skeleton of the predictions."""
        return self.module.assembler.anatomy

    @overload
    def predict(self, pictures: list[OnePicture] | tuple[OnePicture, ...]) -> list[ParsedPicture]: ...

    @overload
    def predict(self, pictures: AnyPicture) -> ParsedPicture: ...

    def predict(
        self, pictures: AnyPicture | list[OnePicture] | tuple[OnePicture, ...]
    ) -> ParsedPicture | list[ParsedPicture]:
        """Find the persons of one picture or of several, in each picture's own upright pixels.

        Args:
            pictures: a file, a Pillow image (both turned by `upright_picture`), an upright array of red, green and
                blue, (height, width, 3) uint8, or a tensor (3, height, width) uint8; or a list of these. Those of a
                list that are parsed at one size go through the network together, `inference.batch_size` at a time.

        Returns:
            What was found in the picture; in a list, an entry for each picture of a list.

        Raises:
            InputError: if a file, or that of a Pillow image, is no readable picture.
            ValueError: if an array or tensor has another shape or type.
            TypeError: if something else is given.
        """
        if isinstance(pictures, list | tuple):
            return self._parsed(pictures, [name_of(one, number) for number, one in enumerate(pictures, start=1)])
        return self._parsed([pictures], [name_of(pictures)])[0]

    __call__ = predict

    def fields(self, picture: AnyPicture) -> Fields:
        """Return the fields that a picture's persons are assembled of.

        Args:
            picture: see `predict`.

        Returns:
            A batch of one, averaged as `inference` asks for. Its `image_size` is the size at which the picture went
                through the network, and coordinates are pixels of that size.

        Raises:
            InputError: if a file, or that of a Pillow image, is no readable picture.
            ValueError: if an array or tensor has another shape or type.
            TypeError: if something else is given.
        """
        image, inference = pixels_of(picture), self.config.inference
        size = parsed_size(image.shape[:2], inference, self.config.data.trained_side)
        with torch.no_grad():
            return averaged_fields(self.module, resized_picture(image, *size)[None], inference)

    def _parsed(self, pictures: Sequence[AnyPicture], names: Sequence[str]) -> list[ParsedPicture]:
        images = [pixels_of(picture) for picture in pictures]
        inference, side = self.config.inference, self.config.data.trained_side
        return [
            ParsedPicture.of(found, image, self.people, parsed_size(image.shape[:2], inference, side), name)
            for found, image, name in zip(
                parse_pictures(self.module, images, inference, side), images, names, strict=True
            )
        ]
