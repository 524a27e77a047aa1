/* SPDX-License-Identifier: Apache-2.0 */
/* The intake: what waits for a device and comes from no room.  One log for each device, sealed to
 * it, pushed in a window, trimmed as it is acknowledged. */
#include "mimi/sealed.h"
#include "provider/inside.h"

enum {
	ITEMS_MAX = 4096, /* waiting for one device; more are let go */
	LETTERS_PART = 4, /* one part of what an account may store may be letters for a device */
	/* A letter of up to so many bytes, as a request is, costs as much for one device as for as many as
	 * there may be, and for nobody; an answer, which may be large, and was asked for, as for one. */
	REQUEST_BYTES_MAX = 4096 + 64, /* 64: for the tag of its sender */
	EXPIRE_AT_ONCE = 256,
};

static struct view intake_key(struct store_key *k, struct view account_id, struct view device_key)
{
	return key_2(k, TABLE_INTAKE, account_id, device_key);
}

static uc_err bounds_get(struct provider *p, struct view log, struct store_log_bounds *out)
{
	uc_err err = store_log_bounds(p->accounts, log, out);
	if (err == UC_E_NOT_FOUND)
		*out = (struct store_log_bounds){ .first = 1, .next = 1 };
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

uc_err intake_begin(struct provider *p, struct view account_id, struct view device_key,
		    uint64_t *cursor, uint64_t *next)
{
	struct store_key k;
	struct store_log_bounds bounds;
	struct store_batch b;
	struct view log = intake_key(&k, account_id, device_key);
	TRY(bounds_get(p, log, &bounds));
	*next = bounds.next;
	/* A cursor from a later time than this store's is the client's to notice. */
	if (*cursor >= bounds.next)
		*cursor = bounds.next - 1;
	if (*cursor < bounds.first)
		return UC_OK;
	store_batch_init(&b, account_id);
	store_log_trim(&b, log, *cursor + 1);
	return commit_accounts(p, &b);
}

/* --- putting --- */

struct tail {
	uint64_t next, items, bytes; /* what waits */
	uint64_t sum_bytes;          /* of the last entry */
};

/* What waits in a log, by its first entry and its last: however much it is, as quick. */
static uc_err tail_read(struct provider *p, struct view log, struct arena *a, struct tail *out)
{
	struct store_log_bounds bounds;
	struct store_log_scan scan;
	struct intake_record first, last;
	struct view head = { 0 }, tail = { 0 }, bytes;
	uint64_t seq;
	*out = (struct tail){ .next = 0 };
	TRY(bounds_get(p, log, &bounds));
	out->next = bounds.next;
	out->items = bounds.next - bounds.first;
	TRY(store_log_scan_init(&scan, p->accounts, log, bounds.first, 1, 0));
	if (store_log_scan_next(&scan, &seq, &bytes))
		scan.scan.failed = arena_copy(a, bytes, &head);
	uc_err err = scan.scan.failed;
	store_log_scan_done(&scan);
	TRY(err);
	err = store_log_last(p->accounts, log, a, &seq, &tail);
	if (err == UC_E_NOT_FOUND || !head.n)
		return UC_OK;
	TRY(err);
	/* A damaged one must not keep others out: it counts for nothing. */
	if (wire_decode(tail, a, intake_record_element, &last))
		return UC_OK;
	out->sum_bytes = last.sum_bytes;
	if (!wire_decode(head, a, intake_record_element, &first) &&
	    first.sum_bytes <= last.sum_bytes)
		out->bytes = last.sum_bytes - first.sum_bytes + first.sealed.n;
	return UC_OK;
}

static bool has_room(const struct provider *p, uint8_t kind, const struct tail *t, size_t more)
{
	if (t->items >= ITEMS_MAX)
		return false;
	/* What strangers send is let go where there is no room; what concerns one's own devices is
	 * said in any case. */
	return kind != INTAKE_CONSENT || t->bytes + more <= p->config.account_bytes / LETTERS_PART;
}

/* Into a log, or nowhere: as much is written and synced, and what it leaves is a deletion of what was never
 * there.  log: empty for nowhere. */
static void write_entry(struct store_batch *b, struct view account_id, struct view device_key,
			struct view log, uint64_t number, struct view bytes)
{
	struct store_key k;
	struct view key = key_2(&k, TABLE_SPENT, account_id, device_key);
	if (log.n)
		store_log_append(b, log, number, bytes);
	else
		store_put(b, key, bytes);
	store_delete(b, key);
}

/* Taken, let go or for nobody (the account is not there, or has fewer devices): the same is read, the same
 * is made, as much is written.  What is for nobody is sealed to a key that nobody has. */
static uc_err add_for(struct provider *p, struct store_batch *b, struct view account_id,
		      struct view device_key, uint8_t kind, struct view body, struct arena *a)
{
	struct store_key k;
	struct device_record device;
	struct view bytes;
	struct tail tail;
	uint8_t nobodys[32];
	uint64_t now = env_now_ms(p->env);
	bool is_there;
	struct intake_record record = { .intake_kind = kind, .received_ms = now - now % HOUR_MS };
	struct intake_context context = { kind, record.received_ms };
	TRY(env_random(p->env, nobodys, sizeof nobodys));
	TRY(record_find(p->accounts, key_2(&k, TABLE_DEVICE, account_id, device_key),
			device_record_element, a, &device, &is_there));
	struct view log = intake_key(&k, account_id, device_key);
	struct view to = is_there ? VIEW_OF(device.intake_key) : VIEW_OF(nobodys);
	TRY(tail_read(p, log, a, &tail));
	TRY(intake_seal(p->env, to, &context, body, a, &record.sealed));
	record.sum_bytes = tail.sum_bytes + record.sealed.n;
	TRY(wire_encode_to(a, intake_record_element, &record, &bytes));
	if (!is_there || !has_room(p, kind, &tail, record.sealed.n))
		log = (struct view){ NULL, 0 };
	write_entry(b, account_id, device_key, log, tail.next, bytes);
	return UC_OK;
}

/* Strangers are not to learn by the time how many devices somebody has, or whether there is one. */
static size_t work_of(uint8_t kind, struct view body)
{
	if (kind != INTAKE_CONSENT)
		return 0;
	return body.n <= REQUEST_BYTES_MAX ? DEVICES_MAX : 1;
}

static uc_err add_all(struct provider *p, struct store_batch *b, struct view account_id,
		      const struct view_list *devices, uint8_t kind, struct view body,
		      struct arena *a)
{
	size_t work = work_of(kind, body);
	struct view no_device = kem_public(&p->config.keys->lookup_key);
	for (size_t i = 0; i < devices->n || i < work; i++)
		TRY(add_for(p, b, account_id, i < devices->n ? devices->v[i] : no_device, kind,
			    body, a));
	return UC_OK;
}

uc_err intake_add(struct provider *p, struct store_batch *b, struct view account_id, uint8_t kind,
		  struct view body, struct arena *a)
{
	struct view_list devices;
	TRY(device_keys(p, account_id, a, &devices));
	return add_all(p, b, account_id, &devices, kind, body, a);
}

uc_err intake_put(struct provider *p, struct view account_id, uint8_t kind, struct view body,
		  struct arena *a)
{
	struct store_batch b;
	store_batch_init(&b, account_id);
	TRY(finish_accounts(p, &b, intake_add(p, &b, account_id, kind, body, a)));
	intake_push_all(p, account_id);
	return UC_OK;
}

uc_err intake_add_nobody(struct provider *p, struct store_batch *b, struct view nobody,
			 uint8_t kind, struct view body, struct arena *a)
{
	struct view_list none;
	uc_err err = device_keys(p, nobody, a, &none);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	none.n = 0;
	return add_all(p, b, nobody, &none, kind, body, a);
}

/* --- pushing --- */

static void push_one(struct provider *p, struct session *s, uint64_t seq, struct view bytes)
{
	struct arena scratch;
	struct intake_record record;
	arena_init(&scratch, 65536, ARENA_PLAIN);
	/* One that is damaged is passed over: it must not hold up those behind it. */
	if (!wire_decode(bytes, &scratch, intake_record_element, &record)) {
		struct intake_event e = { seq, record.intake_kind, record.received_ms,
					  record.sealed };
		session_send_event(p, s, FRAME_INTAKE, intake_event_element, &e);
	}
	s->intake_sent = seq;
	arena_done(&scratch);
}

void intake_push(struct provider *p, struct session *s)
{
	struct store_key k;
	struct store_log_scan scan;
	struct view bytes;
	uint64_t seq;
	size_t open = s->intake_sent - s->intake_acked;
	if (s->phase != PHASE_SIGNED_IN || open >= INTAKE_WINDOW)
		return;
	struct view log = intake_key(&k, VIEW_OF(s->account_id), VIEW_OF(s->device_key));
	if (store_log_scan_init(&scan, p->accounts, log, s->intake_sent + 1, INTAKE_WINDOW - open,
				0))
		return;
	while (store_log_scan_next(&scan, &seq, &bytes))
		push_one(p, s, seq, bytes);
	store_log_scan_done(&scan);
}

void intake_push_all(struct provider *p, struct view account_id)
{
	struct session *s = session_of_account(p, account_id.p, NULL);
	for (; s; s = session_of_account(p, account_id.p, s))
		intake_push(p, s);
}

void intake_push_later(struct provider *p, struct view account_id)
{
	struct buf *due = &p->pushes[0];
	buf_add_view(due, account_id);
	if (!due->failed)
		return;
	due->failed = UC_OK; /* no memory for it: then at once */
	intake_push_all(p, account_id);
}

bool intake_go_on(struct provider *p)
{
	struct buf due = p->pushes[1];
	struct view ids = buf_view(&due);
	for (size_t at = 0; at + ACCOUNT_ID <= ids.n; at += ACCOUNT_ID)
		intake_push_all(p, view_slice(ids, at, ACCOUNT_ID));
	buf_reset(&due);
	p->pushes[1] = p->pushes[0];
	p->pushes[0] = due;
	return p->pushes[1].n > 0;
}

void notice_intake_ack(struct provider *p, struct session *s, struct view body)
{
	struct intake_ack ack;
	struct store_key k;
	struct store_batch b;
	struct view account = VIEW_OF(s->account_id);
	if (wire_decode(body, NULL, intake_ack_element, &ack) || ack.seq <= s->intake_acked ||
	    ack.seq > s->intake_sent)
		return;
	store_batch_init(&b, account);
	store_log_trim(&b, intake_key(&k, account, VIEW_OF(s->device_key)), ack.seq + 1);
	if (commit_accounts(p, &b))
		return;
	s->intake_acked = ack.seq;
	intake_push(p, s);
}

/* --- what nobody fetched --- */

uc_err intake_expire(struct provider *p, struct view account_id, struct view device_key,
		     uint64_t now_ms, struct store_batch *b)
{
	struct store_key k;
	struct store_log_scan scan;
	struct intake_record record;
	struct arena scratch;
	struct view bytes;
	uint64_t seq, keep = 0;
	struct view log = intake_key(&k, account_id, device_key);
	TRY(store_log_scan_init(&scan, p->accounts, log, 1, EXPIRE_AT_ONCE, 0));
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	while (store_log_scan_next(&scan, &seq, &bytes)) {
		/* A damaged one is of no use to anybody. */
		if (!wire_decode(bytes, &scratch, intake_record_element, &record) &&
		    record.received_ms + (uint64_t)KEEP_DAYS * DAY_MS > now_ms)
			break;
		keep = seq + 1;
	}
	uc_err err = scan.scan.failed;
	store_log_scan_done(&scan);
	arena_done(&scratch);
	if (!err && keep)
		store_log_trim(b, log, keep);
	return err;
}
