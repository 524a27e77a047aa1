/* SPDX-License-Identifier: Apache-2.0 */
#include "client/chains.h"

#include "client/account.h"
#include "client/devices.h"
#include "client/room_group.h"
#include "client/rooms.h"

enum {
	OTHERS_MS = 60 * 1000,         /* the device that has ended another does it before ... */
	OTHERS_JITTER_MS = 120 * 1000, /* ... or one of the others, by chance */
	HOLD_MS = 10 * 1000,
	BEHIND_MS = 300 * 1000,
	BEHIND_DOUBLINGS = 4,
	ASKS_MAX = 4,
	LOOK_MS = 60 * 1000,       /* in which the vault is read anew */
	SPREAD_MIN_MS = 60 * 1000, /* a key is shown by itself, each room at a time of its own */
	SPREAD_MS = 1800 * 1000,
	HOUR_MS = 3600 * 1000, /* there is no room in the vault, or no commit of ours is taken */
};

enum chain_place {
	CHAIN_SHOWN,
	CHAIN_UNSHOWN, /* we have more keys than the tree shows */
	CHAIN_BEHIND,  /* it shows other ones, or more */
};

static void keys_done(struct participant_keys *k)
{
	blob_done(&k->chain);
	wipe(k, sizeof *k);
}

/* Whatever was known of how it stands with the keys of before. */
static void standing_forget(struct room *r)
{
	r->keys_ms = r->keys_hold_ms = r->keys_behind_ms = r->keys_epoch = 0;
	r->keys_ask_ms = r->keys_look_ms = r->keys_asks = 0;
}

void chain_forget(struct room *r)
{
	keys_done(&r->keys);
	keys_done(&r->keys_next);
	standing_forget(r);
}

void chain_begin(struct uc_client *c, struct room *r)
{
	chain_forget(r);
	devices_last_end(c, &r->keys.generation, &r->keys.position);
}

static bool is_good(struct uc_client *c, const struct participant_keys *k)
{
	return devices_have_been_at(c, k->generation, k->position) &&
	       devices_none_ended_since(c, k->generation, k->position);
}

static void keys_are(struct room *r, struct participant_keys *k)
{
	keys_done(&r->keys);
	r->keys = *k;
	wipe(k, sizeof *k);
	standing_forget(r);
	r->dirty = true;
}

/* --- the next one --- */

static uc_err row_write(const struct participant_keys *k, struct arena *a, struct view *data)
{
	struct vault_chain x = { .chain = blob_view(&k->chain),
				 .generation = k->generation,
				 .position = k->position };
	if (k->chain.n)
		memcpy(x.seed, k->last.seed, sizeof x.seed);
	uc_err err = wire_encode_to(a, vault_chain_element, &x, data);
	wipe(x.seed, sizeof x.seed);
	return err;
}

/* Who has ended another, or is alone, does it at once. */
static bool is_on_us(struct uc_client *c, struct room *r)
{
	uint32_t dice = 0;
	if (!r->keys_ms && (devices_ended_by_us(c) || devices_count(c) < 2))
		return true;
	if (!r->keys_ms) {
		if (env_random(&c->env, (uint8_t *)&dice, sizeof dice))
			dice = 0;
		r->keys_ms = client_now(c) + OTHERS_MS + dice % OTHERS_JITTER_MS;
		r->dirty = true;
	}
	return !waits_until(c, r->keys_ms);
}

static bool is_full(struct uc_client *c, struct room *r)
{
	struct participant_link_list chain;
	return !participant_keys_chain(&r->participant_key, &r->keys, &c->call, &chain) &&
	       chain.n >= PARTICIPANT_KEYS_MAX;
}

/* As many as there may be: it stays with the last one. */
static void stay(struct uc_client *c, struct room *r)
{
	devices_last_end(c, &r->keys.generation, &r->keys.position);
	r->dirty = true;
	event_warning(c, UC_E_LIMIT,
		      VIEW_LIT("so many devices were ended that this room takes no other key of "
			       "yours: one that was ended may come back into it"),
		      &r->id);
}

static uc_err key_make(struct uc_client *c, struct room *r, struct ed25519_key *key)
{
	struct participant_link_list chain, longer;
	const struct ed25519_key *last = r->keys.chain.n ? &r->keys.last : &r->participant_key;
	struct view encoded;
	TRY(participant_keys_chain(&r->participant_key, &r->keys, &c->call, &chain));
	TRY(ed25519_generate(&c->env, key));
	TRY(participant_chain_next(&chain, last, VIEW_OF(key->pub), &c->call, &longer));
	TRY(wire_encode_to(&c->call, participant_chain_element, &longer, &encoded));
	TRY(blob_set(&r->keys_next.chain, encoded));
	r->keys_next.last = *key;
	devices_last_end(c, &r->keys_next.generation, &r->keys_next.position);
	r->dirty = true;
	return UC_OK;
}

static uint32_t spread(struct uc_client *c)
{
	uint32_t dice = 0;
	if (env_random(&c->env, (uint8_t *)&dice, sizeof dice))
		dice = 0;
	return dice % SPREAD_MS;
}

/* Made here, it is shown by this device: with what takes an ended one out, or by itself at a time that does not
 * say which rooms are of one person. */
static void next_is(struct uc_client *c, struct room *r)
{
	keys_are(r, &r->keys_next);
	r->keys_ms = client_now(c) + SPREAD_MIN_MS + spread(c);
}

/* Are they what the vault has of this room, or is about to? */
static bool has_row(struct uc_client *c, const struct room *r, const struct participant_keys *k)
{
	struct uc_id id = vault_room_id(r);
	const struct kept_row *row = vault_row_find(&c->vault, VAULT_CHAIN, id.b);
	struct arena_mark mark = arena_mark(&c->call);
	struct view data = { NULL, 0 };
	bool same = row && !row->gone && !row_write(k, &c->call, &data) &&
		    view_equal(blob_view(&row->data), data);
	arena_reset(&c->call, mark);
	return same;
}

/* Another's stands, or there is no room: later, or not at all. */
static void give_up(struct uc_client *c, struct room *r)
{
	keys_done(&r->keys_next);
	r->keys_ms = client_now(c) + HOUR_MS;
	r->dirty = true;
	struct uc_id id = vault_room_id(r);
	struct kept_row *row = vault_row_find(&c->vault, VAULT_CHAIN, id.b);
	struct arena_mark mark = arena_mark(&c->call);
	if (row && !row->gone && vault_chain_apply(c, row, false))
		row->fresh = true;
	arena_reset(&c->call, mark);
}

/* Nobody is told of it who could not have it from the vault. */
static uc_err hand_over(struct uc_client *c, struct room *r)
{
	if (!c->vault.has_keys) {
		next_is(c, r);
		return UC_OK;
	}
	uc_err err = vault_collect_chain(c, r);
	if (!err && !has_row(c, r, &r->keys_next))
		err = UC_E_EXISTS;
	if (!err)
		vault_due(c, client_now(c));
	return err;
}

static uc_err next_make(struct uc_client *c, struct room *r)
{
	struct ed25519_key key;
	struct arena_mark mark = arena_mark(&c->call);
	if (is_full(c, r)) {
		arena_reset(&c->call, mark);
		stay(c, r);
		return UC_OK;
	}
	uc_err err = key_make(c, r, &key);
	wipe(&key, sizeof key);
	if (!err)
		err = hand_over(c, r);
	arena_reset(&c->call, mark);
	if (!err || err_is_hard(err))
		return err;
	give_up(c, r);
	return UC_OK;
}

static uc_err room_drive(struct uc_client *c, struct room *r)
{
	bool stored;
	if (r->keys_next.chain.n) {
		TRY(vault_is_stored(c, &stored));
		if (stored && has_row(c, r, &r->keys_next))
			next_is(c, r);
		else if (stored)
			give_up(c, r);
		return UC_OK;
	}
	if (is_good(c, &r->keys) || r->state != ROOM_OPEN || !vault_keeps(c, r) || !is_on_us(c, r))
		return UC_OK;
	return next_make(c, r);
}

uc_err chains_drive(struct uc_client *c)
{
	const struct vault *v = &c->vault;
	/* What another device has made stands in the vault. */
	if (!account_is_active(c) || c->account.deleting || c->list_stale || v->foreign ||
	    (v->has_keys && !v->looked))
		return UC_OK;
	for (struct room *r = c->rooms; r; r = r->next)
		TRY(room_drive(c, r));
	return UC_OK;
}

/* --- in the room --- */

static bool is_beginning(const struct participant_link_list *a,
			 const struct participant_link_list *of)
{
	if (a->n > of->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!view_equal(a->v[i].key, of->v[i].key))
			return false;
	return true;
}

static uc_err place_find(struct uc_client *c, struct room *r)
{
	struct participant_link_list shown, ours;
	TRY(room_group_chain(r->group, &c->call, &shown));
	TRY(participant_keys_chain(&r->participant_key, &r->keys, &c->call, &ours));
	r->keys_place = !is_beginning(&shown, &ours) ? CHAIN_BEHIND
			: shown.n < ours.n           ? CHAIN_UNSHOWN
						     : CHAIN_SHOWN;
	r->keys_epoch = room_group_epoch(r->group) + 1;
	return UC_OK;
}

static uint8_t place_of(struct uc_client *c, struct room *r)
{
	if (!r->group || r->keys_epoch == room_group_epoch(r->group) + 1)
		return r->group ? r->keys_place : CHAIN_SHOWN;
	struct arena_mark mark = arena_mark(&c->call);
	if (place_find(c, r))
		r->keys_place = CHAIN_SHOWN;
	arena_reset(&c->call, mark);
	return r->keys_place;
}

/* Where the app takes no vault now, nobody waits for one. */
static bool vault_rests(struct uc_client *c)
{
	const struct vault *v = &c->vault;
	return v->foreign || (!v->stale && v->retry_ms > client_now(c));
}

bool chain_is_unread(struct uc_client *c)
{
	return c->vault.has_keys && !c->vault.looked && !vault_rests(c);
}

bool chain_comes(struct uc_client *c, struct room *r)
{
	if (c->account.deleting || vault_rests(c) || !vault_keeps(c, r) ||
	    (is_good(c, &r->keys) && !r->keys_next.chain.n)) {
		r->keys_hold_ms = 0;
		return false;
	}
	if (!r->keys_hold_ms)
		r->keys_hold_ms = client_now(c) + HOLD_MS;
	return waits_until(c, r->keys_hold_ms);
}

bool chain_is_due(struct uc_client *c, struct room *r)
{
	/* Another one is to come, for who was ended since: this one is shown with it. */
	if (c->account.deleting || r->keys_next.chain.n || !is_good(c, &r->keys))
		return false;
	return place_of(c, r) == CHAIN_UNSHOWN && is_on_us(c, r);
}

bool chain_is_behind(struct uc_client *c, struct room *r)
{
	if (place_of(c, r) != CHAIN_BEHIND) {
		r->keys_behind_ms = 0;
		return false;
	}
	if (!r->keys_behind_ms) {
		r->keys_behind_ms = client_now(c) + BEHIND_MS;
		r->keys_refusals = 0;
		r->keys_look_ms = 0;
		if (c->vault.has_keys)
			vault_look_again(c);
	}
	return waits_until(c, r->keys_behind_ms);
}

/* The longer, the more often it came to nothing: up to an hour. */
static uint64_t behind_wait(uint32_t times)
{
	uint64_t wait = (uint64_t)BEHIND_MS
			<< (times < BEHIND_DOUBLINGS ? times : BEHIND_DOUBLINGS);
	return wait < HOUR_MS ? wait : HOUR_MS;
}

uint64_t chain_refused_ms(struct uc_client *c, struct room *r, uint64_t ms)
{
	if (place_of(c, r) != CHAIN_BEHIND)
		return ms;
	if (c->vault.has_keys)
		vault_look_again(c);
	uint64_t wait = behind_wait(r->keys_refusals);
	if (r->keys_refusals < BEHIND_DOUBLINGS)
		r->keys_refusals++;
	return wait;
}

/* --- where that does not help --- */

static bool is_strange(struct uc_client *c, const struct room *r, uint32_t leaf)
{
	struct participant_link_list shown, ours;
	return !room_group_leaf_chain(r->group, leaf, &c->call, &shown) &&
	       !participant_keys_chain(&r->participant_key, &r->keys, &c->call, &ours) &&
	       !is_beginning(&shown, &ours);
}

bool chain_is_strange(struct uc_client *c, struct room *r, uint32_t leaf)
{
	struct arena_mark mark = arena_mark(&c->call);
	bool strange = is_strange(c, r, leaf);
	arena_reset(&c->call, mark);
	return strange;
}

bool chain_may_ask(struct uc_client *c, struct room *r)
{
	if (place_of(c, r) != CHAIN_BEHIND || !r->keys_behind_ms || r->keys_asks >= ASKS_MAX)
		return false;
	/* Without one of ours that is good whoever is taken out could come in by the one before. */
	if (!c->vault.has_keys || c->account.deleting || c->list_stale || r->keys_next.chain.n ||
	    !is_good(c, &r->keys))
		return false;
	return !waits_until(c, r->keys_behind_ms) && !waits_until(c, r->keys_ask_ms);
}

bool chain_is_read(struct uc_client *c, struct room *r)
{
	const struct vault *v = &c->vault;
	if (!r->keys_look_ms) {
		vault_look_again(c);
		r->keys_look_ms = client_now(c);
		return false;
	}
	if (!waits_until(c, r->keys_look_ms + LOOK_MS)) {
		/* It could not be read, or has another's keys: then we do not know enough. */
		r->keys_look_ms = 0;
		r->keys_ask_ms = client_now(c) + HOUR_MS;
		(void)waits_until(c, r->keys_ask_ms);
		return false;
	}
	return v->read && v->looked && !v->busy && !v->unwritten && has_row(c, r, &r->keys);
}

void chain_asked(struct uc_client *c, struct room *r)
{
	r->keys_look_ms = 0;
	r->keys_ask_ms = client_now(c) + behind_wait(r->keys_asks++);
	r->keys_ms = client_now(c);
	r->dirty = true;
}

/* --- in the vault --- */

static struct room *room_of(struct uc_client *c, const uint8_t id[VAULT_ID])
{
	for (struct room *r = c->rooms; r; r = r->next) {
		struct uc_id of = vault_room_id(r);
		if (r->state != ROOM_LEFT && view_equal(VIEW_OF(of.b), view_make(id, VAULT_ID)))
			return r;
	}
	return NULL;
}

struct chain_row {
	struct vault_chain row;
	struct participant_link_list chain;
};

/* Each is an answer to a device that was ended. */
static bool is_answered_for(struct uc_client *c, const struct participant_link_list *chain)
{
	return chain->n - 1 <= devices_ends(c);
}

static uc_err chain_read(struct uc_client *c, struct chain_row *out)
{
	struct ed25519_key last;
	TRY(wire_decode(out->row.chain, &c->call, participant_chain_element, &out->chain));
	if (out->chain.n < 2)
		return UC_E_MALFORMED;
	if (!is_answered_for(c, &out->chain))
		return UC_E_POLICY;
	TRY(participant_chain_check(&out->chain, &c->call));
	ed25519_from_seed(out->row.seed, &last);
	bool ours = view_equal(out->chain.v[out->chain.n - 1].key, VIEW_OF(last.pub));
	wipe(&last, sizeof last);
	return ours ? UC_OK : UC_E_PROOF;
}

/* Only one that holds, with what it is for: of the room `r`, where that is here. */
static uc_err row_read(struct uc_client *c, const struct room *r, struct view data,
		       struct chain_row *out)
{
	*out = (struct chain_row){ .chain = { NULL, 0 } };
	TRY(wire_decode(data, &c->call, vault_chain_element, &out->row));
	if (!vault_place_known(c, out->row.generation, out->row.position))
		return UC_E_STALE;
	if (!out->row.chain.n)
		return UC_OK;
	TRY(chain_read(c, out));
	return !r || view_equal(out->chain.v[0].key, VIEW_OF(r->participant_key.pub)) ? UC_OK
										      : UC_E_PROOF;
}

static void row_done(struct chain_row *x)
{
	wipe(x->row.seed, sizeof x->row.seed);
}

/* Nobody takes back what the room was shown. */
static bool is_as_shown(struct uc_client *c, const struct room *r,
			const struct participant_link_list *chain)
{
	struct participant_link_list shown;
	return !r->group || room_group_chain(r->group, &c->call, &shown) ||
	       is_beginning(chain, &shown) || is_beginning(&shown, chain);
}

static bool is_later(const struct vault_chain *a, const struct vault_chain *than)
{
	return a->generation > than->generation ||
	       (a->generation == than->generation && a->position > than->position);
}

static bool is_more(struct uc_client *c, const struct room *r, const struct chain_row *a,
		    const struct chain_row *b)
{
	/* Who has no place there goes by those who have: or each would write its own in turn. */
	if (!r)
		return true;
	bool shown = is_as_shown(c, r, &a->chain);
	if (shown != is_as_shown(c, r, &b->chain))
		return shown;
	if (a->chain.n != b->chain.n)
		return a->chain.n > b->chain.n;
	if (!is_beginning(&a->chain, &b->chain))
		return true;
	return is_later(&a->row, &b->row);
}

/* What does not hold gives way to what does, and stands for nothing. */
static bool stands(struct uc_client *c, const uint8_t id[VAULT_ID], struct view in,
		   struct view known)
{
	struct chain_row a, b;
	const struct room *r = room_of(c, id);
	if (view_equal(in, known))
		return false;
	bool good = !row_read(c, r, in, &a);
	bool other = good && (row_read(c, r, known, &b) || is_more(c, r, &a, &b));
	row_done(&a);
	if (good)
		row_done(&b);
	return other;
}

bool vault_chain_is_known(struct uc_client *c, const struct vault_row *in)
{
	struct vault_chain x;
	struct arena_mark mark = arena_mark(&c->call);
	/* What cannot be read is of a later program: it is carried along. */
	bool known = wire_decode(in->data, &c->call, vault_chain_element, &x) ||
		     vault_place_known(c, x.generation, x.position);
	wipe(&x, sizeof x);
	arena_reset(&c->call, mark);
	return known;
}

bool vault_chain_stands(struct uc_client *c, const struct vault_row *in,
			const struct kept_row *known)
{
	struct arena_mark mark = arena_mark(&c->call);
	bool other = stands(c, in->id, in->data, blob_view(&known->data));
	arena_reset(&c->call, mark);
	return other;
}

static uc_err collect(struct uc_client *c, const struct room *r)
{
	const struct participant_keys *k = r->keys_next.chain.n ? &r->keys_next : &r->keys;
	struct uc_id id = vault_room_id(r);
	struct kept_row *known = vault_row_find(&c->vault, VAULT_CHAIN, id.b);
	struct view data;
	if ((!k->chain.n && !k->generation && !k->position) || (known && known->gone))
		return UC_OK;
	TRY(row_write(k, &c->call, &data));
	bool less = known && !view_equal(blob_view(&known->data), data) &&
		    !stands(c, id.b, data, blob_view(&known->data));
	return less ? UC_OK : vault_collect_put(c, VAULT_CHAIN, id.b, data);
}

uc_err vault_collect_chain(struct uc_client *c, const struct room *r)
{
	struct arena_mark mark = arena_mark(&c->call);
	uc_err err = collect(c, r);
	arena_reset(&c->call, mark);
	return err;
}

static uc_err take(struct uc_client *c, struct room *r, const struct chain_row *in)
{
	struct participant_keys k = { .generation = in->row.generation,
				      .position = in->row.position };
	ed25519_from_seed(in->row.seed, &k.last);
	uc_err err = blob_set(&k.chain, in->row.chain);
	if (!err) {
		keys_done(&r->keys_next);
		keys_are(r, &k);
		/* Who has made it shows it before. */
		r->keys_ms = client_now(c) + SPREAD_MIN_MS + SPREAD_MS + spread(c);
	}
	wipe(&k, sizeof k);
	return err;
}

/* The same as here, and somebody knows of more who have not got it. */
static void stamp(struct room *r, const struct vault_chain *row)
{
	struct participant_keys *k = &r->keys;
	const struct vault_chain ours = { .generation = k->generation, .position = k->position };
	if (!is_later(row, &ours))
		return;
	k->generation = row->generation;
	k->position = row->position;
	r->dirty = true;
}

static uc_err apply(struct uc_client *c, struct room *r, const struct chain_row *in)
{
	struct participant_link_list ours;
	TRY(participant_keys_chain(&r->participant_key, &r->keys, &c->call, &ours));
	/* Shorter, and the one that the tree shows: ours would be behind it for ever. */
	bool turns = in->chain.n && is_as_shown(c, r, &in->chain) && !is_as_shown(c, r, &ours);
	if (in->chain.n < ours.n && !turns) {
		if (ours.n == 1)
			stamp(r, &in->row);
		return UC_OK;
	}
	if (is_beginning(&in->chain, &ours) && !turns) {
		stamp(r, &in->row);
		return UC_OK;
	}
	return take(c, r, in);
}

uc_err vault_chain_apply(struct uc_client *c, struct kept_row *row, bool recovering)
{
	struct room *r = room_of(c, row->id);
	struct chain_row in;
	(void)recovering;
	uc_err err = row_read(c, r, blob_view(&row->data), &in);
	if (!err)
		err = r ? apply(c, r, &in) : UC_E_NOT_FOUND;
	row_done(&in);
	return err;
}
