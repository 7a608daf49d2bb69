"""`DataLoader.state_dict` and `load_state_dict`: plain data out of a position, and back.

Random streams are written as uint8 tensors, everything else as numbers, strings, lists
and dicts, so that `load(weights_only=True)` takes it.
"""

from __future__ import annotations

import copy
from typing import Any

from .fetch import IterableFetcher
from .keys import Generators, samplers_of, stateful_sampler
from .positions import Position
from .seeding import ProcessStreams, to_bytes, to_tensors
from .task import has_state, state_of

FORMAT = 1


def state_dict(loader: Any, position: Position | None) -> dict[str, Any]:
    """The state of a loader whose last pass stands at `position`."""
    state: dict[str, Any] = {"format": FORMAT, "loader": _shape(loader)}
    state["epochs"] = [_epoch(sampler) for sampler in samplers_of(loader)]
    if position is None or (position.finished and not _stays(loader)):
        state["own"] = to_tensors(Generators(loader).read_own())
        sampler = stateful_sampler(loader)
        state["sampler"] = None if sampler is None else sampler.state_dict()
        state["position"] = None
        if _counts(loader):
            state["dataset"] = loader.dataset.state_dict()
    else:
        _check_shared(loader, position)
        state["position"] = position.state()
        state["position"] |= _dataset_state(position)
    return state


def _counts(loader: Any) -> bool:
    """Whether the dataset has a state from one pass to the next: an iterable one that
    is at its end has nothing to go on from."""
    in_process = loader.num_workers == 0 and not loader._iterable
    return in_process and has_state(loader.dataset)


def _stays(loader: Any) -> bool:
    """Whether workers go on from one pass to the next."""
    return bool(loader.persistent_workers)


def _check_shared(loader: Any, position: Position) -> None:
    if loader.worker_type != "thread" or loader.num_workers == 1:
        return
    if any(worker.owner == "dataset" for worker in position.workers):
        raise RuntimeError(
            "DataLoader.state_dict: worker threads share the dataset, whose own state "
            "does not tell which batches it is of; use processes, or a dataset "
            "whose iterator has the state"
        )


def _dataset_state(position: Position) -> dict[str, Any]:
    """Of the dataset in this process."""
    fetcher = position.fetcher
    if fetcher is None:
        return {}
    owner, state = state_of(fetcher)
    streams = {}
    if owner is None and isinstance(fetcher, IterableFetcher):
        streams = to_tensors(ProcessStreams().read())
    return {
        "dataset_owner": owner,
        "dataset": copy.deepcopy(state),
        "streams": streams,
    }


def _epoch(sampler: Any) -> int | None:
    epoch = getattr(sampler, "epoch", None)
    settable = callable(getattr(sampler, "set_epoch", None))
    return epoch if settable and isinstance(epoch, int) else None


def _shape(loader: Any) -> dict[str, Any]:
    """What must be the same for a state to fit."""
    try:
        length = len(loader.dataset)
    except (TypeError, NotImplementedError):
        length = None
    try:
        keys = len(loader._index_sampler)
    except (TypeError, NotImplementedError):
        keys = None
    if loader._iterable:
        keys = None
    return {
        "dataset_length": length,
        "iterable": loader._iterable,
        "batches": keys,
        "batch_size": loader.batch_size,
        "drop_last": loader.drop_last,
        "num_workers": loader.num_workers,
        "worker_type": loader.worker_type,
        "persistent_workers": bool(loader.persistent_workers),
        "in_order": bool(loader.in_order),
        "samplers": [type(sampler).__name__ for sampler in samplers_of(loader)],
    }


def checked(loader: Any, state: Any) -> dict[str, Any]:
    """The state, if it fits.

    Raises:
        ValueError: if it is no state of a loader, or of another one.
    """
    if not isinstance(state, dict) or "loader" not in state or "position" not in state:
        raise ValueError("DataLoader.load_state_dict: this is no state of a DataLoader")
    if state.get("format") != FORMAT:
        raise ValueError(
            f"DataLoader.load_state_dict: format {state.get('format')!r} is not known"
        )
    now, then = _shape(loader), state["loader"]
    wrong = [
        f"{name} was {then.get(name)!r} and is {value!r}"
        for name, value in now.items()
        if then.get(name) != value
    ]
    if wrong:
        raise ValueError(
            "DataLoader.load_state_dict: the state is of another loader, with which "
            f"the batches would not be the same: {'; '.join(wrong)}"
        )
    return state


def prepare(loader: Any, state: dict[str, Any]) -> dict[str, Any] | None:
    """Sets what can be set at once; the position to begin the next pass from."""
    for sampler, epoch in zip(samplers_of(loader), state["epochs"], strict=True):
        if epoch is not None:
            sampler.set_epoch(epoch)
    position: dict[str, Any] | None = state["position"]
    if position is not None and not position["finished"]:
        return position
    keys = state if position is None else position["keys"]
    Generators(loader).write(to_bytes(keys["own"]))
    sampler = stateful_sampler(loader)
    if sampler is not None and keys["sampler"] is not None:
        sampler.load_state_dict(copy.deepcopy(keys["sampler"]))
    if "dataset" in state:
        loader.dataset.load_state_dict(copy.deepcopy(state["dataset"]))
    return position
