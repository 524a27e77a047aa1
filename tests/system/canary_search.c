/* SPDX-License-Identifier: Apache-2.0 */
/* Which of very many byte strings stand in which files: canary-search PATTERNS FILE...
 * PATTERNS: each as four bytes of its length, least first, and its bytes, six at least.  Says of each that
 * is found its number and the file, once. */
#include "base/heap.h"
#include "base/view.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD = 6, BITS = 28, BUCKETS = 1 << 22 };

struct pattern {
	struct view bytes;
	uint32_t next; /* in its bucket, one more than its index; 0: the last */
	uint32_t seen; /* in which file last, one more than its index */
};
struct searching {
	struct pattern *v;
	size_t n;
	uint32_t *buckets; /* one more than the index of the first pattern */
	uint8_t *maybe;    /* a bit for each hash that some pattern has */
};

static struct view map(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *p = MAP_FAILED;
	if (fd >= 0 && !fstat(fd, &st) && st.st_size)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	return p == MAP_FAILED ? (struct view){ 0 } : view_make(p, (size_t)st.st_size);
}

static uint64_t hash_of(const uint8_t *p)
{
	uint64_t head = 0;
	memcpy(&head, p, HEAD);
	return head * UINT64_C(0x9E3779B97F4A7C15);
}

static bool pattern_take(struct view *from, struct view *out)
{
	if (from->n < 4)
		return false;
	size_t n = from->p[0] | (size_t)from->p[1] << 8 | (size_t)from->p[2] << 16 |
		   (size_t)from->p[3] << 24;
	*out = view_slice(*from, 4, n);
	*from = view_slice(*from, 4 + n, from->n);
	return out->n == n && n >= HEAD;
}

static bool read_patterns(struct searching *s, struct view file)
{
	struct view rest = file, one;
	while (rest.n) {
		if (!pattern_take(&rest, &one))
			return false;
		s->n++;
	}
	s->v = heap_new(s->n * sizeof *s->v);
	s->buckets = heap_new(BUCKETS * sizeof *s->buckets);
	s->maybe = heap_new((size_t)1 << (BITS - 3));
	if (!s->v || !s->buckets || !s->maybe)
		return false;
	rest = file;
	for (size_t i = 0; i < s->n && pattern_take(&rest, &one); i++) {
		uint64_t h = hash_of(one.p);
		uint32_t *bucket = &s->buckets[h >> 42];
		s->v[i] = (struct pattern){ one, *bucket, 0 };
		*bucket = (uint32_t)i + 1;
		s->maybe[h >> (64 - BITS) >> 3] |= (uint8_t)(1u << (h >> (64 - BITS) & 7));
	}
	return true;
}

static void search(struct searching *s, struct view in, uint32_t file, const char *name)
{
	for (size_t at = 0; at + HEAD <= in.n; at++) {
		uint64_t h = hash_of(in.p + at);
		if (!(s->maybe[h >> (64 - BITS) >> 3] >> (h >> (64 - BITS) & 7) & 1))
			continue;
		for (uint32_t i = s->buckets[h >> 42]; i; i = s->v[i - 1].next) {
			struct pattern *p = &s->v[i - 1];
			if (p->seen == file + 1 ||
			    !view_equal(view_slice(in, at, p->bytes.n), p->bytes))
				continue;
			p->seen = file + 1;
			printf("%u %zu %s\n", i - 1, at, name);
		}
	}
}

int main(int argc, char **argv)
{
	static struct searching s;
	if (argc < 3 || !read_patterns(&s, map(argv[1]))) {
		fputs("usage: canary-search PATTERNS FILE...\n", stderr);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		search(&s, map(argv[i]), (uint32_t)i, argv[i]);
	return 0;
}
