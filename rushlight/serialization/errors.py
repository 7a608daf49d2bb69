"""The one error that a model file can cause by what it contains."""

from __future__ import annotations

import pickle


class UnsafeFileError(pickle.UnpicklingError, RuntimeError):
    """The file is damaged, or holds something that is not plain data.

    It is both an `UnpicklingError` and a `RuntimeError`, the two types that
    PyTorch raises for such files.
    """
