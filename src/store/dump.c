/* SPDX-License-Identifier: Apache-2.0 */
/* Dump and load (inspect.h has the format). */
#include "store/inner.h"
#include "store/inspect.h"

#define DUMP_VERSION  1
#define DUMP_ITEM_MAX (STORE_VALUE_MAX + 64 * 1024)
#define LOAD_BATCH    256 /* items written at once */

enum { ITEM_END = 0, ITEM_PAIR = 1 };

static const uint8_t magic[6] = { 'U', 'C', 'D', 'U', 'M', 'P' };

struct dump {
	store_sink *sink;
	void *ctx;
	struct buf out;
	uint64_t count;
};

static void wire_dump_head(struct wire *w)
{
	uint8_t m[sizeof magic];
	uint16_t version = DUMP_VERSION;
	memcpy(m, magic, sizeof m);
	wire_fixed(w, m, sizeof m);
	wire_u16(w, &version);
	if (!view_equal(VIEW_OF(m), VIEW_OF(magic)))
		wire_fail(w, UC_E_MALFORMED);
	else if (version != DUMP_VERSION)
		wire_fail(w, UC_E_VERSION);
}

static uc_err send(struct dump *d)
{
	TRY(d->out.failed);
	uc_err err = d->sink(d->ctx, buf_view(&d->out));
	buf_reset(&d->out);
	return err;
}

static uc_err dump_pair(struct dump *d, struct view key, struct view value)
{
	struct wire w;
	uint8_t kind = ITEM_PAIR;
	wire_writer(&w, &d->out);
	wire_u8(&w, &kind);
	wire_bytes(&w, &key);
	wire_bytes(&w, &value);
	TRY(wire_finish(&w));
	d->count++;
	return send(d);
}

static uc_err dump_pairs(struct store *s, struct dump *d)
{
	struct store_cursor *c;
	struct view key, value;
	TRY(s->driver->cursor_open(s->engine, VIEW_LIT(""), VIEW_LIT("\xff"), &c));
	uc_err err, sent = UC_OK;
	while (!sent && !(err = s->driver->cursor_next(c, &key, &value)))
		sent = dump_pair(d, key, value);
	s->driver->cursor_close(c);
	return sent ? sent : err == UC_E_NOT_FOUND ? UC_OK : err;
}

static uc_err dump(struct store *s, struct dump *d)
{
	struct wire w;
	uint8_t kind = ITEM_END;
	wire_writer(&w, &d->out);
	wire_dump_head(&w);
	TRY(send(d));
	TRY(dump_pairs(s, d));
	wire_u8(&w, &kind);
	wire_u64(&w, &d->count);
	TRY(wire_finish(&w));
	return send(d);
}

uc_err store_dump(struct store *s, store_sink *sink, void *ctx)
{
	TRY(store_usable(s));
	struct dump d = { .sink = sink, .ctx = ctx };
	buf_init(&d.out, DUMP_ITEM_MAX);
	uc_err err = dump(s, &d);
	buf_done(&d.out);
	return err;
}

struct load {
	const struct store_driver *driver;
	struct store_engine *engine;
	struct store_change changes[LOAD_BATCH];
	size_t n;
};

static uc_err load_flush(struct load *l)
{
	if (l->n == 0)
		return UC_OK;
	for (size_t i = 0; i < l->n; i++)
		l->changes[i].next = i + 1 < l->n ? &l->changes[i + 1] : NULL;
	l->n = 0;
	return l->driver->write(l->engine, l->changes);
}

static uc_err load_items(struct load *l, struct wire *w)
{
	for (uint64_t count = 0;; count++) {
		uint8_t kind = ITEM_END;
		uint64_t told = 0;
		struct store_change c = { .kind = CHANGE_PUT };
		wire_u8(w, &kind);
		if (kind == ITEM_END) {
			wire_u64(w, &told);
			TRY(wire_finish(w));
			return told == count ? load_flush(l) : UC_E_MALFORMED;
		}
		wire_bytes(w, &c.key);
		wire_bytes(w, &c.value);
		TRY(w->failed);
		if (kind != ITEM_PAIR || c.key.n == 0 || c.key.p[0] == 0xff)
			return UC_E_MALFORMED;
		c.hash = store_hash(c.key);
		l->changes[l->n++] = c;
		if (l->n == LOAD_BATCH)
			TRY(load_flush(l));
	}
}

static uc_err load(struct load *l, struct view bytes)
{
	struct store_cursor *c;
	struct view key, value;
	struct wire w;
	struct arena none; /* items have neither lists nor options */
	TRY(l->driver->cursor_open(l->engine, VIEW_LIT(""), VIEW_LIT("\xff"), &c));
	uc_err err = l->driver->cursor_next(c, &key, &value);
	l->driver->cursor_close(c);
	if (err != UC_E_NOT_FOUND)
		return err ? err : UC_E_EXISTS;
	arena_init(&none, 0, ARENA_PLAIN);
	wire_reader(&w, bytes, &none);
	wire_dump_head(&w);
	TRY(w.failed);
	TRY(load_items(l, &w));
	return l->driver->sync(l->engine);
}

uc_err store_load(const struct store_options *o, struct view bytes)
{
	struct load l = { .driver = o->driver };
	TRY(o->driver->open(o, &l.engine));
	uc_err err = load(&l, bytes);
	o->driver->close(l.engine);
	return err;
}
