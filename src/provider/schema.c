/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/schema.h"

/* Written is the newest; older ones are read. */
static void record_version_of(struct wire *w, uint16_t *version, uint16_t newest)
{
	wire_u16(w, wire_reading(w) ? version : &newest);
	if (wire_reading(w) && !w->failed && (!*version || *version > newest))
		wire_fail(w, UC_E_VERSION);
}

static void record_version(struct wire *w, uint16_t *version)
{
	record_version_of(w, version, RECORD_VERSION);
}

void wire_account_record(struct wire *w, struct account_record *v)
{
	record_version_of(w, &v->version, wire_reading(w) || v->left_name.n ? 3 : 2);
	wire_fixed(w, v->account_key, sizeof v->account_key);
	wire_u32(w, &v->created_day);
	wire_fixed(w, v->name_id, sizeof v->name_id);
	wire_u32(w, &v->generation);
	wire_u32(w, &v->position);
	wire_bytes(w, &v->request_key);
	wire_u32(w, &v->era);
	if (!wire_reading(w) || v->version > 1)
		wire_bool(w, &v->suspended);
	else
		v->suspended = false;
	if (wire_reading(w))
		v->left_name = (struct view){ NULL, 0 };
	if (wire_reading(w) ? v->version > 2 : v->left_name.n > 0)
		wire_bytes(w, &v->left_name);
}

void wire_device_record(struct wire *w, struct device_record *v)
{
	record_version(w, &v->version);
	wire_u32(w, &v->generation);
	wire_u32(w, &v->position);
	wire_fixed(w, v->intake_key, sizeof v->intake_key);
}

void wire_name_record(struct wire *w, struct name_record *v)
{
	record_version_of(w, &v->version, 3);
	wire_fixed(w, v->account_id, sizeof v->account_id);
	if (wire_reading(w))
		v->until_ms = v->index = 0;
	if (!wire_reading(w) || v->version > 1)
		wire_u64(w, &v->until_ms);
	if (!wire_reading(w) || v->version > 2)
		wire_u32(w, &v->index);
}

/* Version 1 counted the requests of an hour, which is over. */
void wire_code_record(struct wire *w, struct code_record *v)
{
	uint64_t hour = 0;
	uint8_t requests = 0;
	record_version_of(w, &v->version, 3);
	wire_fixed(w, v->code_hash, sizeof v->code_hash);
	wire_u64(w, &v->expires_ms);
	wire_u8(w, &v->attempts_left);
	if (wire_reading(w))
		v->index = 0;
	if (!wire_reading(w) || v->version > 1) {
		wire_u64(w, &v->empty_until_us);
		if (!wire_reading(w) || v->version > 2)
			wire_u32(w, &v->index);
		return;
	}
	wire_u64(w, &hour);
	wire_u8(w, &requests);
	v->empty_until_us = 0;
}

void wire_key_record(struct wire *w, struct key_record *v)
{
	record_version(w, &v->version);
	wire_fixed(w, v->account_id, sizeof v->account_id);
}

void wire_slot_record(struct wire *w, struct slot_record *v)
{
	record_version(w, &v->version);
	wire_u64(w, &v->not_after_ms);
	wire_bytes(w, &v->sealed);
}

void wire_grant_record(struct wire *w, struct grant_record *v)
{
	record_version(w, &v->version);
	wire_u32(w, &v->until_day);
}

void wire_spent_record(struct wire *w, struct spent_record *v)
{
	record_version(w, &v->version);
	wire_u64(w, &v->empty_until_us);
}

void wire_token_record(struct wire *w, struct token_record *v)
{
	record_version(w, &v->version);
	wire_u32(w, &v->week);
	wire_fixed(w, v->use, sizeof v->use);
}

void wire_curb_record(struct wire *w, struct curb_record *v)
{
	record_version(w, &v->version);
	wire_u32(w, &v->first_day);
	wire_u32(w, &v->second_day);
	wire_u32(w, &v->third_day);
	wire_u32(w, &v->off_minors_day);
}

void wire_index_record(struct wire *w, struct index_record *v)
{
	record_version(w, &v->version);
	wire_u32(w, &v->index);
}

void wire_discoverable_record(struct wire *w, struct discoverable_record *v)
{
	record_version(w, &v->version);
	wire_fixed(w, v->prf_key, sizeof v->prf_key);
	wire_fixed(w, v->value, sizeof v->value);
}

void wire_numbers_record(struct wire *w, struct numbers_record *v)
{
	record_version(w, &v->version);
	wire_u32(w, &v->spent);
	wire_u32(w, &v->from_day);
	wire_fixed(w, v->last, sizeof v->last);
	wire_u32(w, &v->repeats);
}

void wire_filter_record(struct wire *w, struct filter_record *v)
{
	record_version(w, &v->version);
	wire_u64(w, &v->edition);
	wire_u32(w, &v->made_day);
	wire_u64(w, &v->total);
	wire_u32(w, &v->count);
}

void wire_filter_part_record(struct wire *w, struct filter_part_record *v)
{
	record_version(w, &v->version);
	wire_bytes(w, &v->bytes);
}

void wire_custodian_record(struct wire *w, struct custodian_record *v)
{
	record_version(w, &v->version);
	wire_bytes(w, &v->custodian);
	wire_fixed(w, v->prf_key, sizeof v->prf_key);
}

void wire_intake_record(struct wire *w, struct intake_record *v)
{
	record_version_of(w, &v->version, 2);
	wire_u8(w, &v->intake_kind);
	wire_u64(w, &v->received_ms);
	wire_bytes(w, &v->sealed);
	if (!wire_reading(w) || v->version > 1)
		wire_u64(w, &v->sum_bytes);
	else
		v->sum_bytes = 0;
}

void wire_vault_record(struct wire *w, struct vault_record *v)
{
	record_version(w, &v->version);
	wire_u64(w, &v->vault_version);
	wire_bytes(w, &v->vault);
}

void wire_settings_record(struct wire *w, struct settings_record *v)
{
	record_version_of(w, &v->version, 4);
	wire_bytes(w, &v->statement);
	if (!wire_reading(w) || v->version > 1)
		wire_fixed(w, v->code_hash, sizeof v->code_hash);
	else
		memset(v->code_hash, 0, sizeof v->code_hash);
	if (wire_reading(w))
		v->checked = 0;
	if (!wire_reading(w) || v->version > 2)
		wire_u8(w, &v->checked);
	if (wire_reading(w) && v->version < 4) {
		v->vouched = 0;
		v->vouched_day = 0;
		memset(v->voucher, 0, sizeof v->voucher);
		return;
	}
	wire_u8(w, &v->vouched);
	wire_u32(w, &v->vouched_day);
	wire_fixed(w, v->voucher, sizeof v->voucher);
}

void wire_outbox_record(struct wire *w, struct outbox_record *v)
{
	record_version(w, &v->version);
	wire_bool(w, &v->is_update);
	wire_u32(w, &v->day);
	wire_bytes(w, &v->body);
}

/* Version 1 has the public group in one record, and maybe not yet in parts; up to 2, each entry wrote it
 * anew. */
void wire_room_record(struct wire *w, struct room_record *v)
{
	record_version_of(w, &v->version, 4);
	wire_u8(w, &v->part);
	wire_bytes(w, &v->hub);
	wire_u64(w, &v->next);
	wire_fixed(w, v->chain, sizeof v->chain);
	wire_u64(w, &v->last_ms);
	wire_u64(w, &v->epoch_start);
	if (!wire_reading(w) || v->version > 3)
		wire_bool(w, &v->is_renewed);
	else
		v->is_renewed = false;
}

void wire_group_info_record(struct wire *w, struct group_info_record *v)
{
	record_version(w, &v->version);
	wire_bytes(w, &v->group_info);
}

void wire_group_part_record(struct wire *w, struct group_part_record *v)
{
	record_version(w, &v->version);
	wire_fixed(w, v->sum, sizeof v->sum);
	wire_bytes(w, &v->part);
}

void wire_tree_back_record(struct wire *w, struct tree_back_record *v)
{
	record_version(w, &v->version);
	wire_bool(w, &v->is_whole);
	wire_bytes(w, &v->tree_hash);
	wire_bytes(w, &v->tree);
}

/* Version 1 did not say who opened it, version 2 not why it ended; 3 is written for those alone that
 * ended by themselves, so that seats take no byte more. */
void wire_seat_record(struct wire *w, struct seat_record *v)
{
	record_version_of(w, &v->version, wire_reading(w) || v->left ? 3 : 2);
	wire_u64(w, &v->start);
	wire_fixed(w, v->start_chain, sizeof v->start_chain);
	wire_fixed(w, v->secret_hash, sizeof v->secret_hash);
	wire_u64(w, &v->cursor);
	wire_u32(w, &v->opened_month);
	wire_u64(w, &v->ended);
	if (!wire_reading(w) || v->version > 1)
		wire_fixed(w, v->opener, sizeof v->opener);
	else
		memset(v->opener, 0, sizeof v->opener);
	if (wire_reading(w))
		v->left = false;
	if (wire_reading(w) ? v->version > 2 : v->left)
		wire_bool(w, &v->left);
}

static void wire_start_client(struct wire *w, struct start_client *v)
{
	wire_bytes(w, &v->key_package_ref);
	wire_bytes(w, &v->client);
}
WIRE_ELEMENT(start_client)

/* Version 1 did not say whose it is; the tree stood beside it. */
void wire_welcome_record(struct wire *w, struct welcome_record *v)
{
	record_version_of(w, &v->version, 2);
	wire_u64(w, &v->made_ms);
	wire_bytes(w, &v->welcome);
	wire_bytes(w, &v->ratchet_tree);
	if (!wire_reading(w) || v->version > 1)
		WIRE_LIST(w, &v->recipients, start_client_element);
	else
		v->recipients = (struct start_client_list){ NULL, 0 };
}

void wire_client_record(struct wire *w, struct client_record *v)
{
	record_version(w, &v->version);
	wire_bytes(w, &v->room);
}

void wire_opening_record(struct wire *w, struct opening_record *v)
{
	record_version(w, &v->version);
	wire_bytes(w, &v->first);
	wire_bytes(w, &v->latest);
}

void wire_accepted_record(struct wire *w, struct accepted_record *v)
{
	record_version(w, &v->version);
	wire_u64(w, &v->seq);
	wire_bytes(w, &v->reply);
}

void wire_repeats_record(struct wire *w, struct repeats_record *v)
{
	record_version(w, &v->version);
	wire_bytes(w, &v->marks);
}

/* Version 1 did not say since when. */
void wire_follower_record(struct wire *w, struct follower_record *v)
{
	record_version_of(w, &v->version, 2);
	wire_u64(w, &v->cursor);
	wire_u64(w, &v->until);
	wire_u64(w, &v->start_seq);
	wire_bool(w, &v->start_wanted);
	if (!wire_reading(w) || v->version > 1)
		wire_u64(w, &v->since);
	else
		v->since = v->cursor + 1;
}

void wire_welcome_out_record(struct wire *w, struct welcome_out_record *v)
{
	record_version(w, &v->version);
}

void wire_renewed_record(struct wire *w, struct renewed_record *v)
{
	record_version_of(w, &v->version, 2);
	wire_u64(w, &v->seq);
	wire_fixed(w, v->chain, sizeof v->chain);
	if (!wire_reading(w) || v->version > 1)
		wire_bool(w, &v->waits);
	else
		v->waits = false;
}

void wire_peer_record(struct wire *w, struct peer_record *v)
{
	record_version(w, &v->version);
	wire_u64(w, &v->store);
}

void wire_attachment_record(struct wire *w, struct attachment_record *v)
{
	record_version(w, &v->version);
	wire_u64(w, &v->total);
	wire_u64(w, &v->have);
	wire_u32(w, &v->until_day);
}

void wire_attachment_part_record(struct wire *w, struct attachment_part_record *v)
{
	record_version(w, &v->version);
	wire_bytes(w, &v->bytes);
}

void wire_report_record(struct wire *w, struct report_record *v)
{
	record_version(w, &v->version);
	wire_u64(w, &v->received_ms);
	wire_u8(w, &v->verdict);
	wire_bytes(w, &v->from);
	wire_bytes(w, &v->room);
	wire_bytes(w, &v->report);
	wire_bytes(w, &v->reporter);
	wire_bytes(w, &v->first);
	wire_bytes(w, &v->latest);
	wire_u8(w, &v->passed);
	wire_u8(w, &v->action);
	wire_bytes(w, &v->note);
	wire_u64(w, &v->decided_ms);
}

void wire_follow_start(struct wire *w, struct follow_start *v)
{
	record_version(w, &v->version);
	wire_u64(w, &v->seq);
	wire_fixed(w, v->chain, sizeof v->chain);
	wire_u64(w, &v->timestamp);
	wire_bytes(w, &v->group_info);
	wire_bytes(w, &v->ratchet_tree);
	WIRE_LIST(w, &v->pending_proposals, bytes_element);
	wire_bytes(w, &v->welcome);
	WIRE_LIST(w, &v->clients, start_client_element);
}

#define RECORD_ELEMENT(name)                         \
	void name##_element(struct wire *w, void *v) \
	{                                            \
		wire_##name(w, v);                   \
	}
PROVIDER_RECORDS(RECORD_ELEMENT)
#undef RECORD_ELEMENT

const char *table_name(uint8_t tag)
{
	switch (tag) {
#define TABLE_NAME(name, number, store, lead) \
	case number:                          \
		return #name;
		PROVIDER_TABLES(TABLE_NAME)
#undef TABLE_NAME
	default:
		return NULL;
	}
}

wire_element *table_walk(uint8_t tag)
{
	static const struct {
		uint8_t tag;
		wire_element *walk;
	} walks[] = {
		{ TABLE_ACCOUNT, account_record_element },
		{ TABLE_DEVICE, device_record_element },
		{ TABLE_NAME, name_record_element },
		{ TABLE_CODE, code_record_element },
		{ TABLE_ACCOUNT_KEY, key_record_element },
		{ TABLE_SLOT, slot_record_element },
		{ TABLE_GRANT, grant_record_element },
		{ TABLE_INTAKE, intake_record_element },
		{ TABLE_VAULT, vault_record_element },
		{ TABLE_SETTINGS, settings_record_element },
		{ TABLE_OUTBOX, outbox_record_element },
		{ TABLE_SPENT, spent_record_element },
		{ TABLE_INDEX, index_record_element },
		{ TABLE_DISCOVERABLE, discoverable_record_element },
		{ TABLE_NUMBERS, numbers_record_element },
		{ TABLE_FILTER, filter_record_element },
		{ TABLE_FILTER_PART, filter_part_record_element },
		{ TABLE_TOKEN, token_record_element },
		{ TABLE_CURB, curb_record_element },
		{ TABLE_CUSTODIAN, custodian_record_element },
		{ TABLE_ROOM, room_record_element },
		{ TABLE_GROUP_INFO, group_info_record_element },
		{ TABLE_LOG, log_entry_element },
		{ TABLE_SEAT, seat_record_element },
		{ TABLE_WELCOME, welcome_record_element },
		{ TABLE_CLIENT, client_record_element },
		{ TABLE_OPENING, opening_record_element },
		{ TABLE_ACCEPTED, accepted_record_element },
		{ TABLE_REPEATS, repeats_record_element },
		{ TABLE_RENEWED, renewed_record_element },
		{ TABLE_PEER, peer_record_element },
		{ TABLE_REPORT, report_record_element },
		{ TABLE_ATTACHMENT, attachment_record_element },
		{ TABLE_ATTACHMENT_PART, attachment_part_record_element },
		{ TABLE_FOLLOWER, follower_record_element },
		{ TABLE_FOLLOW_START, follow_start_element },
		{ TABLE_WELCOME_OUT, welcome_out_record_element },
		{ TABLE_GROUP_PART, group_part_record_element },
		{ TABLE_TREE_BACK, tree_back_record_element },
	};
	for (size_t i = 0; i < sizeof walks / sizeof *walks; i++)
		if (walks[i].tag == tag)
			return walks[i].walk;
	return NULL;
}

struct view key_1(struct store_key *k, enum provider_table t, struct view a)
{
	store_key_start(k, (uint8_t)t);
	store_key_add(k, a);
	return store_key_view(k);
}

struct view key_2(struct store_key *k, enum provider_table t, struct view a, struct view b)
{
	key_1(k, t, a);
	store_key_add(k, b);
	return store_key_view(k);
}

struct view key_3(struct store_key *k, enum provider_table t, struct view a, struct view b,
		  struct view c)
{
	key_2(k, t, a, b);
	store_key_add(k, c);
	return store_key_view(k);
}

struct view key_2n(struct store_key *k, enum provider_table t, struct view a, uint64_t b,
		   uint64_t c)
{
	key_1(k, t, a);
	store_key_add_u64(k, b);
	store_key_add_u64(k, c);
	return store_key_view(k);
}

uc_err record_get(struct store *s, struct view key, wire_element *walk, struct arena *a, void *out)
{
	struct view bytes;
	TRY(store_get(s, key, a, &bytes));
	uc_err err = wire_decode(bytes, a, walk, out);
	return err == UC_OK || err == UC_E_VERSION || err == UC_E_LIMIT ? err : UC_E_CORRUPT;
}

uint64_t fanout_timestamp(struct view fanout)
{
	uint64_t t = 0;
	for (size_t i = 0; i < 8 && i < fanout.n; i++)
		t = t << 8 | fanout.p[i];
	return t;
}

uc_err room_record_get(struct store *s, struct view room, struct arena *a, struct room_record *out)
{
	struct store_key k;
	struct room_record r;
	struct log_entry e;
	struct view bytes;
	uint64_t seq;
	TRY(record_get(s, key_1(&k, TABLE_ROOM, room), room_record_element, a, &r));
	uc_err err = store_log_last(s, key_1(&k, TABLE_LOG, room), a, &seq, &bytes);
	if (err && err != UC_E_NOT_FOUND)
		return err;
	/* The entry it was written with has gone, and those before it have not. */
	if (!err && seq + 1 < r.next)
		return UC_E_CORRUPT;
	if (!err && seq >= r.next) {
		if (wire_decode(bytes, a, log_entry_element, &e) || e.seq != seq)
			return UC_E_CORRUPT;
		r.next = e.seq + 1;
		r.last_ms = fanout_timestamp(e.fanout);
		memcpy(r.chain, e.chain, CHAIN_HASH);
	}
	*out = r;
	return UC_OK;
}

uc_err record_find(struct store *s, struct view key, wire_element *walk, struct arena *a, void *out,
		   bool *found)
{
	uc_err err = record_get(s, key, walk, a, out);
	*found = !err;
	return err == UC_E_NOT_FOUND ? UC_OK : err;
}

static uc_err put(void (*how)(struct store_batch *b, struct view key, struct view value),
		  struct store_batch *b, struct view key, wire_element *walk, const void *record)
{
	struct buf bytes;
	buf_init(&bytes, STORE_VALUE_MAX);
	uc_err err = wire_encode(&bytes, walk, record);
	if (!err)
		how(b, key, buf_view(&bytes));
	buf_done(&bytes);
	return err;
}

uc_err record_put(struct store_batch *b, struct view key, wire_element *walk, const void *record)
{
	return put(store_put, b, key, walk, record);
}

uc_err record_put_if_absent(struct store_batch *b, struct view key, wire_element *walk,
			    const void *record)
{
	return put(store_put_if_absent, b, key, walk, record);
}
