/* SPDX-License-Identifier: Apache-2.0 */
/* The store against the plain one in memory: the same at every step, and again after its journal
 * or its snapshot was loaded. */
#include "web/journaled.h"

#include "base/buf.h"
#include "client/store_memory.h"

#include "tests/unit/harness.h"

static struct buf journal;
static bool full;

static int sink(const uint8_t *p, size_t n)
{
	if (full)
		return 1;
	buf_add(&journal, p, n);
	return 0;
}

static bool collect(void *ctx, const uint8_t *key, size_t key_n, const uint8_t *value,
		    size_t value_n)
{
	struct buf *b = ctx;
	buf_add(b, key, key_n);
	buf_add_byte(b, '=');
	buf_add(b, value, value_n);
	buf_add_byte(b, '\n');
	return true;
}

static void listing(const struct uc_store_ops *ops, void *store, const char *prefix,
		    const char *from, struct buf *out)
{
	buf_init(out, 1 << 26);
	expect_ok(ops->scan(store, (const uint8_t *)prefix, strlen(prefix), (const uint8_t *)from,
			    strlen(from), collect, out));
}

static void expect_same(const struct client_memory *m, const struct journaled *j,
			const char *prefix, const char *from)
{
	struct buf a, b;
	union {
		const void *from;
		void *to;
	} model = { m }, store = { j };
	listing(client_memory_ops(), model.to, prefix, from, &a);
	listing(journaled_ops(), store.to, prefix, from, &b);
	expect_bytes(buf_view(&b), buf_view(&a));
	buf_done(&a);
	buf_done(&b);
}

static uint32_t dice(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

struct many {
	char keys[40][16];
	char values[40][24];
	struct uc_store_change v[40];
	size_t n;
};

static void make(struct many *m, uint32_t *seed, uint32_t keys)
{
	m->n = 1 + dice(seed, 39);
	for (size_t i = 0; i < m->n; i++) {
		snprintf(m->keys[i], sizeof m->keys[i], "%05x", (unsigned)dice(seed, keys) * 77);
		snprintf(m->values[i], sizeof m->values[i], "%u", (unsigned)dice(seed, 1u << 20));
		bool delete = !dice(seed, 3);
		m->v[i] = (struct uc_store_change){ (const uint8_t *)m->keys[i], 5,
						    delete ? NULL : (const uint8_t *)m->values[i],
						    delete ? 0 : strlen(m->values[i]) };
	}
}

static struct journaled *loaded(struct view bytes)
{
	struct journaled *j = journaled_new(sink);
	expect(j);
	expect_ok(journaled_load(j, bytes));
	return j;
}

static void snapshot_of(struct journaled *j, struct buf *out, size_t *pieces)
{
	struct view piece = { NULL, 0 };
	buf_init(out, 1 << 26);
	*pieces = 0;
	do {
		expect_ok(journaled_snapshot(j, !*pieces, &piece));
		buf_add_view(out, piece);
		++*pieces;
	} while (piece.n);
	--*pieces;
}

static void expect_built_anew(struct client_memory *m, struct journaled *j)
{
	struct buf snapshot;
	size_t pieces;
	struct journaled *again = loaded(buf_view(&journal));
	expect_same(m, again, "", "");
	journaled_free(again);
	snapshot_of(j, &snapshot, &pieces);
	again = loaded(buf_view(&snapshot));
	expect_same(m, again, "", "");
	journaled_free(again);
	buf_done(&snapshot);
}

/* Few keys: changes of changes.  Many: chunks that part.  Then all are deleted. */
static void run(uint32_t keys, unsigned rounds)
{
	static struct many changes;
	uint32_t seed = keys;
	struct client_memory *m = client_memory_new();
	struct journaled *j = journaled_new(sink);
	buf_init(&journal, 1 << 26);
	for (unsigned i = 0; i < rounds; i++) {
		make(&changes, &seed, keys);
		expect_ok(client_memory_ops()->commit(m, changes.v, changes.n));
		expect_ok(journaled_ops()->commit(j, changes.v, changes.n));
		if (i % 50 == 0) {
			expect_same(m, j, "", "");
			expect_same(m, j, "0", "");
			expect_same(m, j, "00", "001");
			expect_same(m, j, "z", "");
		}
	}
	expect_same(m, j, "", "");
	expect_built_anew(m, j);
	for (uint32_t k = 0; k < keys; k++) {
		char key[16];
		snprintf(key, sizeof key, "%05x", k * 77);
		struct uc_store_change c = { (const uint8_t *)key, 5, NULL, 0 };
		expect_ok(client_memory_ops()->commit(m, &c, 1));
		expect_ok(journaled_ops()->commit(j, &c, 1));
		if (k % 997 == 0)
			expect_same(m, j, "", "");
	}
	expect_built_anew(m, j);
	client_memory_free(m);
	journaled_ops()->close(j);
	buf_done(&journal);
}

TEST(few_keys)
{
	run(50, 400);
}

TEST(many_keys)
{
	run(8000, 1200);
}

static uc_err put(struct journaled *j, const char *key, const void *value, size_t n)
{
	struct uc_store_change c = { (const uint8_t *)key, strlen(key), value, n };
	return journaled_ops()->commit(j, &c, 1);
}

TEST(a_snapshot_comes_in_pieces_and_is_of_one_moment)
{
	static uint8_t value[300 * 1024], large[3 * SNAPSHOT_BYTES];
	struct journaled *j = journaled_new(sink);
	struct view piece = { NULL, 0 };
	struct buf all;
	size_t pieces;
	buf_init(&journal, 1 << 26);
	expect_err(journaled_snapshot(j, false, &piece), UC_E_STALE);
	for (char key[2] = "a"; *key <= 'i'; key[0]++)
		expect_ok(put(j, key, value, sizeof value));
	expect_ok(put(j, "large", large, sizeof large));
	snapshot_of(j, &all, &pieces);
	expect_eq(pieces, 4); /* three, three, three, and the large one alone */
	struct journaled *again = loaded(buf_view(&all));
	journaled_free(again);
	buf_done(&all);
	expect_ok(journaled_snapshot(j, true, &piece));
	expect(piece.n > 2 * sizeof value && piece.n < SNAPSHOT_BYTES);
	expect_ok(put(j, "x", "1", 1));
	expect_err(journaled_snapshot(j, false, &piece), UC_E_STALE);
	journaled_free(j);
	buf_done(&journal);
}

TEST(a_journal_that_takes_nothing_ends_the_store)
{
	struct journaled *j = journaled_new(sink);
	struct view piece;
	struct buf out;
	buf_init(&journal, 1 << 20);
	expect_ok(put(j, "a", "1", 1));
	full = true;
	expect_err(put(j, "b", "2", 1), UC_E_STORE);
	full = false;
	expect_err(put(j, "b", "2", 1), UC_E_STORE);
	expect_err(journaled_load(j, (struct view){ NULL, 0 }), UC_E_STORE);
	expect_err(journaled_snapshot(j, true, &piece), UC_E_STORE);
	buf_init(&out, 1 << 20);
	expect_err(journaled_ops()->get(j, (const uint8_t *)"a", 1, collect, &out), UC_E_STORE);
	expect_err(journaled_ops()->scan(j, NULL, 0, NULL, 0, collect, &out), UC_E_STORE);
	journaled_free(j);
	j = loaded(buf_view(&journal));
	listing(journaled_ops(), j, "", "", &out);
	expect_bytes(buf_view(&out), VIEW_LIT("a=1\n"));
	journaled_free(j);
	buf_done(&out);
	buf_done(&journal);
}

TEST(what_is_no_journal_changes_nothing)
{
	struct journaled *j = journaled_new(sink);
	struct buf out;
	buf_init(&journal, 1 << 20);
	expect_ok(put(j, "a", "1", 1));
	expect_err(journaled_load(j, test_hex("01610001620101")), UC_E_CORRUPT);
	expect_err(put(j, "", "1", 1), UC_E_ARGUMENT);
	listing(journaled_ops(), j, "", "", &out);
	expect_bytes(buf_view(&out), VIEW_LIT("a=1\n"));
	buf_done(&out);
	journaled_free(j);
	buf_done(&journal);
}
