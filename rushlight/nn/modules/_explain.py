"""Adds to an error the place in the model where it came up.

Every module that an exception passes on its way out calls `explain`. The innermost one
describes itself and the misfit it sees; each one further out looks the previous one up
among its submodules, and the text is rewritten with the longer path:

    mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)
      in Net.head.0 (Linear(in_features=4, out_features=5, bias=True)): the input's last
      dimension must be 4, got input of shape [2, 3]

The type of the exception never changes. Where the text is not simply its first argument
(KeyError, OSError, ...) the arguments stay and a note carries the place.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .module import Module


class _Place:
    """What is known so far about the way an exception took through the model."""

    def __init__(self, error: Exception, module: Module, args: tuple[Any, ...]) -> None:
        self.args = error.args
        self.outermost = module
        self.path = ""
        self.label = _describe(module)
        self.misfit = _misfit(module, args)
        self.note = ""

    def text(self) -> str:
        root = type(self.outermost).__name__
        where = f"{root}.{self.path} ({self.label})" if self.path else self.label
        return f"  in {where}" + (f": {self.misfit}" if self.misfit else "")


def explain(module: Module, error: Exception, args: tuple[Any, ...]) -> None:
    """Writes into `error` that it passed through `module`, called with `args`."""
    if isinstance(error, (StopIteration, StopAsyncIteration)):
        return
    try:
        place = getattr(error, "_layer_place", None)
        if place is not None and _step_out(place, module):
            pass
        elif place is not None:
            # Raised anew after having been caught: the old way no longer holds.
            _write(error, place, restore=True)
            place = None
        if place is None:
            place = _Place(error, module, args)
            error._layer_place = place  # type: ignore[attr-defined]
        _write(error, place)
    except AttributeError:
        # An exception type with __slots__ or read-only arguments keeps its own text.
        return


def _step_out(place: _Place, module: Module) -> bool:
    """Extends the path by `module`; False when the previous one is not below it."""
    if place.outermost is module:
        # forward called itself, or a wrapper of its own.
        return True
    for name, child in module.named_modules(remove_duplicate=False):
        if child is place.outermost and name:
            place.path = f"{name}.{place.path}" if place.path else name
            place.outermost = module
            return True
    return False


def _write(error: Exception, place: _Place, restore: bool = False) -> None:
    plain = (
        type(error).__str__ in (BaseException.__str__, Exception.__str__)
        and len(place.args) == 1
        and isinstance(place.args[0], str)
    )
    if plain:
        text = place.args[0]
        error.args = (text if restore else f"{text}\n{place.text()}",)
        return
    # Tracebacks show notes from Python 3.11 on.
    notes: list[str] = list(getattr(error, "__notes__", []))
    if place.note in notes:
        notes.remove(place.note)
    place.note = "" if restore else place.text()
    notes += [place.note] if place.note else []
    error.__dict__["__notes__"] = notes


def _describe(module: Module) -> str:
    """The layer in one line, without what it contains."""
    extra = module.extra_repr()
    if "\n" in extra or len(extra) > 200:
        extra = "..."
    return f"{module._get_name()}({extra})"


def _misfit(module: Module, args: tuple[Any, ...]) -> str:
    """Expected against got, where the layer can tell from its arguments."""
    try:
        return module._misfit(*args)
    except Exception:
        # The layer was called with something it cannot judge.
        return ""
