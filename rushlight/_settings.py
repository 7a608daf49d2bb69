"""Settings of the process that PyTorch has at its top level, where the CPU has a choice at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rushlight import _C

if TYPE_CHECKING:
    from rushlight import device

_state: dict[str, Any] = {
    "deterministic": False,
    "warn_only": False,
    "precision": "highest",
    "always": False,
    "interop": 1,
}
_DEBUG_MODES = ("default", "warn", "error")


def get_default_device() -> device:
    """The device on which tensors are made when none is given."""
    return _C._get_default_device()


def set_default_device(device: Any) -> None:
    """Makes new tensors on ``device`` (``"cpu"`` or ``"meta"``) when none is given; None: CPU.

    Raises:
        AssertionError: a device that this build does not have.
    """
    wanted = _C.device("cpu" if device is None else device)
    if wanted.type not in ("cpu", "meta"):
        raise AssertionError(f"Torch not compiled with {wanted.type.upper()} enabled")
    _C._set_default_device(wanted)


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Kernels give the same bits on every run in either mode; the setting is only remembered."""
    _state["deterministic"], _state["warn_only"] = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """What ``use_deterministic_algorithms`` set."""
    return _state["deterministic"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether ``warn_only`` was set."""
    return _state["deterministic"] and _state["warn_only"]


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same setting as one of ``"default"``, ``"warn"``, ``"error"``, or 0, 1, 2."""
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f"debug_mode must be str or int, but got {type(debug_mode)}")
    if isinstance(debug_mode, str):
        if debug_mode not in _DEBUG_MODES:
            raise RuntimeError(
                "invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got "
                f"{debug_mode}"
            )
        debug_mode = _DEBUG_MODES.index(debug_mode)
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(
            f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}"
        )
    use_deterministic_algorithms(debug_mode > 0, warn_only=debug_mode == 1)


def get_deterministic_debug_mode() -> int:
    """0 (off), 1 (warn) or 2 (error)."""
    if not _state["deterministic"]:
        return 0
    return 1 if _state["warn_only"] else 2


def set_float32_matmul_precision(precision: str) -> None:
    """``"highest"``, ``"high"`` or ``"medium"``. The CPU's products are always the highest."""
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(
            f"Invalid float32 matmul precision: {precision}; expected one of highest, high, medium"
        )
    _state["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What ``set_float32_matmul_precision`` set."""
    return _state["precision"]


def set_warn_always(b: bool, /) -> None:
    """Whether warnings that come once by default come every time."""
    if not isinstance(b, bool):
        raise TypeError(f"setWarnOnlyOnce expects a bool, but got {type(b).__name__}")
    _state["always"] = b


def is_warn_always_enabled() -> bool:
    """What ``set_warn_always`` set."""
    return _state["always"]


def set_flush_denormal(mode: bool) -> bool:
    """Denormal numbers are always computed exactly: turning that off is refused with False."""
    return not mode


def get_num_interop_threads() -> int:
    """Operators run one after the other: 1 unless set."""
    return _state["interop"]


def set_num_interop_threads(n: int, /) -> None:
    """Remembered only: operators run one after the other."""
    if n <= 0:
        raise RuntimeError("Expected a positive number of threads")
    _state["interop"] = n


def compiled_with_cxx11_abi() -> bool:
    """Whether libstdc++'s current ABI is in use."""
    return True
