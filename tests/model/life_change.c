/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals, commits, joining, and groups that go on from another. */
#include "tests/model/life.h"

#include "mls/external_proposal.h"
#include "mls/group_inside.h"

#include <stdio.h>

static bool ends(struct life *l, const struct person *p, uc_err have, uc_err want)
{
	if (have == want)
		return true;
	return wrong(l, "%s has %s, not %s", p ? p->name : "somebody outside", uc_err_name(have),
		     uc_err_name(want));
}

/* --- what may be proposed --- */

/* Somebody who is not in this state's group, and has no part in a list so far. */
static struct person *stranger(struct life *l, int state, const struct proposal *v, size_t n)
{
	struct person *p = choose_person(l);
	if (slow_find(&l->states[state].e.tree, view_str(p->name)) != SLOW_NONE)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (v[i].proposal_type == PROPOSAL_ADD &&
		    view_equal(v[i].key_package.leaf_node.signature_key, sign_public(&p->key)))
			return NULL;
	return p;
}

static int64_t some_leaf(struct life *l, int state)
{
	const struct slow_tree *t = &l->states[state].e.tree;
	uint32_t at = choose(l, t->leaves);
	return slow_leaf(t, at) ? (int64_t)at : SLOW_NONE;
}

static struct proposal some_psk(struct person *p)
{
	struct life *l = p->life;
	uint8_t *nonce = arena_take(&l->mem, l->suite->nh), *id = arena_take(&l->mem, 1);
	model_must(nonce && id && !env_random(&l->env, nonce, l->suite->nh));
	struct proposal out = { .proposal_type = PROPOSAL_PSK,
				.psk = { .psktype = PSK_EXTERNAL,
					 .psk_id = { id, 1 },
					 .psk_nonce = { nonce, l->suite->nh } } };
	uint32_t what = choose(l, 4);
	if (what < 2) {
		id[0] = (uint8_t)what;
		return out;
	}
	/* This epoch's or an earlier one's. */
	int s = p->at;
	for (uint32_t k = choose(l, 4); k && l->states[s].before != NOBODY; k--)
		s = l->states[s].before;
	out.psk.psktype = PSK_RESUMPTION;
	out.psk.psk_id = (struct view){ NULL, 0 };
	out.psk.usage = RESUMPTION_APPLICATION;
	out.psk.psk_group_id = l->states[s].e.group_id;
	out.psk.psk_epoch = l->states[s].e.epoch;
	return out;
}

static struct proposal some_data(struct life *l)
{
	static const struct view data[] = { { (const uint8_t *)"red", 3 },
					    { (const uint8_t *)"green", 5 },
					    { NULL, 0 } };
	return (struct proposal){ .proposal_type = PROPOSAL_APP_DATA_UPDATE,
				  .app_data_update = { (uint16_t)(0xf000 + choose(l, 3)),
						       APP_DATA_UPDATE, data[choose(l, 3)] } };
}

/* A member's proposal that is right where it is; false: none came to mind. */
static bool some_proposal(struct person *p, const struct proposal *v, size_t n,
			  struct proposal *out)
{
	struct life *l = p->life;
	struct person *who;
	int64_t leaf;
	*out = (struct proposal){ .proposal_type = PROPOSAL_APP_EPHEMERAL,
				  .app_ephemeral = { 0xf009, VIEW_LIT("once") } };
	switch (choose(l, 8)) {
	case 0:
	case 1:
		who = stranger(l, p->at, v, n);
		if (who)
			*out = add_person(who);
		return who != NULL;
	case 2:
	case 3:
		leaf = some_leaf(l, p->at);
		*out = (struct proposal){ .proposal_type = PROPOSAL_REMOVE,
					  .removed = (uint32_t)leaf };
		for (size_t i = 0; i < n; i++)
			if (v[i].proposal_type == PROPOSAL_REMOVE && v[i].removed == leaf)
				return false;
		return leaf != SLOW_NONE && leaf != group_own_leaf(p->g);
	case 4:
		*out = some_psk(p);
		for (size_t i = 0; i < n; i++)
			if (v[i].proposal_type == PROPOSAL_PSK && !psk_order(&v[i].psk, &out->psk))
				return false;
		return true;
	case 5:
		*out = some_data(l);
		return true;
	case 6:
		*out = (struct proposal){ .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
					  .extensions =
						  life_extensions(l, choose(l, 2),
								  &l->states[p->at].e.extensions) };
		for (size_t i = 0; i < n; i++)
			if (v[i].proposal_type == PROPOSAL_GROUP_CONTEXT_EXTENSIONS)
				return false;
		return true;
	default:
		return true;
	}
}

static struct proposal some_reinit(struct life *l)
{
	char name[24];
	struct view id;
	snprintf(name, sizeof name, "life after %d", l->letters_n);
	model_must(!arena_copy(&l->mem, view_str(name), &id));
	struct proposal out = { .proposal_type = PROPOSAL_REINIT,
				.reinit = { .group_id = id,
					    .version = MLS10,
					    .cipher_suite = l->suite->id,
					    .extensions = life_extensions(l, true, NULL) } };
	return out;
}

static bool propose_one(struct person *p, uint32_t what, struct proposal *proposal,
			struct view *message, uc_err *err)
{
	struct life *l = p->life;
	const struct view aad = VIEW_LIT("why not");
	if (what == 0) {
		*err = group_propose_update(p->g, &l->mem, message);
		return true;
	}
	if (what == 1)
		*proposal = (struct proposal){ .proposal_type = PROPOSAL_SELF_REMOVE };
	else if (what == 2 && choose(l, 4) == 0)
		*proposal = some_reinit(l);
	else if (p->at == NOBODY || !some_proposal(p, NULL, 0, proposal))
		return false;
	*err = group_propose(p->g, proposal, aad, &l->mem, message);
	return true;
}

bool act_propose(struct person *p)
{
	struct life *l = p->life;
	struct view message;
	struct proposal proposal;
	uc_err err;
	l->doing = "proposing";
	if (!p->g)
		return true;
	uc_err want = p->at == NOBODY                ? UC_E_REMOVED
		      : l->states[p->at].e.is_closed ? UC_E_CLOSED
						     : UC_OK;
	struct group *before = copy_of(p);
	size_t kept = group_proposal_count(p->g);
	if (propose_one(p, choose(l, 6), &proposal, &message, &err) && ends(l, p, err, want) &&
	    !err) {
		/* The same again is the same bytes, or stands for one that is kept. */
		struct letter *m = life_letter(l, LETTER_PROPOSAL, p, p->at, message, before);
		if (group_proposal_count(p->g) > kept)
			p->stored[m - l->letters] = true;
		else
			l->letters_n--;
	}
	group_free(before);
	return !l->why[0];
}

/* The hub removes or adds somebody; or a stranger asks to be added. */
bool act_propose_outside(struct life *l)
{
	struct view message;
	struct proposal proposal;
	l->doing = "proposing from outside";
	struct person *in = choose_person(l);
	if (in->at == NOBODY || l->states[in->at].e.is_closed)
		return true;
	const struct outside to = { .suite = l->suite,
				    .group_id = l->states[in->at].e.group_id,
				    .epoch = l->states[in->at].e.epoch };
	int64_t leaf = some_leaf(l, in->at);
	struct person *who = stranger(l, in->at, NULL, 0);
	uc_err err;
	if (choose(l, 2) && who) {
		proposal = add_person(who);
		err = choose(l, 2) ? external_propose(&to, &l->env, 0, &l->hub, &proposal, &l->mem,
						      &message)
				   : join_propose(&to, &l->env, who->key_package, &who->key,
						  &l->mem, &message);
	} else if (leaf != SLOW_NONE) {
		proposal = (struct proposal){ .proposal_type = PROPOSAL_REMOVE,
					      .removed = (uint32_t)leaf };
		err = external_propose(&to, &l->env, 0, &l->hub, &proposal, &l->mem, &message);
	} else {
		return true;
	}
	if (!ends(l, NULL, err, UC_OK))
		return false;
	struct letter *m = life_letter(l, LETTER_PROPOSAL, NULL, in->at, message, NULL);
	/* The same again is the same: signatures are deterministic, or else it is another. */
	for (struct letter *o = l->letters; o < m; o++)
		if (o->kind == LETTER_PROPOSAL && view_equal(o->proposal.ref, m->proposal.ref)) {
			l->letters_n--;
			return true;
		}
	return act_receive(in, m);
}

/* --- commits --- */

static bool knows_psk(const struct person *p, const struct pre_shared_key_id *id)
{
	if (id->psktype == PSK_EXTERNAL)
		return id->psk_id.p[0] != 1 || p->number % 2;
	for (int i = 0; i < GROUP_RESUMPTION_EPOCHS; i++)
		if (p->entered[i] != NOBODY &&
		    p->life->states[p->entered[i]].e.epoch == id->psk_epoch)
			return true;
	return false;
}

/* How making a commit of these must end. */
static uc_err expect_commit(const struct person *p, const struct proposal *v, size_t n)
{
	const struct life *l = p->life;
	if (p->at == NOBODY)
		return UC_E_REMOVED;
	if (p->pending != NOBODY || p->staged != NOBODY)
		return UC_E_PENDING;
	if (l->states[p->at].e.is_closed)
		return UC_E_CLOSED;
	for (size_t i = 0; i < n; i++)
		if (v[i].proposal_type == PROPOSAL_PSK && !knows_psk(p, &v[i].psk))
			return UC_E_PSK;
	return UC_OK;
}

/* The leaf that a proposal is about. */
static int64_t touched(const struct proposal *p, uint32_t sender)
{
	switch (p->proposal_type) {
	case PROPOSAL_REMOVE:
		return p->removed;
	case PROPOSAL_UPDATE:
	case PROPOSAL_SELF_REMOVE:
		return sender;
	default:
		return SLOW_NONE;
	}
}

/* 12.2: what cannot stand in one commit. */
static bool conflict(const struct proposal *a, uint32_t a_sender, const struct proposal *b,
		     uint32_t b_sender)
{
	if (touched(a, a_sender) != SLOW_NONE && touched(a, a_sender) == touched(b, b_sender))
		return true;
	if (a->proposal_type != b->proposal_type)
		return false;
	switch (a->proposal_type) {
	case PROPOSAL_ADD:
		return view_equal(a->key_package.leaf_node.signature_key,
				  b->key_package.leaf_node.signature_key);
	case PROPOSAL_PSK:
		return !psk_order(&a->psk, &b->psk);
	default:
		return a->proposal_type == PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
	}
}

/* Is there all that waited and fits, and a ReInit only where that was asked for? */
static bool took_what_fits(const struct person *p, const struct letter *m,
			   const struct commit_options *o)
{
	const struct life *l = p->life;
	uint32_t own = m->change.committer;
	for (int i = 0; i < l->letters_n; i++) {
		const struct slow_proposal *s = &l->letters[i].proposal;
		bool taken = false, fits = p->stored[i];
		for (size_t k = 0; k < m->refs_n; k++)
			taken |= m->refs[k] == i;
		if (s->proposal.proposal_type == PROPOSAL_REINIT && p->stored[i]) {
			if (taken && (!o->stored_reinit || m->refs_n + o->proposal_count > 1))
				return false;
			continue;
		}
		if (o->without_stored && taken)
			return false;
		fits &= !taken && !o->without_stored;
		fits &= touched(&s->proposal, s->sender.leaf_index) != own;
		/* A key that the committer lacks is left to others. */
		fits &= s->proposal.proposal_type != PROPOSAL_PSK || knows_psk(p, &s->proposal.psk);
		for (size_t k = 0; fits && k < o->proposal_count; k++)
			fits = !conflict(&o->proposals[k], own, &s->proposal, s->sender.leaf_index);
		for (size_t k = 0; fits && k < m->refs_n; k++) {
			const struct slow_proposal *r = &l->letters[m->refs[k]].proposal;
			fits = !conflict(&r->proposal, r->sender.leaf_index, &s->proposal,
					 s->sender.leaf_index);
		}
		if (fits)
			return false;
	}
	return true;
}

bool act_commit(struct person *p)
{
	struct life *l = p->life;
	struct proposal v[4];
	struct made_commit made;
	size_t n = 0;
	l->doing = "committing";
	if (!p->g)
		return true;
	for (uint32_t k = choose(l, 2) ? 0 : choose(l, 4); p->at != NOBODY && k; k--)
		n += some_proposal(p, v, n, &v[n]);
	struct commit_options o = { .proposals = v,
				    .proposal_count = n,
				    .without_stored = choose(l, 3) == 0,
				    .stored_reinit = choose(l, 2),
				    .force_path = choose(l, 2) };
	struct group *before = copy_of(p);
	uc_err want = expect_commit(p, v, n);
	uc_err err = group_commit(p->g, &o, &l->mem, &made);
	struct letter *m = NULL;
	if (ends(l, p, err, want) && !err)
		m = life_commit(l, p, p->at, made.commit, before);
	group_free(before);
	if (!m)
		return !l->why[0];
	if (!took_what_fits(p, m, &o))
		return wrong(l, "%s takes other proposals than those that fit", p->name);
	m->welcome = made.welcome;
	m->tree = made.ratchet_tree;
	p->pending = (int)(m - l->letters);
	return true;
}

/* What must not be made. */
bool act_wrong_commit(struct person *p)
{
	struct life *l = p->life;
	struct made_commit made;
	struct proposal v[2] = { { .proposal_type = PROPOSAL_REMOVE } };
	size_t n = 1;
	uc_err want = UC_E_UNEXPECTED;
	l->doing = "committing what is wrong";
	if (!p->g || expect_commit(p, NULL, 0))
		return true;
	const struct slow_tree *t = &l->states[p->at].e.tree;
	switch (choose(l, 5)) {
	case 0:
		v[0].removed = group_own_leaf(p->g);
		break;
	case 1:
		v[0].removed = t->leaves + choose(l, 3);
		want = UC_E_NOT_FOUND;
		break;
	case 2:
		for (int i = 0; i < LIFE_PEOPLE; i++)
			if (slow_find(t, view_str(l->people[i].name)) != SLOW_NONE) {
				struct view waits = l->people[i].key_package;
				struct key_package_secrets secrets = l->people[i].secrets;
				l->people[i].key_package.n = 0;
				v[0] = add_person(&l->people[i]);
				l->people[i].key_package = waits;
				l->people[i].secrets = secrets;
			}
		want = UC_E_EXISTS;
		break;
	case 3:
		v[0] = some_reinit(l);
		v[n++] = some_data(l);
		break;
	default:
		v[0] = v[1] = (struct proposal){ .proposal_type = PROPOSAL_PSK,
						 .psk = { .psktype = PSK_EXTERNAL,
							  .psk_id = VIEW_LIT("\1") } };
		want = UC_E_MALFORMED; /* the nonce */
	}
	const struct commit_options o = { .proposals = v,
					  .proposal_count = n,
					  .without_stored = true };
	struct view before = saved_of(l, p->g);
	if (!ends(l, p, group_commit(p->g, &o, &l->mem, &made), want))
		return false;
	l->refused++;
	return view_equal(before, saved_of(l, p->g)) ||
	       wrong(l, "a refusal has changed the state of %s", p->name);
}

/* --- joining --- */

bool act_join(struct person *p, struct letter *m)
{
	struct life *l = p->life;
	struct group *g = NULL;
	l->doing = "joining";
	if (!p->key_package.n || !m->welcome.n)
		return true;
	const struct welcome_input in = { m->welcome, m->tree, p->key_package, &p->secrets };
	const struct slow_tree *t = &l->states[m->leads_to].e.tree;
	int64_t leaf = slow_find(t, view_str(p->name));
	struct key_package k;
	model_must(!wire_decode(p->key_package, &l->mem, key_package_element, &k));
	uc_err want = UC_OK;
	bool added = false;
	for (size_t i = 0; i < m->change.added.n; i++)
		added |= m->change.added.v[i] == leaf;
	if (!added || !view_equal(slow_leaf(t, (uint32_t)leaf)->leaf, k.leaf_node.raw))
		want = UC_E_NOT_FOUND;
	else
		want = expect_joined(p, m);
	uc_err err = group_join(&p->platform, &in, &g);
	if (!ends(l, p, err, want) || err)
		return !l->why[0];
	person_has(p, g);
	p->key_package.n = 0;
	enter_state(p, m->leads_to, true);
	check_person(p);
	return !l->why[0];
}

/* Somebody comes from outside: new, or in the place of what they had. */
bool act_join_external(struct person *p)
{
	struct life *l = p->life;
	struct person *host = choose_person(l);
	struct view leave[LIFE_PEOPLE], commit, info;
	struct group *fresh = NULL;
	l->doing = "joining from outside";
	if (host->at == NOBODY || l->states[host->at].e.is_closed || host == p)
		return true;
	int in = host->at;
	struct external_join how = { .leaf = &p->leaf, .self_removes = leave };
	struct proposal v[2];
	int64_t old = slow_find(&l->states[in].e.tree, view_str(p->name));
	how.proposals = v;
	if (old != SLOW_NONE)
		v[how.proposal_count++] = (struct proposal){ .proposal_type = PROPOSAL_REMOVE,
							     .removed = (uint32_t)old };
	if (choose(l, 3) == 0)
		v[how.proposal_count++] = some_data(l);
	bool takes = choose(l, 2);
	for (int i = 0; takes && i < l->letters_n; i++) {
		const struct letter *m = &l->letters[i];
		bool again = false;
		if (m->kind != LETTER_PROPOSAL || m->in != in ||
		    m->proposal.proposal.proposal_type != PROPOSAL_SELF_REMOVE ||
		    m->proposal.sender.leaf_index == old)
			continue;
		for (int k = 0; k < i; k++)
			again |= l->letters[k].in == in && l->letters[k].kind == LETTER_PROPOSAL &&
				 l->letters[k].proposal.proposal.proposal_type ==
					 PROPOSAL_SELF_REMOVE &&
				 l->letters[k].from == m->from;
		if (!again && how.self_remove_count < LIFE_PEOPLE)
			leave[how.self_remove_count++] = m->bytes;
	}
	model_must(!group_info_make(host->g, &l->mem, &how.group_info) &&
		   !group_ratchet_tree(host->g, &l->mem, &how.ratchet_tree));
	if (!ends(l, p, group_join_external(&p->platform, &how, &l->mem, &commit, &info, &fresh),
		  UC_OK))
		return false;
	person_has(p, fresh);
	leave_state(p);
	struct letter *m = life_commit(l, p, in, commit, NULL);
	if (m)
		p->pending = (int)(m - l->letters);
	return m != NULL;
}

/* --- groups that go on from another (11.2, 11.3) --- */

/* Others with fresh KeyPackages, in this person's state; the first `n`. */
static size_t invite(struct person *p, struct person **others, struct proposal *adds, size_t max)
{
	struct life *l = p->life;
	size_t n = 0;
	for (int i = 0; i < LIFE_PEOPLE && n < max; i++) {
		struct person *o = &l->people[i];
		if (o == p || o->at != p->at)
			continue;
		o->key_package.n = 0;
		adds[n] = add_person(o);
		others[n++] = o;
	}
	return n;
}

static struct group *welcomed(struct person *p, const struct made_commit *made)
{
	struct group *g = NULL;
	const struct welcome_input in = { made->welcome, made->ratchet_tree, p->key_package,
					  &p->secrets };
	ends(p->life, p, group_join(&p->platform, &in, &g), UC_OK);
	p->key_package.n = 0;
	return g;
}

/* All in one state of a closed group: the new one takes its place, with a model of its own. */
static bool go_on(struct person *p, struct group *fresh, struct person **others,
		  struct group *const *groups, size_t n)
{
	struct life *l = p->life;
	int state = l->states_n++;
	const char *differs = slow_begin(&l->states[state].e, fresh, &l->mem);
	if (differs)
		return wrong(l, "the group that goes on: %s", differs);
	l->states[state].before = NOBODY;
	for (size_t i = 0; i <= n; i++) {
		struct person *o = i < n ? others[i] : p;
		person_has(o, i < n ? groups[i] : fresh);
		enter_state(o, state, true);
		check_person(o);
	}
	return !l->why[0];
}

bool act_succeed(struct person *p)
{
	struct life *l = p->life;
	struct person *others[LIFE_PEOPLE];
	struct proposal adds[LIFE_PEOPLE];
	struct group *fresh = NULL, *groups[LIFE_PEOPLE];
	struct made_commit made;
	l->doing = "going on";
	if (p->at == NOBODY || !l->states[p->at].e.is_closed)
		return true;
	size_t n = invite(p, others, adds, LIFE_PEOPLE);
	bool all = n + 1 == slow_count(&l->states[p->at].e.tree);
	const struct succession how = { .leaf = &p->leaf, .adds = adds, .add_count = n };
	uc_err err = group_reinit(&p->platform, p->g, &how, &l->mem, &made, &fresh);
	if (!ends(l, p, err, all ? UC_OK : UC_E_NOT_ALLOWED) || err)
		return !l->why[0];
	/* Others' letters are of the old group, and no more than bytes to the new one. */
	for (size_t i = 0; i < n; i++)
		groups[i] = welcomed(others[i], &made);
	if (!ends(l, p, group_pending_apply(fresh), UC_OK) || l->why[0])
		return false;
	return go_on(p, fresh, others, groups, n);
}

/* A side group of some: made, agreed upon, and left. */
bool act_branch(struct person *p)
{
	struct life *l = p->life;
	struct person *others[LIFE_PEOPLE];
	struct proposal adds[LIFE_PEOPLE];
	struct group *fresh = NULL;
	struct made_commit made;
	struct slow_epoch e;
	l->doing = "branching";
	if (p->at == NOBODY)
		return true;
	bool closed = l->states[p->at].e.is_closed;
	size_t n = invite(p, others, adds, choose(l, 3));
	const struct succession how = { .leaf = &p->leaf,
					.adds = adds,
					.add_count = n,
					.group_id = VIEW_LIT("aside"),
					.extensions = life_extensions(l, true, NULL) };
	uc_err err = group_branch(&p->platform, p->g, &how, &l->mem, &made, &fresh);
	if (!ends(l, p, err, closed ? UC_E_CLOSED : UC_OK) || err)
		return !l->why[0];
	const char *differs = NULL;
	if (ends(l, p, group_pending_apply(fresh), UC_OK))
		differs = slow_begin(&e, fresh, &l->mem);
	for (size_t i = 0; i < n && !differs; i++) {
		struct group *g = welcomed(others[i], &made);
		if (g)
			differs = slow_compare(&e, g);
		group_free(g);
	}
	group_free(fresh);
	return differs ? wrong(l, "the branch: %s", differs) : !l->why[0];
}
