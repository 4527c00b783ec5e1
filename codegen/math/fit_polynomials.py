#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Fits the polynomials of this folder and prints coefficients.h (needs mpmath).

Each polynomial P is the minimax solution (Remez) of |w(v) * (g(v) - P(v))| on an
interval, where w turns the error of P into the relative error of the whole function.
Coefficients are rounded to their type one by one, lowest first, and the rest fitted again.

    python3 fit_polynomials.py > coefficients.h && clang-format-19 -i coefficients.h
"""
import struct
import sys

import mpmath as mp

mp.mp.dps = 60


def round_to(kind, value):
    if kind == "f32":
        return mp.mpf(struct.unpack("f", struct.pack("f", float(value)))[0])
    return mp.mpf(float(value))


def remez(g, w, lo, hi, count, first):
    """Minimax coefficients of v^first .. v^(first+count-1)."""
    lo, hi = mp.mpf(lo), mp.mpf(hi)
    grid = [(lo + hi) / 2 - (hi - lo) / 2 * mp.cos(mp.pi * (i + mp.mpf("0.37")) / 600) for i in range(600)]
    gw = [(v, g(v), w(v)) for v in grid]
    picks = [int((1 - mp.cos(mp.pi * i / count)) / 2 * 599) for i in range(count + 1)]
    coefficients = []
    for _ in range(25):
        a = mp.matrix(count + 1, count + 1)
        b = mp.matrix(count + 1, 1)
        for row, i in enumerate(picks):
            v, gv, wv = gw[i]
            for k in range(count):
                a[row, k] = wv * v ** (first + k)
            a[row, count] = (-1) ** row
            b[row] = wv * gv
        solution = mp.lu_solve(a, b)
        coefficients = [solution[k] for k in range(count)]
        errors = [wv * (gv - sum(c * v ** (first + k) for k, c in enumerate(coefficients))) for v, gv, wv in gw]
        # One extremum for each run of equal sign.
        runs, start = [], 0
        for i in range(1, len(errors) + 1):
            if i == len(errors) or (errors[i] > 0) != (errors[start] > 0):
                runs.append(max(range(start, i), key=lambda j: abs(errors[j])))
                start = i
        while len(runs) > count + 1:
            runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
        if len(runs) < count + 1 or runs == picks:
            break
        picks = runs
    return coefficients, max(abs(e) for e in errors)


def fit(kind, g, w, lo, hi, count):
    done = []
    for k in range(count):
        rest = lambda v: g(v) - sum(c * v**i for i, c in enumerate(done))
        coefficients, _ = remez(rest, w, lo, hi, count - k, k)
        done.append(round_to(kind, coefficients[0]))
        if kind == "f64" and k == 2:  # the later ones no longer matter
            done += [round_to(kind, c) for c in coefficients[1:]]
            break
    lo, hi = mp.mpf(lo), mp.mpf(hi)
    worst = 0
    for i in range(400):
        v = lo + (hi - lo) * (i + mp.mpf("0.5")) / 400
        worst = max(worst, abs(w(v) * (g(v) - sum(c * v**j for j, c in enumerate(done)))))
    return done, worst


def atanh_rest(z, terms):
    s = mp.sqrt(z)
    value = 2 * mp.atanh(s) - 2 * s
    if terms == 2:
        value -= mp.mpf(2) / 3 * s**3
    return value


HALF_LN2 = mp.log(2) / 2 * mp.mpf("1.001")
SIXTEENTH = HALF_LN2 / 16
QUARTER_PI = mp.pi / 4 * mp.mpf("1.0001")
SMALL = mp.mpf("1e-12")
LOG_LO, LOG_HI = mp.sqrt(mp.mpf("0.5")) - 1, mp.sqrt(2) - 1
LOG_Z = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)

# name: type, what it is, g(v), w(v), interval, coefficients
TABLE = {
    "kExpF32": ("f32", "(exp(r) - 1 - r) / r^2", lambda r: (mp.expm1(r) - r) / r**2, lambda r: abs(r**2 / mp.expm1(r)), -HALF_LN2, HALF_LN2, 5),
    "kExpF64": ("f64", "(exp(r) - 1 - r) / r^2", lambda r: (mp.expm1(r) - r) / r**2, lambda r: abs(r**2 / mp.expm1(r)), -HALF_LN2, HALF_LN2, 11),
    "kLogF32": ("f32", "(log(1 + f) - f + f^2/2) / f^3", lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3, lambda f: f**3 / mp.log1p(f), LOG_LO, LOG_HI, 8),
    "kLogF64": ("f64", "(2 atanh(s) - 2 s) / s^3 in s^2", lambda z: atanh_rest(z, 1) / z ** mp.mpf("1.5"), lambda z: z / 2, SMALL, LOG_Z**2, 7),
    "kAtanhF32": ("f32", "(2 atanh(s) - 2 s) / s^3 in s^2", lambda z: atanh_rest(z, 1) / z ** mp.mpf("1.5"), lambda z: z / 2, SMALL, mp.mpf(1) / 9, 5),
    "kPowLogF64": ("f64", "(2 atanh(s) - 2 s - 2/3 s^3) / s^5 in s^2", lambda z: atanh_rest(z, 2) / z ** mp.mpf("2.5"), lambda z: z**2 / 2, SMALL, LOG_Z**2, 8),
    "kErfF32": ("f32", "erf(x) / x - 1 in x^2", lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, lambda z: mp.sqrt(z) / mp.erf(mp.sqrt(z)), SMALL, 1, 7),
    "kErfF64": ("f64", "erf(x) / x - 1 in x^2", lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, lambda z: mp.sqrt(z) / mp.erf(mp.sqrt(z)), SMALL, 1, 13),
    "kErfcF32": ("f32", "log(erfc(2 + t))", lambda t: mp.log(mp.erfc(2 + t)), lambda t: mp.erfc(2 + t) / mp.erf(2 + t), -1, 2, 8),
    "kErfcF64": ("f64", "log(erfc(2 + t))", lambda t: mp.log(mp.erfc(2 + t)), lambda t: mp.erfc(2 + t) / mp.erf(2 + t), -1, 4, 21),
    "kSinF32": ("f32", "(sin(r) - r) / r^3 in r^2", lambda z: (mp.sin(mp.sqrt(z)) - mp.sqrt(z)) / z ** mp.mpf("1.5"), lambda z: z, SMALL, QUARTER_PI**2, 3),
    "kCosF32": ("f32", "(cos(r) - 1 + r^2/2) / r^4 in r^2", lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2 / mp.cos(mp.sqrt(z)), SMALL, QUARTER_PI**2, 3),
    "kSinF64": ("f64", "(sin(r) - r) / r^3 in r^2", lambda z: (mp.sin(mp.sqrt(z)) - mp.sqrt(z)) / z ** mp.mpf("1.5"), lambda z: z, SMALL, QUARTER_PI**2, 6),
    "kCosF64": ("f64", "(cos(r) - 1 + r^2/2) / r^4 in r^2", lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, lambda z: z**2 / mp.cos(mp.sqrt(z)), SMALL, QUARTER_PI**2, 6),
    "kAtanF64": ("f64", "(atan(t) - t) / t^3 in t^2", lambda z: (mp.atan(mp.sqrt(z)) - mp.sqrt(z)) / z ** mp.mpf("1.5"), lambda z: z, SMALL, 1, 21),
    "kAsinF64": ("f64", "(asin(x) - x) / x^3 in x^2", lambda z: (mp.asin(mp.sqrt(z)) - mp.sqrt(z)) / z ** mp.mpf("1.5"), lambda z: z, SMALL, mp.mpf("0.25"), 13),
}


def fit_piece(g, w, lo, hi, count):
    """As fit, for intervals around 0: the coefficients rounded at once."""
    coefficients, _ = remez(g, w, lo, hi, count, 0)
    done = [round_to("f32", c) for c in coefficients]
    grid = [lo + (hi - lo) * (i + mp.mpf("0.5")) / 400 for i in range(400)]
    return done, max(abs(w(v) * (g(v) - sum(c * v**j for j, c in enumerate(done)))) for v in grid)


def tanh_pieces():
    """Columns of kTanhPiecesF32: centre c and six coefficients of tanh(c + t) in t; and the largest error."""
    columns, worst = [None] * 16, 0
    for j in range(16):
        lo, hi = ((mp.mpf(4 + k % 4) / 4 * 2 ** (k // 4) - 1) / mp.mpf("1.5") for k in (j, j + 1))
        if j == 0:
            odd, error = fit_piece(lambda t: mp.tanh(t) / t, lambda t: t / mp.tanh(t), SMALL, hi, 5)
            column = [0, 0] + odd
        elif j == 15:
            column, error = [lo, 1, 0, 0, 0, 0, 0], 0
        else:
            c = round_to("f32", (lo + hi) / 2)
            near, error = fit_piece(lambda t: mp.tanh(c + t), lambda t: 1 / mp.tanh(c + t), lo - c, hi - c, 6)
            column = [c] + near
        columns[(12 + j) % 16] = [round_to("f32", v) for v in column]
        worst = max(worst, error)
    return list(zip(*columns)), worst


def print_table(what, name, rows):
    print(f"// {what}")
    text = ",\n".join("{" + ", ".join(float(v).hex() for v in row) + "}" for row in rows)
    print(f"inline constexpr double {name}[][16] = {{{text}}};\n")


def two_over_pi_words(count):
    mp.mp.prec = 64 * count + 128
    bits = int(mp.floor(2 / mp.pi * mp.mpf(2) ** (64 * count)))
    return [(bits >> (64 * (count - 1 - i))) & (2**64 - 1) for i in range(count)]


def main():
    print("// SPDX-FileCopyrightText: The rnnc authors")
    print("// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception")
    print("// Written by fit_polynomials.py; lowest power first, with the relative error of the function.")
    print("#pragma once\n\n#include <cstdint>\n\nnamespace rnnc::codegen {\n")
    for name, (kind, what, g, w, lo, hi, count) in TABLE.items():
        coefficients, worst = fit(kind, g, w, lo, hi, count)
        print(f"{name}: 2^{float(mp.log(worst, 2)):.1f}", file=sys.stderr)
        print(f"// {what}, on [{mp.nstr(mp.mpf(lo), 5)}, {mp.nstr(mp.mpf(hi), 5)}]: 2^{float(mp.log(worst, 2)):.1f}")
        digits = ", ".join(float(c).hex() for c in coefficients)
        print(f"inline constexpr double {name}[] = {{{digits}}};\n")
    rows, worst = tanh_pieces()
    print_table(f"tanh(c + t): rows of c and of the powers of t, 2^{float(mp.log(worst, 2)):.1f}; the column is bits 21 to 24 of "
                "1.5 |x| + 1", "kTanhPiecesF32", rows)
    near_zero, worst = fit_piece(lambda r: (mp.expm1(r) - r) / r**2 if r else mp.mpf("0.5"), lambda r: SIXTEENTH**2, -SIXTEENTH,
                                 SIXTEENTH, 2)
    print(f"// (exp(r) - 1 - r) / r^2, on [-0.021683, 0.021683]: 2^{float(mp.log(worst, 2)):.1f}")
    print(f"inline constexpr double kExpSixteenthF32[] = {{{', '.join(float(c).hex() for c in near_zero)}}};\n")
    sixteenths = [round_to("f32", 2 ** -(mp.mpf(j) / 16) * (1 + mp.mpf(j) / 16)) for j in range(16)]
    print_table("2^(-j/16) (1 + j/16)", "kSixteenthsF32", [sixteenths])
    words = ", ".join(f"0x{word:016x}" for word in two_over_pi_words(20))
    print("// The first 1280 bits of 2/pi after the point, highest word first.")
    print(f"inline constexpr std::uint64_t kTwoOverPi[] = {{{words}}};\n")
    print("}  // namespace rnnc::codegen")


main()
