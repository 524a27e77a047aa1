/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/outbox.h"

#include "base/heap.h"
#include "mimi/uri.h"

enum {
	WAITING_MAX = 4096, /* for one app */
	DOMAINS_MAX = 256,
	RETRY_FIRST_S = 1,
	RETRY_LONGEST_S = 600,
};

/* What memory knows of an app's queue; what is in it stands in the store. */
struct outbox_domain {
	struct outbox_domain *next;
	struct buf domain;
	uint64_t next_number; /* never used twice while the process lives */
	size_t waiting;
	uint64_t try_at_ms;
	uint32_t failures;
	bool in_flight;
};

static struct outbox_domain *domain_find(struct provider *p, struct view domain)
{
	struct outbox_domain *d = p->outbox;
	while (d && !view_equal(buf_view(&d->domain), domain))
		d = d->next;
	return d;
}

static void domain_free(struct outbox_domain *d)
{
	buf_done(&d->domain);
	heap_free(d);
}

/* Queues that are empty and rest are forgotten when room is needed. */
static size_t domains_trim(struct provider *p)
{
	size_t n = 0;
	for (struct outbox_domain **at = &p->outbox; *at;) {
		struct outbox_domain *d = *at;
		if (!d->waiting && !d->in_flight) {
			*at = d->next;
			domain_free(d);
		} else {
			at = &d->next;
			n++;
		}
	}
	return n;
}

static uc_err domain_get(struct provider *p, struct view domain, struct outbox_domain **out)
{
	struct outbox_domain *d = domain_find(p, domain);
	if (d) {
		*out = d;
		return UC_OK;
	}
	if (domains_trim(p) >= DOMAINS_MAX)
		return UC_E_BUSY;
	d = HEAP_NEW(struct outbox_domain);
	if (!d)
		return UC_E_MEMORY;
	buf_init(&d->domain, DOMAIN_BYTES);
	buf_add_view(&d->domain, domain);
	d->next_number = 1;
	d->next = p->outbox;
	p->outbox = d;
	*out = d;
	return UC_OK;
}

size_t outbox_domains(const struct provider *p)
{
	size_t n = 0;
	for (const struct outbox_domain *d = p->outbox; d; d = d->next)
		n++;
	return n;
}

void outbox_free(struct provider *p)
{
	while (p->outbox) {
		struct outbox_domain *d = p->outbox;
		p->outbox = d->next;
		domain_free(d);
	}
}

/* --- what an earlier process left --- */

static uc_err entry_count(struct provider *p, struct view key, struct arena *a)
{
	struct store_key_reader r;
	struct outbox_domain *d;
	store_key_read(&r, key);
	struct view domain = store_key_read_bytes(&r, a);
	uint64_t number = store_key_read_u64(&r);
	TRY(store_key_read_done(&r));
	TRY(domain_get(p, domain, &d));
	d->waiting++;
	if (number >= d->next_number)
		d->next_number = number + 1;
	return UC_OK;
}

static uc_err load(struct provider *p)
{
	struct store_key k;
	struct store_scan scan;
	struct arena scratch;
	struct view key, value;
	if (p->outbox_loaded)
		return UC_OK;
	store_key_start(&k, TABLE_OUTBOX);
	TRY(store_scan_init(&scan, p->accounts, store_key_view(&k), (struct view){ NULL, 0 }, 0));
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = UC_OK;
	while (!err && store_scan_next(&scan, &key, &value))
		err = entry_count(p, key, &scratch);
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	arena_done(&scratch);
	p->outbox_loaded = !err;
	if (err) /* counted again from the start, next time */
		outbox_free(p);
	return err;
}

/* --- sending --- */

static struct view entry_key(struct store_key *k, const struct outbox_domain *d, uint64_t number)
{
	key_1(k, TABLE_OUTBOX, buf_view(&d->domain));
	store_key_add_u64(k, number);
	return store_key_view(k);
}

/* The oldest entry; UC_E_NOT_FOUND when there is none. */
static uc_err first_entry(struct provider *p, const struct outbox_domain *d, struct arena *a,
			  uint64_t *number, struct outbox_record *out)
{
	struct store_key k;
	struct store_scan scan;
	struct store_key_reader r;
	struct view key, value, bytes;
	TRY(store_scan_init(&scan, p->accounts, key_1(&k, TABLE_OUTBOX, buf_view(&d->domain)),
			    (struct view){ NULL, 0 }, 1));
	uc_err err = UC_E_NOT_FOUND;
	if (store_scan_next(&scan, &key, &value)) {
		store_key_read(&r, key);
		store_key_read_bytes(&r, a);
		*number = store_key_read_u64(&r);
		err = arena_copy(a, value, &bytes);
	}
	if (scan.failed)
		err = scan.failed;
	store_scan_done(&scan);
	TRY(err);
	return wire_decode(bytes, a, outbox_record_element, out);
}

static uc_err entry_delete(struct provider *p, struct outbox_domain *d, uint64_t number)
{
	struct store_key k;
	struct store_batch b;
	store_batch_init(&b, buf_view(&d->domain));
	store_delete(&b, entry_key(&k, d, number));
	TRY(commit_accounts(p, &b));
	if (d->waiting)
		d->waiting--;
	return UC_OK;
}

static void try_later(struct provider *p, struct outbox_domain *d, uint32_t retry_after_s)
{
	uint32_t wait = (uint32_t)RETRY_FIRST_S << (d->failures < 10 ? d->failures : 10);
	if (wait > RETRY_LONGEST_S)
		wait = RETRY_LONGEST_S;
	if (retry_after_s > wait)
		wait = retry_after_s < RETRY_LONGEST_S ? retry_after_s : RETRY_LONGEST_S;
	d->failures++;
	d->try_at_ms = env_now_ms(p->env) + (uint64_t)wait * 1000;
}

static void entry_send(struct provider *p, struct outbox_domain *d);

/* Taken, or refused for good: the answer to both is to let it go. */
static bool is_final(int status)
{
	return status >= 200 && status < 500 && status != 408 && status != 429;
}

static void entry_done(struct provider *p, struct ask *ask, const struct peer_response *r)
{
	struct outbox_domain *d = domain_find(p, ask->what);
	if (!d)
		return;
	d->in_flight = false;
	if (!is_final(r->status) || entry_delete(p, d, ask->number)) {
		try_later(p, d, r->retry_after_s);
		return;
	}
	d->failures = 0;
	entry_send(p, d);
}

static uc_err ask_with(struct provider *p, struct outbox_domain *d, uint64_t number,
		       const struct outbox_record *record)
{
	struct view domain = buf_view(&d->domain);
	struct ask *ask = ask_new(p, entry_done);
	if (!ask)
		return UC_E_MEMORY;
	ask_about(ask, domain);
	ask->number = number;
	d->in_flight = true;
	ask_send(p, ask, domain, record->is_update ? "updateConsent" : "requestConsent", domain,
		 (struct view){ NULL, 0 }, record->body);
	return UC_OK;
}

/* It has grown old, or whoever asks has taken it back. */
static uc_err is_over(struct provider *p, const struct outbox_record *record, struct arena *a,
		      bool *is)
{
	*is = record->day + KEEP_DAYS < day_of(env_now_ms(p->env));
	if (*is || record->is_update)
		return UC_OK;
	uc_err err = letter_is_taken_back(p, record->body, a, is);
	/* Where that cannot be read it goes: it holds up nothing behind it. */
	return err == UC_E_CORRUPT ? UC_OK : err;
}

static uc_err send_first(struct provider *p, struct outbox_domain *d, struct arena *a)
{
	struct outbox_record record;
	uint64_t number = 0;
	struct arena_mark mark = arena_mark(a);
	for (;;) {
		bool is_to_go = true;
		arena_reset(a, mark);
		uc_err err = first_entry(p, d, a, &number, &record);
		if (err == UC_E_NOT_FOUND) {
			d->waiting = 0;
			return UC_OK;
		}
		/* A damaged entry must not hold up those behind it. */
		bool is_damaged = err && uc_err_class(err) == UC_CLASS_PROTOCOL;
		if (err && !is_damaged)
			return err;
		if (!is_damaged)
			TRY(is_over(p, &record, a, &is_to_go));
		if (!is_to_go)
			return ask_with(p, d, number, &record);
		TRY(entry_delete(p, d, number));
	}
}

static void entry_send(struct provider *p, struct outbox_domain *d)
{
	struct arena scratch;
	if (d->in_flight || !d->waiting)
		return;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	if (send_first(p, d, &scratch))
		try_later(p, d, 0);
	arena_done(&scratch);
}

void outbox_run(struct provider *p, uint64_t now_ms)
{
	if (load(p))
		return;
	for (struct outbox_domain *d = p->outbox; d; d = d->next)
		if (is_due(now_ms, d->try_at_ms, RETRY_LONGEST_S * 1000))
			entry_send(p, d);
}

static uc_err entry_write(struct provider *p, struct outbox_domain *d, bool is_let_go,
			  struct outbox_record *record)
{
	struct store_key k;
	struct store_batch b;
	struct view key = entry_key(&k, d, d->next_number++);
	store_batch_init(&b, buf_view(&d->domain));
	uc_err err = record_put(&b, key, outbox_record_element, record);
	if (!err && is_let_go)
		store_delete(&b, key);
	TRY(finish_accounts(p, &b, err));
	d->waiting += !is_let_go;
	return UC_OK;
}

/* What sending would read, where there is nothing to send. */
static void nothing_send(struct provider *p, const struct outbox_domain *d)
{
	struct arena scratch;
	struct outbox_record record;
	uint64_t number;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	(void)!first_entry(p, d, &scratch, &number, &record);
	arena_done(&scratch);
}

uc_err outbox_append(struct provider *p, struct view domain, bool is_update, bool is_let_go,
		     struct view consent_entry)
{
	struct outbox_domain *d;
	uint64_t now = env_now_ms(p->env);
	struct outbox_record record = { .is_update = is_update,
					.day = day_of(now),
					.body = consent_entry };
	TRY(load(p));
	TRY(domain_get(p, domain, &d));
	if (d->waiting >= WAITING_MAX)
		return UC_E_BUSY;
	TRY(entry_write(p, d, is_let_go, &record));
	if (!is_due(now, d->try_at_ms, RETRY_LONGEST_S * 1000))
		return UC_OK;
	if (is_let_go && !d->waiting)
		nothing_send(p, d);
	else
		entry_send(p, d);
	return UC_OK;
}
