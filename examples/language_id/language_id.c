/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */

/* Says after every character which language a text is in.
 *
 *   language_id TEXT..       each text, one line a character
 *   language_id              the same for standard input, as it comes; each line is a new text
 *   language_id --summary TEXT..   one line a text: the belief after 3, 5, 8 and all characters
 *   language_id --selftest   reads a text by steps and by one call, and compares every bit */

#include "language_id.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "alphabet.h"

enum { kMaxCharacters = 512, kBarWidth = 24 };

static double Microseconds(void) {
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec * 1e-3;
}

/* Reads one code point from UTF-8 text that ends with a zero byte, and says how many bytes it took.
 * Malformed bytes count as one unknown character each. */
static int Decode(const char* text, uint32_t* code_point) {
  const unsigned char* bytes = (const unsigned char*)text;
  int length = bytes[0] < 0x80 ? 1 : bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : bytes[0] >= 0xc0 ? 2 : 0;
  *code_point = length == 1 ? bytes[0] : bytes[0] & (0xffu >> (length + 1));
  for (int i = 1; i < length; ++i) {
    if ((bytes[i] & 0xc0) != 0x80) length = 0;
    if (length) *code_point = *code_point << 6 | (bytes[i] & 0x3f);
  }
  if (length) return length;
  *code_point = 0xfffd;
  return 1;
}

static int64_t SymbolOf(uint32_t code_point) {
  size_t low = 0, high = sizeof kAlphabet / sizeof *kAlphabet;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (kAlphabet[middle].code_point == code_point) return kAlphabet[middle].symbol;
    if (kAlphabet[middle].code_point < code_point)
      low = middle + 1;
    else
      high = middle;
  }
  return kUnknownSymbol;
}

/* Texts are given as words with one space between them: runs of separators are read once. */
typedef struct Reader {
  language_id model;
  float belief[kLanguages];
  int64_t last_symbol;
  int characters;
  double microseconds; /* in `language_id_step` alone */
} Reader;

static void Start(Reader* reader) {
  language_id_reset(&reader->model);
  memset(reader->belief, 0, sizeof reader->belief);
  reader->last_symbol = kSpaceSymbol;
  reader->characters = 0;
  reader->microseconds = 0;
}

/* False when the character only repeats a separator. */
static bool Read(Reader* reader, int64_t symbol) {
  if (symbol == kSpaceSymbol && reader->last_symbol == kSpaceSymbol) return false;
  reader->last_symbol = symbol;
  double before = Microseconds();
  rnnc_status status = language_id_step(&reader->model, &symbol, reader->belief);
  reader->microseconds += Microseconds() - before;
  ++reader->characters;
  return status == RNNC_OK;
}

/* The most likely language but `other` (-1: of all). */
static int Best(const float* belief, int other) {
  int best = other == 0 ? 1 : 0;
  for (int i = 0; i < kLanguages; ++i)
    if (i != other && belief[i] > belief[best]) best = i;
  return best;
}

static void PrintBelief(const Reader* reader, const char* character, int length) {
  int first = Best(reader->belief, -1), second = Best(reader->belief, first);
  float belief = reader->belief[first];
  int filled = (int)(belief * kBarWidth + 0.5f);
  printf("  %.*s  ", length, character);
  for (int i = 0; i < kBarWidth; ++i) fputs(i < filled ? "#" : ".", stdout);
  printf("  %-10s %3.0f %%   %-10s %3.0f %%\n", kLanguageNames[first], 100 * belief, kLanguageNames[second],
         100 * reader->belief[second]);
  fflush(stdout);
}

static void PrintVerdict(const Reader* reader, const char* text) {
  int first = Best(reader->belief, -1);
  printf("=> %s (%.0f %%), %d characters, %.2f us each: %s\n\n", kLanguageNames[first],
         100 * reader->belief[first], reader->characters,
         reader->microseconds / (reader->characters ? reader->characters : 1), text);
}

static void ShowText(const char* text) {
  Reader reader;
  Start(&reader);
  for (const char* at = text; *at;) {
    uint32_t code_point;
    int length = Decode(at, &code_point);
    if (Read(&reader, SymbolOf(code_point)))
      PrintBelief(&reader, code_point < ' ' ? " " : at, code_point < ' ' ? 1 : length);
    at += length;
  }
  PrintVerdict(&reader, text);
}

static void SummariseText(const char* text) {
  Reader reader;
  Start(&reader);
  for (const char* at = text; *at;) {
    uint32_t code_point;
    at += Decode(at, &code_point);
    bool read = Read(&reader, SymbolOf(code_point));
    bool shown = reader.characters == 3 || reader.characters == 5 || reader.characters == 8;
    if (!*at || (read && shown)) {
      int first = Best(reader.belief, -1);
      printf("%-10s %3.0f %%  ", kLanguageNames[first], 100 * reader.belief[first]);
    }
  }
  printf("%5.2f us  %s\n", reader.characters ? reader.microseconds / reader.characters : 0, text);
}

/* `run` over the whole text equals as many steps, bit for bit. */
static int Selftest(void) {
  const char* text = "Der Zug nach Hamburg fährt heute leider später ab";
  static int64_t symbols[kMaxCharacters];
  static float by_step[kMaxCharacters][kLanguages], by_run[kMaxCharacters][kLanguages];
  size_t count = 0;
  for (const char* at = text; *at && count < kMaxCharacters;) {
    uint32_t code_point;
    at += Decode(at, &code_point);
    symbols[count++] = SymbolOf(code_point);
  }
  language_id model;
  language_id_reset(&model);
  for (size_t i = 0; i < count; ++i)
    if (language_id_step(&model, &symbols[i], by_step[i]) != RNNC_OK) return 1;
  language_id_reset(&model);
  if (language_id_run(&model, count, symbols, &by_run[0][0]) != RNNC_OK) return 1;
  bool same = memcmp(by_step, by_run, count * sizeof *by_step) == 0;
  int64_t outside = kSymbols;
  bool refused = language_id_step(&model, &outside, by_step[0]) == RNNC_BAD_INDEX;
  printf("%zu steps and one run of %zu: %s; a symbol outside the alphabet: %s\n", count, count,
         same ? "the same bits" : "DIFFERENT", refused ? "refused" : "NOT REFUSED");
  return same && refused ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "--selftest") == 0) return Selftest();
  if (argc > 1 && strcmp(argv[1], "--summary") == 0) {
    printf("%-17s%-17s%-17s%-17s\n", "3 characters", "5", "8", "all");
    for (int i = 2; i < argc; ++i) SummariseText(argv[i]);
    return 0;
  }
  for (int i = 1; i < argc; ++i) ShowText(argv[i]);
  char line[4 * kMaxCharacters];
  while (argc == 1 && fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    ShowText(line);
  }
  return 0;
}
