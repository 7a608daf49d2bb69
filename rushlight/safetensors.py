"""safetensors files by the names of that package: `save_file`, `load_file`, `safe_open`.

Both `safetensors` and `safetensors.torch` are here in one module.
"""

from __future__ import annotations

from rushlight.serialization.safetensors import (
    SafetensorError as SafetensorError,
    load as load,
    load_file as load_file,
    load_model as load_model,
    safe_open as safe_open,
    save as save,
    save_file as save_file,
    save_model as save_model,
)

__all__ = [
    "SafetensorError",
    "load",
    "load_file",
    "load_model",
    "safe_open",
    "save",
    "save_file",
    "save_model",
]
