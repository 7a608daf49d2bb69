"""Computes the polynomial coefficients of core/kernels/math (needs mpmath).

`python tools/minimax.py [NAME ...]` prints the named fits, or all of them: Remez'
exchange algorithm on a weighted error. Float coefficients are rounded one after the
other while the remaining ones are fitted anew.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

from mpmath import matrix as mp_matrix, mp, mpf

mp.dps = 120

Function = Callable[[mpf], mpf]


@dataclass(frozen=True)
class Fit:
    """target(x) ~ sum c[k] * power(x, k) for x in [low, high].

    The error is multiplied by `weight`; `bits` is 24 for float coefficients, 53 for
    double; a `lead` coefficient is prescribed, not fitted.
    """

    target: Function
    low: mpf
    high: mpf
    degree: int
    weight: Function
    bits: int = 24
    lead: tuple[mpf, ...] = ()


def round_to(value: mpf, bits: int) -> mpf:
    """The nearest float (24 bits) or double (53 bits)."""
    if bits == 24:
        return mpf(struct.unpack("f", struct.pack("f", float(value)))[0])
    return mpf(float(value))


def remez(fit: Fit, fixed: list[mpf]) -> tuple[list[mpf], mpf]:
    """Coefficients that follow the `fixed` ones, and the largest weighted error."""
    first = len(fixed)
    count = fit.degree + 1 - first
    low, high = mpf(fit.low), mpf(fit.high)
    grid_size = 40 * (count + 2)
    grid = [
        (low + high) / 2
        + (high - low) / 2 * mp.cos(mp.pi * (grid_size - k) / grid_size)
        for k in range(grid_size + 1)
    ]
    known = [mp.polyval(fixed[::-1], x) if fixed else mpf(0) for x in grid]
    targets = [fit.target(x) - k for x, k in zip(grid, known)]
    weights = [abs(fit.weight(x)) for x in grid]

    def error(coefficients: list[mpf], i: int) -> mpf:
        value = mp.polyval(coefficients[::-1], grid[i]) * grid[i] ** first
        return weights[i] * (value - targets[i])

    if count == 0:
        return [], max(abs(w * t) for w, t in zip(weights, targets))
    points = [round(grid_size * k / mpf(count)) for k in range(count + 1)]
    points = [int(p) for p in points]
    best: tuple[list[mpf], mpf] = ([], mp.inf)
    for _ in range(30):
        system = mp_matrix(count + 1, count + 1)
        right = mp_matrix(count + 1, 1)
        for row, i in enumerate(points):
            for column in range(count):
                system[row, column] = weights[i] * grid[i] ** (first + column)
            system[row, count] = (-1) ** row
            right[row] = weights[i] * targets[i]
        solution = mp.lu_solve(system, right)
        coefficients = [solution[k] for k in range(count)]
        errors = [error(coefficients, i) for i in range(len(grid))]
        worst = max(abs(e) for e in errors)
        if worst < best[1]:
            best = coefficients, worst
        extremes = alternation(errors, count + 1)
        if extremes == points or len(extremes) < count + 1:
            break
        points = extremes
    return best


def alternation(errors: list[mpf], count: int) -> list[int]:
    """`count` grid points where the error alternates in sign, the largest ones."""
    runs: list[int] = []
    for i, e in enumerate(errors):
        if e == 0:
            continue
        if runs and (errors[runs[-1]] > 0) == (e > 0):
            if abs(e) > abs(errors[runs[-1]]):
                runs[-1] = i
        else:
            runs.append(i)
    while len(runs) > count:
        if len(runs) == count + 1:
            runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
            continue
        k = min(
            range(len(runs) - 1),
            key=lambda j: max(abs(errors[runs[j]]), abs(errors[runs[j + 1]])),
        )
        del runs[k : k + 2]
    return runs


def solve(fit: Fit) -> tuple[list[mpf], mpf]:
    """Rounded coefficients, constant term first, and their largest weighted error."""
    done = list(fit.lead)
    if fit.bits == 53:  # rounding is already below the target's precision
        coefficients, worst = remez(fit, done)
        return done + [round_to(c, fit.bits) for c in coefficients], worst
    while len(done) <= fit.degree:
        coefficients, _ = remez(fit, done)
        done.append(round_to(coefficients[0], fit.bits))
    return done, remez(fit, done)[1]


TINY = mpf(10) ** -25
SQRT2 = mp.sqrt(2)
HALF_LN2 = mp.log(2) / 2 * mpf("1.001")
QUARTER_PI = mp.pi / 4 * mpf("1.001")


def away(function: Function) -> Function:
    """`function` with arguments kept away from zero, where its formula is 0/0."""
    return lambda x: function(x if abs(x) > TINY else TINY)


def erfcx(x: mpf) -> mpf:
    return mp.exp(x * x) * mp.erfc(x)


def erfc_fit(center: mpf, high: mpf, degree: int, bits: int) -> Fit:
    """erfc(a) = exp(-a^2) p(t) / (a + center), t = (a - center) / (a + center)."""

    def target(t: mpf) -> mpf:
        a = center * (1 + t) / (1 - t)
        return (a + center) * erfcx(a)

    last = (high - center) / (high + center)
    return Fit(target, mpf(-1), last, degree, lambda t: 1 / target(t), bits)


FITS: dict[str, Fit] = {
    # exp(r) = 1 + r + r^2 p(r)
    "exp_f": Fit(
        away(lambda r: (mp.exp(r) - 1 - r) / r**2),
        -HALF_LN2,
        HALF_LN2,
        4,
        away(lambda r: r**2 / mp.expm1(r)),
        lead=(mpf("0.5"),),
    ),
    "exp_d": Fit(
        away(lambda r: (mp.exp(r) - 1 - r) / r**2),
        -HALF_LN2,
        HALF_LN2,
        10,
        away(lambda r: r**2 / mp.expm1(r)),
        53,
    ),
    # 2^r = 1 + r p(r)
    "exp2_f": Fit(
        away(lambda r: (2**r - 1) / r),
        mpf("-0.5005"),
        mpf("0.5005"),
        5,
        away(lambda r: r / 2**r),
    ),
    # log(1 + f) = f - f^2/2 + f^3 p(f)
    "log_f": Fit(
        away(lambda f: (mp.log1p(f) - f + f * f / 2) / f**3),
        1 / SQRT2 - 1,
        SQRT2 - 1,
        7,
        away(lambda f: f**3 / mp.log1p(f)),
    ),
    # sin(r) = r + r^3 p(r^2), cos(r) = 1 - r^2/2 + r^4 p(r^2), tan(r) = r + r^3 p(r^2)
    "sin_f": Fit(
        away(lambda s: (mp.sin(mp.sqrt(s)) / mp.sqrt(s) - 1) / s),
        mpf(0),
        QUARTER_PI**2,
        2,
        away(lambda s: s * mp.sqrt(s) / mp.sin(mp.sqrt(s))),
    ),
    "cos_f": Fit(
        away(lambda s: (mp.cos(mp.sqrt(s)) - 1 + s / 2) / s**2),
        mpf(0),
        QUARTER_PI**2,
        2,
        away(lambda s: s**2 / mp.cos(mp.sqrt(s))),
    ),
    # atan(x) = x + x^3 p(x^2)
    "atan_f": Fit(
        away(lambda s: (mp.atan(mp.sqrt(s)) / mp.sqrt(s) - 1) / s),
        mpf(0),
        mpf(1),
        8,
        away(lambda s: s * mp.sqrt(s) / mp.atan(mp.sqrt(s))),
    ),
    # asin(x) = x + x^3 p(x^2), |x| <= 1/2
    "asin_f": Fit(
        away(lambda s: (mp.asin(mp.sqrt(s)) / mp.sqrt(s) - 1) / s),
        mpf(0),
        mpf("0.25"),
        4,
        away(lambda s: s * mp.sqrt(s) / mp.asin(mp.sqrt(s))),
    ),
    # tanh(x) = x + x^3 p(x^2)
    "tanh_f": Fit(
        away(lambda s: (mp.tanh(mp.sqrt(s)) / mp.sqrt(s) - 1) / s),
        mpf(0),
        mpf("0.64") ** 2,
        5,
        away(lambda s: s * mp.sqrt(s) / mp.tanh(mp.sqrt(s))),
    ),
    # sinh(x) = x + x^3 p(x^2)
    "sinh_f": Fit(
        away(lambda s: (mp.sinh(mp.sqrt(s)) / mp.sqrt(s) - 1) / s),
        mpf(0),
        mpf(1),
        3,
        away(lambda s: s * mp.sqrt(s) / mp.sinh(mp.sqrt(s))),
    ),
    # erf(x) = x + x p(x^2), small |x|
    "erf_small_f": Fit(
        away(lambda s: mp.erf(mp.sqrt(s)) / mp.sqrt(s) - 1),
        mpf(0),
        mpf("0.93") ** 2,
        6,
        away(lambda s: mp.sqrt(s) / mp.erf(mp.sqrt(s))),
    ),
    # erf(x) = 1 - exp(p(x)), 0.92 <= x <= 3.95
    "erf_large_f": Fit(
        lambda a: mp.log(mp.erfc(a)),
        mpf("0.92"),
        mpf("3.95"),
        7,
        lambda a: mp.erfc(a),
    ),
    "erfc_f": erfc_fit(mpf("2.375"), mpf("10.25"), 9, 24),
    "erfc_d": erfc_fit(mpf(4), mpf("27.35"), 22, 53),
    # log2(1 + f) = f p(f) and 2^r for pow in double, to float precision
    "pow_log2_f": Fit(
        away(lambda f: mp.log1p(f) / mp.log(2) / f),
        1 / SQRT2 - 1,
        SQRT2 - 1,
        13,
        away(lambda f: f * mp.log(2) / mp.log1p(f)),
        53,
    ),
    "pow_exp2_f": Fit(
        lambda r: 2**r, mpf("-0.5005"), mpf("0.5005"), 6, lambda r: 2 ** (-r), 53
    ),
    # for s = f / (2 + f): log(1 + f) = 2 s (3 + z + z^2 p(z)) / 3, z = s^2
    "pow_log_d": Fit(
        away(
            lambda z: (
                (mp.log((1 + mp.sqrt(z)) / (1 - mp.sqrt(z))) * 1.5 / mp.sqrt(z) - 3 - z)
                / z**2
            )
        ),
        mpf(0),
        mpf("0.02946"),
        8,
        lambda z: mpf(1),
        53,
    ),
    "erf_small_d": Fit(
        away(lambda s: mp.erf(mp.sqrt(s)) / mp.sqrt(s) - 1),
        mpf(0),
        mpf(1),
        12,
        away(lambda s: mp.sqrt(s) / mp.erf(mp.sqrt(s))),
        53,
    ),
    "asin_d": Fit(
        away(lambda s: (mp.asin(mp.sqrt(s)) / mp.sqrt(s) - 1) / s),
        mpf(0),
        mpf("0.25"),
        12,
        away(lambda s: s * mp.sqrt(s) / mp.asin(mp.sqrt(s))),
        53,
    ),
    # |x| <= tan(pi/8)
    "atan_d": Fit(
        away(lambda s: (mp.atan(mp.sqrt(s)) / mp.sqrt(s) - 1) / s),
        mpf(0),
        mpf("0.1716"),
        10,
        away(lambda s: s * mp.sqrt(s) / mp.atan(mp.sqrt(s))),
        53,
    ),
    "sinh_d": Fit(
        away(lambda s: (mp.sinh(mp.sqrt(s)) / mp.sqrt(s) - 1) / s),
        mpf(0),
        mpf(1),
        7,
        away(lambda s: s * mp.sqrt(s) / mp.sinh(mp.sqrt(s))),
        53,
    ),
    # cube root of 1 <= m < 2, a first guess
    "cbrt_d": Fit(
        lambda m: mp.cbrt(m), mpf(1), mpf(2), 6, lambda m: 1 / mp.cbrt(m), 53
    ),
    "sin_d": Fit(
        away(lambda s: (mp.sin(mp.sqrt(s)) / mp.sqrt(s) - 1) / s),
        mpf(0),
        QUARTER_PI**2,
        5,
        away(lambda s: s * mp.sqrt(s) / mp.sin(mp.sqrt(s))),
        53,
    ),
    "cos_d": Fit(
        away(lambda s: (mp.cos(mp.sqrt(s)) - 1 + s / 2) / s**2),
        mpf(0),
        QUARTER_PI**2,
        5,
        away(lambda s: s**2 / mp.cos(mp.sqrt(s))),
        53,
    ),
}


def main(names: list[str]) -> None:
    for name in names or list(FITS):
        fit = FITS[name]
        coefficients, worst = solve(fit)
        digits = 9 if fit.bits == 24 else 17
        print(f"{name}: error 2^{mp.nstr(mp.log(worst, 2), 4)}")
        print("  " + ", ".join(mp.nstr(c, digits) for c in coefficients))


if __name__ == "__main__":
    main(sys.argv[1:])
