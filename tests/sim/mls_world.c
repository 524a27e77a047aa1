/* SPDX-License-Identifier: Apache-2.0 */
/* The world: people, truths, time, and what must hold when all is quiet. */
#include "tests/sim/mls_sim.h"

#include "base/heap.h"

#include <stdarg.h>
#include <stdio.h>

#define SIM_BYTES ((size_t)4 << 30)

/* --- dice (SplitMix64) --- */

static uint64_t thrown(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t sim_throw(struct sim *s)
{
	return thrown(&s->dice);
}

uint32_t sim_below(struct sim *s, uint32_t n)
{
	return n ? (uint32_t)(sim_throw(s) % n) : 0;
}

bool sim_hits(struct sim *s, uint32_t percent)
{
	return sim_below(s, 100) < percent;
}

bool sim_wrong(struct sim *s, const char *format, ...)
{
	va_list args;
	if (s->why[0])
		return false;
	int n = snprintf(s->why, sizeof s->why, "at %llu: ", (unsigned long long)s->now);
	va_start(args, format);
	vsnprintf(s->why + n, sizeof s->why - (size_t)n, format, args);
	va_end(args);
	return false;
}

static uint64_t sim_now(void *ctx)
{
	(void)ctx;
	return 1700000000000;
}

static uc_err sim_random(void *ctx, uint8_t *out, size_t n)
{
	struct sim *s = ctx;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)thrown(&s->random);
	return UC_OK;
}

/* --- truths --- */

const struct slow_epoch *truth_at(const struct sim *s, int truth)
{
	return &s->truths[truth]->e;
}

uint64_t epoch_of(const struct sim *s, int truth)
{
	return s->truths[truth]->e.epoch;
}

int leaf_in(const struct peer *p, int truth)
{
	return p->sim->truths[truth]->leaf[p->number];
}

int truth_add(struct sim *s, struct truth *t)
{
	if (s->truths_n == s->truths_cap) {
		size_t cap = s->truths_cap ? s->truths_cap * 2 : 64;
		struct truth **more = heap_new(cap * sizeof *more);
		model_must(more);
		for (size_t i = 0; i < s->truths_n; i++)
			more[i] = s->truths[i];
		heap_free(s->truths);
		s->truths = more;
		s->truths_cap = cap;
	}
	for (int i = 0; i < PEERS_MAX; i++)
		t->leaf[i] = NONE;
	for (uint32_t leaf = 0; leaf < t->e.tree.leaves; leaf++) {
		if (!slow_leaf(&t->e.tree, leaf))
			continue;
		struct view name = slow_leaf_read(&t->e.tree, leaf).credential.identity;
		int number = 0;
		for (size_t i = strlen("peer "); i < name.n; i++)
			number = number * 10 + (name.p[i] - '0');
		model_must(number < PEERS_MAX);
		t->leaf[number] = (int16_t)leaf;
		t->members++;
	}
	if ((size_t)t->members > s->count.largest)
		s->count.largest = (size_t)t->members;
	s->truths[s->truths_n] = t;
	return (int)s->truths_n++;
}

int truth_begin(struct sim *s, const struct group *g)
{
	struct truth *t = HEAP_NEW(struct truth);
	model_must(t);
	const char *differs = slow_begin(&t->e, g, &s->mem);
	if (differs) {
		heap_free(t);
		sim_wrong(s, "a group that begins: %s", differs);
		return NONE;
	}
	t->before = NONE;
	return truth_add(s, t);
}

/* --- people --- */

static uc_err find_psk(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	(void)ctx;
	(void)id;
	(void)out;
	return UC_E_PSK;
}

static const struct group *find_group(void *ctx, struct view id)
{
	const struct peer *p = ctx;
	return p->g && p->at != NONE && view_equal(group_id(p->g), id) ? p->g : NULL;
}

void peer_suite(struct peer *p)
{
	model_must(!sign_key_generate(p->sim->suite, &p->sim->env, &p->key));
}

static struct peer *peer_new(struct sim *s)
{
	static uint16_t versions[] = { MLS10 }, suites[] = { 1, 2, 3, 4, 5, 6, 7 };
	static uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY };
	static uint16_t credentials[] = { CREDENTIAL_BASIC };
	static uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_APP_EPHEMERAL,
					PROPOSAL_SELF_REMOVE };
	struct peer *p = &s->peers[s->peers_n];
	p->sim = s;
	p->number = s->peers_n++;
	p->at = NONE;
	snprintf(p->name, sizeof p->name, "peer %d", p->number);
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
		.env = &s->env, .hooks = &s->hooks, .psks = &p->finder, .wrapping = &s->wrapping
	};
	buf_init_secret(&p->disk.journal, (size_t)1 << 30);
	buf_init_secret(&p->disk.root, (size_t)1 << 20);
	buf_init_secret(&p->copy.disk.journal, (size_t)1 << 30);
	buf_init_secret(&p->copy.disk.root, (size_t)1 << 20);
	peer_suite(p);
	return p;
}

struct peer *sim_stranger(struct sim *s, int truth)
{
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		if (!p->g && !p->key_package.n && leaf_in(p, truth) == NONE &&
		    leaf_in(p, s->current[0]) == NONE && leaf_in(p, s->current[1]) == NONE) {
			p->must_rejoin = p->is_restored = p->is_unsure = false;
			return p;
		}
	}
	return s->peers_n < PEERS_MAX && s->peers_n < s->plan.members + 20 ? peer_new(s) : NULL;
}

bool sim_begin(struct sim *s, const struct plan *plan)
{
	static const struct extension_list none = { NULL, 0 };
	*s = (struct sim){ .plan = *plan, .suite = plan->suite };
	s->dice = plan->seed;
	s->random = ~plan->seed;
	arena_init(&s->mem, SIM_BYTES, ARENA_PLAIN);
	s->env = (struct env){ .ctx = s, .now_ms = sim_now, .random = sim_random };
	s->wrapping.private_handshakes = plan->private_handshakes;
	struct peer *first = peer_new(s);
	struct group *g = NULL;
	uc_err err = group_create(&first->platform, s->suite, VIEW_LIT("sim 0"), &first->leaf,
				  &none, &g);
	if (err)
		return sim_wrong(s, "no group can be made: %s", uc_err_name(err));
	if (truth_begin(s, g) == NONE)
		return false;
	peer_has(first, g, 0);
	model_must(!group_info_make(g, &s->mem, &s->info[0]));
	s->info[1] = s->info[0];
	if (!plan->private_handshakes)
		err = public_group_new(&s->env, &s->hooks, s->info[0],
				       slow_write(&truth_at(s, 0)->tree), &s->server);
	return !err || sim_wrong(s, "the public group: %s", uc_err_name(err));
}

void sim_end(struct sim *s)
{
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		group_free(p->g);
		buf_done(&p->disk.journal);
		buf_done(&p->disk.root);
		buf_done(&p->copy.disk.journal);
		buf_done(&p->copy.disk.root);
		heap_free(p->copy.opened);
		heap_free(p->copy.todo);
		heap_free(p->todo);
	}
	for (size_t i = 0; i < s->truths_n; i++)
		heap_free(s->truths[i]);
	for (size_t i = 0; i < s->entries_n; i++)
		heap_free(s->entries[i]);
	heap_free(s->truths);
	heap_free(s->entries);
	public_group_free(s->server);
	arena_done(&s->mem);
}

/* --- time --- */

/* Whoever was shown the second order can see it by the first having gone on, too. */
static bool try_heal(struct sim *s)
{
	if (s->current[0] != s->split_at || s->current[1] == s->split_at) {
		service_heal(s);
		return !s->why[0];
	}
	struct peer *p = &s->peers[sim_below(s, (uint32_t)s->peers_n)];
	return p->side != 0 || p->at != s->current[0] || act_commit(p);
}

static bool tick(struct sim *s)
{
	s->now++;
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		if (!peer_works(p) || !act_rejoin(p))
			return false;
		if (s->resting ? !act_send_again(p) : false)
			return false;
	}
	if (s->is_split && s->now >= s->split_ends && !try_heal(s))
		return false;
	if (truth_at(s, s->current[0])->is_closed)
		return act_succeed(s);
	return true;
}

/* Two orders are only for a group that is open and well, and a crowd has come together first: each
 * who was shown the second comes back by a commit of their own, which all others read. */
static void maybe_split(struct sim *s)
{
	int members = s->truths[s->current[0]]->members;
	if (s->plan.members > 100 && members * 10 < s->plan.members * 9)
		return;
	if (s->is_split || !sim_hits(s, 5) || s->count.splits * 40 > s->count.commits ||
	    truth_at(s, s->current[0])->is_closed)
		return;
	for (int i = 0; i < s->peers_n; i++)
		if (s->peers[i].is_unsure || s->peers[i].must_rejoin || s->peers[i].sent.n)
			return;
	service_split(s);
}

static bool is_quiet(const struct sim *s)
{
	if (s->is_split || truth_at(s, s->current[0])->is_closed)
		return false;
	for (int i = 0; i < s->peers_n; i++) {
		const struct peer *p = &s->peers[i];
		if (p->todo_n || p->sent.n || p->must_rejoin)
			return false;
	}
	return true;
}

static bool tell_restless(struct sim *s)
{
	for (int i = 0; i < s->peers_n; i++) {
		const struct peer *p = &s->peers[i];
		const struct entry *e = p->todo_n ? s->entries[p->todo[0].entry] : NULL;
		if (!p->todo_n && !p->sent.n && !p->must_rejoin)
			continue;
		return sim_wrong(s,
				 "no rest for %s, in epoch %lld%s%s%s%s: %zu entries, one of "
				 "kind %d and epoch %lld",
				 p->name, p->at == NONE ? -1LL : (long long)epoch_of(s, p->at),
				 p->g ? "" : ", not in", p->sent.n ? ", waits" : "",
				 p->must_rejoin ? ", has to come back" : "",
				 p->is_unsure ? ", unsure" : "", p->todo_n, e ? (int)e->kind : NONE,
				 e ? (long long)epoch_of(s, e->in) : -1LL);
	}
	return sim_wrong(s, "the group does not come to rest");
}

static bool rest(struct sim *s)
{
	s->resting = true;
	s->split_ends = s->now;
	for (uint64_t end = s->now + 3000; !is_quiet(s) && s->now < end;)
		if (!tick(s))
			return false;
	return is_quiet(s) || tell_restless(s);
}

/* --- what must hold --- */

static bool all_agree(struct sim *s)
{
	int now = s->current[0];
	for (int i = 0; i < s->peers_n; i++) {
		const struct peer *p = &s->peers[i];
		if (leaf_in(p, now) == NONE) {
			if (p->at != NONE)
				return sim_wrong(s, "%s is in, and should not be", p->name);
			continue;
		}
		if (p->at != now)
			return sim_wrong(s, "%s is not in the last epoch", p->name);
		const char *differs = peer_differs(p, i % 16 == 0 || s->truths[now]->members < 40);
		if (differs)
			return sim_wrong(s, "%s at the end: %s", p->name, differs);
	}
	return true;
}

static bool all_were_read(struct sim *s)
{
	for (size_t k = 0; k < s->entries_n; k++) {
		const struct entry *e = s->entries[k];
		for (int i = 0; e->kind == ENTRY_WORDS && i < s->peers_n; i++)
			if (e->opened[i] > 1 || (e->is_for[i] == FOR_NOBODY && e->opened[i]) ||
			    (e->is_for[i] == FOR_SURE && !e->opened[i]))
				return sim_wrong(s, "words %zu were read %u times by %s", k,
						 e->opened[i], s->peers[i].name);
	}
	return true;
}

bool sim_run(struct sim *s)
{
	uint64_t end = 400 * s->plan.epochs + 2000;
	while (s->count.commits < s->plan.epochs && s->now < end) {
		if (!tick(s))
			return false;
		maybe_split(s);
		for (uint32_t k = 1 + sim_below(s, 3); k; k--)
			if (!act_anything(&s->peers[sim_below(s, (uint32_t)s->peers_n)]))
				return false;
	}
	if (s->count.commits < s->plan.epochs)
		return sim_wrong(s, "only %zu commits", s->count.commits);
	if (!rest(s) || !all_agree(s))
		return false;
	/* One word of each, for all. */
	for (int i = 0; i < s->peers_n && i < 12; i++)
		if (!act_words(&s->peers[i]))
			return false;
	return rest(s) && all_agree(s) && all_were_read(s);
}
