"""A parser: pictures to fields, and fields to persons. All that a prediction needs, without Lightning."""

from contextlib import nullcontext

import torch
from torch import Tensor, nn

from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.assembly.label_balance import LabelBalance
from mghp.parsing.assembly.mirrored_fields import cut_to, mean_fields, mirrored_fields
from mghp.parsing.fields import Fields
from mghp.parsing.network.parser import ParsingNetwork, Prediction


class Parser(nn.Module):
    """A network with what turns its outputs into persons.

    Args:
        network: pictures to fields.
        label_balance: of the part logits that are assembled.
        assembler: fields to persons.
        bf16: whether `fields` runs the network under autocast to bfloat16, inside a Trainer or not.
    """

    def __init__(
        self, network: ParsingNetwork, label_balance: LabelBalance, assembler: Assembler, bf16: bool = False
    ) -> None:
        super().__init__()
        self.network = network
        self.label_balance = label_balance
        self.assembler = assembler
        self.bf16 = bf16

    @property
    def device(self) -> torch.device:
        """The device of the network."""
        mean: Tensor = self.network.normalised.mean
        return mean.device

    def forward(self, image: Tensor) -> Prediction:
        """Return the network's raw outputs of pictures (batch, 3, height, width), uint8."""
        prediction: Prediction = self.network(image)
        return prediction

    def fields(self, image: Tensor) -> Fields:
        """Return the fields that are assembled of pictures (batch, 3, height, width), uint8."""
        # Without bf16 an autocast of a Trainer's stays as it is.
        with torch.autocast(self.device.type, torch.bfloat16) if self.bf16 else nullcontext():
            fields = self(image).fields(self.assembler.config)
            if self.assembler.config.average_mirror:
                fields = mean_fields([fields, self._fields_in_the_mirror(image)])
        balanced: Fields = self.label_balance(fields)
        return balanced

    def _fields_in_the_mirror(self, image: Tensor) -> Fields:
        height, width = image.shape[2:]
        # Widened to whole cells first: else the cells of the mirror image would lie between those of the picture.
        missing = -width % self.network.multiple
        outside = self.network.normalised.mean.to(image.dtype).expand(len(image), 3, height, missing)
        mirror = self(torch.cat([image, outside], -1).flip(-1)).fields(self.assembler.config)
        return cut_to(mirrored_fields(mirror, self.assembler.anatomy), (height, width))
