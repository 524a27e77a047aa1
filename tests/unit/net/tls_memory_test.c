/* SPDX-License-Identifier: Apache-2.0 */
/* What OpenSSL frees is nowhere in the process any more.  Read from /proc, as whoever reads the memory
 * of a process would. */
#include "net/tls_memory.h"
#include "base/heap.h"
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SECRET = 6000, FOUND = 64, PIECE = 1 << 16 };

/* Computed, so that none of it lies anywhere else. */
static uint8_t secret_byte(size_t i)
{
	return (uint8_t)(i * 37 + i / 251 + 11);
}

static bool is_in(const uint8_t *p, size_t n)
{
	size_t same = 0;
	/* Its middle: allocators write to both ends of what is free. */
	for (size_t i = 0; i < n; i++) {
		same = p[i] == secret_byte(SECRET / 2 + same) ? same + 1 : 0;
		if (same == FOUND)
			return true;
	}
	return false;
}

static bool is_in_range(int memory, uint64_t from, uint64_t end)
{
	static uint8_t piece[PIECE];
	for (; from < end; from += PIECE - FOUND) {
		size_t n = end - from < PIECE ? (size_t)(end - from) : PIECE;
		ssize_t got = pread(memory, piece, n, (off_t)from);
		if (got <= 0)
			return false;
		bool found = is_in(piece, (size_t)got);
		memset(piece, 0, sizeof piece);
		if (found)
			return true;
	}
	return false;
}

/* In what can be written to. */
static bool is_anywhere(void)
{
	char line[512];
	bool found = false;
	FILE *maps = fopen("/proc/self/maps", "re");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	expect(maps && memory >= 0);
	while (maps && !found && fgets(line, sizeof line, maps)) {
		char *at;
		uint64_t from = strtoull(line, &at, 16), end = strtoull(at + 1, &at, 16);
		found = at[2] == 'w' && is_in_range(memory, from, end);
	}
	if (maps)
		fclose(maps);
	close(memory);
	return found;
}

TEST(what_is_freed_is_wiped)
{
	if (!tls_memory_use()) {
		test_skip("this build is sanitized");
		return;
	}
	mallopt(M_PERTURB, 0); /* it would be overwritten by whoever looks for such faults */
	uint8_t *p = OPENSSL_malloc(SECRET);
	for (size_t i = 0; p && i < SECRET; i++)
		p[i] = secret_byte(i);
	expect(is_anywhere());
	OPENSSL_free(p);
	expect(!is_anywhere());
	/* As it would be otherwise. */
	p = heap_new_raw(SECRET);
	for (size_t i = 0; p && i < SECRET; i++)
		p[i] = secret_byte(i);
	heap_free(p);
	expect(is_anywhere());
}
