/* SPDX-License-Identifier: Apache-2.0 */
/* What people begin: words, proposals, commits, coming in from outside, another group. */
#include "tests/sim/mls_sim.h"

#include <stdio.h>

/* Nothing is begun by whoever is behind, waits, or has something to find out first. */
static bool is_free(const struct peer *p)
{
	return p->g && p->at != NONE && !p->sent.n && !p->must_rejoin && !p->is_restored &&
	       !truth_at(p->sim, p->at)->is_closed;
}

static bool failed(struct peer *p, const char *what, uc_err err)
{
	return sim_wrong(p->sim, "%s cannot %s: %s", p->name, what, uc_err_name(err));
}

bool act_words(struct peer *p)
{
	struct sim *s = p->sim;
	struct view message, text;
	struct arena a;
	char said[32];
	if (!is_free(p))
		return true;
	arena_init(&a, (size_t)1 << 20, ARENA_PLAIN);
	snprintf(said, sizeof said, "words %zu", s->entries_n);
	uc_err err = group_encrypt(p->g, VIEW_LIT(""), view_str(said), 64, &a, &message);
	struct authenticated_content content = {
		.content = { .group_id = truth_at(s, p->at)->group_id,
			     .epoch = epoch_of(s, p->at),
			     .sender = { .sender_type = SENDER_MEMBER } }
	};
	bool good = !err ? peer_keep(p) : failed(p, "speak", err);
	if (good && !err && !sim_hits(s, 10)) {
		struct entry *e = service_take(p, ENTRY_WORDS, message, &content);
		model_must(!arena_copy(&s->mem, view_str(said), &text));
		if (e) {
			e->text = text;
			s->count.words++;
		}
	}
	arena_done(&a);
	return good && !s->why[0];
}

static bool propose(struct peer *p)
{
	struct sim *s = p->sim;
	struct view message;
	struct proposal what = { .proposal_type = PROPOSAL_SELF_REMOVE };
	uc_err err;
	size_t kept = group_proposal_count(p->g);
	uint32_t dice = sim_below(s, 6);
	if (dice == 0 && s->truths[p->at]->members > s->plan.members / 2) {
		err = group_propose(p->g, &what, VIEW_LIT(""), &s->mem, &message);
	} else if (dice < 3) {
		what = (struct proposal){ .proposal_type = PROPOSAL_APP_EPHEMERAL,
					  .app_ephemeral = { 0xf001, VIEW_LIT("once") } };
		err = group_propose(p->g, &what, VIEW_LIT(""), &s->mem, &message);
	} else {
		err = group_propose_update(p->g, &s->mem, &message);
	}
	if (err)
		return failed(p, "propose", err);
	const struct authenticated_content *c = peer_opened(p, message);
	if (!c || !peer_keep(p))
		return false;
	/* The same once more, or lost on the way: it is in our own store alone, and never fits. */
	if (group_proposal_count(p->g) == kept)
		return true;
	if (sim_hits(s, 10) || !service_take(p, ENTRY_PROPOSAL, message, c)) {
		struct view ref = slow_ref(s->suite, &s->mem, c);
		group_proposal_drop(p->g, ref);
		return !s->why[0] && peer_keep(p);
	}
	return true;
}

/* --- commits --- */

/* It is on the disk, with what the service is to be given; now it is sent, and maybe lost. */
static bool send(struct peer *p)
{
	struct sim *s = p->sim;
	if (sim_hits(s, 10))
		return true;
	if (!service_take(p, ENTRY_COMMIT, p->sent, p->sent_content)) {
		if (s->why[0])
			return false;
		/* Another was first.  A member learns it from that one; who joins begins again. */
		s->count.lost_races++;
		if (p->at == NONE) {
			peer_has(p, NULL, NONE);
			act_sent_done(p, false);
			p->must_rejoin |= leaf_in(p, s->current[0]) != NONE;
		}
	}
	return true;
}

bool act_send_again(struct peer *p)
{
	struct sim *s = p->sim;
	if (!p->sent.n)
		return true;
	for (size_t i = s->entries_n; i-- > 0;)
		if (s->entries[i]->from == p->number && view_equal(s->entries[i]->bytes, p->sent))
			return true; /* it was taken: its answer is on the way */
	return send(p);
}

static struct proposal add_of(struct peer *p)
{
	struct sim *s = p->sim;
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	model_must(!key_package_make(s->suite, &s->env, &p->leaf, 3600, NULL, &s->mem,
				     &p->key_package, &p->secrets) &&
		   !wire_decode(p->key_package, &s->mem, key_package_element, &add.key_package));
	return add;
}

/* Who comes and who goes, so that there are about as many as there should be. */
static size_t some_proposals(struct peer *p, struct proposal *v, struct peer **invited,
			     size_t *invited_n, size_t max)
{
	struct sim *s = p->sim;
	size_t n = 0;
	int members = s->truths[p->at]->members;
	uint32_t wanted = members < s->plan.members ? sim_below(s, (uint32_t)max) : 0;
	if (members < s->plan.members / 2 && s->plan.members > 100)
		wanted = (uint32_t)max; /* a crowd comes at once */
	if (wanted > (uint32_t)(s->plan.members - members))
		wanted = (uint32_t)(s->plan.members - members);
	for (; wanted && n < max; wanted--) {
		struct peer *o = sim_stranger(s, p->at);
		if (!o)
			break;
		v[n++] = add_of(o);
		invited[(*invited_n)++] = o;
	}
	for (uint32_t k = sim_below(s, 3); members > 2 && k && n < max; k--) {
		int i = (int)sim_below(s, (uint32_t)s->peers_n);
		int leaf = s->truths[p->at]->leaf[i];
		bool twice = leaf == NONE || i == p->number ||
			     (members < s->plan.members / 2 && sim_hits(s, 80));
		for (size_t j = 0; j < n; j++)
			twice |= v[j].proposal_type == PROPOSAL_REMOVE && (int)v[j].removed == leaf;
		if (!twice)
			v[n++] = (struct proposal){ .proposal_type = PROPOSAL_REMOVE,
						    .removed = (uint32_t)leaf };
	}
	return n;
}

static bool commit(struct peer *p, const struct commit_options *o)
{
	struct sim *s = p->sim;
	struct made_commit made;
	uc_err err = group_commit(p->g, o, &s->mem, &made);
	if (err)
		return failed(p, "commit", err);
	p->sent = made.commit;
	p->sent_welcome = made.welcome;
	p->sent_info = made.group_info;
	p->sent_tree = made.ratchet_tree;
	p->sent_content = peer_opened(p, made.commit);
	return p->sent_content && peer_keep(p) && send(p);
}

bool act_commit(struct peer *p)
{
	enum { MAX = INVITED_MAX };
	struct sim *s = p->sim;
	struct proposal v[MAX];
	struct peer *invited[MAX];
	size_t invited_n = 0;
	if (!is_free(p) || group_has_pending(p->g))
		return true;
	size_t n = some_proposals(p, v, invited, &invited_n, MAX);
	const struct commit_options o = { .proposals = v,
					  .proposal_count = n,
					  .without_stored = sim_hits(s, 20),
					  .force_path = sim_hits(s, 60) };
	for (size_t i = 0; i < invited_n; i++)
		p->invited[i] = invited[i]->number;
	p->invited_n = invited_n;
	return commit(p, &o);
}

void act_sent_done(struct peer *p, bool won)
{
	for (size_t i = 0; i < p->invited_n && !won; i++)
		p->sim->peers[p->invited[i]].key_package.n = 0;
	p->invited_n = 0;
	p->sent = (struct view){ NULL, 0 };
}

/* To another suite, when everybody is well. */
static bool close_group(struct peer *p)
{
	struct sim *s = p->sim;
	char name[24];
	struct proposal v = { .proposal_type = PROPOSAL_REINIT };
	const struct suite *to = suite_at(sim_below(s, 7));
	if (s->is_split || p->at != s->current[0] || group_has_pending(p->g) ||
	    s->truths[p->at]->members > 60)
		return true;
	for (int i = 0; i < s->peers_n; i++) {
		const struct peer *o = &s->peers[i];
		if (o->is_unsure || o->must_rejoin || (o->g && o->at == NONE) || o->key_package.n)
			return true;
	}
	snprintf(name, sizeof name, "sim %d", s->generation + 1);
	model_must(!arena_copy(&s->mem, view_str(name), &v.reinit.group_id));
	v.reinit.version = MLS10;
	v.reinit.cipher_suite = to ? to->id : s->suite->id;
	const struct commit_options o = { .proposals = &v,
					  .proposal_count = 1,
					  .without_stored = true };
	return commit(p, &o);
}

/* --- from outside --- */

static bool join_external(struct peer *p)
{
	struct sim *s = p->sim;
	int side = s->is_split ? p->side : 0, in = s->current[side], old = leaf_in(p, in);
	struct group *fresh = NULL;
	struct view commit_bytes, info;
	const struct proposal remove = { .proposal_type = PROPOSAL_REMOVE,
					 .removed = (uint32_t)old };
	const struct external_join how = { .group_info = s->info[side],
					   .ratchet_tree = slow_write(&truth_at(s, in)->tree),
					   .leaf = &p->leaf,
					   .proposals = &remove,
					   .proposal_count = old != NONE };
	if (truth_at(s, in)->is_closed || !s->info[side].n)
		return true;
	uc_err err = group_join_external(&p->platform, &how, &s->mem, &commit_bytes, &info, &fresh);
	if (err)
		return failed(p, "come from outside", err);
	peer_has(p, fresh, NONE);
	p->sent = commit_bytes;
	p->sent_info = info;
	p->sent_welcome = (struct view){ NULL, 0 };
	p->sent_content = peer_opened(p, commit_bytes);
	p->copy.is_there = false;
	return !s->why[0] && send(p);
}

/* In again by external commit, when nothing more can be read with what there is. */
bool act_rejoin(struct peer *p)
{
	struct sim *s = p->sim;
	if (!p->must_rejoin || s->is_split || (p->sent.n && p->at == NONE))
		return true;
	for (size_t i = 0; i < p->todo_n; i++) {
		const struct entry *e = s->entries[p->todo[i].entry];
		if (e->kind == ENTRY_WORDS && e->is_for[p->number] == FOR_SURE &&
		    !e->opened[p->number])
			return true;
	}
	s->count.rejoined++;
	act_sent_done(p, false);
	if (!join_external(p))
		return false;
	p->must_rejoin = p->g == NULL || !p->sent.n;
	return true;
}

/* --- a group that goes on from a closed one (RFC 9420, 11.2) --- */

static bool enter_all(struct sim *s, struct peer *maker, struct group *fresh,
		      const struct made_commit *made)
{
	uc_err err = group_pending_apply(fresh);
	if (err)
		return failed(maker, "begin anew", err);
	int old = s->current[0], now = truth_begin(s, fresh);
	const char *differs = NULL;
	if (now == NONE)
		return false;
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		struct group *g = fresh;
		if (leaf_in(p, old) == NONE)
			continue;
		const struct welcome_input in = { made->welcome, made->ratchet_tree, p->key_package,
						  &p->secrets };
		err = p == maker ? UC_OK : group_join(&p->platform, &in, &g);
		if (err)
			return failed(p, "go on", err);
		p->key_package.n = 0;
		p->copy.is_there = false;
		p->todo_n = 0;
		peer_has(p, g, now);
		differs = peer_differs(p, true);
		if (differs)
			return sim_wrong(s, "%s goes on: %s", p->name, differs);
	}
	s->current[0] = s->current[1] = now;
	s->info[0] = s->info[1] = made->group_info;
	s->count.reinits++;
	s->generation++;
	return true;
}

bool act_succeed(struct sim *s)
{
	int in = s->current[0];
	struct peer *maker = NULL;
	struct proposal *adds = ARENA_ARRAY(&s->mem, struct proposal, PEERS_MAX);
	size_t n = 0;
	struct made_commit made;
	struct group *fresh = NULL;
	model_must(adds);
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		if (leaf_in(p, in) == NONE)
			continue;
		if (p->at != in || p->todo_n)
			return true; /* not yet */
		maker = p;
	}
	if (!maker)
		return sim_wrong(s, "a closed group without members");
	s->suite = suite_find(group_reinit_of(maker->g)->cipher_suite);
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		peer_suite(p);
		if (leaf_in(p, in) != NONE && p != maker)
			adds[n++] = add_of(p);
	}
	const struct succession how = { .leaf = &maker->leaf, .adds = adds, .add_count = n };
	uc_err err = group_reinit(&maker->platform, maker->g, &how, &s->mem, &made, &fresh);
	if (err)
		return failed(maker, "go on", err);
	if (!enter_all(s, maker, fresh, &made))
		return false;
	public_group_free(s->server);
	s->server = NULL;
	if (s->wrapping.private_handshakes)
		return true;
	err = public_group_new(&s->env, &s->hooks, s->info[0],
			       slow_write(&truth_at(s, s->current[0])->tree), &s->server);
	return !err || sim_wrong(s, "the public group: %s", uc_err_name(err));
}

bool act_anything(struct peer *p)
{
	struct sim *s = p->sim;
	uint32_t dice = sim_below(s, 100);
	if (p->sent.n && dice < 50)
		return act_send_again(p);
	if (dice < 8)
		return peer_restart(p, sim_hits(s, 50));
	if (dice < 12 && s->truths[s->current[0]]->members < s->plan.members && !p->g &&
	    !p->key_package.n && leaf_in(p, s->current[s->is_split ? p->side : 0]) == NONE)
		return join_external(p);
	if (!is_free(p))
		return true;
	if (dice < 15)
		peer_copy(p);
	else if (dice < 17 && !s->is_split && !truth_at(s, s->current[0])->is_closed)
		return peer_restore(p);
	else if (dice < 45)
		return act_commit(p);
	else if (dice < 55)
		return propose(p);
	else if (dice == 55)
		return close_group(p);
	else
		return act_words(p);
	return true;
}
