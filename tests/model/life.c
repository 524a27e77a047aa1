/* SPDX-License-Identifier: Apache-2.0 */
/* People, states and letters; choices; what happens next. */
#include "tests/model/life.h"

#include "mls/group_inside.h"

#include <stdarg.h>
#include <stdio.h>

#define LIFE_BYTES ((size_t)1 << 30)

/* --- choices --- */

uint32_t choose(struct life *l, uint32_t n)
{
	if (l->from_bytes) {
		if (!l->bytes.n) {
			l->over = true;
			return 0;
		}
		uint8_t c = l->bytes.p[0];
		l->bytes = view_slice(l->bytes, 1, SIZE_MAX);
		return c % n;
	}
	l->dice = l->dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(l->dice >> 33) % n;
}

bool wrong(struct life *l, const char *format, ...)
{
	va_list args;
	if (l->why[0])
		return false;
	int n = snprintf(l->why, sizeof l->why, "step %zu, %s: ", l->steps, l->doing);
	va_start(args, format);
	vsnprintf(l->why + n, sizeof l->why - (size_t)n, format, args);
	va_end(args);
	return false;
}

static uint64_t life_now(void *ctx)
{
	(void)ctx;
	return 1700000000000;
}

static uc_err life_random(void *ctx, uint8_t *out, size_t n)
{
	struct life *l = ctx;
	for (size_t i = 0; i < n; i++) {
		l->random = l->random * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(l->random >> 56);
	}
	return UC_OK;
}

/* --- people --- */

static uc_err find_psk(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	const struct person *p = ctx;
	if (id->psktype != PSK_EXTERNAL || id->psk_id.n != 1 || id->psk_id.p[0] >= LIFE_PSKS)
		return UC_E_PSK;
	if (id->psk_id.p[0] == 1 && p->number % 2 == 0)
		return UC_E_PSK;
	return secret_set(out, VIEW_OF(p->life->psk[id->psk_id.p[0]]));
}

/* The one group there is, where the person has it. */
static const struct group *find_group(void *ctx, struct view id)
{
	const struct person *p = ctx;
	return p->g && p->g->now && view_equal(group_id(p->g), id) ? p->g : NULL;
}

void take_commit(struct taken *t, int letter)
{
	for (size_t i = GROUP_RESUMPTION_EPOCHS - 1; i > 0; i--)
		t->v[i] = t->v[i - 1];
	t->v[0] = letter;
	t->n += t->n < GROUP_RESUMPTION_EPOCHS;
}

void leave_state(struct person *p)
{
	p->taken.n = 0;
	p->at = p->past[0] = p->past[1] = p->pending = p->staged = NOBODY;
	memset(p->stored, 0, sizeof p->stored);
	for (int k = 0; k < GROUP_RESUMPTION_EPOCHS; k++)
		p->entered[k] = NOBODY;
}

static void person_begin(struct life *l, int i)
{
	static uint16_t versions[] = { MLS10 }, suites[] = { 1, 2, 3, 4, 5, 6, 7 };
	static uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY };
	static uint16_t credentials[] = { CREDENTIAL_BASIC };
	static uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_APP_EPHEMERAL,
					PROPOSAL_SELF_REMOVE };
	struct person *p = &l->people[i];
	p->life = l;
	p->number = i;
	snprintf(p->name, sizeof p->name, "person %d", i);
	model_must(!sign_key_generate(l->suite, &l->env, &p->key));
	p->leaf = (struct leaf_parameters){
		.signature_key = &p->key,
		.credential = { .credential_type = CREDENTIAL_BASIC,
				.identity = view_str(p->name) },
		.capabilities = { .versions = { versions, 1 },
				  .cipher_suites = { suites, 7 },
				  .extensions = { extensions, 1 },
				  .proposals = { proposals, 3 },
				  .credentials = { credentials, 1 } },
	};
	p->finder = (struct psk_finder){ .ctx = p, .find = find_psk, .group = find_group };
	p->platform = (struct group_platform){
		.env = &l->env, .hooks = &l->hooks, .psks = &p->finder, .wrapping = &l->wrapping
	};
	leave_state(p);
	buf_init_secret(&p->journal, WIRE_OBJECT_MAX);
	buf_init_secret(&p->root, WIRE_OBJECT_MAX);
}

struct person *choose_person(struct life *l)
{
	return &l->people[choose(l, LIFE_PEOPLE)];
}

bool person_has_state(const struct person *p)
{
	return p->at != NOBODY;
}

struct person *member_of(struct life *l, int state, const struct person *but)
{
	for (int i = 0; i < LIFE_PEOPLE; i++)
		if (state != NOBODY && l->people[i].at == state && &l->people[i] != but)
			return &l->people[i];
	return NULL;
}

void enter_state(struct person *p, int state, bool is_new)
{
	p->past[1] = is_new ? NOBODY : p->past[0];
	p->past[0] = is_new ? NOBODY : p->at;
	p->at = state;
	if (is_new)
		p->taken.n = 0;
	p->pending = p->staged = NOBODY;
	memset(p->stored, 0, sizeof p->stored);
	for (int k = GROUP_RESUMPTION_EPOCHS - 1; k > 0; k--)
		p->entered[k] = is_new ? NOBODY : p->entered[k - 1];
	p->entered[0] = state;
}

void person_package(struct person *p)
{
	struct life *l = p->life;
	model_must(!key_package_make(l->suite, &l->env, &p->leaf, 3600, NULL, &l->mem,
				     &p->key_package, &p->secrets));
}

struct proposal add_person(struct person *p)
{
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	if (!p->key_package.n)
		person_package(p);
	model_must(
		!wire_decode(p->key_package, &p->life->mem, key_package_element, &add.key_package));
	return add;
}

void person_has(struct person *p, struct group *g)
{
	group_free(p->g);
	p->g = g;
	p->is_kept = false;
}

struct view saved_of(struct life *l, const struct group *g)
{
	struct buf b;
	struct view out;
	buf_init_secret(&b, WIRE_OBJECT_MAX);
	model_must(!group_save_epoch(g, &b) && !group_save_ratchets(g, &b));
	model_must(!arena_copy(&l->mem, buf_view(&b), &out));
	buf_done(&b);
	return out;
}

struct group *copy_of(const struct person *p)
{
	struct buf epoch, ratchets;
	struct group *copy = NULL;
	buf_init_secret(&epoch, WIRE_OBJECT_MAX);
	buf_init_secret(&ratchets, WIRE_OBJECT_MAX);
	model_must(!group_save_epoch(p->g, &epoch) && !group_save_ratchets(p->g, &ratchets));
	if (group_load(&p->platform, buf_view(&epoch), buf_view(&ratchets), &copy))
		wrong(p->life, "%s cannot be loaded", p->name);
	buf_done(&epoch);
	buf_done(&ratchets);
	return copy;
}

void check_person(struct person *p)
{
	struct life *l = p->life;
	if (p->at == NOBODY)
		return;
	const char *differs = slow_compare(&l->states[p->at].e, p->g);
	if (differs)
		wrong(l, "%s: %s", p->name, differs);
	if (group_has_pending(p->g) != (p->pending != NOBODY))
		wrong(l, "%s: a commit is pending for one, not for the other", p->name);
	size_t stored = 0;
	for (int i = 0; i < l->letters_n; i++)
		stored += p->stored[i];
	if (stored != group_proposal_count(p->g))
		wrong(l, "%s keeps %zu proposals, not %zu", p->name, group_proposal_count(p->g),
		      stored);
	int64_t leaf = slow_find(&l->states[p->at].e.tree, view_str(p->name));
	if (leaf != group_own_leaf(p->g))
		wrong(l, "%s is at leaf %u, not %d", p->name, group_own_leaf(p->g), (int)leaf);
}

/* --- the group --- */

static struct extension extension_of(struct life *l, uint16_t type, wire_element *walk,
				     const void *v)
{
	struct extension e = { .extension_type = type };
	model_must(!wire_encode_to(&l->mem, walk, v, &e.extension_data));
	return e;
}

struct extension_list life_extensions(struct life *l, bool more, const struct extension_list *old)
{
	static uint16_t types[] = { EXTENSION_APP_DATA_DICTIONARY };
	static uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_SELF_REMOVE };
	const struct required_capabilities required = {
		.extension_types = { types, 1 }, .proposal_types = { proposals, more ? 2 : 1 }
	};
	struct external_sender hub = { .signature_key = sign_public(&l->hub),
				       .credential = { .credential_type = CREDENTIAL_BASIC,
						       .identity = VIEW_LIT("hub") } };
	const struct external_sender_list senders = { &hub, 1 };
	const struct extension *dictionary =
		old ? extension_find(old, EXTENSION_APP_DATA_DICTIONARY) : NULL;
	struct extension *v = ARENA_ARRAY(&l->mem, struct extension, 3);
	model_must(v);
	v[0] = extension_of(l, EXTENSION_REQUIRED_CAPABILITIES, required_capabilities_element,
			    &required);
	v[1] = extension_of(l, EXTENSION_EXTERNAL_SENDERS, external_sender_list_element, &senders);
	if (dictionary)
		v[2] = *dictionary;
	return (struct extension_list){ v, dictionary ? 3 : 2 };
}

bool life_is_full(const struct life *l)
{
	return l->states_n + 3 > LIFE_STATES || l->letters_n + 3 > LIFE_LETTERS;
}

void life_begin(struct life *l, const struct suite *s, uint64_t seed, struct view bytes)
{
	*l = (struct life){ .suite = s,
			    .dice = seed,
			    .random = seed ^ 0x5eed,
			    .bytes = bytes,
			    .from_bytes = bytes.n != 0,
			    .doing = "beginning" };
	arena_init(&l->mem, LIFE_BYTES, ARENA_PLAIN);
	l->env = (struct env){ .ctx = l, .now_ms = life_now, .random = life_random };
	l->wrapping.private_handshakes = choose(l, 3) == 0;
	l->wrapping.bucket = l->wrapping.private_handshakes ? 128 : 0;
	for (int i = 0; i < LIFE_PSKS; i++)
		model_must(!env_random(&l->env, l->psk[i], sizeof l->psk[i]));
	model_must(!sign_key_generate(s, &l->env, &l->hub));
	for (int i = 0; i < LIFE_PEOPLE; i++)
		person_begin(l, i);
	struct person *first = &l->people[0];
	struct extension_list extensions = life_extensions(l, true, NULL);
	if (group_create(&first->platform, s, VIEW_LIT("life"), &first->leaf, &extensions,
			 &first->g)) {
		wrong(l, "no group can be made");
		return;
	}
	l->server.at = NOBODY;
	const char *differs = slow_begin(&l->states[0].e, first->g, &l->mem);
	if (differs)
		wrong(l, "the first epoch: %s", differs);
	l->states[0].before = NOBODY;
	l->states_n = 1;
	enter_state(first, 0, true);
	act_server_anew(l);
}

void life_end(struct life *l)
{
	for (int i = 0; i < LIFE_PEOPLE; i++) {
		group_free(l->people[i].g);
		buf_done(&l->people[i].journal);
		buf_done(&l->people[i].root);
	}
	public_group_free(l->server.p);
	arena_done(&l->mem);
}

/* --- letters --- */

/* What was signed, as those see it who can open it. */
static const struct authenticated_content *opened_by(struct life *l, struct view bytes,
						     struct group *before)
{
	struct mls_message m;
	struct authenticated_content *out = ARENA_NEW(&l->mem, struct authenticated_content);
	uint32_t generation;
	model_must(out && !wire_decode(bytes, &l->mem, mls_message_element, &m));
	if (m.wire_format == MLS_PUBLIC_MESSAGE) {
		*out = (struct authenticated_content){ MLS_PUBLIC_MESSAGE, m.public_message.content,
						       m.public_message.auth };
		return out;
	}
	struct framing_epoch f = epoch_framing(before->now);
	f.own_leaf = FRAMING_NO_LEAF;
	if (framing_look_private(&f, &m.private_message, &l->mem, out, &generation)) {
		wrong(l, "a private message cannot be opened");
		return NULL;
	}
	return out;
}

struct letter *life_letter(struct life *l, enum letter_kind kind, struct person *by, int in,
			   struct view bytes, struct group *before)
{
	struct letter *m = &l->letters[l->letters_n];
	struct mls_message read;
	*m = (struct letter){
		.kind = kind, .in = in, .from = by ? by->number : NOBODY, .leads_to = NOBODY
	};
	model_must(!arena_copy(&l->mem, bytes, &m->bytes) &&
		   !wire_decode(m->bytes, &l->mem, mls_message_element, &read));
	m->is_private = read.wire_format == MLS_PRIVATE_MESSAGE;
	l->letters_n++;
	if (kind != LETTER_PROPOSAL)
		return m;
	const struct authenticated_content *c = opened_by(l, m->bytes, before);
	if (c)
		m->proposal = (struct slow_proposal){ slow_ref(l->suite, &l->mem, c),
						      c->content.sender, c->content.proposal };
	return m;
}

/* Keys that a commit in this state may name: the model has them all. */
struct psk_question {
	struct life *l;
	int in;
};
static bool psk_of(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	const struct psk_question *q = ctx;
	if (id->psktype == PSK_EXTERNAL)
		return !secret_set(out, VIEW_OF(q->l->psk[id->psk_id.p[0]]));
	for (int s = q->in; s != NOBODY; s = q->l->states[s].before)
		if (q->l->states[s].e.epoch == id->psk_epoch) {
			*out = q->l->states[s].e.secret[SLOW_RESUMPTION];
			return true;
		}
	return false;
}

static void what_it_takes(struct life *l, struct letter *m, const struct commit *c,
			  const struct slow_proposal *known, const int *letters, size_t known_n)
{
	for (size_t i = 0; i < c->proposals.n; i++) {
		const struct proposal_or_ref *p = &c->proposals.v[i];
		const struct proposal *is = &p->proposal;
		for (size_t k = 0; p->type == BY_REFERENCE && k < known_n; k++)
			if (view_equal(known[k].ref, p->reference)) {
				m->refs[m->refs_n++] = letters[k];
				is = &known[k].proposal;
			}
		if (is->proposal_type != PROPOSAL_PSK)
			continue;
		if (is->psk.psktype == PSK_EXTERNAL)
			m->psk[is->psk.psk_id.p[0]] = true;
		else
			for (int s = m->in; s != NOBODY; s = l->states[s].before)
				if (l->states[s].e.epoch == is->psk.psk_epoch)
					m->resumption[m->resumption_n++ % 8] = s;
	}
}

struct letter *life_commit(struct life *l, struct person *by, int in, struct view bytes,
			   struct group *before)
{
	struct letter *m = life_letter(l, LETTER_COMMIT, by, in, bytes, before);
	const struct authenticated_content *c = opened_by(l, m->bytes, before);
	struct slow_proposal *known = ARENA_ARRAY(&l->mem, struct slow_proposal, LIFE_LETTERS);
	int *letters = ARENA_ARRAY(&l->mem, int, LIFE_LETTERS);
	struct psk_question q = { l, in };
	size_t n = 0;
	model_must(known && letters);
	if (!c)
		return NULL;
	for (int i = 0; i < l->letters_n; i++)
		if (l->letters[i].kind == LETTER_PROPOSAL && l->letters[i].in == in) {
			letters[n] = i;
			known[n++] = l->letters[i].proposal;
		}
	const struct group *readers[LIFE_PEOPLE];
	size_t readers_n = 0;
	for (int i = 0; i < LIFE_PEOPLE; i++)
		if (l->people[i].at == in && &l->people[i] != by)
			readers[readers_n++] = l->people[i].g;
	struct state *next = &l->states[l->states_n];
	const struct slow_commit how = { .content = c,
					 .known = known,
					 .known_n = n,
					 .readers = readers,
					 .readers_n = readers_n,
					 .maker = by->g,
					 .psk = psk_of,
					 .psk_ctx = &q };
	*next = (struct state){ .before = in };
	const char *differs = slow_next(&l->states[in].e, &how, &next->e, &m->change);
	if (differs) {
		wrong(l, "the commit of %s: %s", by->name, differs);
		return NULL;
	}
	what_it_takes(l, m, &c->content.commit, known, letters, n);
	m->leads_to = l->states_n++;
	l->epochs++;
	for (int i = 0; i < l->states_n - 1; i++)
		l->branches += l->states[i].before == in;
	return m;
}

/* --- what happens --- */

static struct letter *choose_letter(struct life *l)
{
	/* The latest are the likeliest. */
	uint32_t back = choose(l, 4) ? choose(l, 6) : choose(l, 255);
	if (!l->letters_n)
		return NULL;
	return &l->letters[l->letters_n - 1 - (int)back % l->letters_n];
}

/* A pending commit wins: those in its state get what they lack of it, and then itself. */
static bool win(struct person *by)
{
	struct life *l = by->life;
	if (by->pending == NOBODY)
		return true;
	struct letter *m = &l->letters[by->pending];
	for (int i = 0; i < LIFE_PEOPLE; i++) {
		struct person *p = &l->people[i];
		if (p == by || p->at != m->in || p->staged != NOBODY)
			continue;
		for (size_t k = 0; k < m->refs_n; k++)
			if (!p->stored[m->refs[k]] && l->letters[m->refs[k]].from != i)
				act_receive(p, &l->letters[m->refs[k]]);
		if (act_receive(p, m) && p->staged != NOBODY)
			act_staged(p, true);
	}
	for (size_t k = 0; k < m->refs_n && l->server.p && l->server.at == m->in; k++)
		if (!l->server.stored[m->refs[k]])
			act_server(l, &l->letters[m->refs[k]]);
	if (l->server.p && l->server.at == m->in)
		act_server(l, m);
	act_receive(by, m);
	act_pending(by, true);
	for (int i = 0; m->welcome.n && i < LIFE_PEOPLE; i++)
		act_join(&l->people[i], m);
	return true;
}

/* Mostly somebody who is in. */
static struct person *choose_member(struct life *l)
{
	struct person *p = choose_person(l);
	for (int i = 0; p->at == NOBODY && i < LIFE_PEOPLE && choose(l, 8); i++)
		p = &l->people[(p->number + 1) % LIFE_PEOPLE];
	return p;
}

/* Two commit at once, and a third sees both. */
static bool compete(struct person *a)
{
	struct life *l = a->life;
	struct person *b = member_of(l, a->at, a), *c = NULL;
	for (int i = 0; i < LIFE_PEOPLE; i++)
		if (a->at != NOBODY && l->people[i].at == a->at && &l->people[i] != a &&
		    &l->people[i] != b)
			c = &l->people[i];
	if (!c || !act_commit(a) || !act_commit(b) || life_is_full(l))
		return !l->why[0];
	bool first = choose(l, 2);
	for (int turn = 0; turn < 2; turn++) {
		struct person *by = (turn == 0) == first ? a : b;
		if (by->pending != NOBODY && !act_receive(c, &l->letters[by->pending]))
			return false;
	}
	return choose(l, 2) || act_staged(c, choose(l, 2));
}

static bool anything(struct life *l)
{
	struct person *p = choose_member(l);
	struct letter *m;
	switch (choose(l, 25)) {
	case 0:
	case 1:
	case 2:
		return act_say(p);
	case 3:
	case 4:
	case 5:
		return act_propose(p);
	case 6:
		return act_propose_outside(l);
	case 7:
	case 8:
		return act_commit(p);
	case 9:
	case 10:
	case 11:
		return act_commit(p) && win(p);
	case 12:
		return act_pending(p, choose(l, 2));
	case 13:
		return act_staged(p, choose(l, 2));
	case 14:
		return act_restart(p);
	case 15:
		return act_join_external(choose_person(l));
	case 16:
		p = choose_person(l);
		return act_join_external(p) && win(p);
	case 17:
		m = choose_letter(l);
		return !m || act_server(l, m);
	case 18:
		return choose(l, 3) ? act_wrong_commit(p) : act_forget(p);
	case 19:
		m = choose_letter(l);
		return !m || act_damaged(p, m);
	case 20:
		return choose(l, 2) ? act_succeed(p) : act_branch(p);
	case 21:
		m = choose_letter(l);
		return !m || !m->welcome.n || act_join(p, m);
	case 23:
		return compete(p);
	case 22:
		return choose(l, 4) ? win(p) : act_server_anew(l);
	default:
		for (uint32_t k = choose(l, 8); k; k--) {
			m = choose_letter(l);
			if (choose(l, 3) == 0)
				p = choose_member(l);
			if (m && !act_receive(p, m))
				return false;
		}
		return true;
	}
}

bool life_step(struct life *l)
{
	if (l->why[0] || l->over || life_is_full(l))
		return false;
	l->steps++;
	anything(l);
	for (int i = 0; i < LIFE_PEOPLE && !l->why[0]; i++) {
		uint32_t what = choose(l, 4);
		if (what == 0)
			check_person(&l->people[i]);
		else if (what == 1)
			act_keep(&l->people[i]);
	}
	return !l->why[0];
}

void life_settle(struct life *l)
{
	l->doing = "settling";
	for (int i = 0; i < LIFE_PEOPLE && !l->why[0]; i++) {
		struct person *p = &l->people[i];
		if (p->staged != NOBODY)
			act_staged(p, true);
		check_person(p);
	}
	for (int i = 0; i < LIFE_PEOPLE && !l->why[0] && !life_is_full(l); i++) {
		struct person *p = &l->people[i];
		int letter = l->letters_n;
		if (p->at == NOBODY || l->states[p->at].e.is_closed || !act_say(p))
			continue;
		for (int k = 0; k < LIFE_PEOPLE && letter < l->letters_n; k++)
			act_receive(&l->people[k], &l->letters[letter]);
	}
}
