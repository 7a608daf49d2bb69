"""Saving and loading a module's state: `state_dict` and `load_state_dict`."""

from __future__ import annotations

import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Mapping

import rushlight
from rushlight import Tensor

from ..._handle import RemovableHandle
from ..parameter import Parameter
from ._hooks import Hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_EXTRA_STATE_KEY_SUFFIX = "_extra_state"


class _IncompatibleKeys(
    namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])
):
    """What `load_state_dict` returns: the keys that found no partner."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class State(Hooks):
    """State dictionaries and their hooks."""

    # Written to the metadata of a state dict, for modules whose keys changed.
    _version: int = 1
    _state_dict_hooks: OrderedDict[int, Any]
    _state_dict_pre_hooks: OrderedDict[int, Any]
    _load_state_dict_pre_hooks: OrderedDict[int, Any]
    _load_state_dict_post_hooks: OrderedDict[int, Any]

    # Hooks

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Calls hook(module, prefix, keep_vars) before `state_dict` collects."""
        return self._add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(
        self, hook: Callable[..., Any]
    ) -> RemovableHandle:
        """Calls hook(module, state_dict, prefix, local_metadata) after collecting.

        The hook changes `state_dict` in place and returns None.
        """
        hook._from_public_api = True  # type: ignore[attr-defined]
        return self._add_hook(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """As `register_state_dict_post_hook`, but the hook may return a new dict."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that "
                "was previously registered via register_state_dict_post_hook"
            )
        return self._add_hook(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any]
    ) -> RemovableHandle:
        """Calls hook(module, state_dict, prefix, ...) before this module loads.

        The further arguments are local_metadata, strict, missing_keys, unexpected_keys
        and error_msgs; the hook may change all of them in place.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable[..., Any], with_module: bool = False
    ) -> RemovableHandle:
        entry = _LoadHook(hook, with_module)
        return self._add_hook(self._load_state_dict_pre_hooks, entry)

    def register_load_state_dict_post_hook(
        self, hook: Callable[..., Any]
    ) -> RemovableHandle:
        """Calls hook(module, incompatible_keys) after this module has loaded.

        The hook may change the two lists of `incompatible_keys` in place.
        """
        return self._add_hook(self._load_state_dict_post_hooks, hook)

    # Extra state

    def get_extra_state(self) -> Any:
        """What else `state_dict` should hold; override together with the setter."""
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be "
            "called."
        )

    def set_extra_state(self, state: Any) -> None:
        """Takes back what `get_extra_state` returned."""
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be "
            "called."
        )

    # Saving

    def _save_to_state_dict(
        self, destination: Any, prefix: str, keep_vars: bool
    ) -> None:
        """Writes this module's own state, without its submodules', to `destination`."""
        for name, param in self._parameters.items():
            if param is not None:
                destination[prefix + name] = param if keep_vars else param.detach()
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                destination[prefix + name] = buffer if keep_vars else buffer.detach()
        if type(self).get_extra_state is not State.get_extra_state:
            destination[prefix + _EXTRA_STATE_KEY_SUFFIX] = self.get_extra_state()

    def state_dict(
        self,
        *args: Any,
        destination: Any = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """The parameters and persistent buffers by dotted name.

        The tensors share memory with the module's: clone them to keep a snapshot.

        Args:
            args: destination, prefix and keep_vars by position (deprecated).
            destination: dictionary to fill; a new OrderedDict by default.
            prefix: put before every name.
            keep_vars: hand out the parameters themselves, not detached tensors.
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead.",
                FutureWarning,
                stacklevel=2,
            )
            if destination is None:
                destination = args[0]
            if len(args) > 1 and prefix == "":
                prefix = args[1]
            if len(args) > 2 and keep_vars is False:
                keep_vars = args[2]
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata: dict[str, Any] = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination,
                    prefix=f"{prefix}{name}.",
                    keep_vars=keep_vars,
                )
        for hook in self._state_dict_hooks.values():
            replaced = hook(self, destination, prefix, local_metadata)
            if replaced is None:
                continue
            if getattr(hook, "_from_public_api", False):
                raise RuntimeError("state_dict post-hook must return None")
            destination = replaced
        return destination

    # Loading

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Loads this module's own state, without its submodules'.

        Reports through the three lists; a layer whose keys changed overrides this.
        """
        for hook in self._load_state_dict_pre_hooks.values():
            hook(
                self,
                state_dict,
                prefix,
                local_metadata,
                strict,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
        own = {name: p for name, p in self._parameters.items() if p is not None}
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                own[name] = buffer
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, target in own.items():
            key = prefix + name
            if key in state_dict:
                message = self._load_tensor(key, name, target, state_dict[key], assign)
                if message:
                    error_msgs.append(message)
            elif strict:
                missing_keys.append(key)

        extra_key = prefix + _EXTRA_STATE_KEY_SUFFIX
        if type(self).set_extra_state is not State.set_extra_state:
            if extra_key in state_dict:
                self.set_extra_state(state_dict[extra_key])
            elif strict:
                missing_keys.append(extra_key)
        elif strict and extra_key in state_dict:
            unexpected_keys.append(extra_key)

        if not strict:
            return
        for key in state_dict:
            if not key.startswith(prefix) or key == extra_key:
                continue
            head, dot, _ = key[len(prefix) :].partition(".")
            if head not in (self._modules if dot else own):
                unexpected_keys.append(key)

    def _load_tensor(
        self, key: str, name: str, target: Any, source: Any, assign: bool
    ) -> str:
        """Loads one tensor; returns what went wrong, or ''."""
        if not isinstance(source, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or '
                f"Tensor-like object from checkpoint but received {type(source)}"
            )
        if target.dim() == 0 and source.shape == (1,):
            # Scalars were saved as one-element vectors before 0-d tensors existed.
            source = source[0]
        if source.shape != target.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {source.shape} "
                f"from checkpoint, the shape in current model is {target.shape}."
            )
        try:
            with rushlight.no_grad():
                if not assign:
                    if target.is_meta and not source.is_meta:
                        warnings.warn(
                            f"for {key}: copying from a non-meta parameter in the "
                            "checkpoint to a meta parameter in the current model, which is "
                            "a no-op. (Did you mean to pass `assign=True`, which takes the "
                            "tensors of the state dict themselves?)",
                            UserWarning,
                            stacklevel=2,
                        )
                    target.copy_(source)
                    return ""
                if isinstance(target, Parameter):
                    if isinstance(source, Parameter):
                        source.requires_grad_(target.requires_grad)
                    else:
                        source = Parameter(source, requires_grad=target.requires_grad)
                setattr(self, name, source)
        except Exception as error:
            return (
                f'While copying the parameter named "{key}", whose dimensions in the '
                f"model are {target.size()} and whose dimensions in the checkpoint are "
                f"{source.size()}, an exception occurred : {error.args}."
            )
        return ""

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Copies parameters and buffers from `state_dict` into this module.

        Args:
            state_dict: tensors by dotted name, as `state_dict()` returns them.
            strict: whether the keys must match the module's own exactly.
            assign: take the tensors of `state_dict` themselves, with their dtype and
                device, instead of copying their values; create optimizers after that.

        Returns:
            The named tuple (missing_keys, unexpected_keys).

        Raises:
            TypeError: when `state_dict` is not a mapping.
            RuntimeError: for keys that do not match (if `strict`) and for shapes that
                differ; the text lists every one of them.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"Expected state_dict to be dict-like, got {type(state_dict)}."
            )
        missing_keys: list[str] = []
        unexpected_keys: list[str] = []
        error_msgs: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        # Hooks may change the dictionary: they get a copy.
        entries: Any = OrderedDict(state_dict)
        if metadata is not None:
            entries._metadata = metadata

        def load(module: Any, entries: Any, prefix: str) -> None:
            local_metadata = {} if metadata is None else metadata.get(prefix[:-1], {})
            if assign:
                local_metadata["assign_to_params_buffers"] = assign
            module._load_from_state_dict(
                entries,
                prefix,
                local_metadata,
                True,
                missing_keys,
                unexpected_keys,
                error_msgs,
            )
            for name, child in module._modules.items():
                if child is not None:
                    below = f"{prefix}{name}."
                    part = {k: v for k, v in entries.items() if k.startswith(below)}
                    load(child, part, below)
            incompatible = _IncompatibleKeys(missing_keys, unexpected_keys)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, incompatible) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` "
                        "are not expected to return new values, if incompatible_keys "
                        "need to be modified, it should be done inplace."
                    )

        load(self, entries, "")
        if strict:
            for label, keys in (
                ("Unexpected", unexpected_keys),
                ("Missing", missing_keys),
            ):
                if keys:
                    listed = ", ".join(f'"{key}"' for key in keys)
                    error_msgs.insert(0, f"{label} key(s) in state_dict: {listed}. ")
        if error_msgs:
            text = "\n\t".join(error_msgs)
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{text}"
                + self._load_help(entries, missing_keys, unexpected_keys, error_msgs)
            )
        return _IncompatibleKeys(missing_keys, unexpected_keys)

    def _load_help(
        self,
        entries: Any,
        missing: list[str],
        unexpected: list[str],
        messages: list[str],
    ) -> str:
        """What comes after PyTorch's lines of an error, or ''."""
        from ._load_help import help_lines

        start = "size mismatch for "
        misfits = [
            message[len(start) :].partition(": ")[0]
            for message in messages
            if message.startswith(start)
        ]
        lines = help_lines(self, entries, missing, unexpected, misfits)
        return "".join(f"\n  {line}" for line in lines)


class _LoadHook:
    """A pre-hook of loading, called with the module; the old kind does not get it."""

    def __init__(self, hook: Callable[..., Any], with_module: bool) -> None:
        self.hook = hook
        self.with_module = with_module

    def __call__(self, module: Any, *args: Any) -> Any:
        return self.hook(module, *args) if self.with_module else self.hook(*args)
