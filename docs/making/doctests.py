"""What mkdocstrings' reader of docstrings is told: a section `Example` holds a doctest, as `Examples` does."""

from typing import Any

from griffe import Extension, Object


class Doctests(Extension):
    """Renames the sections, so that they are shown as code."""

    def on_object(self, *, obj: Object, **_: Any) -> None:  # noqa: ANN401 (griffe's own)
        """Rename the section of one docstring."""
        if obj.docstring is not None:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
