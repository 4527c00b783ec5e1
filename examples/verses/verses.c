/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Writes verses in the manner of the King James Bible, one character at a time.
 *
 *   verses [OPTIONS] BEGINNING..    a verse for each beginning, "" for none
 *   verses [OPTIONS]                the same for each line of standard input
 *
 *   --temperature X   0.55: low is safe and dull, 1 is as the training text, above is wild
 *   --seed N          1: the same seed writes the same text
 *   --count N         1: verses for each beginning
 *   --rows            lines of standard input are `SEED TEMPERATURE BEGINNING` */

#include "verses.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Symbols as train.py numbers them: 0 ends a line, the others are the printable characters of ASCII. */
enum { kEnd = 0, kFirst = ' ', kSymbols = 96, kLongest = 240, kMaxLine = 1024 };

typedef struct Writer {
  verses model;           /* its state is what it remembers of the line so far */
  float scores[kSymbols]; /* of the symbol that comes next */
  uint64_t dice;
  double temperature;
  double microseconds; /* in `verses_step` alone */
  int steps;
} Writer;

static double Microseconds(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

/* xorshift64*: 53 random bits as a number from 0 to 1. */
static double Roll(uint64_t* dice) {
  *dice ^= *dice >> 12;
  *dice ^= *dice << 25;
  *dice ^= *dice >> 27;
  return (double)((*dice * UINT64_C(2685821657736338717)) >> 11) * 0x1p-53;
}

static void Feed(Writer* writer, int64_t symbol) {
  double before = Microseconds();
  rnnc_status status = verses_step(&writer->model, &symbol, writer->scores);
  writer->microseconds += Microseconds() - before;
  ++writer->steps;
  if (status != RNNC_OK) {
    fprintf(stderr, "verses: status %d\n", (int)status);
    exit(1);
  }
}

/* A new line, and its beginning. Characters that the network does not know are left out. */
static void Start(Writer* writer, const char* beginning) {
  verses_reset(&writer->model);
  Feed(writer, kEnd);
  for (; *beginning; ++beginning) {
    int symbol = (unsigned char)*beginning - kFirst + 1;
    if (symbol < 1 || symbol >= kSymbols) continue;
    putchar(*beginning);
    Feed(writer, symbol);
  }
}

/* Chooses a symbol by its probability: softmax of the scores over the temperature. */
static int Choose(Writer* writer) {
  double weights[kSymbols], sum = 0;
  float highest = writer->scores[0];
  for (int i = 1; i < kSymbols; ++i) highest = fmaxf(highest, writer->scores[i]);
  for (int i = 0; i < kSymbols; ++i) {
    weights[i] = exp((double)(writer->scores[i] - highest) / writer->temperature);
    sum += weights[i];
  }
  double left = Roll(&writer->dice) * sum;
  int symbol = 0;
  for (; symbol < kSymbols - 1 && left >= weights[symbol]; ++symbol) left -= weights[symbol];
  return symbol;
}

static void WriteLine(Writer* writer, const char* beginning) {
  Start(writer, beginning);
  for (int length = (int)strlen(beginning); length < kLongest; ++length) {
    int symbol = Choose(writer);
    if (symbol == kEnd) break;
    putchar(symbol + kFirst - 1);
    fflush(stdout);
    Feed(writer, symbol);
  }
  putchar('\n');
}

static void Seed(Writer* writer, uint64_t seed) { writer->dice = seed * UINT64_C(0x9E3779B97F4A7C15) + 1; }

static void WriteLines(Writer* writer, const char* beginning, int count) {
  for (int i = 0; i < count; ++i) WriteLine(writer, beginning);
}

/* `SEED TEMPERATURE BEGINNING`, or only a beginning. False when the row is not of that form. */
static bool ReadRow(Writer* writer, char* row, bool rows, int count) {
  char* beginning = row;
  if (rows) {
    Seed(writer, strtoull(row, &beginning, 10));
    writer->temperature = strtod(beginning, &beginning);
    if (*beginning++ != ' ' || !(writer->temperature > 0)) return false;
  }
  WriteLines(writer, beginning, count);
  return true;
}

int main(int argc, char** argv) {
  static Writer writer = {.temperature = 0.55};
  uint64_t seed = 1;
  int count = 1, first = 1;
  bool rows = false;
  for (; first < argc && strncmp(argv[first], "--", 2) == 0; ++first) {
    const char* value = first + 1 < argc ? argv[first + 1] : "";
    if (strcmp(argv[first], "--rows") == 0) {
      rows = true;
      continue;
    }
    if (strcmp(argv[first], "--temperature") == 0)
      writer.temperature = strtod(value, NULL);
    else if (strcmp(argv[first], "--seed") == 0)
      seed = strtoull(value, NULL, 10);
    else if (strcmp(argv[first], "--count") == 0)
      count = atoi(value);
    else
      writer.temperature = 0;
    ++first;
  }
  if (first > argc || !(writer.temperature > 0)) {
    fprintf(stderr, "usage: verses [--temperature X] [--seed N] [--count N] [--rows] [BEGINNING..]\n");
    return 2;
  }
  Seed(&writer, seed);
  for (int i = first; i < argc; ++i) WriteLines(&writer, argv[i], count);
  char row[kMaxLine];
  while (first == argc && fgets(row, sizeof row, stdin)) {
    row[strcspn(row, "\n")] = 0;
    if (!ReadRow(&writer, row, rows, count)) return 2;
  }
  fprintf(stderr, "%d characters read and written, %.2f us each\n", writer.steps,
          writer.steps ? writer.microseconds / writer.steps : 0);
  return 0;
}
