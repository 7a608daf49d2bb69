"""No published attack on unpickling runs anything, in any container and mode."""

from __future__ import annotations

import io
import os
import pickle

import pytest
from fuzz import attacks
from fuzz.model_files import Watch

import rushlight
from rushlight.serialization import Record, UnsafeFileError

CANARY = os.path.join(os.path.dirname(__file__), "canary-of-attacks")
PICKLES = {name: data + b"." for name, data in attacks.with_canary(CANARY).items()}
HARMLESS = (Record, str, bytes, bytearray, int, float, complex, type(None))


@pytest.fixture(scope="module")
def watch():
    # What reading imports at first use is imported before the watch begins.
    assert rushlight.optim is not None
    for harmless in (
        b"VN\n.",
        b"cdecimal\nDecimal\nU\x011\x85R.",
        b"cuuid\nUUID\n)\x81.",
    ):
        rushlight.load(io.BytesIO(attacks.archive(harmless)))
    return Watch()


def assert_inert(found):
    """Everything in the object is data: records are the only trace of the attack."""
    todo, seen = [found], set()
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Record):
            todo += value.children()
            with pytest.raises(UnsafeFileError, match="inert record"):
                value()
            with pytest.raises(pickle.PicklingError, match="inert record"):
                rushlight.save(value, io.BytesIO())
        elif isinstance(value, dict):
            todo += [*value.keys(), *value.values()]
        elif isinstance(value, (list, tuple, set, frozenset)):
            todo += value
        elif isinstance(value, rushlight.nn.Module):
            todo += vars(value).values()
        else:
            module = type(value).__module__.partition(".")[0]
            own = isinstance(value, type) or module in ("rushlight", "torch", "numpy")
            assert own or isinstance(value, (*HARMLESS, type(assert_inert))), value


def attack(data, weights_only, watch):
    watch.seen.clear()
    watch.active = True
    try:
        found = rushlight.load(io.BytesIO(data), weights_only=weights_only)
        text = "" if isinstance(found, rushlight.nn.Module) else repr(found)
    except UnsafeFileError as error:
        found, text = None, str(error)
    finally:
        watch.active = False
    ran = [event for event in watch.seen if not event.startswith("import")]
    assert not ran
    assert not os.path.exists(CANARY)
    assert len(text) < 20_000
    return found


def test_the_canary_sings():
    try:
        with pytest.raises(FileNotFoundError):
            os.stat(CANARY)
        pickle.loads(b"\x80\x02" + PICKLES["os:system"])
        assert os.path.exists(CANARY)
    finally:
        os.unlink(CANARY)


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("name", PICKLES)
def test_pickles(name, weights_only, watch):
    for prefix in (b"", b"\x80\x02", b"\x80\x04"):
        data = attacks.archive(prefix + PICKLES[name])
        assert_inert(attack(data, weights_only, watch))
        assert_inert(
            attack(attacks.legacy(prefix + PICKLES[name]), weights_only, watch)
        )


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("kind", attacks.containers(b"N."))
def test_containers(kind, weights_only, watch):
    for name in ("os:system", "builtins:eval", "partial", "nested pickle:loads"):
        data = attacks.containers(b"\x80\x02" + PICKLES[name])[kind]
        assert_inert(attack(data, weights_only, watch))


@pytest.mark.parametrize("place", range(5))
def test_every_pickle_of_the_old_stream(place, watch):
    parts = [pickle.dumps(0x1950A86A20F9469CFC6C, 2), pickle.dumps(1001, 2)]
    parts += [pickle.dumps({"little_endian": True}, 2), b"\x80\x02N.", b"\x80\x02]."]
    parts[place] = b"\x80\x02" + PICKLES["os:system"]
    for weights_only in (True, False):
        with pytest.raises(UnsafeFileError):
            rushlight.load(io.BytesIO(b"".join(parts)), weights_only=weights_only)
        attack(b"".join(parts), weights_only, watch)


def test_well_known_attacks_are_refused_outright():
    for name in """os:system posix:system subprocess:Popen builtins:eval builtins:exec
        runpy:_run_code pip:main pty:spawn""".split():
        data = attacks.archive(PICKLES[name])
        with pytest.raises(UnsafeFileError, match="use to run code"):
            rushlight.load(io.BytesIO(data), weights_only=False)
