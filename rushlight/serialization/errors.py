"""The errors that a model file can cause by what it contains."""

from __future__ import annotations

import pickle


class UnsafeFileError(pickle.UnpicklingError, RuntimeError):
    """The file is damaged, or holds something that is not plain data.

    It is both an `UnpicklingError` and a `RuntimeError`, the two types that
    PyTorch raises for such files.
    """


class UnsupportedFileError(UnsafeFileError, NotImplementedError):
    """The file is sound, but holds something that rushlight does not have."""


class CallerError(Exception):
    """Carries an error of the caller's own function through the reader."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error
