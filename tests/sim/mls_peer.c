/* SPDX-License-Identifier: Apache-2.0 */
/* A client: what it does with what comes in, and what its disk keeps. */
#include "tests/sim/mls_sim.h"

#include "base/heap.h"
#include "mls/group_inside.h"

#include <stdio.h>

/* --- the disk (group_journal.h) --- */

static void copy_buf(struct buf *to, const struct buf *from)
{
	buf_reset(to);
	buf_add_view(to, buf_view(from));
	model_must(!to->failed);
}

bool peer_keep(struct peer *p)
{
	struct buf root;
	struct disk *d = &p->disk;
	if (!p->g)
		return true;
	if (!d->is_kept || group_journal_wants_snapshot(p->g)) {
		buf_reset(&d->journal);
		buf_reset(&d->root);
		d->is_kept = true;
		uc_err err = group_journal_snapshot(p->g, &d->journal, &d->root);
		return !err ||
		       sim_wrong(p->sim, "%s cannot be kept: %s", p->name, uc_err_name(err));
	}
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	uc_err err = group_journal_take(p->g, &d->journal, &root);
	if (!err && root.n)
		copy_buf(&d->root, &root);
	buf_done(&root);
	return !err || sim_wrong(p->sim, "%s cannot be kept: %s", p->name, uc_err_name(err));
}

static struct group *disk_open(struct peer *p)
{
	struct group *g = NULL;
	size_t used = 0;
	uc_err err = group_journal_open(&p->platform, buf_view(&p->disk.root),
					buf_view(&p->disk.journal), &used, &g);
	if (err)
		sim_wrong(p->sim, "%s cannot be opened: %s", p->name, uc_err_name(err));
	else
		p->disk.journal.n = used;
	return g;
}

void peer_has(struct peer *p, struct group *g, int at)
{
	group_free(p->g);
	p->g = g;
	p->at = at;
	p->disk.is_kept = false;
	peer_keep(p);
}

bool peer_restart(struct peer *p, bool torn)
{
	struct sim *s = p->sim;
	struct disk *d = &p->disk;
	if (!p->g || !d->is_kept)
		return true;
	s->count.crashes++;
	size_t whole = d->journal.n;
	if (torn && !group_journal_wants_snapshot(p->g)) {
		struct buf root;
		buf_init_secret(&root, WIRE_OBJECT_MAX);
		uc_err err = group_journal_take(p->g, &d->journal, &root);
		buf_done(&root);
		if (err)
			return sim_wrong(s, "%s cannot be kept: %s", p->name, uc_err_name(err));
		if (d->journal.n > whole) {
			s->count.torn++;
			d->journal.n = whole + sim_below(s, (uint32_t)(d->journal.n - whole));
		}
	}
	group_free(p->g);
	p->g = disk_open(p);
	if (p->g && d->journal.n != whole)
		return sim_wrong(s, "%s has %zu bytes of its journal, not %zu", p->name,
				 d->journal.n, whole);
	return p->g != NULL;
}

void peer_copy(struct peer *p)
{
	struct sim *s = p->sim;
	struct copy *c = &p->copy;
	if (p->at == NONE || p->is_unsure || p->sent.n)
		return;
	heap_free(c->opened);
	heap_free(c->todo);
	copy_buf(&c->disk.journal, &p->disk.journal);
	copy_buf(&c->disk.root, &p->disk.root);
	c->opened = heap_new(s->entries_n + 1);
	c->todo = heap_new((p->todo_n + 1) * sizeof *c->todo);
	model_must(c->opened && c->todo);
	for (size_t i = 0; i < s->entries_n; i++)
		c->opened[i] = s->entries[i]->opened[p->number];
	for (size_t i = 0; i < p->todo_n; i++)
		c->todo[i] = p->todo[i];
	c->todo_n = p->todo_n;
	c->entries = (int)s->entries_n;
	c->at = p->at;
	c->is_there = true;
}

/* An older journal is not the one that this root belongs to, unless the root is older, too. */
static bool root_sees(struct peer *p)
{
	struct group *g = NULL;
	size_t used;
	const struct copy *c = &p->copy;
	if (view_equal(buf_view(&p->disk.root), buf_view(&c->disk.root)) || !p->g)
		return true;
	uc_err err = group_journal_open(&p->platform, buf_view(&p->disk.root),
					buf_view(&c->disk.journal), &used, &g);
	group_free(g);
	return err || sim_wrong(p->sim, "%s opens an older journal with a newer root", p->name);
}

bool peer_restore(struct peer *p)
{
	struct sim *s = p->sim;
	struct copy *c = &p->copy;
	if (!c->is_there || p->sent.n || p->at == NONE || !root_sees(p))
		return !s->why[0];
	s->count.restored++;
	copy_buf(&p->disk.journal, &c->disk.journal);
	copy_buf(&p->disk.root, &c->disk.root);
	p->disk.is_kept = true;
	c->is_there = false;
	group_free(p->g);
	p->g = disk_open(p);
	if (!p->g)
		return false;
	p->at = c->at;
	p->is_unsure = p->is_restored = true;
	p->todo_n = 0;
	for (size_t i = 0; i < c->todo_n; i++)
		todo_add(p, c->todo[i].entry, s->now + 1);
	for (size_t i = 0; i < s->entries_n; i++) {
		struct entry *e = s->entries[i];
		bool later = i >= (size_t)c->entries;
		if (!later) {
			e->opened[p->number] = c->opened[i];
			continue;
		}
		e->opened[p->number] = 0;
		if (e->is_for[p->number])
			e->is_for[p->number] = FOR_LUCK;
		if (e->side == 0 && e->kind != ENTRY_WELCOME &&
		    (e->is_for[p->number] || e->from == p->number))
			todo_add(p, (int)i, s->now + 1 + sim_below(s, 5));
	}
	return true;
}

/* --- what is right --- */

const char *peer_differs(const struct peer *p, bool all)
{
	const struct slow_epoch *e = truth_at(p->sim, p->at);
	if (all)
		return slow_compare(e, p->g);
	if (!view_equal(group_epoch_authenticator(p->g),
			secret_view(&e->secret[SLOW_AUTHENTICATION])))
		return "the epoch authenticator is another";
	if (!view_equal(p->g->now->state.encoded, e->context))
		return "the GroupContext is another";
	return (int)group_own_leaf(p->g) == leaf_in(p, p->at) ? NULL : "it is at another leaf";
}

static bool check(struct peer *p)
{
	struct sim *s = p->sim;
	uint32_t often = s->truths[p->at]->members > 50 ? 1 : 10;
	const char *differs = peer_differs(p, sim_hits(s, often));
	return !differs || sim_wrong(s, "%s: %s", p->name, differs);
}

const struct authenticated_content *peer_opened(struct peer *p, struct view bytes)
{
	struct sim *s = p->sim;
	struct mls_message m = { 0 };
	struct authenticated_content *out = ARENA_NEW(&s->mem, struct authenticated_content);
	struct view kept;
	uint32_t generation;
	model_must(out && !arena_copy(&s->mem, bytes, &kept) &&
		   !wire_decode(kept, &s->mem, mls_message_element, &m));
	if (m.wire_format == MLS_PUBLIC_MESSAGE) {
		*out = (struct authenticated_content){ MLS_PUBLIC_MESSAGE, m.public_message.content,
						       m.public_message.auth };
		return out;
	}
	/* Its disk still has the key that it has just used. */
	struct group *before = disk_open(p);
	if (!before)
		return NULL;
	struct framing_epoch f = epoch_framing(before->now);
	f.own_leaf = FRAMING_NO_LEAF;
	uc_err err = framing_look_private(&f, &m.private_message, &s->mem, out, &generation);
	group_free(before);
	if (err)
		sim_wrong(s, "what %s has sealed does not open: %s", p->name, uc_err_name(err));
	return err ? NULL : out;
}

/* --- what comes in --- */

enum outcome { DONE, LATER, WRONG };

static enum outcome wrong_entry(struct peer *p, const struct entry *e, const char *what, uc_err err)
{
	static const char *const kinds[] = { "words", "a proposal", "a commit", "a Welcome" };
	sim_wrong(p->sim, "%s, in epoch %llu, %s: %s of epoch %llu by peer %d (%s)", p->name,
		  p->at == NONE ? 0ULL : (unsigned long long)epoch_of(p->sim, p->at), what,
		  kinds[e->kind], (unsigned long long)epoch_of(p->sim, e->in), e->from,
		  uc_err_name(err));
	return WRONG;
}

static enum outcome take_welcome(struct peer *p, struct entry *e)
{
	struct group *g = NULL;
	if (!p->key_package.n || p->g)
		return DONE;
	const struct welcome_input in = { e->bytes, e->tree, p->key_package, &p->secrets };
	uc_err err = group_join(&p->platform, &in, &g);
	if (err == UC_E_NOT_FOUND && e->opened[p->number])
		return DONE; /* once more; it has left since, and is asked again */
	if (err)
		return wrong_entry(p, e, "is not let in by", err);
	e->opened[p->number] = 1;
	p->took_second = false;
	p->key_package.n = 0;
	peer_has(p, g, e->leads_to);
	return check(p) ? DONE : WRONG;
}

static enum outcome take_words(struct peer *p, struct entry *e, const struct received *got)
{
	struct sim *s = p->sim;
	if (!view_equal(got->application_data, e->text) ||
	    !view_equal(got->leaf->credential.identity, view_str(s->peers[e->from].name)))
		return wrong_entry(p, e, "reads something else", UC_OK);
	/* What it said itself and does not remember: its state is an older copy. */
	if (e->from == p->number) {
		p->must_rejoin = true;
		return p->is_restored ? DONE : wrong_entry(p, e, "does not know its own", UC_OK);
	}
	if (e->is_for[p->number] == FOR_NOBODY || ++e->opened[p->number] > 1)
		return wrong_entry(p, e, "reads what it must not", UC_OK);
	s->count.opened++;
	return DONE;
}

/* The commit by which the second order is another. */
static bool leaves_first(const struct sim *s, const struct entry *e)
{
	return s->is_split && e->side == 1 && e->in == s->split_at;
}

static enum outcome take_commit(struct peer *p, struct entry *e, const struct received *got)
{
	struct sim *s = p->sim;
	if (got->kind == RECEIVED_OWN_COMMIT) {
		uc_err err = group_pending_apply(p->g);
		if (err)
			return wrong_entry(p, e, "cannot apply", err);
		bool came = p->at == NONE;
		if (came) { /* it has joined from outside */
			p->is_restored = false;
			p->is_unsure = s->is_split && p->side == 1;
			s->count.external++;
		}
		p->at = e->leads_to;
		act_sent_done(p, true);
		if (came)
			p->took_second = false;
		else
			p->took_second |= leaves_first(s, e);
		return check(p) ? DONE : WRONG;
	}
	/* Looked at, dropped, and received once more. */
	if (sim_hits(s, 5)) {
		group_staged_drop(p->g);
		return LATER;
	}
	uc_err err = group_staged_apply(p->g);
	if (err)
		return wrong_entry(p, e, "cannot apply", err);
	s->count.lost_races += p->sent.n != 0;
	act_sent_done(p, false);
	p->took_second |= leaves_first(s, e);
	if (got->removes_us != (leaf_in(p, e->leads_to) != leaf_in(p, e->in)))
		return wrong_entry(p, e, "is told who leaves", UC_OK);
	p->at = got->removes_us ? NONE : e->leads_to;
	return got->removes_us || check(p) ? DONE : WRONG;
}

static enum outcome refused(struct peer *p, struct entry *e, uc_err err)
{
	struct sim *s = p->sim;
	bool sure = e->is_for[p->number] == FOR_SURE && !p->is_unsure;
	bool twice = e->kind == ENTRY_WORDS && e->opened[p->number];
	s->count.refused++;
	switch (err) {
	case UC_E_EPOCH_FUTURE:
	case UC_E_NOT_FOUND:
		return e->is_for[p->number] || e->from == p->number ? LATER : DONE;
	case UC_E_FORK:
		p->saw_fork = true;
		s->count.forks++;
		/* The first order is the one that stays. */
		if (!s->is_split && e->side == 0 && s->truths[p->at]->side == 1)
			p->must_rejoin = true;
		else if (sure && e->side == s->truths[p->at]->side)
			return wrong_entry(p, e, "sees a fork where there is none", err);
		return DONE;
	case UC_E_OWN:
		if (e->from != p->number)
			return wrong_entry(p, e, "takes for its own", err);
		/* Of what an older copy has done since, it cannot go on from here. */
		p->must_rejoin |= e->kind == ENTRY_COMMIT || p->is_restored;
		return DONE;
	case UC_E_EPOCH_PAST:
	case UC_E_REPLAY:
		/* A proposal whose epoch is over, or what came twice. */
		return e->kind == ENTRY_WORDS && sure && !twice
			       ? wrong_entry(p, e, "cannot read", err)
			       : DONE;
	default:
		if (sure && !twice && e->kind != ENTRY_PROPOSAL)
			return wrong_entry(p, e, "cannot read", err);
		return DONE;
	}
}

/* Words that would be out of reach after this commit come first: the service's numbers tell what is
 * missing. */
static bool must_wait(const struct peer *p, const struct entry *commit)
{
	const struct sim *s = p->sim;
	for (size_t i = 0; i < p->todo_n; i++) {
		const struct entry *e = s->entries[p->todo[i].entry];
		if (e->kind == ENTRY_WORDS && e->is_for[p->number] == FOR_SURE &&
		    !e->opened[p->number] &&
		    epoch_of(s, e->in) + GROUP_PAST_EPOCHS <= epoch_of(s, commit->in) &&
		    view_equal(truth_at(s, e->in)->group_id, truth_at(s, commit->in)->group_id))
			return true;
	}
	return false;
}

static enum outcome handle(struct peer *p, struct entry *e)
{
	struct sim *s = p->sim;
	struct received got = { .epoch = 0 };
	struct arena a;
	if (e->kind == ENTRY_WELCOME)
		return take_welcome(p, e);
	if (!p->g)
		return p->key_package.n && e->is_for[p->number] ? LATER : DONE;
	bool own = e->kind == ENTRY_COMMIT && e->from == p->number && p->sent.n;
	if (p->at == NONE && !own)
		return e->is_for[p->number] ? LATER : DONE;
	if (e->kind == ENTRY_COMMIT && p->at != NONE && must_wait(p, e))
		return LATER;
	arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
	int at = p->at;
	uint8_t opened = e->opened[p->number];
	struct view sent = p->sent;
	bool took_second = p->took_second, must_rejoin = p->must_rejoin, unsure = p->is_unsure,
	     restored = p->is_restored;
	uc_err err = group_receive(p->g, e->bytes, &a, &got);
	enum outcome out;
	if (err)
		out = refused(p, e, err);
	else if (e->kind == ENTRY_WORDS)
		out = take_words(p, e, &got);
	else
		out = e->kind == ENTRY_COMMIT ? take_commit(p, e, &got) : DONE;
	arena_done(&a);
	if (!err && out == DONE && sim_hits(s, 3)) {
		/* It crashes before this is on its disk: nothing has happened. */
		p->at = at;
		p->sent = sent;
		p->took_second = took_second;
		p->must_rejoin = must_rejoin;
		p->is_unsure = unsure;
		p->is_restored = restored;
		e->opened[p->number] = opened;
		return peer_restart(p, sim_hits(s, 50)) ? LATER : WRONG;
	}
	if (p->at == NONE && !err && out == DONE &&
	    at != NONE) { /* removed, and so is what it had */
		for (size_t i = 0; i < p->todo_n; i++)
			if (s->entries[p->todo[i].entry]->is_for[p->number] == FOR_SURE)
				s->entries[p->todo[i].entry]->is_for[p->number] = FOR_LUCK;
		group_free(p->g);
		p->g = NULL;
		p->copy.is_there = false;
		return DONE;
	}
	return out == WRONG || !peer_keep(p) ? WRONG : out;
}

bool peer_works(struct peer *p)
{
	struct sim *s = p->sim;
	size_t n = p->todo_n;
	for (size_t i = 0; i < n; i++) {
		struct item item = p->todo[i];
		if (item.due > s->now) {
			todo_add(p, item.entry, item.due);
			continue;
		}
		enum outcome o = handle(p, s->entries[item.entry]);
		if (o == WRONG)
			return false;
		if (o == LATER && s->resting && p->is_unsure &&
		    s->entries[item.entry]->is_for[p->number] != FOR_SURE)
			o = s->now > item.due + 200 ? DONE : LATER;
		if (o == LATER)
			todo_add(p, item.entry, s->now + 1 + sim_below(s, 3));
	}
	/* The rest was added behind. */
	p->todo_n -= n;
	if (n)
		memmove(p->todo, p->todo + n, p->todo_n * sizeof *p->todo);
	if (p->is_restored && !p->todo_n && p->at != NONE && !p->must_rejoin) {
		p->is_restored = false;
		p->is_unsure = s->is_split && p->side == 1;
	}
	return true;
}
