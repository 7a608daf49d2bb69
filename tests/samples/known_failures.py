"""Checks that are known to fail, each with its reason; a repaired one fails strictly.

Keys are (check, row id, dtype); an empty string stands for every row or dtype.
"""

KNOWN: dict[tuple[str, str, str], str] = {}

# Registry records without a row of their own: pattern of the name -> reason.
WITHOUT_SAMPLES: dict[str, str] = {
    r".*_backward(_.*)?": "runs as the derivative of its forward operator",
    r"_.*": "internal helper, not part of the public interface",
}

# Records that are neither differentiable nor marked so: name -> reason.
WITHOUT_DERIVATIVE: dict[str, str] = {}


def reason(check: str, row: str, dtype: str) -> str | None:
    for key in ((check, row, dtype), (check, row, ""), (check, "", dtype)):
        if key in KNOWN:
            return KNOWN[key]
    return None
