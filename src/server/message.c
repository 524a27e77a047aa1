/* SPDX-License-Identifier: Apache-2.0 */
#include "server/message.h"

#include "base/heap.h"
#include "base/secret.h"
#include "server/outputs.h"

static struct view put(struct message *m, size_t *at, struct view v)
{
	struct view out = { m->data + *at, v.n };
	if (v.n)
		memcpy(m->data + *at, v.p, v.n);
	*at += v.n;
	return out;
}

struct message *message_new(enum message_kind kind, uint64_t id, const struct message_parts *parts)
{
	const struct message_parts none = { 0 };
	const struct message_parts *p = parts ? parts : &none;
	size_t n = p->domain.n + p->method.n + p->path.n + p->headers.n + p->body.n, at = 0;
	struct message *m = heap_new_raw(sizeof *m + n);
	if (!m)
		return NULL;
	memset(m, 0, sizeof *m);
	m->kind = kind;
	m->id = id;
	m->bytes = sizeof *m + n;
	m->parts.domain = put(m, &at, p->domain);
	m->parts.method = put(m, &at, p->method);
	m->parts.path = put(m, &at, p->path);
	m->parts.headers = put(m, &at, p->headers);
	m->parts.body = put(m, &at, p->body);
	return m;
}

struct message *message_new_empty(enum message_kind kind, size_t room)
{
	struct message *m = heap_new_raw(sizeof *m + room);
	if (!m)
		return NULL;
	memset(m, 0, sizeof *m);
	m->kind = kind;
	m->bytes = sizeof *m + room;
	m->room = room;
	m->parts.body = view_make(m->data, 0);
	return m;
}

/* Codes, secrets of seats and vaults pass through here. */
void message_free(struct message *m)
{
	if (!m)
		return;
	if (m->kind == MESSAGE_OUTPUTS) {
		outputs_drop(m);
		wipe(m->data, m->parts.body.n);
		heap_free(m);
	} else {
		heap_free_wiped(m, m->bytes);
	}
}

void message_free_all(struct message *m)
{
	while (m) {
		struct message *next = m->next;
		message_free(m);
		m = next;
	}
}

struct message *message_beat_new(atomic_size_t *due)
{
	struct message_parts parts = { .body = view_make(&due, sizeof due) };
	return message_new(MESSAGE_BEAT, 0, &parts);
}

void message_beat_answer(const struct message *m)
{
	atomic_size_t *due = NULL;
	memcpy(&due, m->parts.body.p, sizeof due);
	atomic_fetch_sub(due, 1);
}
