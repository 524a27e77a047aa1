/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner does with files: sends, fetches, reads, forgets. */
#include "client/compose.h"
#include "client/history.h"
#include "client/rooms.h"
#include "client/strangers.h"
#include "client/transfers.h"
#include "client/turn.h"

#include "base/heap.h"
#include "base/text.h"

enum { EXPIRES_S = 30 * 24 * 3600, MESSAGE_ARENA_MAX = 8 * MESSAGE_MAX };

/* --- sending --- */

struct send_call {
	const struct uc_id *room;
	const char *name, *type;
	struct view bytes;
	struct uc_id *id;
};

/* What is said and where its bytes will be; sealed: those bytes. */
static uc_err content_make(struct uc_client *c, struct room *r, const struct send_call *in,
			   uint8_t *sealed, struct content_parts *p, struct view *content)
{
	static const char plain[] = "application/octet-stream";
	char name[FILE_NAME_MAX + 1];
	struct external_part e;
	file_name_clean(view_str(in->name), name);
	TRY(attachment_seal(&c->env, view_str(c->account.app), in->bytes, &c->call, &e, sealed));
	e.filename = view_str(name);
	e.expires = (uint32_t)(client_now(c) / 1000 + EXPIRES_S);
	p->kind = CONTENT_FILE;
	p->file = &e;
	p->file_type = view_str(*in->type ? in->type : plain);
	uc_err err = content_write(c, r, p, &c->call, content);
	p->file = NULL;
	return err;
}

static void message_add(struct uc_client *c, struct room *r, const struct uc_id *id,
			struct view content, uint64_t *number)
{
	struct message m = { .id = *id,
			     .state = UC_MESSAGE_QUEUED,
			     .kind = UC_MESSAGE_FILE,
			     .own = true,
			     .time_ms = client_now(c),
			     .content = content };
	memcpy(m.participant, r->participant, sizeof m.participant);
	history_add(c, r, &m);
	history_tell(c, r, &m, true);
	*number = m.number;
}

static uc_err upload_add(struct uc_client *c, struct room *r, const struct uc_id *id,
			 struct view content, struct view sealed)
{
	struct nested_part part;
	struct attachment at;
	uint64_t number;
	TRY(transfer_part_of(content, &c->call, &part));
	TRY(attachment_of(&part.external, &at));
	message_add(c, r, id, content, &number);
	struct transfer *t = transfer_new(c, r, id, number, &at);
	if (!t)
		return UC_E_MEMORY;
	t->is_upload = true;
	for (size_t from = 0; from < sealed.n; from += ATTACHMENT_PART_MAX)
		transfer_part_put(c, t, from, view_slice(sealed, from, ATTACHMENT_PART_MAX));
	return UC_OK;
}

static uc_err send(struct uc_client *c, void *arg)
{
	const struct send_call *in = arg;
	struct content_parts p = { 0 };
	struct view content;
	struct room *r;
	TRY(room_usable(c, in->room, &r));
	if (r->says == SAYS_NOTHING)
		return UC_E_NOT_INTRODUCED;
	size_t n = attachment_sealed_size(in->bytes.n);
	uint8_t *sealed = heap_new(n);
	if (!sealed)
		return UC_E_MEMORY;
	uc_err err = content_make(c, r, in, sealed, &p, &content);
	if (!err)
		err = upload_add(c, r, &p.id, content, view_make(sealed, n));
	heap_free(sealed);
	TRY(err);
	*in->id = p.id;
	return UC_OK;
}

uc_err uc_send_file(uc_client *c, const struct uc_id *room, const char *name, const char *type,
		    const uint8_t *bytes, size_t n, struct uc_id *id)
{
	struct uc_id none;
	struct send_call in = { room, name, type ? type : "", { bytes, n }, id ? id : &none };
	if (!c || !room || !name || !bytes || !n)
		return UC_E_ARGUMENT;
	if (n > UC_FILE_MAX || strlen(in.type) > FILE_TYPE_MAX)
		return UC_E_TOO_LARGE;
	if (!utf8_is_valid(view_str(name)) || !utf8_is_valid(view_str(in.type)))
		return UC_E_TEXT;
	return turn_run(c, send, &in);
}

/* --- those of messages that are there --- */

struct file_call {
	const struct uc_id *room;
	uint64_t number;
	uc_op *op;
};

/* The message, and its file; all of it lies in the arena. */
static uc_err file_find(struct uc_client *c, const struct file_call *in, struct arena *a,
			struct room **room, struct message *m, struct external_part *e)
{
	struct nested_part part;
	struct room *r = room_find(c, in->room);
	if (!r || strangers_veil(c, r))
		return UC_E_NOT_FOUND;
	TRY(history_get(c, r, in->number, a, m));
	if (m->kind != UC_MESSAGE_FILE || m->deleted || !m->content.n)
		return UC_E_NOT_FOUND;
	TRY(transfer_part_of(m->content, a, &part));
	*room = r;
	*e = part.external;
	return UC_OK;
}

static uc_err fetch(struct uc_client *c, void *arg)
{
	const struct file_call *in = arg;
	struct external_part e;
	struct attachment at;
	struct message m = { 0 };
	struct room *r;
	if (c->connection != UC_ONLINE)
		return UC_E_NET;
	TRY(file_find(c, in, &c->call, &r, &m, &e));
	TRY(attachment_of(&e, &at));
	struct transfer *t = transfer_find(c, &m.id);
	if (t && t->wanted)
		return UC_E_PENDING;
	if (!t)
		t = transfer_new(c, r, &m.id, m.number, &at);
	if (!t)
		return UC_E_MEMORY;
	*in->op = op_new(c);
	if (t->is_upload) {
		op_done(c, *in->op, UC_OK, (struct view){ NULL, 0 }); /* its parts are here */
		return UC_OK;
	}
	t->op = *in->op;
	t->wanted = true;
	return UC_OK;
}

uc_err uc_file_fetch(uc_client *c, const struct uc_id *room, uint64_t number, uc_op *op)
{
	struct file_call in = { room, number, op };
	if (!c || !room || !op)
		return UC_E_ARGUMENT;
	return turn_run(c, fetch, &in);
}

static uc_err read_into(struct uc_client *c, const struct transfer *t,
			const struct external_part *e, uint8_t *out)
{
	size_t n = (size_t)t->total;
	uint8_t *sealed = heap_new(n);
	uc_err err = sealed ? transfer_read(c, t, sealed) : UC_E_MEMORY;
	if (!err)
		err = attachment_open(e, view_make(sealed, n), out);
	heap_free(sealed);
	return err;
}

static uc_err file_read(struct uc_client *c, const struct file_call *in, uint8_t *out, size_t n)
{
	struct external_part e;
	struct message m = { 0 };
	struct room *r;
	struct arena a;
	arena_init(&a, MESSAGE_ARENA_MAX, ARENA_SECRET);
	uc_err err = file_find(c, in, &a, &r, &m, &e);
	const struct transfer *t = err ? NULL : transfer_find(c, &m.id);
	bool is_here = t && (t->is_upload || t->have == t->total);
	if (!err && e.size != n)
		err = UC_E_ARGUMENT;
	if (!err)
		err = is_here ? read_into(c, t, &e, out) : UC_E_NOT_FOUND;
	arena_done(&a);
	return err;
}

uc_err uc_file_read(uc_client *c, const struct uc_id *room, uint64_t number, uint8_t *out, size_t n)
{
	const struct file_call in = { room, number, NULL };
	if (!c || !room || !out)
		return UC_E_ARGUMENT;
	return c->broken ? c->broken : file_read(c, &in, out, n);
}

static uc_err drop(struct uc_client *c, void *arg)
{
	const struct file_call *in = arg;
	struct external_part e;
	struct message m = { 0 };
	struct room *r;
	TRY(file_find(c, in, &c->call, &r, &m, &e));
	struct transfer *t = transfer_find(c, &m.id);
	if (t && !t->is_upload)
		transfer_drop(c, t, UC_E_NOT_FOUND);
	return UC_OK;
}

uc_err uc_file_drop(uc_client *c, const struct uc_id *room, uint64_t number)
{
	struct file_call in = { .room = room, .number = number };
	if (!c || !room)
		return UC_E_ARGUMENT;
	return turn_run(c, drop, &in);
}
