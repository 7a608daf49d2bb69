"""Mutated safetensors and NumPy files for their readers, and every kind for `inspect`.

``python -m tests.fuzz.array_files --count 100000 --seed 1`` from the repository's root.
Findings are: another exception than a clear refusal, and any event by which Python runs,
opens or starts something.
"""

from __future__ import annotations

import argparse
import encodings.cp437
import io
import pathlib
import random
import re
import tempfile
import time
import traceback
import unicodedata
import zipfile
from collections import Counter

import numpy

import rushlight
from rushlight.safetensors import load, save
from rushlight.serialization import UnsafeFileError, load_npy, load_npz
from rushlight.serialization.inspection import inspect_file, render

from .corpus import corpus
from .model_files import Watch, limit_memory
from .mutations import NUMBERS, mutate

# Imported here, so that no import happens while a file is read.
_USED = (unicodedata, encodings.cp437)
_ALLOWED = (UnsafeFileError, EOFError)
_NUMBER = re.compile(rb"-?[0-9]+")
_JSON = b'{}[]":, \\"\\u0061'


def _npy(array: numpy.ndarray) -> bytes:
    file = io.BytesIO()
    numpy.save(file, array)
    return file.getvalue()


_TENSORS = {
    "a.b": rushlight.arange(6.0).reshape(2, 3),
    "c": rushlight.ones(4, dtype=rushlight.bool),
    "d": rushlight.zeros(0, 2),
    "é": rushlight.tensor(1, dtype=rushlight.int16),
}
_SAFETENSORS = save(_TENSORS, {"format": "pt", "k": "v\n"})
_ARRAYS = [
    _npy(numpy.arange(6.0).reshape(2, 3)),
    _npy(numpy.asfortranarray(numpy.ones((2, 2), ">i4"))),
    _npy(numpy.array([True, False])),
    _npy(numpy.array([{}, 1], dtype=object)),
    _npy(numpy.zeros(2, "U3")),
]


def _damage(data: bytes, rng: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(found) + 1)
        roll = rng.random()
        if roll < 0.4:
            numbers = list(_NUMBER.finditer(found))
            if numbers:
                match = rng.choice(numbers)
                found[match.start() : match.end()] = b"%d" % rng.choice(NUMBERS)
        elif roll < 0.6:
            found[at : at + rng.randint(0, 2)] = bytes([rng.choice(_JSON)])
        elif roll < 0.8:
            found[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 3))
        else:
            other = rng.randrange(len(found) + 1)
            found[at:at] = found[other : other + rng.randint(1, 60)]
    return bytes(found)


def safetensors_file(rng: random.Random) -> bytes:
    """A mutated file; mostly with a length that fits the mutated header."""
    size = int.from_bytes(_SAFETENSORS[:8], "little")
    header, data = _SAFETENSORS[8 : 8 + size], _SAFETENSORS[8 + size :]
    if rng.random() < 0.1:
        return _damage(_SAFETENSORS, rng)
    header = _damage(header, rng)
    return len(header).to_bytes(8, "little") + header + data


def npy_file(rng: random.Random) -> bytes:
    """A mutated array."""
    return _damage(rng.choice(_ARRAYS), rng)


def npz_file(rng: random.Random) -> bytes:
    """An archive of mutated arrays with right checksums, sometimes mutated itself."""
    file = io.BytesIO()
    kind = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(file, "w", kind) as archive:
        for name in "xy"[: rng.randint(0, 2)]:
            archive.writestr(f"{name}.npy", npy_file(rng))
    return file.getvalue() if rng.random() < 0.5 else _damage(file.getvalue(), rng)


def _inspect(data: bytes, path: pathlib.Path) -> None:
    path.write_bytes(data)
    text = render(inspect_file(path, values=True))
    if max(map(len, text.splitlines())) > 80:
        raise AssertionError("a line is wider than 80 columns")


def run(count: int, seed: int, folder: pathlib.Path, watch: Watch) -> Counter[str]:
    """Reads `count` mutated files; prints findings and returns how many of each kind."""
    outcomes: Counter[str] = Counter()
    models = corpus()
    readers = {
        "safetensors": (safetensors_file, load),
        "npz": (npz_file, lambda data: load_npz(io.BytesIO(data))),
        "npy": (npy_file, lambda data: load_npy(io.BytesIO(data))),
    }
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        kind = ("safetensors", "safetensors", "npz", "npy", "model")[number % 5]
        inspected = kind == "model" or rng.random() < 0.1
        data = mutate(models, rng) if kind == "model" else readers[kind][0](rng)
        watch.seen.clear()
        outcome = "read"
        try:
            if inspected:
                kind = f"inspect {kind}"
                _inspect(data, folder / "file")
            else:
                watch.active = True
                readers[kind][1](data)
        except _ALLOWED:
            outcome = "finding" if inspected else "refused"
        except TypeError as error:
            outcome = "refused" if "no tensor can hold" in str(error) else "finding"
        except Exception:
            outcome = "finding"
            print(f"--- file {number}\n{traceback.format_exc()[-3000:]}", flush=True)
        watch.active = False
        # numpy.lib.format reads its headers by ast.literal_eval, which only parses.
        seen = [event for event in watch.seen if not event.startswith("compile")]
        if seen:
            outcome = "finding"
            print(f"--- file {number} ran something: {seen[:3]}", flush=True)
        outcomes[f"{kind}: {outcome}"] += 1
    return outcomes


def main() -> int:
    """The command; 1 if there was a finding."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000, help="how many files")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rushlight.set_num_threads(1)
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        run(50, options.seed, path, watch)  # imports what is imported at first use
        limit_memory()
        began = time.monotonic()
        outcomes = run(options.count, options.seed, path, watch)
    print(f"{options.count} files in {time.monotonic() - began:.0f} s")
    for kind, count in sorted(outcomes.items()):
        print(f"  {kind}: {count}")
    return int(any("finding" in kind for kind in outcomes))


if __name__ == "__main__":
    raise SystemExit(main())
