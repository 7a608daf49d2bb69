"""How a Module keeps its parameters, buffers and submodules: attribute access.

The first layer of `Module`; the others build on it: `_traverse`, `_convert`, `_hooks`,
`_state`, then `module`.
"""

from __future__ import annotations

from collections import OrderedDict

from rushlight import Tensor

from .._names import type_name
from ..parameter import Buffer, Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Called as hook(module, name, value) at every registration; a result that is not None
# replaces the value.
_global_parameter_registration_hooks: OrderedDict[int, Any] = OrderedDict()
_global_buffer_registration_hooks: OrderedDict[int, Any] = OrderedDict()
_global_module_registration_hooks: OrderedDict[int, Any] = OrderedDict()

_HOOK_TABLES = (
    "_backward_pre_hooks",
    "_backward_hooks",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)


def _through_hooks(
    hooks: OrderedDict[int, Any], owner: Any, name: str, value: Any
) -> Any:
    for hook in hooks.values():
        replacement = hook(owner, name, value)
        if replacement is not None:
            value = replacement
    return value


class Attributes:
    """Registration and lookup of parameters, buffers and submodules."""

    training: bool
    call_super_init: bool = False
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]
    _non_persistent_buffers_set: set[str]
    _is_full_backward_hook: bool | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init:
            name = type(self).__name__
            if kwargs:
                raise TypeError(
                    f"{name}.__init__() got an unexpected keyword argument "
                    f"'{next(iter(kwargs))}'"
                )
            if args:
                raise TypeError(
                    f"{name}.__init__() takes 1 positional argument but "
                    f"{len(args) + 1} were given"
                )
        state = self.__dict__
        state["training"] = True
        state["_parameters"] = {}
        state["_buffers"] = {}
        state["_non_persistent_buffers_set"] = set()
        state["_is_full_backward_hook"] = None
        for table in _HOOK_TABLES:
            state[table] = OrderedDict()
        state["_modules"] = {}
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    # Lookup

    def __getattr__(self, name: str) -> Any:
        # Reached only when the ordinary lookup fails; a layer's every call comes here.
        state = self.__dict__
        if "_parameters" in state:
            if name in state["_parameters"]:
                return state["_parameters"][name]
            if name in state["_modules"]:
                return state["_modules"][name]
            if name in state["_buffers"]:
                return state["_buffers"][name]
        for cls in type(self).__mro__:
            found = cls.__dict__.get(name)
            if isinstance(found, property):
                # The property itself raised AttributeError, which Python dropped on
                # its way here: run it again so that the name that is really missing
                # shows.
                return found.__get__(self, type(self))
        raise AttributeError(
            f"'{type(self).__name__}' object has no attribute '{name}'",
            name=name,
            obj=self,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        state = self.__dict__
        parameters = state.get("_parameters")
        if isinstance(value, Parameter):
            if parameters is None:
                raise AttributeError(
                    "cannot assign parameters before Module.__init__() call"
                )
            self._forget(name, "_parameters")
            self.register_parameter(name, value)
        elif parameters is not None and name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type_name(value)}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, value)
        elif isinstance(value, Attributes):
            if state.get("_modules") is None:
                raise AttributeError(
                    "cannot assign module before Module.__init__() call"
                )
            self._forget(name, "_modules")
            self._modules[name] = _through_hooks(
                _global_module_registration_hooks, self, name, value
            )
        elif parameters is not None and name in state["_modules"]:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type_name(value)}' as child module '{name}' "
                    "(torch.nn.Module or None expected)"
                )
            self._modules[name] = _through_hooks(
                _global_module_registration_hooks, self, name, value
            )
        elif parameters is not None and name in state["_buffers"]:
            self._set_buffer(name, value)
        elif isinstance(value, Tensor) and isinstance(value, Buffer):
            self._set_buffer(name, value)
        else:
            super().__setattr__(name, value)

    def _set_buffer(self, name: str, value: Any) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"cannot assign '{type_name(value)}' as buffer '{name}' "
                "(torch.nn.Buffer, torch.Tensor or None expected)"
            )
        if isinstance(value, Buffer):
            persistent: bool = value.persistent
        else:
            persistent = name not in self._non_persistent_buffers_set
        if persistent:
            # A subclass may override register_buffer without the third argument.
            self.register_buffer(name, value)
        else:
            self.register_buffer(name, value, False)

    def __delattr__(self, name: str) -> None:
        if name in self._parameters:
            del self._parameters[name]
        elif name in self._buffers:
            del self._buffers[name]
            self._non_persistent_buffers_set.discard(name)
        elif name in self._modules:
            del self._modules[name]
        else:
            super().__delattr__(name)

    def __dir__(self) -> list[str]:
        names = set(dir(type(self)))
        for table in (self.__dict__, self._parameters, self._modules, self._buffers):
            names.update(table)
        # Sequential's children are called 0, 1, ...: not attributes one can write.
        return sorted(name for name in names if not name[:1].isdigit())

    def _forget(self, name: str, kept: str) -> None:
        """Drops `name` from every place but the table called `kept`."""
        state = self.__dict__
        state.pop(name, None)
        for table in ("_parameters", "_buffers", "_modules"):
            if table != kept:
                state[table].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    # Registration

    def _check_new_name(self, kind: str, name: Any, table: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type_name(name)}")
        if name not in table and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            got = f", got: {name}" if kind == "module" else ""
            raise KeyError(f'{kind} name can\'t contain "."{got}')
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')

    def register_buffer(
        self, name: str, tensor: Tensor | None, persistent: bool = True
    ) -> None:
        """Adds a buffer: state that moves and is saved with the module, not trained.

        Args:
            name: attribute under which the buffer is reached.
            tensor: the values, or None to reserve the name (then not in `state_dict`).
            persistent: whether `state_dict` holds it.

        Raises:
            KeyError: for a name with a dot, an empty name or an existing attribute.
            TypeError: when `tensor` is neither a tensor nor None.
        """
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_new_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type_name(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        self._buffers[name] = _through_hooks(
            _global_buffer_registration_hooks, self, name, tensor
        )
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Adds a parameter; `module.name = param` does the same.

        Raises:
            KeyError: for a name with a dot, an empty name or an existing attribute.
            TypeError: when `param` is neither a Parameter nor None.
            ValueError: when `param` is the result of a computation.
        """
        if "_parameters" not in self.__dict__:
            raise AttributeError(
                "cannot assign parameter before Module.__init__() call"
            )
        self._check_new_name("parameter", name, self._parameters)
        if param is None:
            self._parameters[name] = None
            return
        if not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type_name(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model "
                f"parameters must be created explicitly. To express '{name}' as a "
                "function of another Tensor, compute the value in the forward() method."
            )
        self._parameters[name] = _through_hooks(
            _global_parameter_registration_hooks, self, name, param
        )

    def add_module(self, name: str, module: Any) -> None:
        """Adds a submodule (or None) reached as attribute `name`.

        Raises:
            KeyError: for a name with a dot, an empty name or an existing attribute.
            TypeError: when `module` is neither a Module nor None.
        """
        if not isinstance(module, Attributes) and module is not None:
            raise TypeError(f"{type_name(module)} is not a Module subclass")
        self._check_new_name("module", name, self._modules)
        self._modules[name] = _through_hooks(
            _global_module_registration_hooks, self, name, module
        )

    def register_module(self, name: str, module: Any) -> None:
        """Same as `add_module`."""
        self.add_module(name, module)

    # Pickling

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__.copy()

    def __setstate__(self, state: dict[str, Any]) -> None:
        own = self.__dict__
        own.update(state)
        # Files written by old versions lack the newer tables.
        for table in _HOOK_TABLES:
            if table not in own:
                own[table] = OrderedDict()
        own.setdefault("_non_persistent_buffers_set", set())
        own.setdefault("_is_full_backward_hook", None)
