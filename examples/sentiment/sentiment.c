/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Says how positive a text is.
 *
 *   sentiment TEXT..          each text, one line a word: what is believed after it
 *   sentiment                 standard input: one line of text, one line of answer
 *   sentiment --words         standard input, one line a word */

#include "sentiment.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vocabulary.h"

enum { kMaxWords = 256, kMaxLetters = 32, kMaxLine = 4096, kBarWidth = 24 };

typedef struct Text {
  int64_t numbers[kMaxWords]; /* what the network reads */
  char words[kMaxWords][kMaxLetters];
  size_t count;
  bool cut; /* there were more */
} Text;

static double Microseconds(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

static int64_t NumberOf(const char* word) {
  size_t low = 0, high = kWords;
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = strcmp(kVocabulary[middle], word);
    if (order == 0) return (int64_t)middle + 1;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return kUnknownWord;
}

static bool IsWordPart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '\'';
}

/* Cuts as train.py does: letters, digits and apostrophes make words, `!` and `?` are words, the rest parts
 * words. */
static void Read(Text* text, const char* line) {
  text->count = 0;
  text->cut = false;
  while (*line) {
    size_t length = 0;
    while (IsWordPart(line[length])) ++length;
    if (length == 0 && (*line == '!' || *line == '?')) length = 1;
    if (length == 0) {
      ++line;
      continue;
    }
    text->cut = text->count == kMaxWords;
    if (text->cut) return;
    char* word = text->words[text->count];
    size_t kept = length < kMaxLetters ? length : kMaxLetters - 1;
    for (size_t i = 0; i < kept; ++i) word[i] = (char)tolower((unsigned char)line[i]);
    word[kept] = 0;
    text->numbers[text->count++] = NumberOf(word);
    line += length;
  }
}

/* What the network believes after the first `count` words: its last state is read anew for each beginning. */
static float Believe(sentiment* model, const Text* text, size_t count, double* microseconds) {
  float positive = 0;
  sentiment_reset(model);
  double before = Microseconds();
  rnnc_status status = sentiment_run(model, count, text->numbers, &positive);
  *microseconds = Microseconds() - before;
  if (status != RNNC_OK) {
    fprintf(stderr, "sentiment: status %d\n", (int)status);
    exit(1);
  }
  return positive;
}

static void PrintBelief(const char* word, float positive, bool known) {
  int filled = (int)(positive * kBarWidth + 0.5f);
  printf("  %-16.16s ", word);
  for (int i = 0; i < kBarWidth; ++i) fputs(i < filled ? "#" : ".", stdout);
  printf("  %3.0f %%%s\n", 100 * positive, known ? "" : "   unknown word");
}

static void Show(sentiment* model, const char* line, bool each_word) {
  static Text text;
  double microseconds = 0;
  Read(&text, line);
  if (text.count == 0) return;
  if (text.cut) fprintf(stderr, "sentiment: only the first %d words are read\n", kMaxWords);
  for (size_t count = 1; each_word && count <= text.count; ++count) {
    float positive = Believe(model, &text, count, &microseconds);
    PrintBelief(text.words[count - 1], positive, text.numbers[count - 1] != kUnknownWord);
  }
  printf("%3.0f %%  %s\n", 100 * Believe(model, &text, text.count, &microseconds), line);
  if (each_word) printf("  => %zu words in %.1f us\n\n", text.count, microseconds);
  fflush(stdout);
}

int main(int argc, char** argv) {
  static sentiment model;
  bool each_word = argc > 1;
  bool from_input = argc == 1 || strcmp(argv[1], "--words") == 0;
  for (int i = 1; i < argc && !from_input; ++i) Show(&model, argv[i], each_word);
  char line[kMaxLine];
  while (from_input && fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    Show(&model, line, each_word);
  }
  return 0;
}
