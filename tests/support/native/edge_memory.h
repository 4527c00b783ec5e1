/* SPDX-FileCopyrightText: The rnnc authors */
/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#ifndef RNNC_TESTS_EDGE_MEMORY_H
#define RNNC_TESTS_EDGE_MEMORY_H

/* Memory that ends, or begins, where no page is: an access of one byte beside it on that side ends the
 * program. On the other side lies a pattern that shows what was written. C11 and C++17; the tests use it in
 * their own process and in those that they have emulated. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* NOLINTBEGIN(readability-identifier-naming, modernize-use-nullptr): C */
typedef struct edge_memory {
  unsigned char* data;
  size_t bytes;
  unsigned char* pages; /* the readable ones */
  size_t page_bytes;
} edge_memory;

enum { kEdgeMargin = 192, kEdgePattern = 0xA5 };

static inline size_t edge_page(void) { return (size_t)sysconf(_SC_PAGESIZE); }

/* `bytes` bytes that end, else begin, at an edge. `data` is null when the system has no memory. */
static inline edge_memory edge_new(size_t bytes, int at_end) {
  const size_t page = edge_page();
  edge_memory memory = {NULL, bytes, NULL, (bytes + kEdgeMargin + page - 1) / page * page};
  unsigned char* all =
      (unsigned char*)mmap(NULL, memory.page_bytes + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if ((void*)all == MAP_FAILED) return memory;
  memory.pages = all + page;
  if (mprotect(memory.pages, memory.page_bytes, PROT_READ | PROT_WRITE) != 0) return memory;
  memset(memory.pages, kEdgePattern, memory.page_bytes);
  memory.data = at_end ? memory.pages + memory.page_bytes - bytes : memory.pages;
  return memory;
}

/* Further writes end the program. */
static inline int edge_protect(const edge_memory* memory) {
  return mprotect(memory->pages, memory->page_bytes, PROT_READ);
}

/* Whether the pattern beside the bytes is whole. */
static inline int edge_intact(const edge_memory* memory) {
  for (size_t i = 0; i < memory->page_bytes; ++i) {
    const unsigned char* at = memory->pages + i;
    const int inside = at >= memory->data && at < memory->data + memory->bytes;
    if (!inside && *at != kEdgePattern) return 0;
  }
  return 1;
}

static inline void edge_free(edge_memory* memory) {
  const size_t page = edge_page();
  if (memory->pages != NULL) munmap(memory->pages - page, memory->page_bytes + 2 * page);
}
/* NOLINTEND(readability-identifier-naming, modernize-use-nullptr) */

#endif
