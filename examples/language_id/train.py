#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the language identifier on Debian's word lists; writes model.onnx, its goldens and alphabet.h.

Needs torch==2.13.0, onnx and onnxruntime, and the packages of LANGUAGES (see README.md). Seeds are fixed and
one thread is used; the same versions give the same model.
"""

import argparse
import pathlib
import shutil
import time
import zlib

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from torch import nn

HERE = pathlib.Path(__file__).parent

# Name shown, word list, its encoding, whether words with a capital are kept (German nouns; elsewhere names).
LANGUAGES = [
    ("English", "american-english", "utf-8", False),
    ("German", "ngerman", "utf-8", True),
    ("Dutch", "dutch", "utf-8", False),
    ("Danish", "danish", "utf-8", False),
    ("Swedish", "swedish", "latin-1", False),
    ("French", "french", "utf-8", False),
    ("Spanish", "spanish", "utf-8", False),
    ("Portuguese", "portuguese", "utf-8", False),
    ("Italian", "italian", "utf-8", False),
    ("Polish", "polish", "utf-8", False),
]
# Symbol 0 is every character not listed, 1 is whatever parts words. Apostrophes and hyphens part words.
LETTERS = "abcdefghijklmnopqrstuvwxyz" + "àáâãäåæçèéêëìíîïñòóôõöøùúûüÿßœąćęłńśźż"
SYMBOLS = 2 + len(LETTERS)
SYMBOL = {letter: index + 2 for index, letter in enumerate(LETTERS)}
SPACE = 1
EMBEDDING, HIDDEN = 24, 64
# A dictionary holds each word once, a text is mostly short words: the share of words of 1, 2, .. 16 letters.
LENGTH_SHARE = np.array([3, 14, 17, 14, 11, 10, 9, 7, 5, 4, 2, 1.5, 1, 0.7, 0.5, 0.3])
# Shorter words are few and closed (articles, pronouns); they are only trained on, never tested.
SHORTEST_TESTED = 4


def read_words(folder, file, encoding, capitals):
    """Words as tuples of symbols, by length, in two halves: for training and held out."""
    train, test = {}, {}
    seen = set()
    for word in (folder / file).read_text(encoding).split("\n"):
        if not word or (word != word.lower() and not capitals) or word.isupper():
            continue
        word = word.lower()
        if len(word) > len(LENGTH_SHARE) or word in seen or any(c not in SYMBOL for c in word):
            continue
        seen.add(word)
        held_out = len(word) >= SHORTEST_TESTED and zlib.crc32(word.encode()) % 10 == 0
        (test if held_out else train).setdefault(len(word), []).append([SYMBOL[c] for c in word])
    return train, test


def stream(by_length, count, shortest, random):
    """`count` random words, each followed by a space: the symbols, and where each word begins."""
    lengths = np.array([n for n in sorted(by_length) if n >= shortest])
    share = LENGTH_SHARE[lengths - 1]
    picks = random.choice(lengths, size=count, p=share / share.sum())
    symbols, begins = [], []
    for length in picks:
        begins.append(len(symbols))
        words = by_length[length]
        symbols += words[random.integers(len(words))]
        symbols.append(SPACE)
    return np.array(symbols, dtype=np.int64), np.array(begins)


class LanguageId(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, EMBEDDING)
        self.gru = nn.GRU(EMBEDDING, HIDDEN)
        self.languages = nn.Linear(HIDDEN, len(LANGUAGES))

    def logits(self, characters, h):
        y, hn = self.gru(self.embedding(characters), h)
        return self.languages(y), hn

    def forward(self, characters, h):
        logits, hn = self.logits(characters, h)
        return torch.softmax(logits, -1), hn


def batch(streams, size, steps, random):
    """Streams cut at random words: symbols [steps, size], languages [size]."""
    labels = random.integers(len(streams), size=size)
    columns = []
    for label in labels:
        symbols, begins = streams[label]
        begin = begins[random.integers(np.searchsorted(begins, len(symbols) - steps))]
        columns.append(symbols[begin : begin + steps])
    return torch.from_numpy(np.stack(columns, 1)), torch.from_numpy(labels)


def train(model, streams, iterations, random):
    steps, size = 40, 192
    optimiser = torch.optim.Adam(model.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 8e-3, total_steps=iterations, pct_start=0.1)
    began = time.time()
    for iteration in range(iterations):
        characters, labels = batch(streams, size, steps, random)
        logits, _ = model.logits(characters, torch.zeros(1, size, HIDDEN))
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.repeat(steps))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if (iteration + 1) % 100 == 0:
            print(f"{iteration + 1:5} loss {loss.item():.3f} {time.time() - began:.0f} s", flush=True)


def right(model, texts, label):
    """The share of `texts` (of equal length) whose language is right after the last symbol."""
    characters = torch.tensor(np.array(texts)).T
    belief, _ = model(characters, torch.zeros(1, len(texts), HIDDEN))
    return (belief[-1].argmax(-1) == label).float().mean().item()


@torch.no_grad()
def report(model, tests, random):
    """Accuracy on held-out words: after 3, 5, 8 characters of one word, and after 3 and 5 whole words."""
    print(f"{'':12}" + "".join(f"{n:>10}" for n in ("3 chars", "5 chars", "8 chars", "3 words", "5 words")))
    table = []
    for label, by_length in enumerate(tests):
        long_words = [word for n in sorted(by_length) if n >= 8 for word in by_length[n]]
        picks = [long_words[i] for i in random.integers(len(long_words), size=2000)]
        row = [right(model, [word[:n] for word in picks], label) for n in (3, 5, 8)]
        for words in (3, 5):
            hits = 0
            for _ in range(400):
                symbols, _ = stream(by_length, words, SHORTEST_TESTED, random)
                hits += right(model, [symbols[:-1]], label)
            row.append(hits / 400)
        table.append(row)
        print(f"{LANGUAGES[label][0]:12}" + "".join(f"{100 * x:9.1f}%" for x in row))
    print(f"{'all':12}" + "".join(f"{100 * x:9.1f}%" for x in np.mean(table, 0)))


def export(model, path):
    torch.onnx.export(
        model,
        (torch.zeros(5, 1, dtype=torch.int64), torch.zeros(1, 1, HIDDEN)),
        str(path),
        input_names=["characters", "h"],
        output_names=["belief", "hn"],
        dynamic_axes={"characters": {0: "T"}, "belief": {0: "T"}},
        opset_version=17,
        dynamo=False,
    )


@torch.no_grad()
def write_goldens(model, path):
    """Data sets of T = 1, 7, 33 from the net in double precision, held against ONNX Runtime."""
    random = np.random.default_rng(7)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    exact = LanguageId().double()
    exact.load_state_dict(model.state_dict())
    for number, steps in enumerate((1, 7, 33)):
        characters = random.integers(SYMBOLS, size=(steps, 1))
        h = random.uniform(-0.9, 0.9, size=(1, 1, HIDDEN)).astype(np.float32)
        outputs = exact(torch.from_numpy(characters), torch.from_numpy(h).double())
        belief, hn = (x.numpy().astype(np.float32) for x in outputs)
        theirs = session.run(["belief", "hn"], {"characters": characters, "h": h})
        worst = max(np.abs(a - b).max() for a, b in zip(theirs, (belief, hn)))
        print(f"T={steps}: ONNX Runtime differs by at most {worst:.1e}")
        assert worst < 1e-5
        folder = path.parent / f"test_data_set_{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        named = {"input_0": ("characters", characters), "input_1": ("h", h)}
        named |= {"output_0": ("belief", belief), "output_1": ("hn", hn)}
        for file, (name, array) in named.items():
            (folder / f"{file}.pb").write_bytes(numpy_helper.from_array(array, name).SerializeToString())


def write_alphabet(path):
    """The table from code points to symbols, capitals included, sorted by code point."""
    table = dict(SYMBOL)
    table |= {c.upper(): s for c, s in SYMBOL.items() if len(c.upper()) == 1}
    table |= {c: SPACE for c in "\t\n\r !\"'()*+,-./:;?«»\u00a0\u00a1\u00bf\u2013\u2014\u2018\u2019\u201c\u201d\u201e\u2026"}
    rows = [f"{{0x{ord(c):04x}, {s}}}," for c, s in sorted(table.items())]
    lines = [" ".join(rows[i : i + 6]) for i in range(0, len(rows), 6)]
    names = ", ".join(f'"{name}"' for name, *_ in LANGUAGES)
    path.write_text(
        "/* SPDX-FileCopyrightText: The rnnc authors */\n"
        "/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */\n"
        "/* Written by train.py: what the model's numbers mean. */\n"
        "#ifndef ALPHABET_H\n#define ALPHABET_H\n\n#include <stdint.h>\n\n"
        "/* clang-format off */\n"
        f"enum {{ kUnknownSymbol = 0, kSpaceSymbol = {SPACE}, kSymbols = {SYMBOLS}, kLanguages = {len(LANGUAGES)} }};\n\n"
        f"static const char* const kLanguageNames[kLanguages] = {{{names}}};\n\n"
        "/* Code points and their symbols, ascending; every other code point is kUnknownSymbol. */\n"
        f"static const struct {{ uint16_t code_point, symbol; }} kAlphabet[{len(rows)}] = {{\n    "
        + "\n    ".join(lines)
        + "\n};\n/* clang-format on */\n\n#endif\n"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dict", type=pathlib.Path, default=pathlib.Path("/usr/share/dict"))
    parser.add_argument("--iterations", type=int, default=1400)
    parser.add_argument("-o", type=pathlib.Path, default=HERE, help="folder to write to")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    random = np.random.default_rng(1)

    trains, tests = [], []
    for name, *where in LANGUAGES:
        for part, parts in zip(read_words(options.dict, *where), (trains, tests)):
            parts.append(part)
        print(f"{name}: {sum(map(len, trains[-1].values()))} words, {sum(map(len, tests[-1].values()))} held out")
    streams = [stream(by_length, 150_000, 1, random) for by_length in trains]
    model = LanguageId()
    train(model, streams, options.iterations, random)
    model.eval()
    report(model, tests, random)
    path = options.o / "model.onnx"
    export(model, path)
    graph = onnx.load(path)
    onnx.checker.check_model(graph)
    print(f"{path.name}: {path.stat().st_size} bytes, {sorted({node.op_type for node in graph.graph.node})}")
    write_goldens(model, path)
    write_alphabet(options.o / "alphabet.h")


if __name__ == "__main__":
    main()
