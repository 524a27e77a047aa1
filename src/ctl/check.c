/* SPDX-License-Identifier: Apache-2.0 */
/* Verifies every record of every store. */
#include "ctl/account.h"
#include "ctl/ctl.h"
#include "mls/public_group.h"
#include "net/env_system.h"
#include "provider/group_parts.h"
#include "provider/tree_back.h"

enum { RECORD_BYTES = 512 << 20 };

static const char *const table_stores[256] = {
#define TABLE_STORE(name, tag, store, lead) [tag] = store,
	PROVIDER_TABLES(TABLE_STORE)
#undef TABLE_STORE
};

/* The record that must be there, under the first part of the key, for one of this table. */
static const struct {
	uint8_t table, owner;
} owners[] = {
	{ TABLE_DEVICE, TABLE_ACCOUNT },    { TABLE_LIST, TABLE_ACCOUNT },
	{ TABLE_SLOT, TABLE_ACCOUNT },      { TABLE_GRANT, TABLE_ACCOUNT },
	{ TABLE_VAULT, TABLE_ACCOUNT },     { TABLE_INTAKE, TABLE_ACCOUNT },
	{ TABLE_SETTINGS, TABLE_ACCOUNT },  { TABLE_GROUP, TABLE_ROOM },
	{ TABLE_GROUP_INFO, TABLE_ROOM },   { TABLE_LOG, TABLE_ROOM },
	{ TABLE_SEAT, TABLE_ROOM },         { TABLE_WELCOME, TABLE_ROOM },
	{ TABLE_OPENING, TABLE_ROOM },      { TABLE_ACCEPTED, TABLE_ROOM },
	{ TABLE_REPEATS, TABLE_ROOM },      { TABLE_FOLLOWER, TABLE_ROOM },
	{ TABLE_FOLLOW_START, TABLE_ROOM }, { TABLE_WELCOME_OUT, TABLE_ROOM },
	{ TABLE_GROUP_PART, TABLE_ROOM },   { TABLE_TREE_BACK, TABLE_ROOM },
	{ TABLE_RENEWED, TABLE_ROOM },      { TABLE_DISCOVERABLE, TABLE_ACCOUNT },
};

struct checking {
	const struct ctl *ctl;
	const struct config_app *app;
	const char *kind;
	struct store *store;
	struct arena arena; /* of one record */
	uint64_t records, entries, problems;
	/* the log being walked */
	uint8_t log[STORE_KEY_MAX];
	size_t log_n;
	bool has_chain;
	uint8_t chain[CHAIN_HASH];
};

static void tell(void *ctx, const char *what, struct view key)
{
	struct checking *c = ctx;
	c->problems++;
	if (c->ctl->json) {
		printf("{\"type\":\"problem\",\"app\":\"%s\",\"store\":\"%s\",\"what\":\"%s\","
		       "\"key\":\"",
		       c->app->name, c->kind, what);
		ctl_print_hex(stdout, key);
		puts("\"}");
		return;
	}
	printf("%s %s: %s: ", c->app->name, c->kind, what);
	ctl_print_key(stdout, key);
	putchar('\n');
}

static uc_err key_first(struct checking *c, struct view key, struct view *out)
{
	struct store_key_reader r;
	store_key_read(&r, key);
	*out = store_key_read_bytes(&r, &c->arena);
	return r.failed ? UC_E_CORRUPT : UC_OK;
}

static uc_err owner_check(struct checking *c, struct view key)
{
	for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
		struct store_key owner;
		struct view first;
		bool there = false;
		if (owners[i].table != key.p[0])
			continue;
		TRY(key_first(c, key, &first));
		TRY(store_has(c->store, key_1(&owner, owners[i].owner, first), &there));
		if (!there)
			tell(c, "what it belongs to is not there", key);
	}
	return UC_OK;
}

/* Of the tables whose values are not one of the schema's structs, or more than it. */
static uc_err account_check(struct checking *c, struct view key)
{
	static struct ctl_account account;
	struct view id;
	TRY(key_first(c, key, &id));
	return ctl_account_get(c->store, view_str(c->app->domain), id, &c->arena, &account);
}

static uc_err list_check(struct checking *c, struct view value)
{
	struct device_entry e;
	return wire_decode(value, &c->arena, device_entry_element, &e);
}

static uc_err group_check(struct view value)
{
	struct public_group *g = NULL;
	TRY(public_group_load(env_system(), NULL, value, &g));
	public_group_free(g);
	return UC_OK;
}

/* Each part is what was written; with the base, that all of them make the group that a member has
 * signed. */
static uc_err part_check(struct checking *c, struct view key, struct view value)
{
	struct group_part_record r;
	struct store_key base;
	struct view room;
	TRY(wire_decode(value, &c->arena, group_part_record_element, &r));
	TRY(group_part_check(key, &r));
	TRY(key_first(c, key, &room));
	if (!view_equal(key, key_2n(&base, TABLE_GROUP_PART, room, PUBLIC_PART_BASE, 0)))
		return UC_OK;
	struct public_group *g = NULL;
	bool is_whole;
	uc_err err = group_parts_load(c->store, env_system(), NULL, room, &g, &is_whole);
	public_group_free(g);
	if (err != UC_E_CORRUPT)
		return err;
	tell(c, "the parts of the public group are not one group", key);
	return UC_OK;
}

/* Whoever may still come by it gets the tree of its epoch. */
static uc_err welcome_check(struct checking *c, struct view key, struct view value)
{
	struct welcome_record w;
	struct store_key_reader r;
	struct public_group *g = NULL;
	struct buf tree;
	bool is_whole;
	TRY(wire_decode(value, &c->arena, welcome_record_element, &w));
	if (w.ratchet_tree.n)
		return UC_OK;
	store_key_read(&r, key);
	struct view room = store_key_read_bytes(&r, &c->arena);
	uint64_t seq = store_key_read_u64(&r);
	TRY(store_key_read_done(&r));
	if (group_parts_load(c->store, env_system(), NULL, room, &g, &is_whole))
		return UC_OK; /* told of the group */
	buf_init(&tree, WIRE_OBJECT_MAX);
	uc_err err = tree_back_to(c->store, room, public_group_now(g).tree, seq, &c->arena, &tree);
	buf_done(&tree);
	public_group_free(g);
	if (err != UC_E_CORRUPT)
		return err;
	tell(c, "the way back to its tree is damaged", key);
	return UC_OK;
}

/* The entry `seq`, or the last, if that comes before. */
static uc_err entry_at(struct checking *c, struct view log, uint64_t seq, struct log_entry *out,
		       bool *found)
{
	struct store_log_bounds b;
	struct store_log_scan it;
	struct view bytes;
	*found = false;
	uc_err err = store_log_bounds(c->store, log, &b);
	if (err == UC_E_NOT_FOUND || (!err && (b.first == b.next || seq < b.first)))
		return UC_OK;
	TRY(err);
	TRY(store_log_scan_init(&it, c->store, log, seq < b.next ? seq : b.next - 1, 1, 0));
	*found = store_log_scan_next(&it, &seq, &bytes);
	err = *found ? wire_decode(bytes, &c->arena, log_entry_element, out) : it.scan.failed;
	store_log_scan_done(&it);
	return err;
}

/* A room's record says where its log had got to when it was written. */
static uc_err room_check(struct checking *c, struct view key, struct view value)
{
	struct room_record r;
	struct log_entry last;
	struct store_key log;
	struct view room;
	bool found = false, is_there;
	TRY(wire_decode(value, &c->arena, room_record_element, &r));
	TRY(key_first(c, key, &room));
	TRY(entry_at(c, key_1(&log, TABLE_LOG, room), UINT64_MAX, &last, &found));
	TRY(store_has(c->store, key_1(&log, TABLE_GROUP, room), &is_there));
	if (!is_there)
		TRY(store_has(c->store, key_2n(&log, TABLE_GROUP_PART, room, PUBLIC_PART_BASE, 0),
			      &is_there));
	if (!is_there)
		tell(c, "what it belongs to is not there", key);
	if (found && last.seq + 1 > r.next)
		TRY(entry_at(c, key_1(&log, TABLE_LOG, room), r.next - 1, &last, &found));
	if (found && (last.seq + 1 != r.next || !view_equal(VIEW_OF(last.chain), VIEW_OF(r.chain))))
		tell(c, "the room's record does not continue its log", key);
	return UC_OK;
}

static uc_err record_check(struct checking *c, struct view key, struct view value)
{
	wire_element *walk = table_walk(key.p[0]);
#define RECORD_MEMBER(name) struct name name;
	union {
		PROVIDER_RECORDS(RECORD_MEMBER)
		struct log_entry log_entry;
#undef RECORD_MEMBER
	} object;
	c->records++;
	TRY(owner_check(c, key));
	if (walk)
		TRY(wire_decode(value, &c->arena, walk, &object));
	switch (key.p[0]) {
	case TABLE_ACCOUNT:
		return account_check(c, key);
	case TABLE_LIST:
		return list_check(c, value);
	case TABLE_ROOM:
		return room_check(c, key, value);
	case TABLE_GROUP:
		return group_check(value);
	case TABLE_WELCOME:
		return welcome_check(c, key, value);
	case TABLE_GROUP_PART:
		return part_check(c, key, value);
	default:
		return walk ? UC_OK : UC_E_CORRUPT;
	}
}

/* chain_n = SHA-256("Undercroft log 1" || chain_(n-1) || uint64 n || SHA-256(fanout)) */
static uc_err chain_next(const uint8_t before[CHAIN_HASH], uint64_t seq, struct view fanout,
			 uint8_t out[CHAIN_HASH])
{
	uint8_t number[8], hash[SHA256_BYTES];
	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)(seq >> (56 - 8 * i));
	TRY(sha256(fanout, hash));
	struct view parts[] = { VIEW_LIT("Undercroft log 1"), view_make(before, CHAIN_HASH),
				VIEW_OF(number), VIEW_OF(hash) };
	return sha256_parts(parts, sizeof parts / sizeof *parts, out);
}

static uc_err room_entry_check(struct checking *c, struct view log, uint64_t seq, struct view value)
{
	struct log_entry e;
	uint8_t chain[CHAIN_HASH];
	TRY(wire_decode(value, &c->arena, log_entry_element, &e));
	if (!view_equal(log, view_make(c->log, c->log_n))) {
		memcpy(c->log, log.p, log.n);
		c->log_n = log.n;
		/* The hash before the first entry kept is not kept, but that before entry 1 is
		 * known. */
		c->has_chain = seq == 1;
		memset(c->chain, 0, sizeof c->chain);
		TRY(owner_check(c, log));
	}
	TRY(chain_next(c->chain, seq, e.fanout, chain));
	if (e.seq != seq || (c->has_chain && !view_equal(VIEW_OF(chain), VIEW_OF(e.chain))))
		tell(c, "the log's chain does not continue", log);
	c->has_chain = true;
	memcpy(c->chain, e.chain, sizeof c->chain);
	return UC_OK;
}

static uc_err entry_check(struct checking *c, struct view log, uint64_t seq, struct view value)
{
	struct intake_record intake;
	c->entries++;
	if (log.p[0] == TABLE_LOG)
		return room_entry_check(c, log, seq, value);
	if (log.p[0] == TABLE_INTAKE)
		return wire_decode(value, &c->arena, intake_record_element, &intake);
	return UC_E_CORRUPT;
}

static uc_err visit(void *ctx, enum store_part part, struct view key, uint64_t seq,
		    struct view value)
{
	struct checking *c = ctx;
	if (part == STORE_PART_META)
		return UC_OK;
	const char *store = key.n ? table_stores[key.p[0]] : NULL;
	if (!store || !view_equal(view_str(store), view_str(c->kind))) {
		tell(c, "no table of this store", key);
		return UC_OK;
	}
	struct arena_mark mark = arena_mark(&c->arena);
	uc_err err = UC_OK;
	if (part == STORE_PART_RECORD)
		err = record_check(c, key, value);
	else if (part == STORE_PART_LOG_ENTRY)
		err = entry_check(c, key, seq, value);
	else
		err = owner_check(c, key);
	arena_reset(&c->arena, mark);
	return err;
}

static int store_checked(struct ctl *ctl, size_t app, enum ctl_kind kind)
{
	static struct checking c;
	c = (struct checking){ .ctl = ctl,
			       .app = &ctl->config.apps[app],
			       .kind = ctl_kind_names[kind] };
	if (ctl_store_open(ctl, app, kind, &c.store))
		return CTL_FAILED;
	arena_init(&c.arena, RECORD_BYTES, ARENA_PLAIN);
	uc_err err = store_check(c.store, visit, tell, &c);
	arena_done(&c.arena);
	store_close(c.store);
	if (err && err != UC_E_CORRUPT)
		fprintf(stderr, "undercroftctl: %s %s: %s\n", c.app->name, c.kind,
			uc_err_text(err));
	if (ctl->json)
		printf("{\"type\":\"checked\",\"app\":\"%s\",\"store\":\"%s\",\"records\":%llu,"
		       "\"entries\":%llu,\"problems\":%llu}\n",
		       c.app->name, c.kind, (unsigned long long)c.records,
		       (unsigned long long)c.entries, (unsigned long long)c.problems);
	else
		printf("%s %s: %llu records, %llu log entries: %s\n", c.app->name, c.kind,
		       (unsigned long long)c.records, (unsigned long long)c.entries,
		       err ? "problems" : "good");
	return err || c.problems ? CTL_FAILED : CTL_OK;
}

int ctl_check(struct ctl *c)
{
	size_t only = SIZE_MAX;
	int status = CTL_OK;
	if (c->argc && !ctl_app_find(c, c->argv[0], &only))
		return CTL_USAGE;
	for (size_t i = 0; i < c->config.apps_n; i++)
		for (int kind = 0; kind < CTL_KINDS && (only == SIZE_MAX || only == i); kind++)
			if (store_checked(c, i, (enum ctl_kind)kind))
				status = CTL_FAILED;
	return status;
}
