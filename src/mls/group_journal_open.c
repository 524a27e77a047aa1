/* SPDX-License-Identifier: Apache-2.0 */
/* Reading: first all transactions, of which only the places of their records are kept; then the
 * member record says which of them count. */
#include "base/heap.h"
#include "mls/group_journal_inside.h"

#define READING_MAX (4 * WIRE_OBJECT_MAX)

struct noted_step {
	struct noted_step *next;
	struct key_step step;
};

/* An epoch that some transaction has told of. */
struct told_epoch {
	struct told_epoch *before; /* told earlier */
	uint32_t serial, base;
	struct view state;
	struct view ratchets;
	uint64_t ratchets_at;
	struct noted_step *steps, **end; /* since then */
	bool is_needed, is_loaded;
	struct group_state loaded;
};

struct told_proposal {
	struct told_proposal *next;
	uint32_t serial;
	struct view content;
};

struct reading {
	const struct group_platform *platform;
	struct group *g;
	struct journal_keys keys;
	struct arena mem;
	struct told_epoch *epochs; /* latest first */
	struct told_proposal *proposals, **proposals_end;
	struct view member;
	bool has_member;
	uint32_t highest; /* serial */
	uint32_t states, first_states;
	size_t first_bytes;
	struct member_epoch slots[GROUP_EPOCHS];
	struct member_keys_list keys_of_proposals;
};

/* --- what is told --- */

static struct told_epoch *epoch_find(struct told_epoch *from, uint32_t serial)
{
	while (from && from->serial != serial)
		from = from->before;
	return from;
}

static uc_err take_state(struct reading *r, const struct journal_record *record)
{
	struct told_epoch *e = ARENA_NEW(&r->mem, struct told_epoch);
	if (!e)
		return arena_error(&r->mem);
	if (!record->serial || record->serial <= r->highest)
		return UC_E_CORRUPT;
	*e = (struct told_epoch){ .before = r->epochs,
				  .serial = record->serial,
				  .base = record->base,
				  .state = record->bytes };
	e->end = &e->steps;
	r->epochs = e;
	r->highest = record->serial;
	r->states++;
	return UC_OK;
}

static uc_err take_ratchets(struct reading *r, const struct journal_record *record)
{
	struct told_epoch *e = epoch_find(r->epochs, record->serial);
	if (!e)
		return UC_E_CORRUPT;
	e->ratchets = record->bytes;
	e->ratchets_at = r->keys.number;
	e->steps = NULL;
	e->end = &e->steps;
	return UC_OK;
}

static uc_err take_step(struct reading *r, const struct journal_record *record)
{
	struct told_epoch *e = epoch_find(r->epochs, record->serial);
	struct noted_step *s = ARENA_NEW(&r->mem, struct noted_step);
	if (!s)
		return arena_error(&r->mem);
	if (!e || record->step.kind >= RATCHET_KINDS)
		return UC_E_CORRUPT;
	s->step = record->step;
	*e->end = s;
	e->end = &s->next;
	return UC_OK;
}

static uc_err take_proposal(struct reading *r, const struct journal_record *record)
{
	struct told_proposal *p = ARENA_NEW(&r->mem, struct told_proposal);
	if (!p)
		return arena_error(&r->mem);
	if (!record->serial || record->serial <= r->highest)
		return UC_E_CORRUPT;
	*p = (struct told_proposal){ .serial = record->serial, .content = record->bytes };
	*r->proposals_end = p;
	r->proposals_end = &p->next;
	r->highest = record->serial;
	return UC_OK;
}

static uc_err take_dropped(struct reading *r, uint32_t serial)
{
	struct told_proposal **at = &r->proposals;
	while (*at && (*at)->serial != serial)
		at = &(*at)->next;
	if (!*at)
		return UC_E_CORRUPT;
	if (!(*at)->next)
		r->proposals_end = at;
	*at = (*at)->next;
	return UC_OK;
}

static uc_err take_member(struct reading *r, const struct journal_record *record)
{
	struct journal_keys *k = &r->keys;
	if (k->number < k->member_at)
		return UC_OK; /* its key is gone */
	TRY(journal_part_open(k, k->number, &k->member_key, 0, record->bytes, &r->mem, &r->member));
	r->has_member = true;
	return UC_OK;
}

static uc_err take_record(struct reading *r, const struct journal_record *record)
{
	switch (record->type) {
	case JOURNAL_MEMBER:
		return take_member(r, record);
	case JOURNAL_STATE:
		return take_state(r, record);
	case JOURNAL_RATCHETS:
		return take_ratchets(r, record);
	case JOURNAL_STEP:
		return take_step(r, record);
	case JOURNAL_PROPOSAL:
		return take_proposal(r, record);
	default:
		return take_dropped(r, record->serial);
	}
}

static uc_err take_records(struct reading *r, struct view body)
{
	struct wire w;
	wire_reader(&w, body, NULL);
	while (!w.failed && w.p < w.end) {
		struct journal_record record = { .type = 0 };
		wire_journal_record(&w, &record);
		if (!w.failed)
			TRY(take_record(r, &record));
	}
	return wire_finish(&w);
}

/* Its member record is sealed by a key that never came into the root: nothing that depends on this
 * transaction has happened. */
static bool is_unfinished(const struct reading *r, struct view body)
{
	return body.n && body.p[0] == JOURNAL_MEMBER && r->keys.number > r->keys.member_at;
}

static uc_err read_all(struct reading *r, struct view journal, size_t *used)
{
	size_t at = JOURNAL_HEAD, taken;
	TRY(journal_head_check(&r->keys, journal));
	for (;;) {
		struct journal_keys before = r->keys;
		struct view body = { NULL, 0 };
		uc_err err = journal_next(&r->keys, view_slice(journal, at, SIZE_MAX), &r->mem,
					  &body, &taken);
		bool unfinished = !err && taken && is_unfinished(r, body);
		if (unfinished)
			r->keys = before;
		journal_keys_wipe(&before);
		TRY(err);
		if (unfinished && at + taken < journal.n)
			return UC_E_CORRUPT;
		if (!taken || unfinished)
			break;
		TRY(take_records(r, body));
		at += taken;
		if (!r->first_bytes) {
			r->first_bytes = at;
			r->first_states = r->states;
		}
	}
	*used = at;
	return r->has_member ? UC_OK : UC_E_CORRUPT;
}

/* --- what counts of it --- */

static uc_err load_state(struct reading *r, struct told_epoch *e)
{
	e->loaded.memory = &r->g->memory;
	if (!e->base)
		TRY(group_state_load(&e->loaded, r->platform->crypto, e->state));
	else
		TRY(group_state_load_after(&e->loaded, &epoch_find(e->before, e->base)->loaded,
					   e->state));
	e->is_loaded = true;
	return e->loaded.suite == r->g->suite ? UC_OK : UC_E_CORRUPT;
}

/* Those that are there, and all that they stand on, which was told earlier. */
static uc_err mark_needed(struct reading *r)
{
	for (size_t i = 0; i < GROUP_EPOCHS; i++) {
		if (!r->slots[i].serial)
			continue;
		struct told_epoch *e = epoch_find(r->epochs, r->slots[i].serial);
		if (!e)
			return UC_E_CORRUPT;
		e->is_needed = true;
	}
	for (struct told_epoch *e = r->epochs; e; e = e->before) {
		if (!e->is_needed || !e->base)
			continue;
		struct told_epoch *base = epoch_find(e->before, e->base);
		if (!base)
			return UC_E_CORRUPT;
		base->is_needed = true;
	}
	return UC_OK;
}

static uc_err load_states(struct reading *r)
{
	struct told_epoch **v = ARENA_ARRAY(&r->mem, struct told_epoch *, r->states);
	size_t n = 0;
	if (!v)
		return arena_error(&r->mem);
	TRY(mark_needed(r));
	for (struct told_epoch *e = r->epochs; e; e = e->before)
		v[n++] = e;
	while (n--)
		if (v[n]->is_needed)
			TRY(load_state(r, v[n]));
	return UC_OK;
}

static uc_err load_ratchets(struct reading *r, const struct told_epoch *t, const struct secret *key,
			    struct epoch *e)
{
	struct view plain;
	struct wire w;
	TRY(journal_part_open(&r->keys, t->ratchets_at, key, t->serial, t->ratchets, &r->mem,
			      &plain));
	wire_reader(&w, plain, NULL);
	wire_secret_tree(&w, &e->messages, r->g->suite);
	TRY(wire_finish(&w));
	for (const struct noted_step *s = t->steps; s; s = s->next) {
		TRY(secret_tree_consume(&e->messages, s->step.leaf, (enum ratchet_kind)s->step.kind,
					s->step.generation));
		e->steps++;
	}
	secret_tree_note_steps(&e->messages);
	return UC_OK;
}

static uc_err load_epoch(struct reading *r, size_t i)
{
	const struct member_epoch *slot = &r->slots[i];
	struct epoch *e = group_epoch_at(r->g, i);
	if (!slot->serial)
		return UC_OK;
	struct told_epoch *t = epoch_find(r->epochs, slot->serial);
	if (!t || !t->is_loaded) /* two cannot be one */
		return UC_E_CORRUPT;
	t->is_loaded = false;
	e->state = t->loaded;
	e->serial = slot->serial;
	e->ratchet_key = slot->ratchet_key;
	if (!tree_has_leaf(&e->state.tree, e->own_leaf))
		return UC_E_CORRUPT;
	return load_ratchets(r, t, &slot->ratchet_key, e);
}

static uc_err add_proposal(struct reading *r, const struct told_proposal *p,
			   const struct member_keys *k)
{
	const struct suite *s = r->g->suite;
	struct proposal_store *store = &r->g->proposals;
	struct kem_key update = { .pub_n = 0 };
	struct sign_key sign = { .pub_n = 0 };
	uc_err err = UC_OK;
	if (k)
		err = kem_key_import(s, k->update_priv, k->update_pub, &update);
	if (!err && k && k->sign_pub.n)
		err = sign_key_load(&sign, k->sign_priv, k->sign_pub);
	if (!err)
		err = proposal_store_add_encoded(store, s, p->content, &update, &sign);
	if (!err)
		store->v[store->n - 1]->serial = p->serial;
	kem_key_wipe(&update);
	sign_key_wipe(&sign);
	return err;
}

static uc_err load_proposals(struct reading *r)
{
	struct group_journal *j = &r->g->journal;
	const struct proposal_store *store = &r->g->proposals;
	for (const struct told_proposal *p = r->proposals; p; p = p->next) {
		const struct member_keys *k = NULL;
		for (size_t i = 0; i < r->keys_of_proposals.n && !k; i++)
			if (r->keys_of_proposals.v[i].serial == p->serial)
				k = &r->keys_of_proposals.v[i];
		TRY(add_proposal(r, p, k));
	}
	TRY(journal_proposals_reserve(r->g, store->n));
	for (size_t i = 0; i < store->n; i++)
		j->proposals[j->proposal_n++] = store->v[i]->serial;
	return UC_OK;
}

static uc_err make_group(struct reading *r, size_t used)
{
	struct wire w;
	struct group_journal *j = &r->g->journal;
	wire_reader(&w, r->member, &r->mem);
	wire_member(&w, r->g, r->slots, &r->keys_of_proposals);
	TRY(wire_finish(&w));
	if (!r->g->now && !r->g->pending)
		return UC_E_CORRUPT;
	TRY(load_states(r));
	for (size_t i = 0; i < GROUP_EPOCHS; i++)
		TRY(load_epoch(r, i));
	TRY(load_proposals(r));
	TRY(suite_sha256(r->g->suite, r->member, j->member_hash));
	j->is_on = true;
	j->keys = r->keys;
	j->next_serial = r->highest + 1;
	j->states = r->states - r->first_states;
	j->first_bytes = r->first_bytes;
	j->grown_bytes = used - r->first_bytes;
	return UC_OK;
}

static uc_err open_journal(struct reading *r, struct view root, struct view journal, size_t *used)
{
	TRY(journal_root_read(&r->keys, r->platform->crypto, root));
	TRY(read_all(r, journal, used));
	TRY(group_new(r->platform, r->keys.suite, &r->g));
	return make_group(r, *used);
}

/* Only what the bytes have done wrong is damage. */
static uc_err corrupt(uc_err err)
{
	return !err || err == UC_E_VERSION || err == UC_E_MEMORY || err == UC_E_LIMIT ||
			       err == UC_E_CRYPTO || err == UC_E_RANDOM
		       ? err
		       : UC_E_CORRUPT;
}

uc_err group_journal_open(const struct group_platform *platform, struct view root,
			  struct view journal, size_t *used, struct group **out)
{
	struct reading *r = HEAP_NEW(struct reading);
	size_t length = 0;
	if (!r)
		return UC_E_MEMORY;
	r->platform = platform;
	r->proposals_end = &r->proposals;
	arena_init(&r->mem, READING_MAX, ARENA_SECRET);
	uc_err err = open_journal(r, root, journal, &length);
	for (struct told_epoch *e = r->epochs; e; e = e->before)
		if (e->is_loaded)
			group_state_done(&e->loaded);
	if (err) {
		group_free(r->g);
	} else {
		*used = length;
		*out = r->g;
	}
	arena_done(&r->mem);
	heap_free_wiped(r, sizeof *r);
	return corrupt(err);
}
