/* SPDX-License-Identifier: Apache-2.0 */
/* Another hub's key and franking key.  A room's state names the ones its members believe, so the hub
 * proposes the others to it, signed with the one that is named; whoever commits next brings them in,
 * since what waits goes into every commit.  Until then the hub signs there with those before.  A commit
 * that left the proposals out gets them again at once; a round over all rooms finds those where nobody
 * speaks, and counts how many are left. */
#include "provider/room_keys.h"

#include "mimi/franking.h"
#include "mls/group_state.h"

enum { REST_MS = 2 * 1000 };

/* --- which key holds in a room --- */

static const struct sign_key *or_now(const struct sign_key *named, const struct sign_key *now)
{
	return named ? named : now;
}

uc_err room_hub_key(struct provider *p, struct room_live *r, const struct sign_key **out)
{
	const struct provider_keys *k = p->config.keys;
	const struct room_state *state;
	TRY(room_live_state(p, r, &state));
	*out = or_now(provider_keys_hub(k, state->hub_key), &k->hub_key);
	return UC_OK;
}

uc_err room_franking_key(struct provider *p, struct room_live *r, const struct sign_key **out)
{
	const struct provider_keys *k = p->config.keys;
	const struct room_state *state;
	TRY(room_live_state(p, r, &state));
	*out = or_now(provider_keys_franking(k, state->franking_key), &k->franking_key);
	return UC_OK;
}

/* --- proposing the others --- */

struct named {
	bool hub, franking; /* it is the one of before */
};

static struct named named_before(const struct provider_keys *k, struct view hub,
				 struct view franking)
{
	const struct provider_keys_rooms_before *b = &k->rooms_before;
	return (struct named){ provider_keys_hub(k, hub) == &b->hub_key,
			       provider_keys_franking(k, franking) == &b->franking_key };
}

/* Does one of the hub's that is of this type wait? */
static bool waits(const struct public_group *g, uint16_t type)
{
	for (size_t i = 0; i < public_group_proposal_count(g); i++) {
		struct proposal_view v = public_group_proposal_at(g, i);
		if (v.sender.sender_type == SENDER_EXTERNAL && v.proposal->proposal_type == type)
			return true;
	}
	return false;
}

static uc_err add(struct log_step *s, const struct proposal *p, uint64_t timestamp)
{
	const struct sign_key *key;
	struct fanout_message fanout = { .timestamp = timestamp,
					 .wire_format = MLS_PUBLIC_MESSAGE,
					 .content_type = CONTENT_PROPOSAL };
	TRY(room_hub_key(s->p, s->room, &key));
	TRY(public_group_propose(s->room->group, 0, key, p, s->a, &fanout.message));
	return log_step_add(s, &fanout, NULL);
}

uc_err room_keys_propose(struct log_step *s, uint64_t timestamp)
{
	const struct provider_keys *k = s->p->config.keys;
	const struct room_state *state;
	struct proposal p;
	if (!k->rooms_before.is_there || room_is_over(s->room->group))
		return UC_OK;
	TRY(room_live_state(s->p, s->room, &state));
	struct named n = named_before(k, state->hub_key, state->franking_key);
	if (n.hub && !waits(s->room->group, PROPOSAL_GROUP_CONTEXT_EXTENSIONS)) {
		TRY(room_hub_key_propose(state, sign_public(&k->hub_key), s->a, &p));
		TRY(add(s, &p, timestamp));
	}
	if (n.franking && !waits(s->room->group, PROPOSAL_APP_DATA_UPDATE)) {
		TRY(room_franking_key_propose(state, sign_public(&k->franking_key), s->a, &p));
		TRY(add(s, &p, timestamp));
	}
	return UC_OK;
}

static uc_err propose(struct log_step *s)
{
	uint64_t next = s->record.next;
	TRY(room_keys_propose(s, log_step_now(s)));
	return s->record.next == next ? UC_OK : log_step_put_group(s);
}

static uc_err room_move(struct provider *p, struct view room, struct arena *a)
{
	struct room_live *r;
	struct public_group *g;
	struct log_step step;
	TRY(room_live_get(p, room, &r));
	TRY(room_live_group(p, r, &g));
	log_step_begin(&step, p, r, a);
	uint64_t next = step.record.next;
	uc_err err = propose(&step);
	if (err || step.record.next == next) {
		log_step_drop(&step);
		if (err)
			room_live_drop(p, r);
		return err;
	}
	TRY(log_step_commit(&step));
	room_live_moved(p, r);
	log_step_tell(&step);
	return UC_OK;
}

/* --- the round --- */

static void extensions_element(struct wire *w, void *v)
{
	wire_extension_list(w, v);
}

/* Reads the record of the state alone; all of the group is loaded only where something is to do. */
static uc_err names_before(struct provider *p, struct view room, struct arena *a, bool *out)
{
	struct store_key k;
	struct group_part_record part;
	struct extension_list l;
	struct external_sender_list senders;
	struct app_data_dictionary d;
	struct franking_agent_data agent = { .franking_signature_key = { NULL, 0 } };
	struct view key = key_2n(&k, TABLE_GROUP_PART, room, PUBLIC_PART_EXTENSIONS, 0);
	uc_err err = record_get(p->rooms, key, group_part_record_element, a, &part);
	*out = err == UC_E_NOT_FOUND; /* of an earlier version: not known */
	if (err)
		return *out ? UC_OK : err;
	TRY(group_part_check(key, &part));
	TRY(wire_decode(part.part, a, extensions_element, &l));
	TRY(external_senders_of(&l, a, &senders));
	TRY(dictionary_of(&l, a, &d));
	const struct view *data = component_find(&d, COMPONENT_FRANKING_AGENT);
	if (data)
		TRY(wire_decode(*data, a, franking_agent_data_element, &agent));
	struct named n = named_before(
		p->config.keys, senders.n ? senders.v[0].signature_key : (struct view){ NULL, 0 },
		agent.franking_signature_key);
	*out = n.hub || n.franking;
	return UC_OK;
}

static uc_err look(struct provider *p, struct view room, struct arena *a)
{
	struct room_work *w = p->room_work;
	struct room_live *r;
	struct public_group *g;
	bool is_old;
	TRY(names_before(p, room, a, &is_old));
	if (!is_old)
		return UC_OK;
	TRY(room_move(p, room, a));
	TRY(room_live_get(p, room, &r));
	TRY(room_live_group(p, r, &g));
	w->keys.found += !room_is_over(g);
	return UC_OK;
}

static uc_err visit(struct provider *p, struct view key, struct view value)
{
	struct arena scratch;
	struct room_record record;
	struct store_key_reader reader;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	store_key_read(&reader, key);
	struct view room = store_key_read_bytes(&reader, &scratch);
	uc_err err = wire_decode(value, &scratch, room_record_element, &record);
	if (!err && record.part == ROOM_HUB)
		err = look(p, room, &scratch);
	arena_done(&scratch);
	/* One that cannot be read is not known to have moved. */
	if (err)
		p->room_work->keys.found++;
	return p->failed;
}

/* Rooms that cannot be read are not known to have moved; all others are. */
static uc_err go_on_behind(struct provider *p, bool *end)
{
	struct room_keys_round *w = &p->room_work->keys;
	struct view from = buf_view(&w->from);
	struct buf seen;
	bool is_after = from.n && !from.p[from.n - 1]; /* no key ends so */
	buf_init(&seen, STORE_KEY_MAX);
	buf_add_view(&seen, view_slice(from, 0, from.n - is_after));
	buf_reset(&w->from);
	w->found++;
	if (!seen.failed)
		rooms_pass_over(p, &w->from, &seen);
	uc_err err = seen.failed ? seen.failed : w->from.failed;
	buf_done(&seen);
	*end = !w->from.n;
	return err;
}

/* *end when all rooms have been looked at. */
static uc_err some(struct provider *p, struct slice *s, bool *end)
{
	static const uint8_t table = TABLE_ROOM;
	struct room_keys_round *w = &p->room_work->keys;
	struct store_scan scan;
	struct view key, value;
	uc_err err = UC_OK;
	*end = true;
	TRY(store_scan_init(&scan, p->rooms, view_make(&table, 1), buf_view(&w->from), 0));
	while (!err && *end && store_scan_next(&scan, &key, &value)) {
		err = visit(p, key, value);
		buf_reset(&w->from);
		buf_add_view(&w->from, key);
		buf_add_byte(&w->from, 0);
		if (!err)
			err = w->from.failed;
		*end = slice_goes_on(s);
	}
	bool is_damaged = !err && scan.failed == UC_E_CORRUPT;
	if (!err)
		err = scan.failed;
	store_scan_done(&scan);
	return is_damaged ? go_on_behind(p, end) : err;
}

/* From the begin, without what was found so far. */
static void round_begin(struct room_keys_round *w)
{
	buf_reset(&w->from);
	w->rest_ms = 0;
	w->found = 0;
}

void room_keys_tick(struct provider *p, uint64_t now_ms, struct slice *s)
{
	struct room_keys_round *w = &p->room_work->keys;
	bool moves = p->config.keys->rooms_before.is_there, end;
	metrics_set(p->config.metrics, METRIC_ROOMS_UNMOVED, moves ? w->left : 0);
	if (!moves || p->failed || !is_due(now_ms, w->rest_ms, REST_MS))
		return;
	if (!w->from.n) {
		uint64_t changed_ms = p->config.keys->rooms_before.changed_ms;
		w->is_late = now_ms >= changed_ms && now_ms - changed_ms >= ROOM_KEYS_LEAST_MS;
	}
	if (some(p, s, &end) || !end)
		return;
	w->left = w->found;
	w->is_known = w->is_late;
	round_begin(w);
	w->rest_ms = now_ms + REST_MS;
}

/* Those before too, until all rooms are known to have moved: one that is made after that would name a
 * key that may be gone in a moment, and could never be moved.  One that is made behind the round's back
 * has it begin again. */
uc_err room_keys_admit(struct provider *p, const struct room_state *r)
{
	const struct provider_keys *k = p->config.keys;
	struct named n = named_before(k, r->hub_key, r->franking_key);
	if (!provider_keys_hub(k, r->hub_key) || !provider_keys_franking(k, r->franking_key))
		return UC_E_POLICY;
	if (!k->rooms_before.is_there || (!n.hub && !n.franking))
		return UC_OK;
	if (provider_rooms_moved(p))
		return UC_E_POLICY;
	round_begin(&p->room_work->keys);
	return UC_OK;
}

bool provider_rooms_moved(const struct provider *p)
{
	const struct room_keys_round *w = &p->room_work->keys;
	return w->is_known && !w->left;
}

/* A round that had begun says nothing of these. */
void provider_room_keys_changed(struct provider *p)
{
	struct room_keys_round *w = &p->room_work->keys;
	round_begin(w);
	w->left = 0;
	w->is_late = w->is_known = false;
}
