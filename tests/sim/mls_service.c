/* SPDX-License-Identifier: Apache-2.0 */
/* The delivery service: one order, in which the first commit of an epoch wins; and what happens on
 * the way to each receiver. */
#include "tests/sim/mls_sim.h"

#include "base/heap.h"

#include <stdio.h>

static struct entry *entry_new(struct sim *s, enum entry_kind kind, struct view bytes)
{
	if (s->entries_n == s->entries_cap) {
		size_t cap = s->entries_cap ? s->entries_cap * 2 : 256;
		struct entry **more = heap_new(cap * sizeof *more);
		model_must(more);
		for (size_t i = 0; i < s->entries_n; i++)
			more[i] = s->entries[i];
		heap_free(s->entries);
		s->entries = more;
		s->entries_cap = cap;
	}
	struct entry *e = HEAP_NEW(struct entry);
	model_must(e && !arena_copy(&s->mem, bytes, &e->bytes));
	e->kind = kind;
	e->leads_to = NONE;
	s->entries[s->entries_n++] = e;
	return e;
}

/* Lost ones come later, for the service repeats them until they were taken. */
static uint64_t some_delay(struct sim *s)
{
	uint64_t due = s->now + 1 + sim_below(s, 4);
	while (sim_hits(s, 15))
		due += 5 + sim_below(s, 20);
	return due;
}

void todo_add(struct peer *p, int entry, uint64_t due)
{
	if (p->todo_n == p->todo_cap) {
		size_t cap = p->todo_cap ? p->todo_cap * 2 : 64;
		struct item *more = heap_new(cap * sizeof *more);
		model_must(more);
		for (size_t i = 0; i < p->todo_n; i++)
			more[i] = p->todo[i];
		heap_free(p->todo);
		p->todo = more;
		p->todo_cap = cap;
	}
	p->todo[p->todo_n++] = (struct item){ entry, due };
}

static void deliver(struct sim *s, int entry, struct peer *p)
{
	todo_add(p, entry, some_delay(s));
	if (sim_hits(s, 5))
		todo_add(p, entry, some_delay(s) + sim_below(s, 30));
}

/* Not who may be elsewhere by then, or in once more with none of the old keys. */
static bool for_sure(const struct sim *s, const struct entry *e, const struct peer *p)
{
	int now = s->current[e->side];
	const struct truth *t = s->truths[now];
	if (p->is_unsure || (s->is_split && p->side != e->side))
		return false;
	if (e->in == now || e->kind != ENTRY_WORDS)
		return true;
	return leaf_in(p, now) != NONE && s->entries[t->by]->from != p->number;
}

/* To all members of the epoch it was sent in, on its side; and sometimes to somebody else. */
static void deliver_all(struct sim *s, int entry)
{
	struct entry *e = s->entries[entry];
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		bool in = leaf_in(p, e->in) != NONE;
		bool itself = i == e->from;
		if (in && !(itself && e->kind != ENTRY_COMMIT))
			e->is_for[i] = for_sure(s, e, p) ? FOR_SURE : FOR_LUCK;
		if (itself && e->kind == ENTRY_COMMIT)
			e->is_for[i] = FOR_SURE;
		bool shown = !s->is_split || p->side == e->side;
		if ((e->is_for[i] && shown) || (!in && p->g && sim_hits(s, 10)))
			deliver(s, entry, p);
	}
}

/* --- what the model makes of it --- */

/* A key that somebody knows; in these lives there are no PSKs but those of succession. */
static bool no_psk(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	(void)ctx;
	(void)id;
	(void)out;
	return false;
}

static bool next_truth(struct sim *s, struct peer *from, int entry,
		       const struct authenticated_content *content)
{
	struct entry *e = s->entries[entry];
	const struct group *readers[2];
	struct slow_change change;
	struct slow_proposal *known = ARENA_ARRAY(&s->mem, struct slow_proposal, s->entries_n + 1);
	struct slow_commit how = { .content = content,
				   .known = known,
				   .readers = readers,
				   .maker = from->g,
				   .psk = no_psk };
	model_must(known);
	for (size_t i = 0; i < s->entries_n; i++)
		if (s->entries[i]->kind == ENTRY_PROPOSAL && s->entries[i]->in == e->in)
			known[how.known_n++] = s->entries[i]->proposal;
	int first = (int)sim_below(s, (uint32_t)s->peers_n);
	for (int i = 0; i < s->peers_n && how.readers_n < 2; i++) {
		const struct peer *p = &s->peers[(first + i) % s->peers_n];
		if (p->at == e->in && p != from)
			readers[how.readers_n++] = p->g;
	}
	struct truth *t = HEAP_NEW(struct truth);
	model_must(t);
	t->before = e->in;
	t->by = entry;
	const char *differs = slow_next(truth_at(s, e->in), &how, &t->e, &change);
	if (differs) {
		heap_free(t);
		return sim_wrong(s, "the commit of %s: %s", from->name, differs);
	}
	t->side = e->side;
	e->leads_to = truth_add(s, t);
	return true;
}

/* The public group takes what the members are to take. */
static bool server_takes(struct sim *s, const struct entry *e)
{
	struct public_received got;
	struct arena a;
	if (!s->server || e->side != 0 || e->kind == ENTRY_WORDS)
		return true;
	arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
	uc_err err = public_group_receive(s->server, e->bytes, &a, &got);
	if (!err && got.kind == PUBLIC_COMMIT)
		err = public_group_apply(s->server);
	arena_done(&a);
	if (err)
		return sim_wrong(s, "the public group has %s", uc_err_name(err));
	if (e->kind != ENTRY_COMMIT || !sim_hits(s, 20))
		return true;
	const struct group_view v = public_group_now(s->server);
	const char *differs = slow_compare_public(truth_at(s, e->leads_to), &v);
	return !differs || sim_wrong(s, "the public group: %s", differs);
}

static void welcome(struct sim *s, const struct peer *from, int entry)
{
	const struct entry *commit = s->entries[entry];
	if (!from->sent_welcome.n)
		return;
	struct entry *e = entry_new(s, ENTRY_WELCOME, from->sent_welcome);
	e->tree = from->sent_tree;
	e->from = from->number;
	e->in = e->leads_to = commit->leads_to;
	e->side = commit->side;
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		if (leaf_in(p, commit->in) != NONE || leaf_in(p, e->in) == NONE)
			continue;
		e->is_for[i] = FOR_SURE;
		p->side = e->side;
		p->is_unsure = s->is_split && e->side;
		deliver(s, (int)s->entries_n - 1, p);
	}
}

struct entry *service_take(struct peer *from, enum entry_kind kind, struct view bytes,
			   const struct authenticated_content *content)
{
	struct sim *s = from->sim;
	int side = s->is_split ? from->side : 0, in = s->current[side];
	const struct framed_content *c = &content->content;
	if (!view_equal(c->group_id, truth_at(s, in)->group_id))
		return NULL;
	/* Handshakes are of the current epoch; words may be of the one before. */
	if (kind == ENTRY_WORDS && c->epoch + 1 == epoch_of(s, in) && s->truths[in]->before != NONE)
		in = s->truths[in]->before;
	if (side == 1 && kind == ENTRY_COMMIT &&
	    c->epoch >= epoch_of(s, s->split_at) + SPLIT_EPOCHS)
		return NULL;
	if (c->epoch != epoch_of(s, in) ||
	    (from->at != in && c->sender.sender_type == SENDER_MEMBER))
		return NULL;
	struct entry *e = entry_new(s, kind, bytes);
	int number = (int)s->entries_n - 1;
	e->from = from->number;
	e->in = in;
	e->side = side;
	if (kind == ENTRY_PROPOSAL)
		e->proposal = (struct slow_proposal){ slow_ref(s->suite, &s->mem, content),
						      c->sender, c->proposal };
	if (kind == ENTRY_COMMIT) {
		if (!next_truth(s, from, number, content))
			return NULL;
		s->current[side] = e->leads_to;
		s->info[side] = from->sent_info;
		if (!s->is_split) {
			s->current[1] = s->current[0];
			s->info[1] = s->info[0];
		}
		s->count.commits++;
	}
	if (!server_takes(s, e))
		return NULL;
	deliver_all(s, number);
	if (kind == ENTRY_COMMIT)
		welcome(s, from, number);
	return e;
}

/* --- two orders --- */

void service_split(struct sim *s)
{
	int members[SIDES] = { 0, 0 };
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		p->side = sim_hits(s, s->plan.members > 100 ? 4 : 40); /* few of a crowd */
		members[p->side] += leaf_in(p, s->current[0]) != NONE;
	}
	/* One alone has nobody to be parted from. */
	s->is_split = members[0] > 1 && members[1] > 0;
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		p->side = s->is_split ? p->side : 0;
		p->took_second = p->saw_fork = false;
		p->is_unsure |= p->side == 1;
	}
	if (!s->is_split)
		return;
	s->split_at = s->current[0];
	s->split_ends = s->now + 40 + sim_below(s, 60);
	s->count.splits++;
	if (s->plan.trace)
		printf("%llu: two orders from epoch %llu on\n", (unsigned long long)s->now,
		       (unsigned long long)epoch_of(s, s->current[0]));
}

/* Who was shown the second order is shown no more of it. */
static void leave_second(struct sim *s, struct peer *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->todo_n; i++) {
		const struct entry *e = s->entries[p->todo[i].entry];
		if (e->side == 0)
			p->todo[n++] = p->todo[i];
		else if (e->kind == ENTRY_WELCOME)
			p->key_package.n = 0;
	}
	p->todo_n = n;
	if (p->g && p->at == NONE) { /* it was about to join there */
		peer_has(p, NULL, NONE);
		act_sent_done(p, false);
	}
	if (!p->g) { /* perhaps removed there alone */
		p->is_unsure = p->must_rejoin = leaf_in(p, s->current[0]) != NONE;
		return;
	}
	if (s->truths[p->at]->side == 0)
		p->is_unsure = p->is_restored;
	else if (!p->took_second)
		p->must_rejoin = true; /* it came later, and has nothing to tell them apart by */
}

/* Everybody is shown the first order, and what the second began with. */
void service_heal(struct sim *s)
{
	s->is_split = false;
	s->current[1] = s->current[0];
	s->info[1] = s->info[0];
	if (s->plan.trace)
		printf("%llu: one order again\n", (unsigned long long)s->now);
	for (int i = 0; i < s->peers_n; i++) {
		struct peer *p = &s->peers[i];
		if (p->side == 1)
			leave_second(s, p);
		for (size_t k = 0; k < s->entries_n; k++) {
			const struct entry *e = s->entries[k];
			bool missed = p->side == 1 && e->side == 0 && e->is_for[i] == FOR_LUCK &&
				      !e->opened[i] && e->kind != ENTRY_WELCOME;
			bool begins = p->side == 0 && e->side == 1 && e->kind == ENTRY_COMMIT &&
				      e->in == s->split_at && leaf_in(p, e->in) != NONE &&
				      p->at != NONE && epoch_of(s, p->at) > epoch_of(s, e->in);
			if (missed || begins)
				todo_add(p, (int)k, some_delay(s));
		}
	}
}
