"""The semantic parts that a dataset divides a person into."""

from dataclasses import dataclass

from mghp.anatomy.mirror import mirrored_positions

BACKGROUND = 0
"""Label of pixels of nobody."""

IGNORE = 255
"""Label of pixels whose part is not known: no loss, no metric."""


@dataclass(frozen=True)
class Parts:
    """Part names of a dataset, in the order of its labels 1, 2, ...; label 0 is background.

    Attributes:
        name: the dataset's.
        names: part names, `left_` and `right_` in front where a part has a side.
        colours: red, green, blue of each part, 0 to 255, for pictures.
        mirror: pairs of names that change places in the mirror image beside those with `left_` and `right_`.

    Raises:
        ValueError: if a name is listed twice, or colours and names differ in number.
    """

    name: str
    names: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]
    mirror: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"parts {self.name!r}: a part is named twice")
        if len(self.colours) != len(self.names):
            raise ValueError(f"parts {self.name!r}: {len(self.colours)} colours, {len(self.names)} parts")

    @property
    def mirrored_labels(self) -> tuple[int, ...]:
        """The label that takes each label's place in the mirror image, background first."""
        return (BACKGROUND, *(position + 1 for position in mirrored_positions(self.names, self.mirror)))
