"""Model files: `save`, `load`, and what may be loaded."""

from __future__ import annotations

from .api import load as load, save as save
from .errors import (
    UnsafeFileError as UnsafeFileError,
    UnsupportedFileError as UnsupportedFileError,
)
from .mapping import (
    get_default_mmap_options as get_default_mmap_options,
    set_default_mmap_options as set_default_mmap_options,
)
from .numpy_files import (
    load_npy as load_npy,
    load_npz as load_npz,
    save_npy as save_npy,
    save_npz as save_npz,
)
from .objects import (
    add_safe_globals as add_safe_globals,
    clear_safe_globals as clear_safe_globals,
    get_safe_globals as get_safe_globals,
    safe_globals as safe_globals,
)
from .records import Record as Record
from .unsafe_names import (
    get_unsafe_globals_in_checkpoint as get_unsafe_globals_in_checkpoint,
)

__all__ = [
    "Record",
    "UnsafeFileError",
    "UnsupportedFileError",
    "add_safe_globals",
    "clear_safe_globals",
    "get_default_mmap_options",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "load_npy",
    "load_npz",
    "safe_globals",
    "save",
    "save_npy",
    "save_npz",
    "set_default_mmap_options",
]
