"""The random streams of a worker: how they are seeded, saved and put back.

Seeds are PyTorch's: worker i starts `random` and the library's default generator from
base_seed + i, and NumPy from four words mixed of base_seed and i.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import random
import struct
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import rushlight
from rushlight import Generator, default_generator

from .context import ThreadRng, numpy_random

Streams = dict[str, bytes]

_WORD = 0xFFFFFFFF
_PYTHON = struct.Struct("<i625I?d")  # version, state and position, spare normal
_NUMPY = struct.Struct("<624Ii?d")  # key, position, spare normal


def numpy_seed(base_seed: int, worker: int) -> list[int]:
    """Four 32-bit words: M. O'Neill's seed_seq in the form of NumPy's SeedSequence,
    over the entropy (worker, low word, high word of the base seed, 0)."""
    state = 0x43B0D7E5

    def mix_in(value: int) -> int:
        nonlocal state
        value ^= state
        state = state * 0x931E8875 & _WORD
        value = value * state & _WORD
        return value ^ value >> 16

    def mix(x: int, y: int) -> int:
        value = (0xCA01F9DD * x - 0x4973F715 * y) & _WORD
        return value ^ value >> 16

    pool = [mix_in(w) for w in (worker, base_seed & _WORD, base_seed >> 32 & _WORD, 0)]
    for source in range(4):
        for target in range(4):
            if source != target:
                pool[target] = mix(pool[target], mix_in(pool[source]))
    words = []
    state = 0x8B51F9DD
    for value in pool:
        value ^= state
        state = state * 0x58F38DED & _WORD
        value = value * state & _WORD
        words.append(value ^ value >> 16)
    return words


def seed_process(base_seed: int, worker: int) -> None:
    """Seeds what is global in this process; NumPy when it is imported."""
    seed = base_seed + worker
    random.seed(seed)
    rushlight.manual_seed(seed)
    words = numpy_seed(base_seed, worker)
    numpy = numpy_random()
    if numpy is not None:
        numpy.seed(words)
    else:
        sys.meta_path.insert(0, _SeedOnImport(words))


class _SeedOnImport(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Seeds `numpy.random` at the moment a worker imports it, if it ever does."""

    def __init__(self, words: list[int]) -> None:
        self._words = words
        self._loader: Any = None

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "numpy.random" or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None:
            self._loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: Any) -> None:
        spec = module.__spec__
        spec.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        module.seed(self._words)


def _python_bytes(stream: Any) -> bytes:
    version, words, spare = stream.getstate()
    return _PYTHON.pack(version, *words, spare is not None, spare or 0.0)


def _set_python(stream: Any, data: bytes) -> None:
    version, *words, has_spare, spare = _PYTHON.unpack(data)
    stream.setstate((version, tuple(words), spare if has_spare else None))


def _numpy_bytes(numpy: Any) -> bytes:
    _, key, position, has_spare, spare = numpy.get_state()
    return bytes(key.data) + struct.pack("<i?d", position, bool(has_spare), spare)


def _set_numpy(numpy: Any, data: bytes) -> None:
    import numpy as np

    *key, position, has_spare, spare = _NUMPY.unpack(data)
    words = np.array(key, dtype=np.uint32)
    numpy.set_state(("MT19937", words, position, int(has_spare), spare))


def _generator_bytes(generator: Generator) -> bytes:
    return bytes(memoryview(generator.get_state()))


def set_generator(generator: Generator, data: bytes) -> None:
    """Continues a generator from the bytes of its state."""
    state = rushlight.frombuffer(bytearray(data), dtype=rushlight.uint8)
    generator.set_state(state)


class ProcessStreams:
    """The global streams of this process."""

    def read(self) -> Streams:
        """All of them as bytes."""
        streams = {
            "python": _python_bytes(random),
            "rushlight": _generator_bytes(default_generator),
        }
        numpy = numpy_random()
        if numpy is not None:
            streams["numpy"] = _numpy_bytes(numpy)
        return streams

    def write(self, streams: Streams) -> None:
        """Continues them from there."""
        if "python" in streams:
            _set_python(random, streams["python"])
        if "rushlight" in streams:
            set_generator(default_generator, streams["rushlight"])
        if "numpy" in streams:
            import numpy as np

            _set_numpy(np.random, streams["numpy"])


class ThreadStreams:
    """The streams of one worker thread."""

    def __init__(self, rng: ThreadRng) -> None:
        self._rng = rng

    def read(self) -> Streams:
        """All that are in use, as bytes."""
        streams = {
            "python": _python_bytes(self._rng.random_generator),
            "rushlight": _generator_bytes(self._rng.torch_generator),
        }
        if "numpy_generator" in self._rng.__dict__:
            numpy = self._rng.numpy_generator
            if numpy is not None:
                state = json.dumps(numpy.bit_generator.state)
                streams["numpy"] = state.encode()
        return streams

    def write(self, streams: Streams) -> None:
        """Continues them from there."""
        if "python" in streams:
            _set_python(self._rng.random_generator, streams["python"])
        if "rushlight" in streams:
            set_generator(self._rng.torch_generator, streams["rushlight"])
        if "numpy" in streams:
            state = json.loads(streams["numpy"])
            self._rng.numpy_generator.bit_generator.state = state


def to_tensors(streams: Streams) -> dict[str, Any]:
    """Streams as uint8 tensors, which every checkpoint can hold."""
    return {
        name: rushlight.frombuffer(bytearray(data), dtype=rushlight.uint8)
        for name, data in streams.items()
    }


def to_bytes(tensors: dict[str, Any]) -> Streams:
    """What `to_tensors` was given."""
    return {name: bytes(memoryview(tensor)) for name, tensor in tensors.items()}
