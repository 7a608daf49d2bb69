"""Anomaly mode: failing backward nodes tell where forward made them, and NaN is an error."""

from __future__ import annotations

import linecache
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from rushlight import _C

_LIBRARY = str(Path(__file__).parents[1]) + os.sep


def program_line() -> str:
    """The line being run, library code left out: ``file:line in function``, then its text.

    The text is left out where the source is not at hand. Empty where no Python runs.
    """
    frame = inner = sys._getframe().f_back
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARY):
        frame = frame.f_back
    frame = frame or inner
    if frame is None:
        return ""
    code = frame.f_code
    place = f"{code.co_filename}:{frame.f_lineno} in {code.co_name}"
    text = linecache.getline(code.co_filename, frame.f_lineno, frame.f_globals).strip()
    return f"{place}\n    {text}" if text else place


class detect_anomaly:
    """Inside, each node notes the Python stack that made it, and backward checks for NaN.

    Args:
        check_nan: whether a NaN gradient raises RuntimeError.
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self._before = (_C.is_anomaly_enabled(), _C.is_anomaly_check_nan_enabled())
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            UserWarning,
            stacklevel=2,
        )

    def __enter__(self) -> None:
        _C.set_anomaly_enabled(True, self.check_nan)

    def __exit__(self, *exc: Any) -> None:
        _C.set_anomaly_enabled(*self._before)


class set_detect_anomaly:
    """Sets anomaly mode at once; as a context manager, until the block ends."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = (_C.is_anomaly_enabled(), _C.is_anomaly_check_nan_enabled())
        _C.set_anomaly_enabled(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        _C.set_anomaly_enabled(*self._before)
