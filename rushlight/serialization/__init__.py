"""Model files: `save`, `load`, and what may be loaded."""

from __future__ import annotations

from .api import load as load, save as save
from .errors import (
    UnsafeFileError as UnsafeFileError,
    UnsupportedFileError as UnsupportedFileError,
)
from .objects import (
    add_safe_globals as add_safe_globals,
    clear_safe_globals as clear_safe_globals,
    get_safe_globals as get_safe_globals,
    safe_globals as safe_globals,
)
from .records import Record as Record

__all__ = [
    "Record",
    "UnsafeFileError",
    "UnsupportedFileError",
    "add_safe_globals",
    "clear_safe_globals",
    "get_safe_globals",
    "load",
    "safe_globals",
    "save",
]
