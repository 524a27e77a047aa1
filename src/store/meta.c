/* SPDX-License-Identifier: Apache-2.0 */
/* The meta record: whose store this is and which version wrote it; upgrades. */
#include "store/inner.h"

static const uint8_t magic[4] = { 'U', 'C', 'S', 'T' };

void wire_store_meta(struct wire *w, void *store_meta)
{
	struct store_meta *m = store_meta;
	wire_fixed(w, m->magic, sizeof m->magic);
	wire_u16(w, &m->format);
	if (wire_reading(w) && !w->failed && m->format > STORE_FORMAT)
		wire_fail(w, UC_E_VERSION);
	wire_u16(w, &m->schema);
	wire_fixed(w, m->incarnation, sizeof m->incarnation);
	wire_bytes(w, &m->domain);
	wire_bytes(w, &m->kind);
	if (m->format < 2)
		return;
	wire_u64(w, &m->life);
	wire_u64(w, &m->last_ms);
	if (m->format < 3)
		return;
	wire_u8(w, &m->is_copy);
}

static uc_err meta_key(struct arena *mem, struct view *out)
{
	return space_key(mem, SPACE_META, VIEW_LIT("meta"), out);
}

uc_err meta_change(struct arena *mem, const struct store_meta *m, struct store_change *out)
{
	*out = (struct store_change){ .kind = CHANGE_PUT };
	TRY(meta_key(mem, &out->key));
	out->hash = store_hash(out->key);
	return wire_encode_to(mem, wire_store_meta, m, &out->value);
}

static uc_err put(struct store *s, const struct store_meta *m)
{
	struct store_change c;
	TRY(meta_change(&s->scratch, m, &c));
	TRY(store_write(s, &c));
	return store_sync(s);
}

uc_err meta_put(struct store *s, const struct store_meta *m)
{
	uc_err err = put(s, m);
	store_scratch_reset(s);
	return err;
}

static uc_err check_empty(struct store *s)
{
	struct store_cursor *c;
	struct view key, value;
	TRY(s->driver->cursor_open(s->engine, VIEW_LIT(""), VIEW_LIT("\xff"), &c));
	uc_err err = s->driver->cursor_next(c, &key, &value);
	s->driver->cursor_close(c);
	return err == UC_E_NOT_FOUND ? UC_OK : err ? err : UC_E_CORRUPT;
}

static uc_err make(struct store *s, const struct store_options *o)
{
	TRY(check_empty(s));
	struct store_meta *m = &s->meta;
	memcpy(m->magic, magic, sizeof magic);
	m->format = STORE_FORMAT;
	m->schema = o->schema;
	TRY(env_random(o->env, m->incarnation, sizeof m->incarnation));
	TRY(arena_copy(&s->mem, o->domain, &m->domain));
	TRY(arena_copy(&s->mem, o->kind, &m->kind));
	return meta_put(s, m);
}

static uc_err check(const struct store_meta *m, const struct store_options *o)
{
	if (!view_equal(VIEW_OF(m->magic), VIEW_OF(magic)))
		return UC_E_CORRUPT;
	if (!view_equal(m->domain, o->domain) || !view_equal(m->kind, o->kind))
		return UC_E_CONFIG;
	return m->schema > o->schema ? UC_E_VERSION : UC_OK;
}

/* Before anything is written: a program of before must not read it as its own. */
static uc_err format_raise(struct store *s)
{
	struct store_meta next = s->meta;
	next.format = STORE_FORMAT;
	if (s->meta.format != STORE_FORMAT)
		TRY(meta_put(s, &next));
	s->meta = next;
	return UC_OK;
}

static uc_err upgrade(struct store *s, const struct store_options *o)
{
	TRY(format_raise(s));
	while (s->meta.schema < o->schema) {
		const struct store_upgrade *u = o->upgrades;
		while (u && u->run && u->from != s->meta.schema)
			u++;
		if (!u || !u->run)
			return UC_E_VERSION;
		TRY(u->run(s, o->env));
		struct store_meta next = s->meta;
		next.schema++;
		TRY(meta_put(s, &next));
		s->meta = next;
	}
	return UC_OK;
}

uc_err meta_open(struct store *s, const struct store_options *o)
{
	struct view key, bytes;
	uc_err err = meta_key(&s->scratch, &key);
	if (!err)
		err = s->driver->get(s->engine, key, &s->mem, &bytes);
	store_scratch_reset(s);
	if (err == UC_E_NOT_FOUND && !o->read_only)
		return make(s, o);
	TRY(err);
	err = wire_decode(bytes, &s->mem, wire_store_meta, &s->meta);
	if (err)
		return err == UC_E_VERSION ? err : UC_E_CORRUPT;
	TRY(check(&s->meta, o));
	if (o->read_only)
		return s->meta.schema == o->schema ? UC_OK : UC_E_VERSION;
	return upgrade(s, o);
}

uc_err store_renew(struct store *s, const struct env *env)
{
	TRY(store_usable(s));
	TRY(s->refuses);
	struct store_meta next = s->meta;
	TRY(env_random(env, next.incarnation, sizeof next.incarnation));
	next.is_copy = 0;
	if (next.life < s->life)
		next.life = s->life;
	TRY(meta_put(s, &next));
	s->meta = next;
	return UC_OK;
}

bool store_is_older(const struct store *s)
{
	return s->meta.is_copy || s->meta.life < s->life;
}

uint64_t store_life(const struct store *s)
{
	return s->meta.life;
}

uint64_t store_last_ms(const struct store *s)
{
	return s->meta.last_ms;
}

uc_err store_live(struct store *s, uint64_t life, uint64_t now_ms)
{
	TRY(store_usable(s));
	TRY(s->refuses);
	struct store_meta next = s->meta;
	next.life = life;
	next.last_ms = now_ms;
	TRY(meta_put(s, &next));
	s->meta = next;
	s->life = life;
	return UC_OK;
}
