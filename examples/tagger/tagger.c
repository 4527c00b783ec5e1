/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Says what kind of word each word of an English sentence is.
 *
 *   tagger SENTENCE..    each sentence as a table: word, tag, what the tag says, how sure the network is
 *   tagger               standard input: a line is a sentence, and is written as word/TAG word/TAG .. */

#include "tagger.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "vocabulary.h"

/* What this program can hold of a sentence; the network itself is compiled for a shorter one (`--dim
 * T=1..64`). */
enum { kMaxWords = 128, kMaxLetters = 48, kMaxLine = 4096 };
/* How a word is written, as train.py numbers it. */
enum Shape { kSmall, kCapital, kCapitals, kNumber, kMark, kHyphen };

typedef struct Sentence {
  char words[kMaxWords][kMaxLetters];
  int64_t numbers[kMaxWords], suffixes[kMaxWords], shapes[kMaxWords]; /* what the network reads */
  float belief[kMaxWords][kTags];                                     /* what it says */
  size_t count;
  bool too_long;
} Sentence;

static bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
static bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
static char Lower(char c) { return IsUpper(c) ? (char)(c + ('a' - 'A')) : c; }

/* The place of a word in an ascending table, counted from 1. */
static int64_t NumberIn(const char* const* table, size_t size, const char* word) {
  size_t low = 0, high = size;
  while (low < high) {
    size_t middle = (low + high) / 2;
    int order = strcmp(table[middle], word);
    if (order == 0) return (int64_t)middle + 1;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return kUnknown;
}

static enum Shape ShapeOf(const char* word) {
  bool digit = false, letter = false, lower = false, hyphen = false;
  for (const char* c = word; *c; ++c) {
    digit = digit || (*c >= '0' && *c <= '9');
    lower = lower || IsLower(*c);
    letter = letter || IsLower(*c) || IsUpper(*c) || (unsigned char)*c >= 0x80;
    hyphen = hyphen || *c == '-';
  }
  if (digit) return kNumber;
  if (!letter) return kMark;
  if (hyphen) return kHyphen;
  if (!lower && word[1]) return kCapitals;
  return IsUpper(word[0]) ? kCapital : kSmall;
}

static void Add(Sentence* sentence, const char* begin, size_t length) {
  if (length == 0) return;
  if (sentence->count == kMaxWords || length >= kMaxLetters) {
    sentence->too_long = true;
    return;
  }
  size_t i = sentence->count++;
  char* word = sentence->words[i];
  memcpy(word, begin, length);
  word[length] = 0;
  char lower[kMaxLetters];
  for (size_t k = 0; k <= length; ++k) lower[k] = Lower(word[k]);
  sentence->numbers[i] = NumberIn(kVocabulary, kWords, lower);
  sentence->suffixes[i] = length > 3 ? NumberIn(kSuffixTable, kSuffixes, lower + length - 3) : kUnknown;
  sentence->shapes[i] = ShapeOf(word);
}

/* How many bytes at the end of a word are one of the endings that the corpus parts from it. */
static size_t EndingOf(const char* word, size_t length) {
  static const char* const endings[] = {"n't", "'s", "'re", "'ve", "'ll", "'d", "'m"};
  for (size_t i = 0; i < sizeof endings / sizeof *endings; ++i) {
    size_t size = strlen(endings[i]), same = 0;
    while (size < length && same < size && Lower(word[length - size + same]) == endings[i][same]) ++same;
    if (same == size) return size;
  }
  return 0;
}

/* Cuts as train.py does: marks before and after a word are words, and so are n't, 's, 're .. */
static void Read(Sentence* sentence, const char* line) {
  sentence->count = 0;
  sentence->too_long = false;
  for (;;) {
    line += strspn(line, " \t\r");
    size_t length = strcspn(line, " \t\r");
    if (length == 0) return;
    const char* next = line + length;
    for (; length && strchr("\"'([", *line); ++line, --length) Add(sentence, line, 1);
    size_t marks = 0;
    while (marks < length && strchr(")\"'],.;:!?", line[length - marks - 1])) ++marks;
    size_t word = length - marks, ending = EndingOf(line, word);
    Add(sentence, line, word - ending);
    Add(sentence, line + word - ending, ending);
    for (size_t i = 0; i < marks; ++i) Add(sentence, line + word + i, 1);
    line = next;
  }
}

static size_t TagOf(const Sentence* sentence, size_t word) {
  size_t best = 0;
  for (size_t tag = 1; tag < kTags; ++tag) {
    if (sentence->belief[word][tag] > sentence->belief[word][best]) best = tag;
  }
  return best;
}

static void ShowTable(const Sentence* sentence) {
  for (size_t i = 0; i < sentence->count; ++i) {
    size_t tag = TagOf(sentence, i);
    printf("  %-14s %-5s %-28s %3.0f %%%s\n", sentence->words[i], kTagNames[tag], kTagMeanings[tag],
           100 * sentence->belief[i][tag], sentence->numbers[i] == kUnknown ? "   unknown word" : "");
  }
  printf("\n");
}

static void ShowLine(const Sentence* sentence) {
  for (size_t i = 0; i < sentence->count; ++i)
    printf("%s%s/%s", i ? " " : "", sentence->words[i], kTagNames[TagOf(sentence, i)]);
  printf("\n");
  fflush(stdout);
}

static bool Tag(tagger* model, const char* line, void (*show)(const Sentence*)) {
  static Sentence sentence;
  Read(&sentence, line);
  if (sentence.too_long) {
    fprintf(stderr, "tagger: more than %d words, or a word of %d letters: %s\n", kMaxWords, kMaxLetters,
            line);
    return false;
  }
  if (sentence.count == 0) return true;
  tagger_reset(model);
  rnnc_status status = tagger_run(model, sentence.count, sentence.numbers, sentence.suffixes, sentence.shapes,
                                  &sentence.belief[0][0]);
  if (status != RNNC_OK) {
    const char* reason =
        status == RNNC_LENGTH_ABOVE_BOUND ? "longer than the network was compiled for" : "refused";
    fprintf(stderr, "tagger: %s (status %d): %s\n", reason, (int)status, line);
    return false;
  }
  show(&sentence);
  return true;
}

int main(int argc, char** argv) {
  static tagger model;
  bool fine = true;
  for (int i = 1; i < argc; ++i) fine = Tag(&model, argv[i], ShowTable) && fine;
  char line[kMaxLine];
  while (argc == 1 && fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    fine = Tag(&model, line, ShowLine) && fine;
  }
  return fine ? 0 : 1;
}
