"""Reading text that any editor may have saved."""

import codecs
from pathlib import Path


def file_text(file: Path, errors: str = "strict") -> str:
    """Return a file's text, line ends unchanged, without the byte order mark that some editors put before it.

    Args:
        file: UTF-8, or UTF-16 where the mark says so.
        errors: what becomes of bytes that are no text, as in `bytes.decode`.

    Raises:
        OSError: if the file cannot be read.
        UnicodeDecodeError: if it is no text.
    """
    return text_of(file.read_bytes(), errors)


def text_of(content: bytes, errors: str = "strict") -> str:
    """Return the text that bytes are, as `file_text` does.

    Raises:
        UnicodeDecodeError: if they are no text.
    """
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_wide else "utf-8-sig", errors)
