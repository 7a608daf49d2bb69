"""hub: entry points of a folder, and downloads from a server on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import io
import os
import sys
import threading
import urllib.error
import zipfile

import pytest

import rushlight
from rushlight import hub

HUBCONF = '''
dependencies = ["sys", "xml.dom"]
from helper_of_hub import SCALE

def net(size, bias=True):
    """A layer of that size."""
    import rushlight
    return rushlight.nn.Linear(size, SCALE, bias=bias)

def _private():
    pass

number = 3
'''


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "hubconf.py").write_text(HUBCONF)
    (tmp_path / "helper_of_hub.py").write_text("SCALE = 4\n")
    yield tmp_path
    sys.modules.pop("helper_of_hub", None)


def test_load_list_help(folder):
    before = list(sys.path)
    model = hub.load(folder, "net", 3, source="local", bias=False)
    assert model.weight.shape == (4, 3) and model.bias is None
    assert hub.list(str(folder), source="local") == ["net"]
    assert hub.help(str(folder), "net", source="local") == "A layer of that size."
    assert sys.path == before and "hubconf" not in sys.modules


def test_errors_of_folders(folder, tmp_path):
    with pytest.raises(RuntimeError, match="Cannot find callable zz in hubconf"):
        hub.load(folder, "zz", source="local")
    with pytest.raises(RuntimeError, match="Cannot find callable number in hubconf"):
        hub.load(folder, "number", source="local")
    with pytest.raises(ValueError, match="should be a string of function name"):
        hub.load(folder, 3, source="local")
    with pytest.raises(ValueError, match='Unknown source: "x"'):
        hub.load(folder, "net", source="x")
    with pytest.raises(FileNotFoundError, match="no hubconf.py"):
        hub.load(tmp_path / "none", "net", source="local")
    for call in (hub.load, hub.help):
        with pytest.raises(
            NotImplementedError, match=r"rushlight\.hub\.\w+\(source='g"
        ):
            call("owner/repo", "net")
    with pytest.raises(NotImplementedError, match=r"rushlight\.hub\.list"):
        hub.list("owner/repo")


def test_missing_dependencies(folder):
    text = HUBCONF.replace('"sys"', '"sys", "no_such_a", "no_such_b.c"')
    (folder / "hubconf.py").write_text(text)
    with pytest.raises(
        RuntimeError, match="Missing dependencies: no_such_a, no_such_b.c"
    ):
        hub.load(folder, "net", 3, source="local")


def saved(value=1.0):
    file = io.BytesIO()
    rushlight.save({"w": rushlight.full((3,), value)}, file)
    return file.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append((self.path, self.headers["User-Agent"]))
        if self.path.startswith("/old/"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.end_headers()
            return
        body = self.server.files.get(self.path.partition("?")[0])
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        if not self.path.startswith("/nolength"):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = self.server.cut
        self.wfile.write(body if cut is None else body[:cut])

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def serving(files):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.requests, server.cut = files, [], None
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


GOOD = hashlib.sha256(saved()).hexdigest()[:8]
FILES = {
    "/m.pth": saved(),
    f"/m-{GOOD}.pth": saved(),
    "/m-00000000.pth": saved(),
    "/nolength.pth": saved(),
}


@pytest.fixture
def server():
    with serving(dict(FILES)) as running:
        yield running


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    for name in ("RUSHLIGHT_HOME", "TORCH_HOME", "XDG_CACHE_HOME", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("rushlight.hub._download._chosen_dir", None)
    monkeypatch.setenv("RUSHLIGHT_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "hub" / "checkpoints"


def test_second_load_is_from_the_cache(server, cache, capsys):
    for _ in range(2):
        found = hub.load_state_dict_from_url(f"{server.url}/m.pth?x=1")
        assert found["w"].tolist() == [1, 1, 1]
    assert [path for path, _ in server.requests] == ["/m.pth?x=1"]
    assert server.requests[0][1] == "rushlight.hub"
    assert os.listdir(cache) == ["m.pth"]
    shown = capsys.readouterr()
    assert f'Downloading: "{server.url}/m.pth?x=1" to {cache / "m.pth"}' in shown.err
    assert "100%" in shown.err and shown.out == ""


def test_arguments(server, tmp_path, capsys):
    found = hub.load_state_dict_from_url(
        f"{server.url}/old/m.pth", str(tmp_path / "d"), "cpu", False, file_name="n.pth", weights_only=True
    )  # fmt: skip
    assert found["w"].tolist() == [1, 1, 1]
    assert [path for path, _ in server.requests] == ["/old/m.pth", "/m.pth"]
    assert os.listdir(tmp_path / "d") == ["n.pth"]
    assert "%" not in capsys.readouterr().err
    from rushlight.utils import model_zoo

    assert model_zoo.load_url is hub.load_state_dict_from_url
    with pytest.raises(ValueError, match="no file name"):
        hub.load_state_dict_from_url(server.url + "/")


def test_hash(server, cache):
    name = f"m-{GOOD}.pth"
    found = hub.load_state_dict_from_url(f"{server.url}/{name}", check_hash=True)
    assert found["w"].tolist() == [1, 1, 1]
    with pytest.raises(
        RuntimeError, match=f'invalid hash value .expected "00000000", got "{GOOD}'
    ):
        hub.load_state_dict_from_url(f"{server.url}/m-00000000.pth", check_hash=True)
    assert os.listdir(cache) == [name]
    (cache / name).write_bytes(saved(2.0))  # somebody changed it
    changed = hub.load_state_dict_from_url(f"{server.url}/{name}")
    assert changed["w"].tolist() == [2, 2, 2]
    again = hub.load_state_dict_from_url(f"{server.url}/{name}", check_hash=True)
    assert again["w"].tolist() == [1, 1, 1]
    with pytest.warns(UserWarning, match="has no hash"):
        hub.load_state_dict_from_url(f"{server.url}/m.pth", check_hash=True)


def test_truncated_bodies(server, cache, tmp_path):
    server.cut = 100
    with pytest.raises(urllib.error.ContentTooShortError, match="after 100 of"):
        hub.load_state_dict_from_url(f"{server.url}/m.pth", progress=False)
    assert os.listdir(cache) == []
    with pytest.raises(
        rushlight.serialization.UnsafeFileError
    ):  # nothing was announced
        hub.load_state_dict_from_url(f"{server.url}/nolength.pth", progress=False)
    target = tmp_path / "kept"
    target.write_bytes(b"old")
    with pytest.raises(urllib.error.URLError):
        hub.download_url_to_file(f"{server.url}/m.pth", str(target), progress=False)
    assert target.read_bytes() == b"old"


def test_servers_that_refuse(server, cache):
    with pytest.raises(urllib.error.HTTPError, match="404") as caught:
        hub.load_state_dict_from_url(f"{server.url}/none.pth", progress=False)
    caught.value.close()
    assert os.listdir(cache) == []
    with pytest.raises(urllib.error.URLError):
        hub.load_state_dict_from_url("http://127.0.0.1:9/m.pth", progress=False)


def test_zip_around_a_file(server, cache):
    def zipped(data, name="inner/m.pth"):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        return file.getvalue()

    server.files["/z.zip"] = zipped(saved(3.0), "../../m.pth")
    assert hub.load_state_dict_from_url(f"{server.url}/z.zip")["w"].tolist() == [3] * 3
    assert sorted(os.listdir(cache)) == ["m.pth", "z.zip"]
    server.files["/bomb.zip"] = zipped(bytes(10**7))
    with pytest.raises(rushlight.serialization.UnsafeFileError, match="expands from"):
        hub.load_state_dict_from_url(f"{server.url}/bomb.zip")


def test_folders_of_the_cache(monkeypatch, tmp_path):
    assert hub.get_dir() == str(tmp_path / "home" / "hub")
    monkeypatch.delenv("RUSHLIGHT_HOME")
    assert hub.get_dir() == os.path.expanduser("~/.cache/rushlight/hub")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert hub.get_dir() == "/x/rushlight/hub"
    monkeypatch.setenv("TORCH_HOME", "~/t")
    assert hub.get_dir() == os.path.expanduser("~/t/hub")
    hub.set_dir(tmp_path / "chosen")
    assert hub.get_dir() == str(tmp_path / "chosen")


def test_damaged_zip(server):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("m.pth", b"abc")
    server.files["/z.zip"] = file.getvalue().replace(b"abc", b"abd")
    with pytest.raises(rushlight.serialization.UnsafeFileError, match="damaged zip"):
        hub.load_state_dict_from_url(f"{server.url}/z.zip")
