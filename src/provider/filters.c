/* SPDX-License-Identifier: Apache-2.0 */
/* The filter of who can be found by number: made once a day, a slice at each tick, and kept in parts.
 * Only when its last part is written does its head name it; what a kill left is written over. */
#include "base/heap.h"
#include "provider/discovery.h"
#include "provider/reaching.h"

enum build_phase { PHASE_COLLECT, PHASE_SORT, PHASE_FUSE, PHASE_WRITE };
enum {
	KEYS_FIRST = 1024,
	SORT_STEPS = 20000, /* some 10 ns each */
	FUSE_STEPS = 10000,
	FUSE_BYTES_A_KEY = 40,
	FUSE_BYTES_LEAST = 1 << 20,
	DIGITS = 8, /* of a key, to be sorted by one after the other */
};

/* By each byte, from the last on; counted, then put into their places. */
struct sort {
	unsigned digit;
	bool is_counted;
	uint32_t at, place[256];
};
struct filter_build {
	enum build_phase phase;
	struct oprf_element pub;
	uint32_t day;
	uint64_t edition;
	struct buf from; /* key of the record that collecting goes on with */
	uint64_t *keys, *other;
	size_t n, room;
	struct sort sort;
	struct fuse_build fuse;
	struct arena work;
	uint8_t *out;
	size_t out_n, written;
};

void filter_build_free(struct filter_build *b)
{
	if (!b)
		return;
	buf_done(&b->from);
	heap_free_wiped(b->keys, b->room * sizeof *b->keys);
	heap_free_wiped(b->other, b->room * sizeof *b->other);
	heap_free(b->out);
	arena_done(&b->work);
	heap_free(b);
}

/* --- what is stored --- */

static struct view filter_key(struct store_key *k, const struct provider *p,
			      const struct oprf_element *pub)
{
	return key_2(k, TABLE_FILTER, p->domain, VIEW_OF(pub->b));
}

/* All parts of an edition; of one with its number behind. */
static void parts_key(struct store_key *k, const struct provider *p, const struct oprf_element *pub,
		      uint64_t edition)
{
	key_2(k, TABLE_FILTER_PART, p->domain, VIEW_OF(pub->b));
	store_key_add_u64(k, edition);
}

static struct view part_key(struct store_key *k, const struct provider *p,
			    const struct oprf_element *pub, uint64_t edition, uint64_t number)
{
	parts_key(k, p, pub, edition);
	store_key_add_u64(k, number);
	return store_key_view(k);
}

/* Never that of another key. */
static uint64_t first_edition(const struct oprf_element *pub)
{
	uint64_t n = 0;
	for (int i = 0; i < 4; i++)
		n = n << 8 | pub->b[i];
	return n << 32 | 1;
}

static uc_err filter_read(struct provider *p, const struct oprf_element *pub, struct arena *a,
			  struct filter_record *out, bool *found)
{
	struct store_key k;
	return record_find(p->accounts, filter_key(&k, p, pub), filter_record_element, a, out,
			   found);
}

/* --- collecting --- */

static uc_err key_add(struct filter_build *b, uint64_t key)
{
	if (b->n == b->room) {
		size_t room = b->room ? 2 * b->room : KEYS_FIRST;
		uint64_t *more = heap_new(room * sizeof *more);
		if (!more)
			return UC_E_MEMORY;
		if (b->n)
			memcpy(more, b->keys, b->n * sizeof *more);
		heap_free_wiped(b->keys, b->room * sizeof *b->keys);
		b->keys = more;
		b->room = room;
	}
	b->keys[b->n++] = key;
	return UC_OK;
}

/* Of this key, of an account that others may find. */
static uc_err collect_value(struct provider *p, struct filter_build *b, struct view id,
			    const struct discoverable_record *r, struct arena *a)
{
	struct discovery_value v;
	struct account_record account;
	struct settings settings;
	if (!view_equal(VIEW_OF(r->prf_key), VIEW_OF(b->pub.b)) || b->n >= FUSE_KEYS_MAX)
		return UC_OK;
	TRY(account_get(p, id, a, &account));
	TRY(settings_of(p, id, a, &settings));
	/* Ages count as those who are believed now have them, whatever held when the row was written. */
	if (account.suspended || !is_discoverable(&settings))
		return UC_OK;
	memcpy(v.b, r->value, sizeof v.b);
	uc_err err = key_add(b, discovery_filter_key(&v));
	wipe(&v, sizeof v);
	return err;
}

/* What others find the account by is in the store, and left in no other memory. */
static uc_err collect_one(struct provider *p, struct filter_build *b, struct view key,
			  struct view value, struct arena *a)
{
	struct discoverable_record r;
	struct store_key_reader k;
	store_key_read(&k, key);
	struct view id = store_key_read_bytes(&k, a);
	TRY(store_key_read_done(&k));
	uc_err err = wire_decode(value, a, discoverable_record_element, &r);
	if (!err)
		err = collect_value(p, b, id, &r, a);
	wipe(&r, sizeof r);
	return err;
}

static uc_err collect(struct provider *p, struct filter_build *b, struct slice *s)
{
	static const uint8_t table = TABLE_DISCOVERABLE;
	struct store_scan scan;
	struct view key, value;
	uc_err err = UC_OK;
	bool end = true;
	TRY(store_scan_init(&scan, p->accounts, view_make(&table, 1), buf_view(&b->from), 0));
	while (!err && end && store_scan_next(&scan, &key, &value)) {
		struct arena scratch;
		arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
		err = collect_one(p, b, key, value, &scratch);
		arena_done(&scratch);
		/* One that is damaged, or whose account has gone, is not found. */
		if (err == UC_E_CORRUPT || err == UC_E_NOT_FOUND || err == UC_E_VERSION)
			err = UC_OK;
		buf_reset(&b->from);
		buf_add_view(&b->from, key);
		buf_add_byte(&b->from, 0);
		end = slice_goes_on(s);
	}
	bool is_damaged = !err && scan.failed == UC_E_CORRUPT;
	if (!err && !is_damaged)
		err = scan.failed ? scan.failed : b->from.failed;
	store_scan_done(&scan);
	/* Those behind it can be found. */
	if (is_damaged) {
		if (!b->from.n)
			buf_add_byte(&b->from, table);
		end = !table_pass_over(&b->from);
		err = b->from.failed;
	}
	if (!err && end)
		b->phase = PHASE_SORT;
	return err;
}

/* --- sorting --- */

static unsigned digit_of(uint64_t key, unsigned digit)
{
	return (unsigned)(key >> 8 * digit) & 0xff;
}

static void places_from_counts(uint32_t place[256])
{
	uint32_t sum = 0;
	for (int i = 0; i < 256; i++) {
		uint32_t n = place[i];
		place[i] = sum;
		sum += n;
	}
}

/* Each key once, and the space to sort in is given back. */
static void unique(struct filter_build *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++)
		if (!n || b->keys[n - 1] != b->keys[i])
			b->keys[n++] = b->keys[i];
	b->n = n;
	heap_free_wiped(b->other, b->room * sizeof *b->other);
	b->other = NULL;
}

static uc_err fuse_begin(struct provider *p, struct filter_build *b)
{
	struct fuse_head head = { .day = b->day };
	memcpy(head.prf_key, b->pub.b, sizeof head.prf_key);
	uint8_t seed[8];
	TRY(env_random(p->env, seed, sizeof seed));
	memcpy(&head.seed, seed, sizeof seed);
	arena_init(&b->work, FUSE_BYTES_LEAST + b->n * FUSE_BYTES_A_KEY, ARENA_PLAIN);
	b->out_n = fuse_filter_size((uint32_t)b->n);
	b->out = heap_new(b->out_n);
	if (!b->out)
		return UC_E_MEMORY;
	b->phase = PHASE_FUSE;
	return fuse_build_begin(&b->fuse, &head, b->keys, b->n, b->out, &b->work);
}

static void sort_some(struct filter_build *b, uint32_t steps)
{
	struct sort *s = &b->sort;
	uint32_t end = (uint32_t)b->n - s->at > steps ? s->at + steps : (uint32_t)b->n;
	for (; s->at < end; s->at++) {
		uint64_t key = b->keys[s->at];
		uint32_t *place = &s->place[digit_of(key, s->digit)];
		if (s->is_counted)
			b->other[(*place)++] = key;
		else
			++*place;
	}
}

static uc_err sort(struct provider *p, struct filter_build *b, struct slice *slice)
{
	struct sort *s = &b->sort;
	if (!b->other)
		b->other = heap_new((b->room ? b->room : 1) * sizeof *b->other);
	if (!b->other)
		return UC_E_MEMORY;
	while (s->digit < DIGITS) {
		if (!slice_goes_on(slice))
			return UC_OK;
		sort_some(b, SORT_STEPS);
		if (s->at < b->n)
			continue;
		s->at = 0;
		s->is_counted = !s->is_counted;
		if (s->is_counted) {
			places_from_counts(s->place);
			continue;
		}
		uint64_t *sorted = b->other;
		b->other = b->keys;
		b->keys = sorted;
		memset(s->place, 0, sizeof s->place);
		s->digit++;
	}
	unique(b);
	return fuse_begin(p, b);
}

/* --- the filter itself --- */

static uc_err fuse(struct filter_build *b, struct slice *s)
{
	while (slice_goes_on(s)) {
		uc_err err = fuse_build_go_on(&b->fuse, FUSE_STEPS);
		if (err == UC_E_PENDING)
			continue;
		TRY(err);
		b->phase = PHASE_WRITE;
		return UC_OK;
	}
	return UC_OK;
}

static uc_err part_write(struct provider *p, const struct filter_build *b)
{
	size_t left = b->out_n - b->written;
	const struct filter_part_record r = {
		.bytes = view_make(b->out + b->written, left < FILTER_CHUNK ? left : FILTER_CHUNK)
	};
	struct store_batch batch;
	struct store_key k;
	store_batch_init(&batch, p->domain);
	return finish_accounts(
		p, &batch,
		record_put(&batch, part_key(&k, p, &b->pub, b->edition, b->written / FILTER_CHUNK),
			   filter_part_record_element, &r));
}

/* From now on it is the one there is, and that of before has gone. */
static uc_err head_write(struct provider *p, const struct filter_build *b)
{
	const struct filter_record r = { .edition = b->edition,
					 .made_day = b->day,
					 .total = b->out_n,
					 .count = (uint32_t)b->n };
	struct store_batch batch;
	struct store_key k;
	store_batch_init(&batch, p->domain);
	parts_key(&k, p, &b->pub, b->edition - 1);
	store_delete_prefix(&batch, store_key_view(&k));
	return finish_accounts(
		p, &batch,
		record_put(&batch, filter_key(&k, p, &b->pub), filter_record_element, &r));
}

static void made(struct provider *p, uint32_t day, uint32_t count, uint64_t edition)
{
	struct provider_discovery *d = &p->discovery;
	d->is_known = true;
	d->made_day = day;
	d->edition = edition;
	metrics_set(p->config.metrics, METRIC_FINDABLE, count);
	metrics_set(p->config.metrics, METRIC_FILTER_DAY, day);
}

static uc_err write_some(struct provider *p, struct filter_build *b, struct slice *s)
{
	while (b->written < b->out_n) {
		if (!slice_goes_on(s))
			return UC_OK;
		TRY(part_write(p, b));
		b->written += FILTER_CHUNK;
	}
	TRY(head_write(p, b));
	made(p, b->day, (uint32_t)b->n, b->edition);
	filter_build_free(p->discovery.build);
	p->discovery.build = NULL;
	return UC_OK;
}

/* --- when --- */

static uc_err begin(struct provider *p, uint32_t day)
{
	struct provider_discovery *d = &p->discovery;
	struct filter_build *b = HEAP_NEW(struct filter_build);
	struct store_batch batch;
	struct store_key k;
	if (!b)
		return UC_E_MEMORY;
	memcpy(b->pub.b, d->pub, sizeof b->pub.b);
	b->day = day;
	b->edition = d->edition ? d->edition + 1 : first_edition(&b->pub);
	buf_init(&b->from, STORE_KEY_MAX + 1);
	d->build = b;
	d->build_now = false;
	/* Of one that was begun and not ended. */
	store_batch_init(&batch, p->domain);
	parts_key(&k, p, &b->pub, b->edition);
	store_delete_prefix(&batch, store_key_view(&k));
	/* A head goes before the first part: by it they are found when the key has gone. */
	return finish_accounts(p, &batch,
			       d->edition ? UC_OK
					  : record_put(&batch, filter_key(&k, p, &b->pub),
						       filter_record_element,
						       &(struct filter_record){ 0 }));
}

uc_err filter_drop(struct provider *p, struct view key, struct view prf_key)
{
	struct store_batch batch;
	struct store_key k;
	store_batch_init(&batch, p->domain);
	store_delete_prefix(&batch, key_2(&k, TABLE_FILTER_PART, p->domain, prf_key));
	store_delete(&batch, key);
	return commit_accounts(p, &batch);
}

uc_err provider_filter_now(struct provider *p)
{
	if (!discovery_is_on(p))
		return UC_E_UNSUPPORTED;
	p->discovery.build_now = true;
	return UC_OK;
}

void filters_changed(struct provider *p)
{
	struct provider_discovery *d = &p->discovery;
	filter_build_free(d->build);
	d->build = NULL;
	d->is_known = false;
	d->edition = 0;
}

static uc_err look(struct provider *p)
{
	struct filter_record r = { 0 };
	struct arena scratch;
	bool found;
	arena_init(&scratch, 4096, ARENA_PLAIN);
	struct oprf_element pub;
	memcpy(pub.b, p->discovery.pub, sizeof pub.b);
	uc_err err = filter_read(p, &pub, &scratch, &r, &found);
	arena_done(&scratch);
	/* One that cannot be read is made anew. */
	if (err && err != UC_E_CORRUPT)
		return err;
	made(p, err ? 0 : r.made_day, r.count, r.edition);
	return UC_OK;
}

/* A clock that is put back by a day makes none: clients take a day before one they have seen for a lie.
 * What is further ahead they refuse anyway. */
static bool is_over(uint32_t made_day, uint32_t day)
{
	return day > made_day || made_day > day + 1;
}

static uc_err go_on(struct provider *p, uint64_t now_ms)
{
	struct provider_discovery *d = &p->discovery;
	struct slice s;
	slice_begin(&s, p->env);
	if (!d->is_known)
		TRY(look(p));
	if (!d->build && (d->build_now || !d->edition || is_over(d->made_day, day_of(now_ms))))
		TRY(begin(p, day_of(now_ms)));
	struct filter_build *b = d->build;
	if (b && b->phase == PHASE_COLLECT)
		TRY(collect(p, b, &s));
	if (b && b->phase == PHASE_SORT)
		TRY(sort(p, b, &s));
	if (b && b->phase == PHASE_FUSE)
		TRY(fuse(b, &s));
	return b && b->phase == PHASE_WRITE ? write_some(p, b, &s) : UC_OK;
}

void filter_tick(struct provider *p, uint64_t now_ms)
{
	struct provider_discovery *d = &p->discovery;
	if (p->failed || !discovery_is_on(p) || p->clock_doubted)
		return;
	/* Begun anew at the next tick, with another seed. */
	if (go_on(p, now_ms) && d->build) {
		filter_build_free(d->build);
		d->build = NULL;
	}
}

/* --- giving it out --- */

static uc_err answer(struct call *c, const struct oprf_element *pub,
		     const struct discovery_filter_request *q)
{
	struct provider *p = c->p;
	struct filter_record f = { 0 };
	struct filter_part_record part = { 0 };
	struct store_key k;
	bool found;
	TRY(filter_read(p, pub, &c->arena, &f, &found));
	struct discovery_filter_response r = { .edition = f.edition,
					       .day = f.made_day,
					       .total = f.total };
	if (q->edition == f.edition)
		r.offset = q->offset;
	bool is_place = r.offset == r.total || (r.offset < r.total && !(r.offset % FILTER_CHUNK));
	if (!is_place)
		return UC_E_ARGUMENT;
	if (r.offset < r.total) {
		TRY(record_get(p->accounts,
			       part_key(&k, p, pub, f.edition, r.offset / FILTER_CHUNK),
			       filter_part_record_element, &c->arena, &part));
		r.chunk = part.bytes;
	}
	call_respond(c, discovery_filter_response_element, &r);
	return UC_OK;
}

uc_err handle_discovery_filter(struct call *c, struct view body)
{
	const struct provider_discovery *d = &c->p->discovery;
	struct discovery_filter_request q;
	struct oprf_element pub;
	TRY(wire_decode(body, &c->arena, discovery_filter_request_element, &q));
	if (!discovery_is_on(c->p))
		return UC_E_UNSUPPORTED;
	bool is_now = !q.key.n || view_equal(q.key, VIEW_OF(d->pub));
	bool is_before = c->p->config.keys->discovery.has_before &&
			 view_equal(q.key, VIEW_OF(d->pub_before));
	memcpy(pub.b, is_now ? d->pub : d->pub_before, sizeof pub.b);
	return is_now || is_before ? answer(c, &pub, &q) : UC_E_NOT_FOUND;
}
