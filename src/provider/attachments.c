/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of files, which messages point at: ciphertext under a name that its client has chosen.
 *
 * Nothing that is stored says who put it there, or which room it is of; what an account puts is
 * counted in memory alone.  It lies in the store of rooms, so that not even the order of writing
 * tells what an account did at that time.  Whoever knows the name may fetch it: our own people by
 * their session, other apps for theirs, and anybody else as MIMI has it, by HTTPS. */
#include "base/text.h"
#include "mimi/attachment.h"
#include "mimi/uri.h"
#include "provider/room_work.h"

enum {
	BEGUN_DAYS = 2, /* what never came whole */
	SWEPT_AT_ONCE = 16,
};

_Static_assert(ATTACHMENT_ID == sizeof((struct attachment_put_request *)0)->id,
	       "frames name them by as many bytes");

static struct view record_key(struct store_key *k, struct view id)
{
	return key_1(k, TABLE_ATTACHMENT, id);
}

static struct view part_key(struct store_key *k, struct view id, uint64_t offset)
{
	key_1(k, TABLE_ATTACHMENT_PART, id);
	store_key_add_u64(k, offset / ATTACHMENT_PART_MAX);
	return store_key_view(k);
}

static uint64_t part_bytes(uint64_t total, uint64_t offset)
{
	uint64_t rest = total - offset;
	return rest < ATTACHMENT_PART_MAX ? rest : ATTACHMENT_PART_MAX;
}

static uint64_t bytes_most(const struct provider *p)
{
	uint64_t file = p->config.attachment_bytes;
	bool is_said = file && file < ATTACHMENT_MAX;
	return attachment_sealed_size(is_said ? (size_t)file : ATTACHMENT_MAX);
}

void provider_set_attachments(struct provider *p, uint64_t file_bytes)
{
	p->config.attachment_bytes = file_bytes;
}

/* --- putting --- */

static uc_err put_check(const struct provider *p, const struct attachment_put_request *q)
{
	if (q->total > bytes_most(p))
		return UC_E_TOO_LARGE;
	if (q->offset >= q->total || q->offset % ATTACHMENT_PART_MAX ||
	    q->bytes.n != part_bytes(q->total, q->offset))
		return UC_E_ARGUMENT;
	return UC_OK;
}

static uc_err part_put(struct provider *p, const struct attachment_put_request *q,
		       struct attachment_record *r)
{
	const struct attachment_part_record part = { .bytes = q->bytes };
	struct store_batch b;
	struct store_key k;
	r->total = q->total;
	r->have = q->offset + q->bytes.n;
	r->until_day =
		day_of(env_now_ms(p->env)) + 1 + (r->have == r->total ? KEEP_DAYS : BEGUN_DAYS);
	store_batch_init(&b, VIEW_OF(q->id));
	uc_err err = record_put(&b, part_key(&k, VIEW_OF(q->id), q->offset),
				attachment_part_record_element, &part);
	if (!err)
		err = record_put(&b, record_key(&k, VIEW_OF(q->id)), attachment_record_element, r);
	if (!err)
		return commit_rooms(p, &b);
	store_batch_done(&b);
	return err;
}

uc_err handle_attachment_put(struct call *c, struct view body)
{
	struct attachment_put_request q;
	struct attachment_record r = { 0 };
	struct store_key k;
	bool found;
	TRY(wire_decode(body, &c->arena, attachment_put_request_element, &q));
	TRY(put_check(c->p, &q));
	TRY(record_find(c->p->rooms, record_key(&k, VIEW_OF(q.id)), attachment_record_element,
			&c->arena, &r, &found));
	if (found && r.total != q.total)
		return UC_E_EXISTS;
	/* Another part than the next is not taken: the answer says which one that is. */
	if (q.offset == r.have)
		TRY(part_put(c->p, &q, &r));
	const struct attachment_put_response done = { r.have };
	call_respond(c, attachment_put_response_element, &done);
	return UC_OK;
}

/* --- fetching --- */

/* What is there whole; UC_E_NOT_FOUND. */
static uc_err whole_get(struct provider *p, struct view id, struct arena *a,
			struct attachment_record *out)
{
	struct store_key k;
	TRY(record_get(p->rooms, record_key(&k, id), attachment_record_element, a, out));
	return out->have == out->total ? UC_OK : UC_E_NOT_FOUND;
}

static uc_err part_get(struct provider *p, struct view id, uint64_t offset, struct arena *a,
		       struct attachment_get_response *out)
{
	struct attachment_record r;
	struct attachment_part_record part;
	struct store_key k;
	TRY(whole_get(p, id, a, &r));
	if (offset >= r.total || offset % ATTACHMENT_PART_MAX)
		return UC_E_ARGUMENT;
	TRY(record_get(p->rooms, part_key(&k, id, offset), attachment_part_record_element, a,
		       &part));
	*out = (struct attachment_get_response){ r.total, part.bytes };
	return UC_OK;
}

/* --- for other apps, and anybody --- */

static uint32_t anybody_wait(struct provider *p, uint32_t parts)
{
	return rate_table_take_many(&p->rates, LIMIT_ANYBODY_ATTACHMENT, VIEW_LIT("anybody"), parts,
				    env_now_ms(p->env));
}

static bool is_too_much(struct peer_call *c, uint64_t bytes)
{
	uint32_t parts = (uint32_t)((bytes + ATTACHMENT_PART_MAX - 1) / ATTACHMENT_PART_MAX);
	if (c->domain.n)
		return peer_are_too_many(c, LIMIT_PEER_ATTACHMENT, parts);
	c->retry_after_s = anybody_wait(c->p, parts);
	return c->retry_after_s != 0;
}

static uc_err parts_add(struct peer_call *c, struct view id, uint64_t from, uint64_t end,
			uint64_t *total)
{
	struct attachment_get_response r = { .total = end };
	for (uint64_t at = from; at < end; at += ATTACHMENT_PART_MAX) {
		struct arena_mark mark = arena_mark(c->a);
		TRY(part_get(c->p, id, at, c->a, &r));
		buf_add_view(c->out, r.bytes);
		arena_reset(c->a, mark);
	}
	*total = r.total;
	return c->out->failed;
}

/* A part, where the header names one; else all of it. */
static uc_err asked(struct peer_call *c, struct view id)
{
	struct attachment_record r;
	uint64_t from = 0, total;
	TRY(whole_get(c->p, id, c->a, &r));
	bool is_part = header_number(c->headers, "undercroft-offset", &from);
	if (from >= r.total || from % ATTACHMENT_PART_MAX)
		return UC_E_MALFORMED;
	uint64_t end = is_part ? from + part_bytes(r.total, from) : r.total;
	if (is_too_much(c, end - from))
		return UC_E_RATE;
	TRY(parts_add(c, id, from, end, &total));
	header_add_number(c->out_headers, "undercroft-total", total);
	return UC_OK;
}

int peer_attachment(struct peer_call *c, struct view name)
{
	uint8_t id[ATTACHMENT_ID];
	uc_err err = attachment_id_read(name, id) ? UC_E_NOT_FOUND : asked(c, VIEW_OF(id));
	if (err)
		buf_reset(c->out);
	return err ? peer_err_status(err) : 200;
}

/* --- of other apps, for our own people --- */

static uc_err answer_read(const struct peer_response *r, struct attachment_get_response *out)
{
	TRY(peer_status_err(r->status));
	out->bytes = r->body;
	if (!header_number(r->headers, "undercroft-total", &out->total) || !r->body.n ||
	    r->body.n > ATTACHMENT_PART_MAX || r->body.n > out->total)
		return UC_E_PEER;
	return UC_OK;
}

static void fetched(struct provider *p, struct ask *ask, const struct peer_response *r)
{
	struct call space, *c = ask_call(p, ask, &space);
	struct attachment_get_response in;
	if (!c)
		return;
	uc_err err = answer_read(r, &in);
	if (err)
		call_refuse(c, err, NULL, r->retry_after_s);
	else
		call_respond(c, attachment_get_response_element, &in);
	call_done(c);
}

static uc_err fetch(struct call *c, const struct attachment_get_request *q)
{
	struct buf path, headers;
	TRY(ask_check(c->p, q->domain));
	struct ask *a = ask_new(c->p, fetched);
	if (!a)
		return UC_E_MEMORY;
	ask_for_call(a, c);
	buf_init(&path, 256);
	buf_init(&headers, 256);
	buf_add_str(&path, ATTACHMENT_PATH);
	hex_add(&path, VIEW_OF(q->id));
	header_add_number(&headers, "undercroft-offset", q->offset);
	ask_get(c->p, a, q->domain, buf_view(&path), buf_view(&headers));
	buf_done(&headers);
	buf_done(&path);
	return UC_OK;
}

uc_err handle_attachment_get(struct call *c, struct view body)
{
	struct attachment_get_request q;
	struct attachment_get_response r;
	TRY(wire_decode(body, &c->arena, attachment_get_request_element, &q));
	if (!domain_is_valid(q.domain))
		return UC_E_ARGUMENT;
	if (!is_own_domain(c->p, q.domain))
		return fetch(c, &q);
	TRY(part_get(c->p, VIEW_OF(q.id), q.offset, &c->arena, &r));
	call_respond(c, attachment_get_response_element, &r);
	return UC_OK;
}

/* --- what ends --- */

static uc_err drop(struct provider *p, struct view id)
{
	struct store_batch b;
	struct store_key k;
	store_batch_init(&b, id);
	store_delete(&b, record_key(&k, id));
	store_delete_prefix(&b, key_1(&k, TABLE_ATTACHMENT_PART, id));
	return commit_rooms(p, &b);
}

static bool is_over(struct view value, uint32_t today, struct arena *a)
{
	struct attachment_record r;
	/* One that cannot be read is for undercroftctl to find. */
	return !wire_decode(value, a, attachment_record_element, &r) && r.until_day <= today;
}

/* From where the last slice ended; the names of those that are over. */
static uc_err look(struct provider *p, uint32_t today, struct arena *a, struct view *ids, size_t *n)
{
	static const uint8_t table = TABLE_ATTACHMENT;
	struct store_scan scan;
	struct view key, value;
	struct slice s;
	bool goes_on = true;
	slice_begin(&s, p->env);
	TRY(store_scan_init(&scan, p->rooms, view_make(&table, 1), buf_view(&p->attachments_from),
			    0));
	while (goes_on && *n < SWEPT_AT_ONCE && store_scan_next(&scan, &key, &value)) {
		struct store_key_reader r;
		store_key_read(&r, key);
		struct view id = store_key_read_bytes(&r, a);
		/* The scan's key is another with its next step. */
		if (!store_key_read_done(&r) && is_over(value, today, a) &&
		    !arena_copy(a, id, &ids[*n]))
			++*n;
		buf_reset(&p->attachments_from);
		buf_add_view(&p->attachments_from, key);
		buf_add_byte(&p->attachments_from, 0);
		goes_on = slice_goes_on(&s);
	}
	uc_err err = scan.failed;
	store_scan_done(&scan);
	/* What is damaged there is passed over, with what is near it. */
	if (err == UC_E_CORRUPT) {
		if (!p->attachments_from.n)
			buf_add_byte(&p->attachments_from, table);
		if (!table_pass_over(&p->attachments_from))
			buf_reset(&p->attachments_from);
		return UC_OK;
	}
	if (goes_on && *n < SWEPT_AT_ONCE)
		buf_reset(&p->attachments_from);
	return err;
}

void attachments_sweep(struct provider *p, uint64_t now_ms)
{
	struct view ids[SWEPT_AT_ONCE];
	struct arena scratch;
	size_t n = 0;
	bool rests = !p->attachments_from.n;
	if (p->failed || (rests && !is_due(now_ms, p->attachments_ms, HOUR_MS)))
		return;
	if (rests)
		p->attachments_ms = now_ms + HOUR_MS;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = look(p, day_of(now_ms), &scratch, ids, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = drop(p, ids[i]);
	arena_done(&scratch);
	if (err)
		buf_reset(&p->attachments_from);
}
