"""Model files: `save`, `load`, and what may be loaded."""

from __future__ import annotations

from .api import load as load, save as save
from .devices import (
    default_restore_location as default_restore_location,
    location_tag as location_tag,
    register_package as register_package,
    validate_cuda_device as validate_cuda_device,
)
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
from .options import (
    LoadEndianness as LoadEndianness,
    get_crc32_options as get_crc32_options,
    get_default_load_endianness as get_default_load_endianness,
    set_crc32_options as set_crc32_options,
    set_default_load_endianness as set_default_load_endianness,
    skip_data as skip_data,
)
from .records import Record as Record
from .unsafe_names import (
    get_unsafe_globals_in_checkpoint as get_unsafe_globals_in_checkpoint,
)

__all__ = [
    "LoadEndianness",
    "Record",
    "UnsafeFileError",
    "UnsupportedFileError",
    "add_safe_globals",
    "clear_safe_globals",
    "default_restore_location",
    "get_crc32_options",
    "get_default_load_endianness",
    "get_default_mmap_options",
    "get_safe_globals",
    "get_unsafe_globals_in_checkpoint",
    "load",
    "load_npy",
    "load_npz",
    "location_tag",
    "register_package",
    "safe_globals",
    "save",
    "save_npy",
    "save_npz",
    "set_crc32_options",
    "set_default_load_endianness",
    "set_default_mmap_options",
    "skip_data",
    "validate_cuda_device",
]
