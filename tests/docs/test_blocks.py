"""Runs the code blocks of README and docs/ and compares what they print with the page.

Blocks marked ```python run in order, a page in one namespace; a ```text block right after
one is what it must print. ```python from FILE is an excerpt of FILE; ```python not-run is
only shown.
"""

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
FENCE = re.compile(r"^```(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> Iterator[tuple[int, str, str | None]]:
    """(line, code, expected output or None) of every block that runs."""
    found = list(FENCE.finditer(text))
    for i, match in enumerate(found):
        if match[1].strip() != "python":
            continue
        expected = None
        if i + 1 < len(found) and found[i + 1][1].strip() == "text":
            after = found[i + 1]
            if not text[match.end() : after.start()].strip():
                expected = after[2]
        yield text.count("\n", 0, match.start()) + 2, match[2], expected


def runnable() -> list[Path]:
    return [p for p in PAGES if p.exists() and any(blocks(p.read_text("utf-8")))]


@pytest.mark.parametrize("page", runnable(), ids=lambda p: str(p.relative_to(ROOT)))
def test_blocks_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "page"}
    for line, code, expected in blocks(page.read_text("utf-8")):
        printed = io.StringIO()
        # Blank lines in front give errors the line numbers of the page.
        compiled = compile("\n" * (line - 1) + code, str(page), "exec")
        with contextlib.redirect_stdout(printed):
            exec(compiled, namespace)
        if expected is not None:
            assert printed.getvalue() == expected, f"{page.name}:{line}"


def excerpts() -> list[tuple[str, str, str]]:
    """(page, file, text) of every excerpt."""
    return [
        (str(page.relative_to(ROOT)), match[1].split()[-1], match[2])
        for page in PAGES
        for match in FENCE.finditer(page.read_text("utf-8"))
        if match[1].startswith("python from ")
    ]


@pytest.mark.parametrize(("page", "file", "text"), excerpts())
def test_excerpts_are_current(page: str, file: str, text: str) -> None:
    assert text in (ROOT / file).read_text("utf-8"), f"{page} shows an old {file}"


def test_block_parser() -> None:
    text = "```python\na\n```\n\n```text\nb\n```\n```python not-run\nc\n```\n"
    assert list(blocks(text)) == [(2, "a\n", "b\n")]
