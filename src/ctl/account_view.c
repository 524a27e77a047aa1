/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/account_view.h"

#include "ctl/view_table.h"
#include "store/inspect.h"

enum { IDENTIFIERS_MAX = 4096, RECORD_BYTES = 512 << 20, ROUNDS_MAX = 8 };

struct viewing {
	struct account_view *out;
	struct arena *a; /* of the identifiers */
	struct view_list ids;
	struct view last[ACCOUNT_VIEW_ITEMS]; /* VIEW_EACH: the value before */
	struct arena record;
	bool is_rooms;
};

/* A value as it stands in a key or a record. */
struct value {
	struct view bytes;
	uint64_t number;
};

static bool is_one_of(const struct viewing *v, struct view id)
{
	for (size_t i = 0; i < v->ids.n; i++)
		if (view_equal(v->ids.v[i], id))
			return true;
	return false;
}

/* Nothing, and zero bytes, stand for nobody. */
static bool says_something(struct view id)
{
	uint8_t all = 0;
	for (size_t i = 0; i < id.n; i++)
		all |= id.p[i];
	return all != 0;
}

static uc_err id_add(struct viewing *v, struct view id)
{
	if (!says_something(id) || is_one_of(v, id))
		return UC_OK;
	if (v->ids.n == IDENTIFIERS_MAX)
		return UC_E_LIMIT;
	return arena_copy(v->a, id, &v->ids.v[v->ids.n++]);
}

static bool contains(struct view in, struct view id)
{
	return in.n && memmem(in.p, in.n, id.p, id.n);
}

/* Somewhere in these bytes; in a key, where zeros are written as two bytes, also so. */
static uc_err stands_in(struct viewing *v, struct view key, struct view value, bool *does)
{
	*does = false;
	for (size_t i = 0; !*does && i < v->ids.n; i++) {
		struct store_key k;
		store_key_start(&k, 0);
		store_key_add(&k, v->ids.v[i]);
		if (k.failed)
			return UC_E_TOO_LARGE;
		/* Between the tag, what begins an element and what ends it. */
		struct view as_key = view_make(k.b + 2, k.n - 4);
		*does = contains(value, v->ids.v[i]) || contains(key, as_key);
	}
	return UC_OK;
}

/* --- a record's values --- */

static void from_struct(const struct view_field *f, const uint8_t *at, struct value *out)
{
	switch (f->kind) {
	case PLACE_U8:
		out->number = *at;
		break;
	case PLACE_U16:
		out->number = *(const uint16_t *)(const void *)at;
		break;
	case PLACE_U32:
		out->number = *(const uint32_t *)(const void *)at;
		break;
	case PLACE_U64:
		out->number = *(const uint64_t *)(const void *)at;
		break;
	case PLACE_BOOL:
		out->number = *(const bool *)(const void *)at;
		break;
	case PLACE_VIEW:
		out->bytes = *(const struct view *)(const void *)at;
		break;
	case PLACE_ARRAY:
		out->bytes = view_make(at, f->size);
		break;
	case PLACE_KEY:
		break;
	}
}

static uc_err key_values(const struct view_table *t, struct view key, struct arena *a,
			 struct value *out)
{
	struct store_key_reader r;
	store_key_read(&r, key);
	for (size_t i = 0; i < t->keys_n; i++) {
		if (r.rest.n && r.rest.p[0] == 2)
			out[i].number = store_key_read_u64(&r);
		else
			out[i].bytes = store_key_read_bytes(&r, a);
	}
	return store_key_read_done(&r);
}

static uc_err values_of(const struct view_table *t, struct view key, struct view value,
			struct arena *a, struct value **out)
{
	uint8_t *record = arena_take(a, t->struct_size);
	struct value *v = ARENA_ARRAY(a, struct value, t->fields_n);
	wire_element *walk = t->tag == TABLE_LIST ? device_entry_element : table_walk(t->tag);
	if (!record || !v)
		return UC_E_MEMORY;
	if (!walk)
		return UC_E_UNSUPPORTED;
	TRY(key_values(t, key, a, v));
	TRY(wire_decode(value, a, walk, record));
	for (size_t i = t->keys_n; i < t->fields_n; i++)
		from_struct(&t->fields[i], record + t->fields[i].at, &v[i]);
	*out = v;
	return UC_OK;
}

/* --- what they add --- */

static uint64_t in_days(enum view_unit unit, uint64_t n)
{
	const uint64_t day = (uint64_t)24 * 3600 * 1000;
	return unit == UNIT_MS ? n / day : unit == UNIT_US ? n / (day * 1000) : n;
}

static uc_err add(struct viewing *v, const struct view_field *f, const struct value *value)
{
	if (f->item < 0)
		return UC_OK;
	struct account_view_sum *sum = &v->out->items[f->item];
	enum view_how how = view_items[f->item].how;
	struct view *last = &v->last[f->item];
	uint64_t n = in_days(f->unit, value->number);
	bool is_same = last->p && view_equal(*last, value->bytes);
	if (how == VIEW_EACH && (is_same || !says_something(value->bytes)))
		return UC_OK;
	if (how == VIEW_EACH)
		TRY(arena_copy(v->a, value->bytes, last));
	sum->count += how == VIEW_BYTES ? value->bytes.n : 1;
	if (n && (!sum->least || n < sum->least))
		sum->least = n;
	if (n > sum->most)
		sum->most = n;
	return UC_OK;
}

static uc_err field_add(struct viewing *v, const struct view_field *f, const struct value *value)
{
	if (f->class == CLASS_IDENTIFIER)
		TRY(id_add(v, value->bytes));
	return add(v, f, value);
}

/* A statement that stands in a field, encoded. */
static uc_err inside_add(struct viewing *v, const struct view_field *f, struct view bytes)
{
	const struct view_inside *in = f->inside;
	uint8_t *decoded = arena_take(&v->record, in->struct_size);
	if (!decoded)
		return UC_E_MEMORY;
	TRY(wire_decode(bytes, &v->record, in->walk, decoded));
	for (size_t i = 0; i < in->fields_n; i++) {
		struct value value = { .number = 0 };
		from_struct(&in->fields[i], decoded + in->fields[i].at, &value);
		TRY(field_add(v, &in->fields[i], &value));
	}
	return UC_OK;
}

static uc_err record_add(struct viewing *v, const struct view_table *t, struct view key,
			 struct view value)
{
	struct value *values = NULL;
	bool is_of = false;
	TRY(values_of(t, key, value, &v->record, &values));
	for (size_t i = 0; i < t->fields_n; i++)
		is_of |= t->fields[i].class == CLASS_IDENTIFIER && is_one_of(v, values[i].bytes);
	if (!is_of) {
		TRY(stands_in(v, key, value, &is_of));
		v->out->beside += is_of;
		return UC_OK;
	}
	v->out->records++;
	v->out->bytes += key.n + value.n;
	for (size_t i = 0; i < t->fields_n; i++) {
		TRY(field_add(v, &t->fields[i], &values[i]));
		if (t->fields[i].inside)
			TRY(inside_add(v, &t->fields[i], values[i].bytes));
	}
	return UC_OK;
}

static const struct view_table *table_find(uint8_t tag)
{
	for (size_t i = 0; i < view_tables_n; i++)
		if (view_tables[i].tag == tag)
			return &view_tables[i];
	return NULL;
}

static uc_err state_add(struct account_view *out, enum store_part part, struct view key,
			uint64_t seq, struct view value)
{
	uint8_t head[25];
	uint64_t numbers[3] = { key.n, seq, value.n };
	head[0] = (uint8_t)part;
	for (size_t i = 0; i < 24; i++)
		head[1 + i] = (uint8_t)(numbers[i / 8] >> (56 - 8 * (i % 8)));
	struct view parts[] = { VIEW_OF(out->state), VIEW_OF(head), key, value };
	return sha256_parts(parts, sizeof parts / sizeof *parts, out->state);
}

static uc_err visit(void *ctx, enum store_part part, struct view key, uint64_t seq,
		    struct view value)
{
	struct viewing *v = ctx;
	/* Of the store and not of what it holds: another in a copy. */
	if (part == STORE_PART_META)
		return UC_OK;
	TRY(state_add(v->out, part, key, seq, value));
	if (part == STORE_PART_LOG_HEAD)
		value = (struct view){ 0 };
	if (v->is_rooms) {
		bool does;
		TRY(stands_in(v, key, value, &does));
		v->out->rooms++;
		v->out->in_rooms += does;
		return UC_OK;
	}
	if (part == STORE_PART_LOG_HEAD)
		return UC_OK;
	const struct view_table *t = key.n ? table_find(key.p[0]) : NULL;
	if (!t)
		return UC_E_UNSUPPORTED;
	struct arena_mark m = arena_mark(&v->record);
	uc_err err = record_add(v, t, key, value);
	arena_reset(&v->record, m);
	v->out->of_all++;
	return err;
}

/* Again from the start while it comes to know more of what the account's records are led by. */
static uc_err accounts_walk(struct viewing *v, struct store *accounts)
{
	for (size_t round = 0; round < ROUNDS_MAX; round++) {
		size_t known = v->ids.n;
		*v->out = (struct account_view){ 0 };
		memset(v->last, 0, sizeof v->last);
		TRY(store_walk(accounts, visit, v));
		if (v->ids.n == known)
			return UC_OK;
	}
	return UC_E_LIMIT;
}

static uc_err both_walk(struct viewing *v, struct store *accounts, struct store *rooms,
			struct view id)
{
	struct store_key key;
	bool is_there;
	v->ids.v = ARENA_ARRAY(v->a, struct view, IDENTIFIERS_MAX);
	if (!v->ids.v || view_items_n > ACCOUNT_VIEW_ITEMS)
		return UC_E_MEMORY;
	TRY(store_has(accounts, key_1(&key, TABLE_ACCOUNT, id), &is_there));
	if (!is_there)
		return UC_E_NOT_FOUND;
	TRY(id_add(v, id));
	TRY(accounts_walk(v, accounts));
	v->is_rooms = true;
	return store_walk(rooms, visit, v);
}

uc_err account_view_make(struct store *accounts, struct store *rooms, struct view id,
			 struct account_view *out)
{
	struct arena a;
	struct viewing v = { .out = out, .a = &a };
	arena_init(&a, RECORD_BYTES, ARENA_PLAIN);
	arena_init(&v.record, RECORD_BYTES, ARENA_PLAIN);
	uc_err err = both_walk(&v, accounts, rooms, id);
	arena_done(&v.record);
	arena_done(&a);
	return err;
}
