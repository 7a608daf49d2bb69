"""Downloads: a file appears under its name only when it is complete and checked."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import warnings
import zipfile
import zlib
from typing import Any
from urllib.error import ContentTooShortError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import rushlight.serialization
from rushlight.serialization.atomic import atomic_write

_CHUNK = 128 * 1024
_HASH = re.compile(r"-([a-f0-9]+)\.")
_MAX_RATIO = 100
_chosen_dir: str | None = None


def get_dir() -> str:
    """The folder of the cache, which need not exist yet.

    It is what `set_dir` chose, else `hub` inside `$RUSHLIGHT_HOME` or `$TORCH_HOME`,
    else `rushlight/hub` inside `$XDG_CACHE_HOME` or `~/.cache`.
    """
    if _chosen_dir is not None:
        return _chosen_dir
    home = os.environ.get("RUSHLIGHT_HOME") or os.environ.get("TORCH_HOME")
    if not home:
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.join("~", ".cache")
        home = os.path.join(cache, "rushlight")
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Chooses the folder of the cache for this process."""
    global _chosen_dir
    _chosen_dir = os.path.expanduser(os.fspath(d))


def download_url_to_file(
    url: str, dst: str, hash_prefix: str | None = None, progress: bool = True
) -> None:
    """Downloads a file; it takes its place only when it is complete and right.

    Args:
        url: where it is; redirects are followed.
        dst: the path to write. What is there stays until the new file is complete.
        hash_prefix: how the SHA-256 of the content must begin, in hexadecimal.
        progress: show a bar on the standard error stream.

    Raises:
        URLError: if the server does not answer, refuses (`HTTPError`), or sends less
            than it announced (`ContentTooShortError`).
        RuntimeError: if the hash differs.
    """
    from tqdm import tqdm

    request = Request(url, headers={"User-Agent": "rushlight.hub"})
    with urlopen(request) as answer, atomic_write(dst) as file:
        announced = answer.headers.get("Content-Length", "")
        total = int(announced) if announced.isdigit() else None
        sha256 = hashlib.sha256()
        done = 0
        with tqdm(
            total=total,
            disable=not progress,
            unit="B",
            unit_scale=True,
            unit_divisor=1024,
        ) as bar:
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                sha256.update(chunk)
                done += len(chunk)
                bar.update(len(chunk))
        if total is not None and done < total:
            raise ContentTooShortError(
                f"{url} ended after {done} of {total} bytes", (dst, answer.headers)
            )
        digest = sha256.hexdigest()
        if hash_prefix is not None and not digest.startswith(hash_prefix):
            raise RuntimeError(
                f'invalid hash value (expected "{hash_prefix}", got "{digest}")'
            )


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> dict[str, Any]:
    """Loads a model file from a URL, downloading it unless it is in the cache.

    The file is read by `rushlight.load`, which runs nothing of what it contains,
    whatever `weights_only` says. A zip file of one model file is unpacked.

    Args:
        url: where the file is.
        model_dir: the cache; `checkpoints` inside `get_dir()` by default.
        map_location: as for `load`.
        progress: show a bar on the standard error stream while downloading.
        check_hash: the name is `name-<first digits of the SHA-256>.ext`, and the file
            must have that hash. A cached file that has another is downloaded again.
        file_name: the name in the cache; that of the URL by default.
        weights_only: as for `load`.

    Raises:
        ValueError: if neither the URL nor `file_name` gives a name of a file.
        URLError, RuntimeError: as `download_url_to_file` and `load`.
    """
    folder = os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir
    name = os.path.basename(urlparse(url).path) if file_name is None else file_name
    if name in ("", ".", ".."):
        raise ValueError(f"load_state_dict_from_url: no file name in {url!r}")
    expected = _expected_hash(name) if check_hash else None
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    if not os.path.exists(path) or not _has_hash(path, expected):
        sys.stderr.write(f'Downloading: "{url}" to {path}\n')
        download_url_to_file(url, path, expected, progress)
    return rushlight.serialization.load(
        _unpacked(path, folder), map_location=map_location, weights_only=weights_only
    )


def _expected_hash(name: str) -> str | None:
    match = _HASH.search(name)
    if match is None:
        warnings.warn(
            f"check_hash=True, but the name {name!r} has no hash, as in "
            "name-0123abcd.pth: nothing is checked",
            stacklevel=3,
        )
        return None
    return match[1]


def _has_hash(path: str, expected: str | None) -> bool:
    if expected is None:
        return True
    sha256 = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            sha256.update(chunk)
    return sha256.hexdigest().startswith(expected)


def _unpacked(path: str, folder: str) -> str:
    """The model file itself, if `path` is a zip file around it (an old custom)."""
    if not zipfile.is_zipfile(path):
        return path
    try:
        return _unpack(path, folder)
    except (zipfile.BadZipFile, NotImplementedError, zlib.error) as error:
        raise rushlight.serialization.UnsafeFileError(
            f"load: {path} is a damaged zip file: {error}"
        ) from None


def _unpack(path: str, folder: str) -> str:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) != 1 or os.path.basename(entries[0].filename) == "data.pkl":
            return path
        entry = entries[0]
        name = os.path.basename(entry.filename)
        if not name or entry.file_size > _MAX_RATIO * max(entry.compress_size, 1):
            raise rushlight.serialization.UnsafeFileError(
                f"load: {path} expands from {entry.compress_size} to "
                f"{entry.file_size} bytes"
            )
        inner = os.path.join(folder, name)
        if os.path.realpath(inner) == os.path.realpath(path):
            inner += ".unpacked"
        with archive.open(entry) as packed, atomic_write(inner) as file:
            while chunk := packed.read(_CHUNK):
                file.write(chunk)
    return inner
