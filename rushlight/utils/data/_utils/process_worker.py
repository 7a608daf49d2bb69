"""The program of a worker process."""

from __future__ import annotations

import mmap
import os
import pickle
import select
import signal
import socket
import struct
import threading
from typing import Any

import rushlight

from . import context, seeding
from .channel import Channel
from .errors import Raised
from .fetch import IDLE, SENDING
from .packing import Packer
from .segments import Segment, WorkerSegments
from .task import Ended, Resume, Snapshot, Spec, Worker

PROGRESS_WORDS = 8  # of 64 bits, for each worker, so that no two share a cache line
BATCH, RAISED, ENDED, SEGMENT = range(4)
SEGMENT_RECORD = struct.Struct("<qq")  # number, capacity

# The loader's ends of the sockets to its workers, which a forked worker must close: a
# worker learns by the end of its own that the loader is gone.
loader_ends: set[Channel] = set()


def run(
    spec: Spec,
    worker: int,
    end: Any,
    progress_file: Any,
    loader_pid: int,
    resume: Resume | None,
) -> None:
    """Loads batches until the loader closes its end of the socket.

    Args:
        spec: what to load.
        worker: number of this worker.
        end: this side's socket, as a `PassedDescriptor`.
        progress_file: memory for the progress words of all workers, likewise.
        loader_pid: process whose end is the end of this one.
        resume: where to continue.
    """
    # Handlers of the program are for the program.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for channel in loader_ends:
        channel.close()
    _end_with(loader_pid)
    memory = mmap.mmap(progress_file.take(), 0)
    words = memoryview(memory).cast("q")
    progress = words[worker * PROGRESS_WORDS : (worker + 1) * PROGRESS_WORDS]
    channel = Channel(socket.socket(fileno=end.take()))
    try:
        _serve(spec, worker, channel, progress, resume)
    except (KeyboardInterrupt, EOFError, ConnectionError):
        pass  # the loader's process is interrupted too, or has closed its end


def _serve(
    spec: Spec, worker: int, channel: Channel, progress: Any, resume: Resume | None
) -> None:
    rushlight.set_num_threads(1)
    seeding.seed_process(spec.base_seed, worker)
    context.process_info = context.WorkerInfo(
        worker, spec.num_workers, spec.base_seed + worker, spec.dataset
    )
    where = f"in DataLoader worker process {worker}"
    reader = Worker(spec, worker, seeding.ProcessStreams(), progress, where)
    sender = _Sender(channel, where)
    reader.start(resume)
    while True:
        message, _ = channel.receive()
        kind, *rest = pickle.loads(message)
        if kind == "pass":
            reader.next_pass()
            continue
        number, keys, returned, dropped = rest
        sender.segments.returned(returned)
        sender.segments.dropped(dropped)
        context.allocate = sender.packer.allocate
        batch, snapshot = reader.answer(number, keys)
        context.allocate = None
        progress[2] = SENDING
        sender.send(number, batch, snapshot)
        progress[2] = IDLE
        del batch


class _Sender:
    """Sends batches, and the segments they lie in when the loader has not got them."""

    def __init__(self, channel: Channel, where: str) -> None:
        self._channel = channel
        self._where = where
        self.segments = WorkerSegments()
        self.packer = Packer(self.segments)

    def send(self, number: int, batch: Any, snapshot: Snapshot) -> None:
        """Sends the answer to a task."""
        used: list[tuple[Segment, int]] = []
        data: bytes | None
        if batch is Ended:
            kind, data = ENDED, b""
        elif isinstance(batch, Raised):
            kind, data = RAISED, pickle.dumps(batch)
        else:
            try:
                kind, (data, used) = BATCH, self.packer.pack(batch)
            except Exception as error:
                kind, data = RAISED, pickle.dumps(Raised(error, self._where))
        self.packer.abandon()
        references = [(segment.number, nbytes) for segment, nbytes in used]
        for segment in {segment.number: segment for segment, _ in used}.values():
            if segment.descriptor is not None:
                record = SEGMENT_RECORD.pack(segment.number, segment.capacity)
                self._channel.send(bytes([SEGMENT]) + record, segment.descriptor)
                segment.close_descriptor()
            self.segments.lend(segment)
        try:
            answer = pickle.dumps((number, data, references, snapshot))
        except Exception as error:  # a state_dict of the dataset
            failure = pickle.dumps(Raised(error, self._where))
            kind = RAISED
            answer = pickle.dumps((number, failure, references, Snapshot({})))
        self._channel.send(bytes([kind]) + answer)


def _end_with(pid: int) -> None:
    """Ends this process when that one ends, even in the middle of a sample."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        os._exit(1)

    def watch() -> None:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        while not poll.poll():
            pass
        os._exit(1)

    threading.Thread(target=watch, name="loader-watch", daemon=True).start()
