"""Names that appear in a model file only to run code: refused in every mode.

Nothing that a file names is called anyway. A file that names one of these is an attack
(or was written by a program that should not be imitated), and its reader should know.
"""

from __future__ import annotations

_MODULES = frozenset(
    """_aix_support _osx_support _pickle _posixsubprocess _pyrepl bdb cProfile cgitb
    cloudpickle codeop commands ctypes dill distutils doctest ensurepip ftplib httplib
    idlelib imaplib imp importlib joblib lib2to3 linecache marshal mmap nt os pdb pickle
    pip pkg_resources pkgutil popen2 poplib posix pty pydoc runpy setuptools shutil smtplib
    socket socketserver ssl subprocess sys telnetlib timeit urllib urllib2 venv webbrowser
    xmlrpc zipapp zipimport
    numpy.testing numpy.f2py numpy.distutils numpy.ctypeslib
    torch.hub torch.jit torch.utils.cpp_extension torch.utils.bottleneck
    torch.utils.collect_env torch.utils.data.datapipes torch._dynamo torch._inductor
    torch.fx torch.distributed.rpc torch.testing""".split()
)
_NAMES = frozenset(
    """builtins.breakpoint builtins.compile builtins.delattr builtins.eval builtins.exec
    builtins.execfile builtins.exit builtins.file builtins.globals builtins.help
    builtins.input builtins.locals builtins.memoryview builtins.open builtins.quit
    builtins.raw_input builtins.reload builtins.setattr builtins.vars
    io.open io.open_code io.FileIO _io.open _io.open_code _io.FileIO codecs.open
    logging.config.listen logging.config.fileConfig logging.config.dictConfig
    types.CodeType types.FunctionType types.LambdaType types.MethodType
    operator.attrgetter operator.methodcaller _operator.attrgetter _operator.methodcaller
    functools.reduce _functools.reduce asyncio.unix_events profile.run trace.Trace
    numpy.load numpy.save numpy.fromfile numpy.memmap numpy.loadtxt numpy.genfromtxt
    torch.load torch.save torch.compile torch.classes torch.ops torch.serialization.load
    torch.storage._load_from_bytes torch._utils._import_dotted_name""".split()
)


def runs_code(module: str, name: str) -> bool:
    """Whether a global is one that attacks use.

    Args:
        module: the module's name as the file gives it, Python 2's names translated.
        name: the dotted name in that module.
    """
    path = f"{module}.{name}"
    parts = path.split(".")
    prefixes = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    known = any(prefix in _MODULES or prefix in _NAMES for prefix in prefixes)
    # Attributes such as __import__, __globals__ or __subclasses__ lead anywhere.
    return known or any(part.startswith("__") for part in parts[1:])
