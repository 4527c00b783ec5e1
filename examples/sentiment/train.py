#!/usr/bin/env python3
# SPDX-FileCopyrightText: The rnnc authors
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the sentiment classifier; writes model.onnx, its goldens, vocabulary.h and expected.txt.

Needs torch==2.13.0, onnx and onnxruntime, and the source archive of vaderSentiment 0.5 (see README.md). Seeds are
fixed and one thread is used; the same versions give the same model.
"""

import argparse
import collections
import io
import pathlib
import re
import sys
import tarfile
import time
import zipfile

import numpy as np
import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
from training import c_table, export, held_out, write_goldens, write_header  # noqa: E402

ARCHIVE = "vaderSentiment-0.5/additional_resources/hutto_ICWSM_2014.tar.gz"
SOURCES = {"films": "movieReviewSnippets", "products": "amazonReviewSnippets", "messages": "tweets"}
LEXICON = "hutto_ICWSM_2014/vader_sentiment_lexicon.txt"
TOKEN = re.compile(r"[a-z0-9']+|[!?]")
UNKNOWN = 0  # the number of every word that is not in the vocabulary
EMBEDDING, HIDDEN = 16, 32
# Ratings are means of people's, from -4 to 4. Nearer to 0 than this, people did not agree on a side.
CLEAR = 0.5
TESTED = 10  # one sentence in TESTED is held out


def tokens(text):
    """The words of a text as the program cuts them: ASCII letters, digits, apostrophes; `!` and `?` alone."""
    return TOKEN.findall(text.lower())


def read_data(path):
    """Sentences (tokens, rating) by source, and the lexicon's words with their ratings."""
    with zipfile.ZipFile(path) as outer:
        inner = tarfile.open(fileobj=io.BytesIO(outer.read(ARCHIVE)))

    def rows(name):
        text = inner.extractfile(name).read().decode("utf-8", errors="replace")
        return [line.split("\t") for line in text.splitlines() if line.strip()]

    sentences = {}
    for source, name in SOURCES.items():
        seen = [(text, float(rating)) for _, rating, text in rows(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")]
        sentences[source] = [(text, tokens(text), rating) for text, rating in seen if tokens(text)]
    lexicon = {row[0]: float(row[1]) for row in rows(LEXICON) if tokens(row[0]) == [row[0]]}
    return sentences, lexicon


def choose_vocabulary(train, lexicon, size):
    """The words met most often in the training sentences; one of the lexicon that says something counts more."""
    counts = collections.Counter(word for words, _ in train for word in words)
    for word, rating in lexicon.items():
        if counts[word] or abs(rating) >= 1:
            counts[word] += 2
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return sorted(ranked[:size])


class Sentiment(nn.Module):
    """i64[T,1] numbers of words -> f32[1,1], the probability that the text is positive."""

    def __init__(self, words):
        super().__init__()
        self.embedding = nn.Embedding(words + 1, EMBEDDING)
        self.lstm = nn.LSTM(EMBEDDING, HIDDEN, num_layers=2, dropout=0.3)
        self.positive = nn.Linear(HIDDEN, 1)
        self.dropout = nn.Dropout(0.4)

    def every_prefix(self, words):
        """The logit after each word: [T,B]."""
        states, _ = self.lstm(self.dropout(self.embedding(words)))
        return self.positive(self.dropout(states)).squeeze(-1)

    def forward(self, words):
        _, (last, _) = self.lstm(self.embedding(words))
        return torch.sigmoid(self.positive(last[-1]))


@torch.no_grad()
def start_from_what_is_known(model, bag, ratings):
    """Two of a word's numbers begin as what naive Bayes and the lexicon say of it: little data, quick training."""
    model.embedding.weight.mul_(0.3)
    model.embedding.weight[:, 0] = torch.from_numpy(bag).float().clamp(-2, 2)
    model.embedding.weight[:, 1] = torch.tensor(ratings) / 2


def pad(rows):
    """Sentences of one batch as [T,B], and their lengths."""
    lengths = torch.tensor([len(row) for row in rows])
    words = torch.zeros(int(lengths.max()), len(rows), dtype=torch.int64)
    for column, row in enumerate(rows):
        words[: len(row), column] = torch.tensor(row)
    return words, lengths


def train(model, data, epochs, random):
    """Learns the rating as a probability. The end of a sentence counts most, its beginnings a little."""
    size = 64
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)
    steps = epochs * (len(data) // size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=steps, pct_start=0.2)
    began = time.time()
    for epoch in range(epochs):
        # Sentences of about one length go together, in an order that differs each time.
        keys = np.array([len(words) for words, _ in data]) * random.uniform(0.8, 1.25, size=len(data))
        order = np.argsort(keys)
        batches = [order[i : i + size] for i in range(0, len(order) - size + 1, size)]
        total = 0.0
        for index in random.permutation(len(batches)):
            rows = [data[i] for i in batches[index]]
            words, lengths = pad([words for words, _ in rows])
            # Now and then a word is taken as unknown, so that unknown ones are nothing special.
            words = words.masked_fill(torch.from_numpy(random.random(words.shape) < 0.05), UNKNOWN)
            target = torch.sigmoid(1.5 * torch.tensor([rating for _, rating in rows], dtype=torch.float32))
            logits = model.every_prefix(words)
            losses = nn.functional.binary_cross_entropy_with_logits(
                logits, target.expand_as(logits), reduction="none"
            )
            inside = torch.arange(len(words))[:, None] < lengths
            last = losses[lengths - 1, torch.arange(len(rows))].mean()
            loss = last + 0.2 * losses[inside].mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += last.item()
        print(f"epoch {epoch + 1:2} loss {total / len(batches):.3f} {time.time() - began:.0f} s", flush=True)


@torch.no_grad()
def beliefs(model, rows):
    """The probability of `positive` for each sentence."""
    return [model(torch.tensor(row)[:, None]).item() for row in rows]


def bag_of_words(data, words):
    """How much a word speaks for `positive` where the order of words is not seen: naive Bayes."""
    counts = np.ones((2, words + 1))
    for row, rating in data:
        if abs(rating) >= CLEAR and len(row) > 1:
            np.add.at(counts[int(rating > 0)], row, 1)
    return np.log(counts[1] / counts[1].sum()) - np.log(counts[0] / counts[0].sum())


def report(model, tests, bag_weights):
    """Shares that are right on held-out sentences with a clear rating."""
    print(f"{'held out':10}{'sentences':>10}{'majority':>10}{'bag':>10}{'model':>10}{'sure':>10}{'right':>10}")
    table = []
    for source, rows in tests.items():
        rows = [(row, rating > 0) for row, rating in rows if abs(rating) >= CLEAR]
        truth = np.array([positive for _, positive in rows])
        belief = np.array(beliefs(model, [row for row, _ in rows]))
        right = (belief > 0.5) == truth
        sure = np.abs(belief - 0.5) > 0.3
        bag = np.array([bag_weights[row].sum() > 0 for row, _ in rows]) == truth
        table.append((truth, bag, right, sure))
        print_row(source, truth, bag, right, sure)
    print_row("all", *(np.concatenate(column) for column in zip(*table)))


def print_row(name, truth, bag, right, sure):
    shares = (max(truth.mean(), 1 - truth.mean()), bag.mean(), right.mean(), sure.mean(), right[sure].mean())
    print(f"{name:10}{len(truth):10}" + "".join(f"{100 * share:9.1f}%" for share in shares))


def write_expected(exact, number, path):
    """What the net says in double precision about the texts of sentences.txt, in the program's words."""
    lines = []
    for text in (path.parent / "sentences.txt").read_text(encoding="utf-8").splitlines():
        percent = 100 * beliefs(exact, [[number.get(word, UNKNOWN) for word in tokens(text)]])[0]
        assert abs(percent % 1 - 0.5) > 0.005, f"{text}: {percent} is too near to a half: a float may round it otherwise"
        lines.append(f"{percent:3.0f} %  {text}\n")
    path.write_text("".join(lines), encoding="utf-8")
    print("".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=pathlib.Path, help="vaderSentiment-0.5.zip")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--words", type=int, default=6000)
    parser.add_argument("-o", type=pathlib.Path, default=HERE, help="folder to write to")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    random = np.random.default_rng(1)

    sentences, lexicon = read_data(options.data)
    kept, tests = [], {}
    for source, rows in sentences.items():
        kept += [(words, rating) for text, words, rating in rows if not held_out(text, TESTED)]
        tests[source] = [(words, rating) for text, words, rating in rows if held_out(text, TESTED)]
    vocabulary = choose_vocabulary(kept, lexicon, options.words)
    number = {word: index + 1 for index, word in enumerate(vocabulary)}

    def numbered(rows):
        return [([number.get(word, UNKNOWN) for word in words], rating) for words, rating in rows]

    known = [([number[word]], rating) for word, rating in lexicon.items() if word in number]
    data = numbered(kept) + known
    tests = {source: numbered(rows) for source, rows in tests.items()}
    print(f"{len(kept)} sentences, {sum(map(len, tests.values()))} held out, {len(known)} words of the lexicon")
    model = Sentiment(len(vocabulary))
    bag = bag_of_words(data, len(vocabulary))
    start_from_what_is_known(model, bag, [0.0] + [lexicon.get(word, 0.0) for word in vocabulary])
    train(model, data, options.epochs, random)
    model.eval()
    report(model, tests, bag)

    path = options.o / "model.onnx"
    export(model, torch.zeros(5, 1, dtype=torch.int64), path, ["words"], ["positive"], {"words": 0})
    exact = Sentiment(len(vocabulary)).double().eval()
    exact.load_state_dict(model.state_dict())
    cases = [{"words": random.integers(len(vocabulary) + 1, size=(steps, 1))} for steps in (1, 7, 33)]
    write_goldens(exact, path, ["positive"], cases)
    write_header(
        options.o / "vocabulary.h",
        "VOCABULARY_H",
        {"kUnknownWord": UNKNOWN, "kWords": len(vocabulary)},
        [c_table("kVocabulary", vocabulary, "Ascending; the number of a word is its place, counted from 1.")],
    )
    write_expected(exact, number, options.o / "expected.txt")


if __name__ == "__main__":
    main()
