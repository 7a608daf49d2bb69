"""Models from a folder with a `hubconf.py`, and weights from a URL, kept in a cache."""

from __future__ import annotations

from ._download import (
    download_url_to_file as download_url_to_file,
    get_dir as get_dir,
    load_state_dict_from_url as load_state_dict_from_url,
    set_dir as set_dir,
)
from ._folder import help as help, list as list, load as load

__all__ = [
    "download_url_to_file",
    "get_dir",
    "help",
    "list",
    "load",
    "load_state_dict_from_url",
    "set_dir",
]
