"""A short campaign over array files; the long one is `python -m tests.fuzz.array_files`."""

from __future__ import annotations

import collections

from fuzz import array_files, model_files


def test_mutated_array_files_are_read_or_refused(tmp_path, capsys):
    watch = model_files.Watch()
    array_files.run(50, 7, tmp_path, watch)  # imports what is imported at first use
    capsys.readouterr()
    outcomes = array_files.run(1500, 7, tmp_path, watch)
    assert capsys.readouterr().out == ""
    kinds = collections.Counter()
    for name, count in outcomes.items():
        kinds[name.rpartition(" ")[2]] += count
    assert set(kinds) == {"read", "refused"} and kinds["read"] > 300
