/* SPDX-License-Identifier: Apache-2.0 */
/* A log is blocks of 32 KiB.  A record is in one block or in pieces, each with a header: a masked
 * CRC-32C of kind and content, length, kind.  What is left of a block and has no room for a header is
 * zeros.  A record is a batch of changes: its first number, how many they are, and they. */
#include "store/wal_read.h"

#include "store/crc32c.h"

enum { BLOCK = 32768, HEADER = 7, BATCH_HEADER = 12 };

enum kind { WHOLE = 1, FIRST = 2, MIDDLE = 3, LAST = 4, RECYCLED_FROM = 5, RECYCLED_TO = 8 };

static uint64_t little_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = n; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

/* The start of the record that is being read, and whether it is in pieces. */
struct record {
	uint8_t start[BATCH_HEADER];
	size_t n;
	bool is_open;
};

static bool is_masked_crc(const uint8_t *header, size_t n)
{
	uint32_t crc = crc32c_extend(0, header + HEADER - 1, n + 1);
	return (uint32_t)((crc >> 15 | crc << 17) + 0xa282ead8u) == little_endian(header, 4);
}

static void record_add(struct record *r, struct view piece)
{
	size_t n = sizeof r->start - r->n;
	if (n > piece.n)
		n = piece.n;
	if (n)
		memcpy(r->start + r->n, piece.p, n);
	r->n += n;
}

/* Batches follow each other without a gap. */
static bool record_end(struct wal_reader *w, struct record *r)
{
	uint64_t first = little_endian(r->start, 8);
	if (r->n < BATCH_HEADER || (w->any && first != w->next))
		return false;
	w->any = true;
	w->next = first + little_endian(r->start + 8, 4);
	*r = (struct record){ .n = 0 };
	return true;
}

/* Does the piece fit to what came before it? */
static bool piece_take(struct wal_reader *w, struct record *r, unsigned kind, struct view piece)
{
	if (kind > RECYCLED_TO)
		return true; /* says something of the log; no batch */
	if (!kind || r->is_open != (kind == MIDDLE || kind == LAST))
		return false;
	record_add(r, piece);
	r->is_open = kind == FIRST || kind == MIDDLE;
	return r->is_open || record_end(w, r);
}

enum wal_end wal_read(struct wal_reader *w, struct view log, size_t *good)
{
	struct record r = { .n = 0 };
	size_t at = *good = 0;
	while (at < log.n) {
		size_t left = BLOCK - at % BLOCK;
		if (left < HEADER) {
			at += left;
			continue;
		}
		if (left > log.n - at)
			left = log.n - at;
		if (left < HEADER)
			return WAL_BROKEN;
		const uint8_t *header = log.p + at;
		size_t n = (size_t)little_endian(header + 4, 2);
		unsigned kind = header[HEADER - 1];
		if (n > left - HEADER || !is_masked_crc(header, n))
			return WAL_BROKEN;
		if (kind >= RECYCLED_FROM && kind <= RECYCLED_TO)
			return WAL_UNKNOWN;
		if (!piece_take(w, &r, kind, view_make(header + HEADER, n)))
			return WAL_BROKEN;
		at += HEADER + n;
		if (!r.is_open)
			*good = at;
	}
	return r.is_open ? WAL_BROKEN : WAL_WHOLE;
}
