"""Prompts in a text file."""

from __future__ import annotations

from pathlib import Path

from gansmith.errors import DataError


def prompts_of(file: Path) -> list[str]:
    """The lines of a text file in UTF-8, without spaces around them and without blank ones.

    Raises:
        DataError: the file can't be read, is something else, or has blank lines alone.
    """
    try:
        # Windows' editors begin UTF-8 with a mark that is no letter.
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise DataError(f"prompts={file} can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"prompts={file} is no text in UTF-8: save it as such, with a prompt a line") from error
    prompts = [line.strip() for line in lines if line.strip()]
    if not prompts:
        raise DataError(f"prompts={file} holds none: write a prompt a line")
    return prompts
