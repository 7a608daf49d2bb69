"""What a name in a pickle could do if a program imported and called it."""

from __future__ import annotations

from typing import Any

from rushlight.serialization.blocked import runs_code
from rushlight.serialization.errors import UnsafeFileError
from rushlight.serialization.names import FileNames

_WORDS = {
    "runs a shell command": "os.system os.popen posix.system posix.popen nt.system nt.popen "
    "platform.popen pty",
    "starts other programs": "subprocess commands popen2 _posixsubprocess os.execl "
    "os.execle os.execlp os.execv os.execve os.execvp os.execvpe "
    "os.spawnl os.spawnv os.spawnve os.spawnvp "
    "os.posix_spawn os.posix_spawnp os.startfile os.fork os.forkpty posix nt "
    "asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.unix_events "
    "multiprocessing webbrowser idlelib",
    "runs Python code": "builtins.eval builtins.exec builtins.execfile builtins.compile "
    "builtins.breakpoint builtins.help builtins.input code codeop runpy timeit pdb bdb "
    "doctest profile cProfile trace cgitb _pyrepl numpy.testing torch.testing "
    "torch.utils.bottleneck torch.utils.collect_env torch.fx",
    "imports any module": "builtins.__import__ importlib imp pkgutil pydoc zipimport "
    "builtins.reload torch._utils._import_dotted_name numpy.f2py",
    "reaches and calls any attribute": "builtins.getattr builtins.setattr "
    "builtins.delattr builtins.vars builtins.globals builtins.locals builtins.map "
    "builtins.filter builtins.apply builtins.type builtins.super operator _operator "
    "functools _functools inspect gc weakref copyreg.__newobj__",
    "talks to the network": "socket _socket socketserver ssl urllib urllib2 http httplib "
    "ftplib smtplib poplib imaplib telnetlib xmlrpc requests aiohttp asyncio "
    "logging.config torch.distributed.rpc",
    "downloads and runs code": "torch.hub pip ensurepip setuptools distutils "
    "pkg_resources venv numpy.distutils",
    "opens or changes files": "builtins.open builtins.file io _io codecs.open os shutil "
    "tempfile fileinput linecache zipfile tarfile sqlite3 mmap numpy.load numpy.save "
    "numpy.fromfile numpy.memmap numpy.loadtxt numpy.genfromtxt torch.save glob",
    "runs machine code": "ctypes _ctypes cffi torch.classes torch.ops "
    "torch.utils.cpp_extension torch._inductor torch._dynamo torch.compile",
    "builds code": "marshal types.CodeType types.FunctionType types.LambdaType "
    "types.MethodType types.CodeType new",
    "runs another pickle": "pickle _pickle cPickle dill cloudpickle joblib shelve "
    "torch.load torch.serialization torch.storage._load_from_bytes pandas.read_pickle",
    "runs a program of TorchScript": "torch.jit torch._C",
    "changes the interpreter": "sys signal threading _thread ctypes atexit resource "
    "builtins.exit builtins.quit faulthandler",
}
_BY_NAME = {name: words for words, names in _WORDS.items() for name in names.split()}
_OLD_NAMES = {"__builtin__": "builtins", "copy_reg": "copyreg"}


def full_name(module: str, name: str) -> str:
    """The dotted name of a global, Python 2's modules under their present names."""
    return f"{_OLD_NAMES.get(module, module)}.{name}"


def danger(dotted: str) -> str:
    """What calling the name could do, in words; '' if it is not known to be harmful."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        words = _BY_NAME.get(".".join(parts[:count]))
        if words:
            return words
    if any(part.startswith("__") and part != "__main__" for part in parts):
        return "reaches and calls any attribute"
    module, _, name = dotted.rpartition(".")
    return "can run code" if runs_code(module, name) else ""


def is_layer(dotted: str) -> bool:
    """Whether the name is a class of `torch.nn`, as files of whole models have."""
    return dotted.startswith("torch.nn.")


def is_data(module: str, name: str) -> bool:
    """Whether `load` builds the name with `weights_only=True`: it is plain data."""
    try:
        FileNames(_never, _never, weights_only=True).resolve(module, name)
    except UnsafeFileError:
        return False
    return True


def _never(*args: Any) -> Any:
    raise AssertionError("no storage is opened")
