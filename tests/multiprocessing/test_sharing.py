"""Tensors in shared memory: what moves, what is shared afterwards, what is refused."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import pickle
import signal
import threading
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np
import pytest
from process_work import add_one_to, leaves

import rushlight
import rushlight.multiprocessing as mp
from rushlight import _C, nn

DTYPES = [
    *(rushlight.bool, rushlight.uint8, rushlight.int8, rushlight.int16),
    *(rushlight.int32, rushlight.int64, rushlight.float16, rushlight.bfloat16),
    *(rushlight.float32, rushlight.float64, rushlight.complex64, rushlight.complex128),
]


def through(end: Any, other: Any, value: Any) -> Any:
    end.send(value)
    return other.recv()


@pytest.fixture(params=[True, False], ids=["duplex", "one way"])
def ends(request: Any) -> Any:
    reader, writer = mp.Pipe(duplex=request.param)
    yield writer, reader
    reader.close()
    writer.close()


def test_moving_keeps_values_views_and_gradients() -> None:
    x = rushlight.arange(12.0).reshape(3, 4)
    row = x[1]
    assert not x.is_shared()
    assert x.share_memory_() is x
    assert x.is_shared() and row.is_shared() and x.untyped_storage().is_shared()
    row.zero_()
    assert x.sum().item() == 66 - 22
    place = x.data_ptr()
    assert x.share_memory_().data_ptr() == place
    with pytest.raises(RuntimeError, match="not resizable"):
        x.resize_(100)


@pytest.mark.parametrize("numel", [0, 1, 5000, 300_000])
def test_numpy_view_outlives_the_move(numel: int) -> None:
    x = rushlight.arange(numel)
    seen = x.numpy()
    x.share_memory_()
    junk = [rushlight.full((numel,), 7) for _ in range(4)]
    assert np.array_equal(seen, np.arange(numel)) and len(junk) == 4
    x.fill_(1)
    assert x.sum().item() == numel


def test_memory_of_numpy_is_let_go() -> None:
    array = np.arange(100_000)
    count = __import__("sys").getrefcount(array)
    x = rushlight.from_numpy(array).share_memory_()
    assert __import__("sys").getrefcount(array) == count
    array[:] = 0
    assert x[-1].item() == 99_999


def test_storages_of_all_kinds() -> None:
    made = rushlight.UntypedStorage._new_shared(10)
    assert made.is_shared() and made.nbytes() == 10
    assert rushlight.UntypedStorage(3).share_memory_().is_shared()
    typed = rushlight.FloatStorage([1.0, 2.0])
    assert not typed.is_shared()
    assert typed.share_memory_() is typed and typed.is_shared()
    assert typed.tolist() == [1.0, 2.0]
    shared = typed._new_shared(3)
    assert shared.is_shared() and len(shared) == 3 and shared.dtype is rushlight.float32
    with pytest.raises(RuntimeError, match="only available on CPU"):
        rushlight.empty(3, device="meta").share_memory_()
    assert not rushlight.empty(3, device="meta").is_shared()


def test_module_moves_parameters_and_buffers() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    net(rushlight.randn(5, 3)).sum().backward()
    weight = net[0].weight
    assert net.share_memory() is net
    assert net[0].weight is weight and weight.grad is not None
    assert all(t.is_shared() for t in net.state_dict().values())
    assert not weight.grad.is_shared()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (2, 3), (70, 90)], ids=str)
def test_every_dtype_and_shape(ends: Any, dtype: Any, shape: Any) -> None:
    x = rushlight.ones(shape, dtype=dtype)
    got = through(*ends, x)
    assert got.dtype is dtype and got.shape == x.shape
    assert x.is_shared() and got.is_shared()
    assert got.data_ptr() == x.data_ptr()  # one mapping in this process
    got.zero_()
    assert not x.any()


def test_views_share_together_and_separately(ends: Any) -> None:
    base = rushlight.arange(24.0).reshape(4, 6)
    views = [base.t(), base[1:3, ::2], base[2]]
    together = through(*ends, views)
    one_by_one = [through(*ends, view) for view in views]
    for view, got, again in zip(views, together, one_by_one, strict=True):
        assert got.stride() == view.stride()
        assert got.storage_offset() == view.storage_offset()
        assert rushlight.equal(got, view)
        for out in (got, again):
            assert out.untyped_storage().data_ptr() == base.untyped_storage().data_ptr()
            assert out.untyped_storage() is base.untyped_storage()


def test_gradients_parameters_and_other_objects(ends: Any) -> None:
    leaf = rushlight.randn(3, requires_grad=True)
    assert through(*ends, leaf).requires_grad
    with pytest.raises(RuntimeError, match="Cowardly refusing .* call detach"):
        ends[0].send(leaf * 2)
    frozen = nn.Parameter(rushlight.randn(2), requires_grad=False)
    frozen.tag = "mine"
    got = through(*ends, frozen)
    assert type(got) is nn.Parameter and not got.requires_grad and got.tag == "mine"
    assert got.data_ptr() == frozen.data_ptr()
    sent = (rushlight.Size([2, 3]), rushlight.int8, rushlight.device("cpu"))
    assert through(*ends, sent) == sent
    generator = rushlight.Generator().manual_seed(3)
    twin = through(*ends, generator)
    draws = [rushlight.rand(4, generator=g) for g in (generator, twin)]
    assert rushlight.equal(*draws)
    meta = through(*ends, rushlight.empty(2, 3, device="meta"))
    assert meta.is_meta and meta.shape == (2, 3)


class Tagged(rushlight.Tensor):
    """A subclass with an attribute."""


def test_subclasses_and_typed_storages(ends: Any) -> None:
    tagged = rushlight.ones(5).as_subclass(Tagged)
    tagged.unit = "m"
    got = through(*ends, tagged)
    assert type(got) is Tagged and got.unit == "m"
    got.zero_()
    assert tagged.sum().item() == 0
    typed = rushlight.IntStorage([1, 2])
    back = through(*ends, typed)
    assert back.tolist() == [1, 2] and back.data_ptr() == typed.data_ptr()


def test_model_goes_whole(ends: Any) -> None:
    net = nn.Linear(3, 2)
    twin = through(*ends, net)
    with rushlight.no_grad():
        twin.weight.fill_(2)
    assert net.weight.sum().item() == 12
    assert isinstance(twin.weight, nn.Parameter)


def test_plain_pickle_copies_and_keeps_views_together() -> None:
    base = rushlight.arange(6.0)
    base.share_memory_()
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        pair = pickle.loads(pickle.dumps((base, base[2:]), protocol))
        pair[1].zero_()
        assert pair[0].tolist() == [0, 1, 0, 0, 0, 0] and base[5].item() == 5
    meta = pickle.loads(pickle.dumps(rushlight.empty(4, device="meta")))
    assert meta.is_meta


def test_small_tensors_share_one_descriptor(ends: Any) -> None:
    before = len(os.listdir("/proc/self/fd"))
    kept = [through(*ends, rushlight.full((8,), i)) for i in range(1000)]
    assert len(os.listdir("/proc/self/fd")) <= before + 2
    assert [int(x[3]) for x in kept] == list(range(1000))


def test_more_descriptors_than_one_message_takes(ends: Any) -> None:
    many = [rushlight.full((5000,), i) for i in range(300)]
    got = through(*ends, many)
    assert all(rushlight.equal(a, b) for a, b in zip(got, many, strict=True))


def test_ten_thousand_tensors_leave_no_descriptor(ends: Any) -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for i in range(10_000):
        size = 5000 if i % 10 == 0 else 3
        assert through(*ends, rushlight.empty(size)).numel() == size
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_bytes_are_bytes_and_descriptors_do_not_pile_up(ends: Any) -> None:
    writer, reader = ends
    writer.send_bytes(b"x" * 100)
    assert reader.recv_bytes() == b"x" * 100
    before = len(os.listdir("/proc/self/fd"))
    x = rushlight.empty(5000)
    writer.send(x)
    data = reader.recv_bytes()
    assert len(os.listdir("/proc/self/fd")) == before + 1  # the one of x
    with pytest.raises(RuntimeError, match="outside of the queue"):
        pickle.loads(data)


def test_too_many_open_files_is_explained(ends: Any) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    writer, reader = ends
    kept = [rushlight.empty(5000).share_memory_() for _ in range(3)]
    low = max(map(int, os.listdir("/proc/self/fd"))) + 8
    code = os.fork()
    if code == 0:  # the limit cannot be raised again
        result = 1
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (low, low))
            with pytest.raises(RuntimeError, match="too many open files"):
                kept += [rushlight.empty(5000).share_memory_() for _ in range(low)]
            with pytest.raises(RuntimeError, match="too many open files"):
                with contextlib.suppress(OSError):
                    while True:
                        os.dup(0)
                through(writer, reader, kept[0])
            result = 0
        finally:
            os._exit(result)
    assert os.waitpid(code, 0)[1] == 0
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user's limits")
def test_sender_waits_while_too_many_descriptors_are_under_way(ends: Any) -> None:
    import resource

    writer, reader = ends
    child = os.fork()
    if child == 0:
        result = 1
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(60)
            os.setuid(65534)
            # Room for what one message holds at either end, whatever else is open.
            limit = max(map(int, os.listdir("/proc/self/fd"))) + 120
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
            xs = [rushlight.full((5000,), i) for i in range(40)]
            messages = limit // 40 + 3
            got: list[float] = []

            def read() -> None:
                try:
                    for _ in range(messages):
                        got.append(sum(x[0].item() for x in reader.recv()))
                except BaseException:  # without a reader the sender would wait forever
                    os._exit(3)

            late = threading.Timer(0.1, read)
            late.start()
            for _ in range(messages):
                writer.send(xs)
            late.join()
            result = 0 if got == [780] * messages else 2
        finally:
            os._exit(result)
    assert os.waitpid(child, 0)[1] == 0


def test_standard_queue_carries_tensors() -> None:
    queue = multiprocessing.get_context("fork").Queue()
    x = rushlight.arange(10_000)
    queue.put(x)
    got = queue.get()
    got[0] = 5
    assert x[0].item() == 5
    queue.close()
    queue.join_thread()


def test_registered_for_the_standard_pickler() -> None:
    known = ForkingPickler._extra_reducers
    assert {rushlight.Tensor, _C.UntypedStorage} <= set(known)


def test_many_threads_move_one_tensor() -> None:
    for _ in range(50):
        x = rushlight.arange(1000)
        threads = [threading.Thread(target=x.share_memory_) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert x.sum().item() == 499_500


def test_arguments_of_a_process_are_shared() -> None:
    x = rushlight.zeros(3)
    process = mp.get_context("spawn").Process(target=add_one_to, args=(x,))
    process.start()
    process.join(60)
    assert process.exitcode == 0 and x.tolist() == [1, 1, 1]
    assert leaves({"a": [x]}) == [x]
