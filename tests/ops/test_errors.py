"""Bad calls raise the right exception type with the text people search for."""

from typing import Any

import pytest
from samples import cases
from samples.make import Maker
from samples.table import OpSamples


@cases.rows("error", lambda row: row.errors)
@pytest.mark.smoke
def test_error(row: OpSamples, xp: Any) -> None:
    assert row.errors is not None
    for bad in row.errors(Maker(xp, row.id, "errors")):
        what = f"{row.id}{bad.args}{dict(bad.kwargs)}"
        try:
            cases.invoke(row, xp, bad.args, bad.kwargs)
        except bad.error as error:
            assert bad.text.lower() in str(error).lower(), f"{what}: {error}"
        except Exception as error:
            pytest.fail(f"{what}: raised {error!r}, expected {bad.error.__name__}")
        else:
            pytest.fail(f"{what}: did not raise {bad.error.__name__}: {bad.text}")
