/* SPDX-License-Identifier: Apache-2.0 */
/* Writing: what the group is now is compared with what its journal says, and the difference is one
 * transaction.  So nothing that changes a group has to know of journals, but for the secret tree,
 * which notes its steps. */
#include "mls/group_journal.h"

#include "base/heap.h"
#include "mls/group_journal_inside.h"

enum { STATES_MAX = 256 };
#define GROWN_BYTES ((size_t)64 * 1024)

/* One transaction in the making.  Nothing in the group changes before all of it has been made. */
struct taking {
	struct group *g;
	struct journal_keys keys;
	bool whole; /* a snapshot */
	uint32_t next_serial;
	struct member_epoch epochs[GROUP_EPOCHS];
	bool new_epoch[GROUP_EPOCHS], ratchets[GROUP_EPOCHS];
	uint32_t *serials; /* of the proposals there are */
	uint8_t member_hash[SHA256_BYTES];
	bool member;
	struct buf member_plain, body, part;
	struct arena mem;
};

/* --- what there is to say --- */

static uint32_t forget_after(const struct group_journal *j)
{
	return j->forget_after ? j->forget_after : GROUP_JOURNAL_FORGET_AFTER;
}

static bool is_in(const struct taking *t, uint32_t serial)
{
	return serial && !t->whole;
}

static uc_err plan_epoch(struct taking *t, size_t i)
{
	const struct epoch *e = group_epoch_at(t->g, i);
	if (!e)
		return UC_OK;
	t->new_epoch[i] = !is_in(t, e->serial);
	t->epochs[i].serial = t->new_epoch[i] ? t->next_serial++ : e->serial;
	t->epochs[i].ratchet_key = e->ratchet_key;
	uint64_t steps = (uint64_t)e->steps + e->messages.steps_n;
	t->ratchets[i] = t->new_epoch[i] || e->messages.steps_lost ||
			 (e->messages.steps_n && steps >= forget_after(&t->g->journal));
	return t->ratchets[i] ? journal_part_key(t->g->suite, t->g->platform.env,
						 &t->epochs[i].ratchet_key)
			      : UC_OK;
}

static uc_err plan(struct taking *t)
{
	const struct proposal_store *p = &t->g->proposals;
	for (size_t i = 0; i < GROUP_EPOCHS; i++)
		TRY(plan_epoch(t, i));
	t->serials = ARENA_ARRAY(&t->mem, uint32_t, p->n);
	if (!t->serials)
		return arena_error(&t->mem);
	for (size_t i = 0; i < p->n; i++)
		t->serials[i] = is_in(t, p->v[i]->serial) ? p->v[i]->serial : t->next_serial++;
	return UC_OK;
}

static uc_err keys_list(struct taking *t, struct member_keys_list *out)
{
	const struct proposal_store *p = &t->g->proposals;
	out->n = 0;
	out->v = ARENA_ARRAY(&t->mem, struct member_keys, p->n);
	if (!out->v)
		return arena_error(&t->mem);
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i]->update_key.pub_n)
			out->v[out->n++] = (struct member_keys){
				t->serials[i],
				secret_view(&p->v[i]->update_key.priv),
				kem_public(&p->v[i]->update_key),
				secret_view(&p->v[i]->update_sign.priv),
				sign_public(&p->v[i]->update_sign),
			};
	return UC_OK;
}

/* Whatever of the member is another than it was: that is found by its hash. */
static uc_err plan_member(struct taking *t)
{
	struct wire w;
	struct member_keys_list keys;
	TRY(keys_list(t, &keys));
	wire_writer(&w, &t->member_plain);
	wire_member(&w, t->g, t->epochs, &keys);
	TRY(wire_finish(&w));
	TRY(suite_sha256(t->g->suite, buf_view(&t->member_plain), t->member_hash));
	t->member = t->whole ||
		    !view_equal(VIEW_OF(t->member_hash), VIEW_OF(t->g->journal.member_hash));
	return UC_OK;
}

/* --- saying it --- */

static uc_err put(struct taking *t, struct journal_record *r)
{
	struct wire w;
	wire_writer(&w, &t->body);
	wire_journal_record(&w, r);
	return wire_finish(&w);
}

static uc_err put_sealed(struct taking *t, uint8_t type, uint32_t serial, const struct secret *key,
			 struct view plain)
{
	buf_reset(&t->part);
	TRY(journal_part_seal(&t->keys, t->g->platform.env, key, serial, plain, &t->part));
	struct journal_record r = { .type = type, .serial = serial, .bytes = buf_view(&t->part) };
	return put(t, &r);
}

static uc_err put_member(struct taking *t)
{
	if (!t->member)
		return UC_OK;
	TRY(journal_part_key(t->g->suite, t->g->platform.env, &t->keys.member_key));
	t->keys.member_at = t->keys.number + 1;
	return put_sealed(t, JOURNAL_MEMBER, 0, &t->keys.member_key, buf_view(&t->member_plain));
}

/* What a new state is written as a change of: one that the journal has, or will have by then. */
static size_t base_of(const struct taking *t, size_t i)
{
	static const size_t before[GROUP_EPOCHS] = { 1, 0, 0, 0 };
	size_t base = before[i];
	bool later = base > i; /* written after this one, if it is new, too */
	const struct epoch *e = group_epoch_at(t->g, base);
	return !e || (later && t->new_epoch[base]) ? i : base;
}

static uc_err put_state(struct taking *t, size_t i)
{
	size_t base = base_of(t, i);
	const struct group_state *s = &group_epoch_at(t->g, i)->state;
	struct journal_record r = { .type = JOURNAL_STATE, .serial = t->epochs[i].serial };
	buf_reset(&t->part);
	if (base == i) {
		TRY(group_state_save(s, &t->part));
	} else {
		r.base = t->epochs[base].serial;
		TRY(group_state_save_after(s, &group_epoch_at(t->g, base)->state, &t->part));
	}
	r.bytes = buf_view(&t->part);
	return put(t, &r);
}

static uc_err put_ratchets(struct taking *t, size_t i)
{
	const struct epoch *e = group_epoch_at(t->g, i);
	struct secret_tree messages = e->messages; /* shallow: written, not kept */
	struct buf plain;
	struct wire w;
	buf_init_secret(&plain, WIRE_OBJECT_MAX);
	wire_writer(&w, &plain);
	wire_secret_tree(&w, &messages, t->g->suite);
	uc_err err = wire_finish(&w);
	if (!err)
		err = put_sealed(t, JOURNAL_RATCHETS, t->epochs[i].serial,
				 &t->epochs[i].ratchet_key, buf_view(&plain));
	buf_done(&plain);
	return err;
}

static uc_err put_steps(struct taking *t, size_t i)
{
	const struct secret_tree *m = &group_epoch_at(t->g, i)->messages;
	for (size_t k = 0; k < m->steps_n; k++) {
		struct journal_record r = { .type = JOURNAL_STEP,
					    .serial = t->epochs[i].serial,
					    .step = m->steps[k] };
		TRY(put(t, &r));
	}
	return UC_OK;
}

static uc_err put_epochs(struct taking *t)
{
	for (size_t i = 0; i < GROUP_EPOCHS; i++)
		if (t->new_epoch[i])
			TRY(put_state(t, i));
	for (size_t i = 0; i < GROUP_EPOCHS; i++) {
		if (t->ratchets[i])
			TRY(put_ratchets(t, i));
		else if (group_epoch_at(t->g, i))
			TRY(put_steps(t, i));
	}
	return UC_OK;
}

static bool has_serial(const struct taking *t, uint32_t serial)
{
	for (size_t i = 0; i < t->g->proposals.n; i++)
		if (t->serials[i] == serial)
			return true;
	return false;
}

static uc_err put_proposals(struct taking *t)
{
	const struct group_journal *j = &t->g->journal;
	const struct proposal_store *p = &t->g->proposals;
	for (size_t i = 0; !t->whole && i < j->proposal_n; i++) {
		struct journal_record r = { .type = JOURNAL_DROPPED, .serial = j->proposals[i] };
		if (!has_serial(t, r.serial))
			TRY(put(t, &r));
	}
	for (size_t i = 0; i < p->n; i++) {
		struct journal_record r = { .type = JOURNAL_PROPOSAL,
					    .serial = t->serials[i],
					    .bytes = p->v[i]->content };
		if (!is_in(t, p->v[i]->serial))
			TRY(put(t, &r));
	}
	return UC_OK;
}

/* --- taking it --- */

static void settle_epoch(struct taking *t, size_t i)
{
	struct epoch *e = group_epoch_at(t->g, i);
	if (!e)
		return;
	e->steps = t->ratchets[i] ? 0 : e->steps + (uint32_t)e->messages.steps_n;
	e->serial = t->epochs[i].serial;
	e->ratchet_key = t->epochs[i].ratchet_key;
	secret_tree_note_steps(&e->messages);
	t->g->journal.states += t->new_epoch[i];
}

/* The group's journal is now where the transaction leads; nothing fails here. */
static void settle(struct taking *t)
{
	struct group_journal *j = &t->g->journal;
	if (t->whole) {
		j->is_on = true;
		j->states = 0;
	}
	j->keys = t->keys;
	j->next_serial = t->next_serial;
	memcpy(j->member_hash, t->member_hash, sizeof j->member_hash);
	for (size_t i = 0; i < GROUP_EPOCHS; i++)
		settle_epoch(t, i);
	for (size_t i = 0; i < t->g->proposals.n; i++)
		j->proposals[i] = t->g->proposals.v[i]->serial = t->serials[i];
	j->proposal_n = t->g->proposals.n;
}

static uc_err take(struct taking *t, struct buf *journal, struct buf *root)
{
	TRY(plan(t));
	TRY(plan_member(t));
	TRY(put_member(t));
	TRY(put_epochs(t));
	TRY(put_proposals(t));
	TRY(journal_proposals_reserve(t->g, t->g->proposals.n));
	if (t->whole)
		TRY(journal_head_write(&t->keys, journal));
	if (t->body.n)
		TRY(journal_add(&t->keys, t->g->platform.env, buf_view(&t->body), journal));
	return t->member ? journal_root_write(&t->keys, root) : UC_OK;
}

/* As if nothing had been written: it can be tried again, though there was no memory this time. */
static void give_up(struct buf *b, const struct buf *was)
{
	if (b->n > was->n)
		wipe(b->p + was->n, b->n - was->n);
	b->n = was->n;
	b->failed = was->failed;
}

static uc_err take_all(struct group *g, bool whole, struct buf *journal, struct buf *root)
{
	struct taking *t = HEAP_NEW(struct taking);
	struct group_journal *j = &g->journal;
	const struct buf journal_was = *journal, root_was = *root;
	if (!t)
		return UC_E_MEMORY;
	t->g = g;
	t->whole = whole;
	t->next_serial = whole ? 1 : j->next_serial;
	arena_init(&t->mem, GROUP_ARENA_MAX, ARENA_SECRET);
	buf_init_secret(&t->member_plain, WIRE_OBJECT_MAX);
	buf_init_secret(&t->body, 4 * WIRE_OBJECT_MAX);
	buf_init_secret(&t->part, WIRE_OBJECT_MAX);
	t->keys = j->keys;
	uc_err err = whole ? journal_keys_new(&t->keys, g->suite, g->platform.env) : UC_OK;
	if (!err)
		err = take(t, journal, root);
	if (err) {
		give_up(journal, &journal_was);
		give_up(root, &root_was);
	} else {
		settle(t);
		j->first_bytes = whole ? journal->n - journal_was.n : j->first_bytes;
		j->grown_bytes = whole ? 0 : j->grown_bytes + (journal->n - journal_was.n);
	}
	buf_done(&t->part);
	buf_done(&t->body);
	buf_done(&t->member_plain);
	arena_done(&t->mem);
	heap_free_wiped(t, sizeof *t);
	return err;
}

uc_err group_journal_snapshot(struct group *g, struct buf *journal, struct buf *root)
{
	return take_all(g, true, journal, root);
}

uc_err group_journal_take(struct group *g, struct buf *journal, struct buf *root)
{
	return g->journal.is_on ? take_all(g, false, journal, root) : UC_E_ARGUMENT;
}

/* So that all that was ever written is at most some three times what had to be. */
bool group_journal_wants_snapshot(const struct group *g)
{
	const struct group_journal *j = &g->journal;
	return !j->is_on || j->states > STATES_MAX ||
	       (j->grown_bytes > GROWN_BYTES && j->grown_bytes > j->first_bytes);
}

void group_journal_forget_after(struct group *g, uint32_t steps)
{
	g->journal.forget_after = steps ? steps : 1;
}

uc_err group_journal_name(struct view root, uint8_t out[GROUP_JOURNAL_NAME])
{
	return journal_root_name(root, out);
}

uc_err journal_proposals_reserve(struct group *g, size_t n)
{
	struct group_journal *j = &g->journal;
	if (n <= j->proposal_cap)
		return UC_OK;
	size_t cap = j->proposal_cap ? j->proposal_cap : 8;
	while (cap < n)
		cap *= 2;
	uint32_t *v = heap_new_in(&g->memory, cap * sizeof *v);
	if (!v)
		return heap_account_error(&g->memory);
	if (j->proposal_n)
		memcpy(v, j->proposals, j->proposal_n * sizeof *v);
	heap_free_in(&g->memory, j->proposals, j->proposal_cap * sizeof *v);
	j->proposals = v;
	j->proposal_cap = cap;
	return UC_OK;
}
