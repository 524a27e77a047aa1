/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/group_parts.h"

#include "mls/group.h"

#define PART_BYTES ((size_t)64 * 1024 * 1024)

/* The sum says which record is damaged, where the group as a whole only says that one is; and of
 * what no hash of the group covers, that it is. */
static uc_err sum_of(struct view key, struct view part, uint8_t out[PART_SUM])
{
	uint8_t hash[SHA256_BYTES];
	struct view parts[] = { VIEW_LIT("Undercroft part 1"), key, part };
	TRY(sha256_parts(parts, sizeof parts / sizeof *parts, hash));
	memcpy(out, hash, PART_SUM);
	return UC_OK;
}

uc_err group_part_check(struct view key, const struct group_part_record *r)
{
	uint8_t sum[PART_SUM];
	TRY(sum_of(key, r->part, sum));
	return view_equal(VIEW_OF(sum), VIEW_OF(r->sum)) ? UC_OK : UC_E_CORRUPT;
}

/* --- out --- */

struct putting {
	struct store_batch *b;
	struct view room;
};

static uc_err put_part(void *ctx, const struct public_part *part)
{
	struct putting *p = ctx;
	struct group_part_record r = { .part = part->bytes };
	struct store_key k;
	struct view key = key_2n(&k, TABLE_GROUP_PART, p->room, part->kind, part->number);
	if (!part->bytes.n) {
		store_delete(p->b, key);
		return UC_OK;
	}
	TRY(sum_of(key, part->bytes, r.sum));
	return record_put(p->b, key, group_part_record_element, &r);
}

uc_err group_parts_put(struct store_batch *b, struct view room, const struct public_group *g)
{
	struct putting p = { b, room };
	return public_group_save_parts(g, put_part, &p);
}

void group_whole_delete(struct store_batch *b, struct view room)
{
	struct store_key k;
	store_delete(b, key_1(&k, TABLE_GROUP, room));
	store_delete(b, key_1(&k, TABLE_GROUP_INFO, room));
}

/* --- in --- */

struct reading {
	struct store_scan scan;
	struct arena scratch; /* of one record */
};

static uc_err part_read(struct reading *r, struct view key, struct view value,
			struct public_part *out)
{
	struct group_part_record record;
	struct store_key_reader k;
	store_key_read(&k, key);
	store_key_read_bytes(&k, &r->scratch);
	uint64_t kind = store_key_read_u64(&k), number = store_key_read_u64(&k);
	TRY(store_key_read_done(&k));
	if (kind > UINT8_MAX || number > UINT32_MAX)
		return UC_E_CORRUPT;
	TRY(wire_decode(value, &r->scratch, group_part_record_element, &record));
	/* Nodes are in the tree's hash, and there are many. */
	if (kind != PUBLIC_PART_NODE)
		TRY(group_part_check(key, &record));
	*out = (struct public_part){ (enum public_part_kind)kind, (uint32_t)number, record.part };
	return UC_OK;
}

static uc_err next_part(void *ctx, struct public_part *part, bool *end)
{
	struct reading *r = ctx;
	struct view key, value;
	*end = !store_scan_next(&r->scan, &key, &value);
	if (*end)
		return r->scan.failed;
	arena_done(&r->scratch);
	return part_read(r, key, value, part);
}

static uc_err load_whole(struct store *s, const struct group_platform *platform, struct view room,
			 struct arena *a, struct public_group **out)
{
	struct store_key k;
	struct view bytes;
	struct group_info_record info;
	bool found;
	TRY(store_get(s, key_1(&k, TABLE_GROUP, room), a, &bytes));
	TRY(public_group_load(platform->env, platform->hooks, bytes, out));
	/* A hub's is of this epoch; followers had none. */
	TRY(record_find(s, key_1(&k, TABLE_GROUP_INFO, room), group_info_record_element, a, &info,
			&found));
	return found && public_group_put_info(*out, info.group_info) ? UC_E_CORRUPT : UC_OK;
}

static uc_err whole(struct store *s, const struct group_platform *platform, struct view room,
		    struct public_group **out)
{
	struct arena a;
	struct public_group *g = NULL;
	arena_init(&a, PART_BYTES, ARENA_PLAIN);
	uc_err err = load_whole(s, platform, room, &a, &g);
	arena_done(&a);
	if (err)
		public_group_free(g);
	else
		*out = g;
	return err;
}

uc_err group_parts_load(struct store *s, const struct env *env, const struct group_hooks *hooks,
			struct view room, struct public_group **out, bool *is_whole)
{
	const struct group_platform platform = { .env = env, .hooks = hooks };
	struct store_key base, k;
	struct reading r;
	bool there;
	TRY(store_has(s, key_2n(&base, TABLE_GROUP_PART, room, PUBLIC_PART_BASE, 0), &there));
	*is_whole = !there;
	if (!there)
		return whole(s, &platform, room, out);
	TRY(store_scan_init(&r.scan, s, key_1(&k, TABLE_GROUP_PART, room), (struct view){ NULL, 0 },
			    0));
	arena_init(&r.scratch, PART_BYTES, ARENA_PLAIN);
	uc_err err = public_group_load_parts(&platform, next_part, &r, out);
	arena_done(&r.scratch);
	store_scan_done(&r.scan);
	return err;
}
