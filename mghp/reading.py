"""Text from outside, whatever editor it was saved by."""

import codecs
from pathlib import Path


def file_text(file: Path, errors: str = "strict") -> str:
    """A file's text as it is, ends of lines included, but for the byte order mark that some editors put before it.

    It is UTF-8, or UTF-16 where the mark says so.

    Args:
        file: to read.
        errors: of `bytes.decode`: what becomes of bytes that are no text.

    Raises:
        OSError: if the file cannot be read.
        UnicodeDecodeError: if it is no text.
    """
    content = file.read_bytes()
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_wide else "utf-8-sig", errors)
