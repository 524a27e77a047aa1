/* SPDX-License-Identifier: Apache-2.0 */
/* Random batches against every engine and against a model too simple to be wrong: arrays. */
#include "tests/unit/store/engines.h"

#include "base/buf.h"

enum { KEYS = 24, LOGS = 3, LOG_MAX = 4096 };

struct model {
	char value[KEYS][8]; /* "" is absent */
	struct {
		bool there;
		uint64_t first, next;
		char entry[LOG_MAX];
	} log[LOGS];
};

static uint64_t state;

static unsigned roll(unsigned n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

/* "a" to "f" each with "", "\0", "x" and "\xff" behind. */
static struct view key_of(unsigned i)
{
	static char k[4][2];
	static int turn;
	static const char tail[] = { 0, 0, 'x', (char)0xff };
	char *at = k[turn++ % 4];
	at[0] = (char)('a' + i / 4);
	at[1] = tail[i % 4];
	return view_make(at, i % 4 ? 2 : 1);
}

static struct view log_of(unsigned i)
{
	static const char *const names[LOGS] = { "l", "log", "log2" };
	return view_str(names[i]);
}

/* One operation, on batch and model; false when the model says conflict. */
static bool step(struct store_batch *b, struct model *m)
{
	unsigned k = roll(KEYS), l = roll(LOGS);
	char text[8];
	snprintf(text, sizeof text, "v%u", roll(100));
	char *have = m->value[k];
	switch (roll(10)) {
	case 0:
	case 1:
	case 2:
		store_put(b, key_of(k), view_str(text));
		memcpy(have, text, sizeof text);
		return true;
	case 3:
		store_delete(b, key_of(k));
		have[0] = 0;
		return true;
	case 4: {
		store_delete_prefix(b, view_slice(key_of(k), 0, 1));
		for (unsigned i = k / 4 * 4; i < k / 4 * 4 + 4; i++)
			m->value[i][0] = 0;
		return true;
	}
	case 5:
		store_put_if_absent(b, key_of(k), view_str(text));
		if (have[0])
			return false;
		memcpy(have, text, sizeof text);
		return true;
	case 6:
		if (roll(10) && have[0])
			store_expect(b, key_of(k), view_str(have));
		else if (!have[0])
			store_expect_absent(b, key_of(k));
		else {
			store_expect(b, key_of(k), VIEW_LIT("other"));
			return false;
		}
		return true;
	case 7:
	case 8: {
		uint64_t next = m->log[l].there ? m->log[l].next : 1;
		bool wrong = roll(16) == 0 || next >= LOG_MAX;
		store_log_append(b, log_of(l), next + wrong, view_str(text));
		if (wrong)
			return false;
		if (!m->log[l].there)
			m->log[l].first = 1;
		m->log[l].there = true;
		m->log[l].entry[next] = (char)atoi(text + 1);
		m->log[l].next = next + 1;
		return true;
	}
	default:
		if (roll(20) == 0) {
			store_log_delete(b, log_of(l));
			m->log[l].there = false;
			return true;
		}
		uint64_t to = m->log[l].first + roll(roll(8) ? 4 : 200);
		store_log_trim(b, log_of(l), to);
		to = to < m->log[l].next ? to : m->log[l].next;
		if (m->log[l].there && to > m->log[l].first)
			m->log[l].first = to;
		return true;
	}
}

static void compare_records(struct store *s, const struct model *m)
{
	struct store_scan it;
	struct view k, value;
	unsigned i = 0;
	expect_ok(store_scan_init(&it, s, VIEW_LIT(""), VIEW_LIT(""), 0));
	while (store_scan_next(&it, &k, &value)) {
		while (i < KEYS && !m->value[i][0])
			i++;
		expect(i < KEYS);
		if (i == KEYS)
			break;
		expect_bytes(k, key_of(i));
		expect_bytes(value, view_str(m->value[i]));
		i++;
	}
	while (i < KEYS && !m->value[i][0])
		i++;
	expect_eq(i, KEYS);
	store_scan_done(&it);
}

static void compare_log(struct store *s, const struct model *m, unsigned l)
{
	struct store_log_bounds bounds;
	struct store_log_scan it;
	struct view value;
	uint64_t seq, want = m->log[l].first;
	uc_err err = store_log_bounds(s, log_of(l), &bounds);
	expect_err(err, m->log[l].there ? UC_OK : UC_E_NOT_FOUND);
	if (err)
		return;
	expect_eq(bounds.first, want);
	expect_eq(bounds.next, m->log[l].next);
	expect_ok(store_log_scan_init(&it, s, log_of(l), 0, 0, 0));
	for (; store_log_scan_next(&it, &seq, &value); want++) {
		char text[8];
		expect_eq(seq, want);
		snprintf(text, sizeof text, "v%d", m->log[l].entry[want]);
		expect_bytes(value, view_str(text));
	}
	expect_eq(want, m->log[l].next);
	expect_ok(it.scan.failed);
	store_log_scan_done(&it);
}

static void run(struct place *p, uint64_t seed)
{
	static struct model now, next, synced;
	memset(&now, 0, sizeof now);
	synced = now;
	state = seed;
	p->options.check_shards = false;
	struct store *s = place_open(p);
	for (int round = 0; round < 400; round++) {
		struct store_batch b;
		bool fine = true;
		size_t n = 0, many = 1 + roll(roll(10) ? 5 : 150);
		store_batch_init(&b, VIEW_LIT(""));
		next = now;
		for (; n < many && fine; n++)
			fine = step(&b, &next);
		expect_err(store_commit(s, &b), fine ? UC_OK : UC_E_CONFLICT);
		if (fine)
			now = next;
		else
			expect_eq(b.conflict, n - 1);
		store_batch_done(&b);
		if (roll(10) == 0) {
			expect_ok(store_sync(s));
			synced = now;
		}
		if (roll(40) == 0) {
			store_close(s);
			if (p->memory && roll(2)) {
				store_memory_crash(p->memory, 0);
				now = synced;
			}
			s = place_open(p);
		}
		if (roll(8) == 0) {
			compare_records(s, &now);
			for (unsigned l = 0; l < LOGS; l++)
				compare_log(s, &now, l);
		}
	}
	store_close(s);
}

ENGINE_TEST(random_batches)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct place fresh;
		place_init(&fresh, p->engine);
		run(&fresh, seed);
		place_done(&fresh);
	}
}
