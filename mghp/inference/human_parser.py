"""`HumanParser`: a trained parser that takes one picture."""

from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.config.schema import Config
from mghp.inference.image_files import upright_picture
from mghp.inference.test_time import parse_picture
from mghp.parsing.build import load_parser
from mghp.parsing.parser import Parser


class HumanParser:
    """Parses pictures with a trained module.

    Args:
        module: a trained parser.
        config: the config of its training; its section `inference` says how pictures are parsed.

    Example:
        >>> import numpy as np
        >>> from mghp import HumanParser
        >>> from mghp.config.load import load_config_text
        >>> from mghp.parsing.build import build_parser
        >>> config = load_config_text("{data: {name: synthetic}}")
        >>> parser = HumanParser(build_parser(config), config)  # untrained; HumanParser.load("last.ckpt") is trained
        >>> found = parser.predict(np.zeros((64, 96, 3), np.uint8))
        >>> found.parts.shape, found.person_ids.shape, found.keypoints.shape  # nobody is found
        ((64, 96), (64, 96), (0, 17, 3))
    """

    def __init__(self, module: Parser, config: Config) -> None:
        self.module = module.eval()
        self.config = config

    @classmethod
    def load(cls, checkpoint: str | Path, *overrides: str, device: str | torch.device = "cpu") -> Self:
        """Load a checkpoint of `mghp train`.

        Args:
            checkpoint: the file.
            overrides: `key=value` over its config, e.g. "inference.scales=[0.75,1,1.25]".
            device: the device to run on.

        Raises:
            InputError: if the file is missing, or no checkpoint, or an override does not fit.
        """
        module, config = load_parser(checkpoint, list(overrides))
        return cls(module.to(device), config)

    @property
    def people(self) -> Anatomy:
        """The parts and skeleton of the predictions."""
        return self.module.assembler.anatomy

    def predict(self, image: NDArray[np.uint8] | Image.Image | str | Path) -> PredictedPersons:
        """Find the persons of one picture, in its own upright pixels.

        Args:
            image: a file, a Pillow image (both turned by `upright_picture`), or an upright array of red, green and
                blue, (height, width, 3) uint8.

        Raises:
            InputError: if the file, or that of the Pillow image, is no readable picture.
            ValueError: if the array has another shape or type.
        """
        if isinstance(image, str | Path | Image.Image):
            image = upright_picture(Path(image) if isinstance(image, str) else image)
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
            raise ValueError(f"expected (height, width, 3) uint8, got {image.shape} of {image.dtype}")
        return parse_picture(self.module, image, self.config.inference, self.config.data.trained_side)
