/* SPDX-License-Identifier: Apache-2.0 */
/* What people do: each act says first how it must end. */
#include "tests/model/life.h"

#include "mls/group_inside.h"

#include <stdio.h>

static bool ends(struct life *l, const struct person *p, uc_err have, uc_err want)
{
	if (have == want)
		return true;
	return wrong(l, "%s has %s, not %s", p ? p->name : "the server", uc_err_name(have),
		     uc_err_name(want));
}

/* Nothing but looking is done by whoever is not in. */
static uc_err why_not(const struct person *p)
{
	if (p->at == NOBODY)
		return UC_E_REMOVED;
	return p->life->states[p->at].e.is_closed ? UC_E_CLOSED : UC_OK;
}

static bool unchanged(struct person *p, struct view before)
{
	struct life *l = p->life;
	l->refused++;
	return view_equal(before, saved_of(l, p->g)) ||
	       wrong(l, "a refusal has changed the state of %s", p->name);
}

/* --- words --- */

bool act_say(struct person *p)
{
	struct life *l = p->life;
	struct view text, message;
	char said[32];
	l->doing = "saying";
	if (!p->g)
		return true;
	snprintf(said, sizeof said, "words %d", l->letters_n);
	model_must(!arena_copy(&l->mem, view_str(said), &text));
	uc_err want = why_not(p);
	if (!want && p->staged != NOBODY)
		want = UC_E_PENDING; /* 15.2 */
	uc_err err = group_encrypt(p->g, VIEW_LIT("aad"), text, 64, &l->mem, &message);
	if (!ends(l, p, err, want) || err)
		return !l->why[0];
	struct letter *m = life_letter(l, LETTER_WORDS, p, p->at, message, NULL);
	m->text = text;
	return true;
}

/* --- receiving --- */

static void take(struct person *p, struct letter *m, const struct received *got)
{
	struct life *l = p->life;
	int number = (int)(m - l->letters);
	bool right = true;
	l->opened++;
	switch (m->kind) {
	case LETTER_WORDS:
		right = got->kind == RECEIVED_APPLICATION &&
			view_equal(got->application_data, m->text) &&
			view_equal(got->authenticated_data, VIEW_LIT("aad")) && got->leaf &&
			view_equal(got->leaf->credential.identity,
				   view_str(l->people[m->from].name));
		p->used[number] = true;
		break;
	case LETTER_PROPOSAL:
		right = got->kind == RECEIVED_PROPOSAL &&
			view_equal(got->proposal_ref, m->proposal.ref);
		p->stored[number] = true;
		break;
	default:
		if (p->pending == number) {
			right = got->kind == RECEIVED_OWN_COMMIT;
			break;
		}
		p->staged = number;
		right = got->kind == RECEIVED_COMMIT && got->change &&
			got->change->committer == m->change.committer &&
			got->change->is_external == m->change.is_external &&
			got->change->has_path == m->change.has_path &&
			got->change->added.n == m->change.added.n &&
			got->change->removed.n == m->change.removed.n &&
			got->change->updated.n == m->change.updated.n;
	}
	if (!right)
		wrong(l, "%s reads something else than was sent", p->name);
}

bool act_receive(struct person *p, struct letter *m)
{
	struct life *l = p->life;
	struct received got = { .epoch = 0 };
	l->doing = "receiving";
	if (!p->g)
		return true;
	/* Outsiders sign over no GroupContext, so that other branches might take it, or not. */
	if (m->from == NOBODY && p->at != m->in)
		return true;
	struct view before = saved_of(l, p->g);
	struct verdict want = expect_received(p, m);
	uc_err err = group_receive(p->g, m->bytes, &l->mem, &got);
	if (err != want.or_err && !ends(l, p, err, want.err))
		return false;
	if (err)
		return unchanged(p, before);
	take(p, m, &got);
	return !l->why[0];
}

/* One byte of it is another, or the end is missing. */
bool act_damaged(struct person *p, const struct letter *m)
{
	struct life *l = p->life;
	struct received got;
	struct view copy;
	l->doing = "receiving what is damaged";
	if (!p->g || p->at != m->in || p->staged != NOBODY)
		return true;
	model_must(!arena_copy(&l->mem, m->bytes, &copy));
	size_t at = ((size_t)choose(l, 256) << 8 | choose(l, 256)) % copy.n;
	if (choose(l, 4))
		((uint8_t *)(uintptr_t)copy.p)[at] ^= (uint8_t)(1u << choose(l, 8));
	else
		copy.n = at;
	struct view before = saved_of(l, p->g);
	if (!group_receive(p->g, copy, &l->mem, &got))
		return wrong(l, "%s takes a damaged message", p->name);
	return unchanged(p, before);
}

bool act_staged(struct person *p, bool apply)
{
	struct life *l = p->life;
	l->doing = apply ? "applying" : "dropping";
	if (!p->g)
		return true;
	int staged = p->staged;
	if (!apply) {
		group_staged_drop(p->g);
		p->staged = NOBODY;
		return true;
	}
	if (!ends(l, p, group_staged_apply(p->g), staged == NOBODY ? UC_E_NOT_FOUND : UC_OK) ||
	    staged == NOBODY)
		return !l->why[0];
	const struct letter *m = &l->letters[staged];
	if (slow_find(&l->states[m->leads_to].e.tree, view_str(p->name)) ==
	    slow_find(&l->states[m->in].e.tree, view_str(p->name))) {
		enter_state(p, m->leads_to, false);
		take_commit(&p->taken, staged);
		check_person(p);
		return !l->why[0];
	}
	/* Removed, perhaps by itself having joined once more from outside. */
	leave_state(p);
	if (!group_is_removed(p->g))
		return wrong(l, "%s was removed and does not know it", p->name);
	return true;
}

bool act_pending(struct person *p, bool apply)
{
	struct life *l = p->life;
	int pending = p->pending;
	l->doing = apply ? "applying its own" : "dropping its own";
	if (!p->g)
		return true;
	if (!apply) {
		group_pending_drop(p->g);
		p->pending = NOBODY;
		if (p->at == NOBODY && pending != NOBODY) { /* it never joined */
			person_has(p, NULL);
		}
		return true;
	}
	if (!ends(l, p, group_pending_apply(p->g), pending == NOBODY ? UC_E_NOT_FOUND : UC_OK) ||
	    pending == NOBODY)
		return !l->why[0];
	enter_state(p, l->letters[pending].leads_to, p->at == NOBODY);
	take_commit(&p->taken, pending);
	check_person(p);
	return !l->why[0];
}

/* From its journal where `journal`, else from the two parts of group_save_*. */
static struct group *loaded(struct person *p, bool journal)
{
	struct life *l = p->life;
	struct group *again = NULL;
	size_t used = 0;
	if (!journal)
		return copy_of(p);
	if (!act_keep(p))
		return NULL;
	uc_err err = group_journal_open(&p->platform, buf_view(&p->root), buf_view(&p->journal),
					&used, &again);
	if (!ends(l, p, err, UC_OK))
		return NULL;
	if (used != p->journal.n)
		wrong(l, "%s has a journal that is not whole", p->name);
	return again;
}

bool act_restart(struct person *p)
{
	struct life *l = p->life;
	l->doing = "restarting";
	if (!p->g)
		return true;
	bool journal = choose(l, 2);
	struct view before = saved_of(l, p->g);
	struct group *again = loaded(p, journal);
	if (!again)
		return false;
	group_free(p->g);
	p->g = again;
	p->is_kept = journal;
	p->staged = NOBODY; /* what was looked at is not at rest */
	check_person(p);
	return view_equal(before, saved_of(l, p->g)) ||
	       wrong(l, "%s is another after a restart", p->name);
}

bool act_keep(struct person *p)
{
	struct life *l = p->life;
	struct buf root;
	l->doing = "keeping";
	if (!p->g)
		return true;
	if (!p->is_kept || group_journal_wants_snapshot(p->g)) {
		buf_reset(&p->journal);
		buf_reset(&p->root);
		p->is_kept = true;
		return ends(l, p, group_journal_snapshot(p->g, &p->journal, &p->root), UC_OK);
	}
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	uc_err err = group_journal_take(p->g, &p->journal, &root);
	if (!err && root.n) {
		buf_reset(&p->root);
		buf_add_view(&p->root, buf_view(&root));
	}
	buf_done(&root);
	return ends(l, p, err, UC_OK);
}

bool act_forget(struct person *p)
{
	p->life->doing = "forgetting";
	if (!p->g)
		return true;
	group_forget_past(p->g);
	p->past[0] = p->past[1] = NOBODY;
	return true;
}

/* --- the public group --- */

static bool check_server(struct life *l)
{
	const struct group_view v = public_group_now(l->server.p);
	const char *differs = slow_compare_public(&l->states[l->server.at].e, &v);
	size_t stored = 0;
	for (int i = 0; i < l->letters_n; i++)
		stored += l->server.stored[i];
	if (stored != public_group_proposal_count(l->server.p))
		return wrong(l, "the server keeps other proposals than were sent");
	return !differs || wrong(l, "the server: %s", differs);
}

bool act_server(struct life *l, struct letter *m)
{
	struct public_received got;
	struct buf saved;
	struct public_group *again = NULL;
	l->doing = "serving";
	if (!l->server.p || (m->from == NOBODY && m->in != l->server.at))
		return true;
	struct verdict want = expect_server(l, m);
	uc_err err = public_group_receive(l->server.p, m->bytes, &l->mem, &got);
	if (err != want.or_err && !ends(l, NULL, err, want.err))
		return false;
	if (err)
		return true;
	if (m->kind == LETTER_PROPOSAL) {
		l->server.stored[m - l->letters] = true;
		return check_server(l);
	}
	if (!ends(l, NULL, public_group_apply(l->server.p), UC_OK))
		return false;
	l->server.at = m->leads_to;
	take_commit(&l->server.taken, (int)(m - l->letters));
	memset(l->server.stored, 0, sizeof l->server.stored);
	buf_init(&saved, WIRE_OBJECT_MAX);
	model_must(!public_group_save(l->server.p, &saved));
	err = public_group_load(&l->env, &l->hooks, buf_view(&saved), &again);
	buf_done(&saved);
	if (!ends(l, NULL, err, UC_OK))
		return false;
	public_group_free(l->server.p);
	l->server.p = again;
	return check_server(l);
}

bool act_server_anew(struct life *l)
{
	struct view info = { NULL, 0 }, tree = { NULL, 0 };
	struct public_group *fresh = NULL;
	l->doing = "serving anew";
	struct person *p = choose_person(l);
	if (p->at == NOBODY || l->states[p->at].e.is_closed)
		return true;
	model_must(!group_info_make(p->g, &l->mem, &info) &&
		   !group_ratchet_tree(p->g, &l->mem, &tree));
	if (!ends(l, NULL, public_group_new(&l->env, &l->hooks, info, tree, &fresh), UC_OK))
		return false;
	public_group_free(l->server.p);
	l->server = (struct server){ .p = fresh, .at = p->at };
	return check_server(l);
}
