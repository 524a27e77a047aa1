/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/rules.h"

#include "client/client.h"
#include "client/contact_requests.h"
#include "client/contacts.h"
#include "client/rooms.h"

enum {
	OF = 20, /* people: so many of them are so old */
	LATER_MS = 240 * 1000,
	LIST_MAX = 32,
};

/* --- what was said --- */

static void word_keep(struct world *w, const struct said_word *x)
{
	struct said_word *s = ARENA_NEW(&w->truth->mem, struct said_word);
	if (!s) {
		sim_fail(w, "no memory");
		return;
	}
	*s = *x;
	s->one = x->one->self;
	s->other = x->other->self;
	s->at_ms = w->now_ms;
	s->next = w->truth->words;
	w->truth->words = s;
}

const struct said_word *rules_word(const struct world *w, const struct said_word *after,
				   enum word word, const struct person *one,
				   const struct person *other)
{
	const struct said_word *s = after ? after->next : w->truth->words;
	while (s &&
	       !(s->word == word && s->one == one->self && (!other || s->other == other->self)))
		s = s->next;
	return s;
}

const struct person *rules_named(const struct world *w, const char *name)
{
	for (unsigned i = 0; i < w->people_n; i++)
		if (!strcmp(w->people[i].name, name))
			return w->people[i].self;
	return NULL;
}

/* --- ages --- */

void rules_person(struct person *p)
{
	static const struct {
		unsigned of, age;
	} ages[] = {
		{ 1, UC_AGE_CHILD },
		{ 4, UC_AGE_13_TO_15 },
		{ 4, UC_AGE_16_AND_17 },
		{ 3, UC_AGE_ADULT },
	};
	struct world *w = p->w;
	if (!w->plan.minors)
		return;
	uint64_t at = dice_below(&w->rules, OF), later = dice_below(&w->rules, 2);
	for (size_t i = 0; i < sizeof ages / sizeof *ages && !p->aged; i++) {
		p->aged = at < ages[i].of;
		p->age = (enum uc_age)ages[i].age;
		at -= ages[i].of;
	}
	p->says_ms = w->now_ms + (later ? dice_below(&w->rules, LATER_MS) : 0);
	w->stats.minors += p->aged && p->age < UC_AGE_ADULT;
}

enum uc_age rules_age(const struct person *p)
{
	struct uc_settings s;
	bool known = p->self->aged && p->client && !uc_settings_get(p->client, &s) && s.said;
	return known ? s.age : UC_AGE_UNKNOWN;
}

bool rules_is_young(const struct person *p)
{
	enum uc_age age = rules_age(p);
	return age == UC_AGE_CHILD || age == UC_AGE_13_TO_15;
}

bool rules_is_guarded(const struct person *p)
{
	struct uc_guardian g;
	return rules_is_young(p) && !uc_guardian_get(p->client, &g) && g.state == UC_GUARDIAN_NAMED;
}

/* Below 16 groups are open once a guardian is there. */
void rules_say(struct person *p)
{
	const struct person *self = p->self;
	struct uc_settings s, known;
	uc_op op;
	if (!self->aged || p->w->now_ms < self->says_ms || uc_settings_get(p->client, &known) ||
	    uc_settings_default(p->client, self->age, &s))
		return;
	bool young = self->age < UC_AGE_16_AND_17;
	s.find_by_name = s.find_by_name || !young;
	if (young && rules_is_guarded(p))
		s.add = UC_ADD_CONTACTS;
	if (known.said && known.age == s.age && known.add == s.add)
		return;
	sim_story(p->w, "person %u says to be of age %d", p->number, (int)s.age);
	person_before(p, "uc_settings_set", "");
	person_after(p, uc_settings_set(p->client, &s, &op));
}

/* --- first contact --- */

void rules_asks(struct person *p, const struct person *whom, bool handed)
{
	struct said_word x = { .one = p, .other = whom, .handed = handed };
	if (!p->w->plan.minors)
		return;
	x.guarded = rules_is_guarded(p);
	x.word = WORD_ASKED;
	word_keep(p->w, &x);
	x.word = WORD_LET_IN;
	word_keep(p->w, &x);
}

void rules_room_asked(struct person *p, const struct person *whom, const struct room_truth *room)
{
	const struct said_word *s = NULL;
	while ((s = rules_word(p->w, s, WORD_ROOM, whom, p)))
		if (s->room == room)
			return;
	word_keep(p->w,
		  &(struct said_word){ .word = WORD_ROOM, .one = whom, .other = p, .room = room });
}

void rules_accepts(struct person *p, const struct uc_id *request)
{
	const struct request *q = request_find(p->client, request);
	const struct person *from = q && p->w->plan.minors ? rules_named(p->w, q->name) : NULL;
	if (from)
		word_keep(p->w,
			  &(struct said_word){ .word = WORD_LET_IN, .one = p, .other = from });
}

/* Minors make a link each, and others have it. */
static void invites(struct person *p)
{
	if (p->self->age >= UC_AGE_ADULT || p->self->link_text[0] || p->link_op)
		return;
	person_before(p, "uc_invite", "");
	person_after(p, uc_invite(p->client, 0, false, &p->link_op));
}

static void asks_by_link(struct person *p)
{
	struct world *w = p->w;
	const struct person *whom = w->people[dice_below(&w->rules, w->people_n)].self;
	char text[TEXT_MAX];
	uc_op op;
	if (device_same(whom, p) || !whom->link_text[0] || p->linked_by >= 3)
		return;
	p->linked_by++;
	w->stats.by_link++;
	act_text(p, "by your link", text);
	sim_story(w, "person %u asks person %u by a link", p->number, whom->number);
	rules_asks(p, whom, true);
	person_before(p, "uc_ask_by_invitation", "");
	person_after(p, uc_ask_by_invitation(p->client, whom->link_text, text, &op));
}

/* --- guardians --- */

static const struct contact *any_contact(const struct person *p)
{
	const struct contact *found[LIST_MAX];
	size_t n = 0;
	for (const struct contact *k = p->client->contacts; k && n < LIST_MAX; k = k->next)
		if (!k->blocked)
			found[n++] = k;
	return n ? found[dice_below(&p->w->rules, n)] : NULL;
}

static void offers(struct person *p)
{
	struct uc_guardian g;
	uc_op op;
	const struct contact *k = rules_is_young(p) ? any_contact(p) : NULL;
	if (!k || uc_guardian_get(p->client, &g) || g.state == UC_GUARDIAN_NAMED)
		return;
	if (g.state == UC_GUARDIAN_OFFERED && dice_below(&p->w->rules, 8))
		return;
	struct uc_id id = k->id;
	sim_story(p->w, "person %u wants %s as guardian", p->number, k->name);
	person_before(p, "uc_guardian_offer", "");
	person_after(p, uc_guardian_offer(p->client, &id, &op));
}

static void looks_after(struct person *p)
{
	const struct ward *x = p->client->guardian.wards;
	uc_op op;
	for (uint64_t i = dice_below(&p->w->rules, 3); x && i; i--)
		x = x->next;
	if (!x)
		return;
	struct uc_id id = x->contact;
	bool ends = x->accepted && dice_below(&p->w->rules, 40) == 0;
	if (x->accepted && !ends)
		return;
	p->w->stats.wards += !ends;
	sim_story(p->w, "person %u %s a guardian", p->number, ends ? "is no more" : "becomes");
	person_before(p, "uc_ward_accept", ends ? "no more" : "");
	person_after(p, uc_ward_accept(p->client, &id, !ends, &op));
}

struct asked {
	struct person *p;
	bool there;
	struct uc_id id;
	enum uc_ward_asks_for kind;
	struct uc_id ward;
	char app[64], name[TEXT_MAX], text[2048];
};

static bool ask_each(void *ctx, const struct uc_ward_ask *q)
{
	struct asked *x = ctx;
	x->there = true;
	x->id = q->id;
	x->kind = q->kind;
	x->ward = q->contact;
	snprintf(x->app, sizeof x->app, "%s", q->app);
	snprintf(x->name, sizeof x->name, "%s", q->name);
	snprintf(x->text, sizeof x->text, "%s", q->text);
	return dice_below(&x->p->w->rules, 2);
}

/* To whom a guardian agrees by that: whose name, or identifier, is shown, or who is said to be in the group. */
static bool is_of(const struct asked *x, const struct person *q)
{
	char in_group[2 * TEXT_MAX];
	snprintf(in_group, sizeof in_group, "%s from %s", q->name, q->app->domain);
	const char *at = x->kind == UC_WARD_GROUP ? strstr(x->text, in_group) : NULL;
	if (x->kind == UC_WARD_GROUP)
		return at && (at == x->text || at[-1] == ' ');
	/* Who is behind a link, nobody tells. */
	return !strcmp(x->name, x->kind == UC_WARD_OWN ? q->identifier : q->name) ||
	       (x->kind == UC_WARD_OWN && strstr(x->name, "invitation"));
}

static void agrees(struct person *p, const struct asked *x)
{
	static const enum word words[] = {
		[UC_WARD_LETTER] = WORD_LETTER,
		[UC_WARD_OWN] = WORD_OWN,
		[UC_WARD_GROUP] = WORD_GROUP,
	};
	struct world *w = p->w;
	const struct contact *k = contact_find(p->client, &x->ward);
	const struct person *ward = k ? rules_named(w, k->name) : NULL;
	for (unsigned i = 0; ward && i < w->people_n; i++) {
		const struct person *q = &w->people[i];
		if (q->self == q && is_of(x, q))
			word_keep(w, &(struct said_word){
					     .word = words[x->kind], .one = ward, .other = q });
	}
	w->stats.agreed++;
}

static void answers(struct person *p)
{
	static struct asked x;
	uc_op op;
	x = (struct asked){ .p = p };
	if (uc_ward_asks(p->client, ask_each, &x))
		sim_fail(p->w, "what wards ask is not given");
	if (!x.there)
		return;
	bool yes = dice_below(&p->w->rules, 5) != 0;
	sim_story(p->w, "person %u, a guardian, %s: %s, %s", p->number, yes ? "agrees" : "refuses",
		  x.name, x.text);
	if (yes)
		agrees(p, &x);
	person_before(p, "uc_ward_answer", "");
	person_after(p, uc_ward_answer(p->client, &x.id, yes, &op));
}

/* --- roles --- */

struct list {
	struct uc_member v[LIST_MAX];
	char participants[LIST_MAX][512];
	size_t n;
	uint32_t own;
};

static bool member_each(void *ctx, const struct uc_member *m)
{
	struct list *l = ctx;
	if (m->is_self)
		l->own = m->role;
	if (l->n == LIST_MAX)
		return true;
	snprintf(l->participants[l->n], sizeof *l->participants, "%s", m->participant);
	l->v[l->n++] = *m;
	return true;
}

static const struct room *any_group(const struct person *p)
{
	const struct room *found[LIST_MAX];
	size_t n = 0;
	for (const struct room *r = p->client->rooms; r && n < LIST_MAX; r = r->next)
		if (r->state == ROOM_OPEN && !r->direct && !r->shadow)
			found[n++] = r;
	return n ? found[dice_below(&p->w->rules, n)] : NULL;
}

/* Owners appoint, hand on and step back; some who are none try it. */
static void appoints(struct person *p)
{
	static struct list l;
	struct dice *d = &p->w->rules;
	const struct room *r = any_group(p);
	l.n = l.own = 0;
	if (!r || p->role_op || uc_members(p->client, &r->id, member_each, &l) || !l.n)
		return;
	if (l.own != UC_ROLE_OWNER && dice_below(d, 10))
		return;
	size_t at = dice_below(d, l.n);
	struct uc_id room = r->id, member = l.v[at].id;
	p->role = UC_ROLE_MEMBER + (unsigned)dice_below(d, 3);
	snprintf(p->role_of, sizeof p->role_of, "%s", l.participants[at]);
	p->role_in = truth_room(p->w, r->uri);
	sim_story(p->w, "person %u gives %s role %u in %s", p->number, p->role_of, p->role, r->uri);
	person_before(p, "uc_group_role", "");
	uc_op op = 0;
	uc_err err = uc_group_role(p->client, &room, &member, (enum uc_role)p->role, &op);
	p->role_op = err ? 0 : op;
	person_after(p, err);
}

/* --- what comes of it --- */

static const struct {
	void (*run)(struct person *p);
	bool roles; /* else: minors */
	unsigned one_in;
} acts[] = {
	{ offers, false, 3 },  { looks_after, false, 2 },  { answers, false, 2 },
	{ invites, false, 4 }, { asks_by_link, false, 8 }, { appoints, true, 4 },
};

void rules_act(struct person *p)
{
	struct world *w = p->w;
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		bool on = acts[i].roles ? w->plan.roles : w->plan.minors;
		if (on && p->client && dice_below(&w->rules, acts[i].one_in) == 0)
			acts[i].run(p);
	}
}

void rules_event(struct person *p, const struct uc_event *e)
{
	if (e->kind != UC_EVENT_DONE || !e->op)
		return;
	if (e->op == p->link_op) {
		if (!e->err)
			snprintf(p->self->link_text, sizeof p->self->link_text, "%s", e->text);
		p->link_op = 0;
	}
	if (e->op == p->role_op) {
		p->w->stats.roles += !e->err;
		check_rules_done(p, e);
		p->role_op = 0;
	}
}
