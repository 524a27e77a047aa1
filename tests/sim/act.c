/* SPDX-License-Identifier: Apache-2.0 */
/* What people do, by the dice. */
#include "client/client.h"
#include "tests/sim/rules.h"

enum {
	ACT_MS = 6000, /* between two acts of a person, about */
	LIST_MAX = 64,
	CONTACTS_ASKED = 5,
	GROUPS_MADE = 3,
	GROUP_MAX = 6, /* contacts added at once */
	AWAY_MS = 40000,
};

static const char mark[] =
	"zQmark "; /* in every text, so that it is found wherever it should not be */

/* --- lists --- */

struct lists {
	struct uc_request requests[LIST_MAX];
	struct uc_contact contacts[LIST_MAX];
	struct uc_room rooms[LIST_MAX];
	struct uc_member members[LIST_MAX];
	struct uc_message messages[LIST_MAX];
	char texts[LIST_MAX][TEXT_MAX];
	size_t requests_n, contacts_n, rooms_n, members_n, messages_n;
};

static bool each_request(void *ctx, const struct uc_request *q)
{
	struct lists *l = ctx;
	if (q->incoming && q->state == UC_REQUEST_OPEN && l->requests_n < LIST_MAX)
		l->requests[l->requests_n++] = *q;
	return true;
}

static bool each_contact(void *ctx, const struct uc_contact *k)
{
	struct lists *l = ctx;
	if (!k->blocked && l->contacts_n < LIST_MAX)
		l->contacts[l->contacts_n++] = *k;
	return true;
}

static bool each_room(void *ctx, const struct uc_room *r)
{
	struct lists *l = ctx;
	if (r->state == UC_ROOM_OPEN && l->rooms_n < LIST_MAX)
		l->rooms[l->rooms_n++] = *r;
	return true;
}

static bool each_member(void *ctx, const struct uc_member *m)
{
	struct lists *l = ctx;
	if (!m->is_self && l->members_n < LIST_MAX)
		l->members[l->members_n++] = *m;
	return true;
}

static bool each_message(void *ctx, const struct uc_message *m)
{
	struct lists *l = ctx;
	if (m->kind != UC_MESSAGE_TEXT || m->deleted || l->messages_n == LIST_MAX)
		return true;
	l->messages[l->messages_n] = *m;
	snprintf(l->texts[l->messages_n], TEXT_MAX, "%s", m->text);
	l->messages[l->messages_n].text = l->texts[l->messages_n];
	l->messages_n++;
	return true;
}

/* Pointers in what is listed, but for messages' texts, are not good any more afterwards. */
static void lists_fill(struct person *p, struct lists *l)
{
	l->requests_n = l->contacts_n = l->rooms_n = l->members_n = l->messages_n = 0;
	if (uc_requests(p->client, each_request, l) || uc_contacts(p->client, each_contact, l) ||
	    uc_rooms(p->client, each_room, l))
		sim_fail(p->w, "lists are not given");
}

static const struct uc_room *any_room(struct person *p, const struct lists *l, bool group)
{
	const struct uc_room *found[LIST_MAX];
	size_t n = 0;
	for (size_t i = 0; i < l->rooms_n; i++)
		if (!group || !l->rooms[i].direct)
			found[n++] = &l->rooms[i];
	return n ? found[dice_below(&p->w->dice, n)] : NULL;
}

void act_text(struct person *p, const char *kind, char out[TEXT_MAX])
{
	snprintf(out, TEXT_MAX, "%s%s from %u, %u.%u", mark, kind, p->number, p->device, ++p->said);
}

/* --- acts: each does something or nothing --- */

typedef void act(struct person *p, struct lists *l);

static void act_ask(struct person *p, struct lists *l)
{
	struct world *w = p->w;
	const struct person *whom = &w->people[dice_below(&w->dice, w->people_n)];
	char text[TEXT_MAX];
	uc_op op;
	(void)l;
	if (device_same(whom, p) || p->asked >= CONTACTS_ASKED)
		return;
	p->asked++;
	act_text(p, "may I?", text);
	sim_story(w, "person %u asks person %u", p->number, whom->number);
	rules_asks(p, whom, false);
	person_before(p, "uc_ask", "");
	person_after(p, uc_ask(p->client, whom->app->domain, whom->identifier, text, &op));
}

static void act_answer(struct person *p, struct lists *l)
{
	uc_op op;
	if (!l->requests_n)
		return;
	struct uc_id id = l->requests[dice_below(&p->w->dice, l->requests_n)].id;
	bool decline = dice_below(&p->w->dice, 8) == 0;
	sim_story(p->w, "person %u %s", p->number, decline ? "declines" : "accepts");
	if (!decline)
		rules_accepts(p, &id);
	person_before(p, decline ? "uc_decline" : "uc_accept", "");
	person_after(p, decline ? uc_decline(p->client, &id, &op) : uc_accept(p->client, &id, &op));
}

static void act_send(struct person *p, struct lists *l)
{
	const struct uc_room *r = any_room(p, l, dice_below(&p->w->dice, 2) == 0);
	char text[TEXT_MAX];
	struct uc_id id;
	if (!r)
		return;
	struct uc_id room = r->id;
	act_text(p, "text", text);
	sim_story(p->w, "person %u sends %s", p->number, text);
	person_before(p, "uc_send", "");
	uc_err err = uc_send(p->client, &room, text, &id);
	truth_said(p, &room, text, !err);
	person_after(p, err);
}

static const struct uc_message *any_message(struct person *p, struct lists *l,
					    const struct uc_room *r)
{
	uint64_t last = uc_messages_last(p->client, &r->id);
	uint64_t from = last > LIST_MAX ? last - LIST_MAX : 1;
	l->messages_n = 0;
	if (uc_messages(p->client, &r->id, from, LIST_MAX, each_message, l))
		sim_fail(p->w, "messages are not given");
	return l->messages_n ? &l->messages[dice_below(&p->w->dice, l->messages_n)] : NULL;
}

static void act_reply(struct person *p, struct lists *l)
{
	const struct uc_room *r = any_room(p, l, false);
	const struct uc_message *m = r ? any_message(p, l, r) : NULL;
	bool reaction = dice_below(&p->w->dice, 2) == 0;
	char text[TEXT_MAX];
	struct uc_id id;
	if (!m)
		return;
	struct uc_id room = r->id, to = m->id;
	act_text(p, reaction ? "!" : "reply", text);
	sim_story(p->w, "person %u sends %s", p->number, text);
	person_before(p, reaction ? "uc_send_reaction" : "uc_send_reply", "");
	uc_err err = reaction ? uc_send_reaction(p->client, &room, &to, text, &id)
			      : uc_send_reply(p->client, &room, &to, text, &id);
	truth_said(p, &room, text, !err);
	person_after(p, err);
}

static void act_change(struct person *p, struct lists *l)
{
	const struct uc_room *r = any_room(p, l, false);
	const struct uc_message *m = r ? any_message(p, l, r) : NULL;
	struct uc_id id;
	if (!m || !m->own)
		return;
	struct uc_id room = r->id, of = m->id;
	bool edit = dice_below(&p->w->dice, 2) == 0;
	truth_changed(p, m->text);
	person_before(p, edit ? "uc_send_edit" : "uc_send_delete", "");
	person_after(p, edit ? uc_send_edit(p->client, &room, &of, "zQmark edited", &id)
			     : uc_send_delete(p->client, &room, &of, &id));
}

static void act_group(struct person *p, struct lists *l)
{
	struct uc_id contacts[GROUP_MAX];
	char name[TEXT_MAX];
	size_t n = 0;
	uc_op op;
	for (size_t i = 0; i < l->contacts_n && n < GROUP_MAX; i++)
		if (l->contacts[i].key_addresses)
			contacts[n++] = l->contacts[i].id;
	if (n < 2 || p->groups >= GROUPS_MADE)
		return;
	p->groups++;
	act_text(p, "group", name);
	sim_story(p->w, "person %u makes a group of %zu", p->number, n + 1);
	person_before(p, "uc_group_create", "");
	person_after(p, uc_group_create(p->client, name, contacts, n, &op));
}

static void act_add(struct person *p, struct lists *l)
{
	const struct uc_room *r = any_room(p, l, true);
	uc_op op;
	if (!r || !l->contacts_n)
		return;
	struct uc_id room = r->id;
	struct uc_id whom = l->contacts[dice_below(&p->w->dice, l->contacts_n)].id;
	person_before(p, "uc_group_add", "");
	person_after(p, uc_group_add(p->client, &room, &whom, &op));
}

static void act_remove(struct person *p, struct lists *l)
{
	const struct uc_room *r = any_room(p, l, true);
	uc_op op;
	if (!r)
		return;
	struct uc_id room = r->id;
	if (uc_members(p->client, &room, each_member, l))
		sim_fail(p->w, "members are not given");
	if (l->members_n < 3)
		return;
	struct uc_id whom = l->members[dice_below(&p->w->dice, l->members_n)].id;
	person_before(p, "uc_group_remove", "");
	person_after(p, uc_group_remove(p->client, &room, &whom, &op));
}

static void act_rename(struct person *p, struct lists *l)
{
	const struct uc_room *r = any_room(p, l, true);
	char name[TEXT_MAX];
	uc_op op;
	if (!r)
		return;
	struct uc_id room = r->id;
	act_text(p, "renamed", name);
	person_before(p, "uc_group_rename", "");
	person_after(p, uc_group_rename(p->client, &room, name, &op));
}

static void act_leave(struct person *p, struct lists *l)
{
	const struct uc_room *r = any_room(p, l, true);
	uc_op op;
	if (!r)
		return;
	struct uc_id room = r->id;
	sim_story(p->w, "person %u leaves a room", p->number);
	person_before(p, "uc_leave", "");
	person_after(p, uc_leave(p->client, &room, &op));
}

static void act_direct(struct person *p, struct lists *l)
{
	uc_op op;
	if (!l->contacts_n)
		return;
	struct uc_id whom = l->contacts[dice_below(&p->w->dice, l->contacts_n)].id;
	person_before(p, "uc_start_direct", "");
	person_after(p, uc_start_direct(p->client, &whom, &op));
}

static void act_read(struct person *p, struct lists *l)
{
	const struct uc_room *r = any_room(p, l, false);
	if (!r)
		return;
	struct uc_id room = r->id;
	person_before(p, "uc_mark_read", "");
	person_after(p, uc_mark_read(p->client, &room, uc_messages_last(p->client, &room)));
}

static void comes_back(struct world *w, struct happening *h)
{
	struct person *p = h->subject;
	(void)w;
	p->away = false;
	person_network_back(p);
}

static void act_away(struct person *p, struct lists *l)
{
	struct world *w = p->w;
	(void)l;
	if (p->away || !p->link)
		return;
	p->away = p->acted = true;
	link_cut(p->link);
	timeline_add(w, w->now_ms + dice_below(&w->dice, AWAY_MS), comes_back, p, 0, NO_BYTES);
}

/* So many in a small world, more in a crowd. */
static uint64_t few(const struct world *w, uint64_t n)
{
	return n + n * w->people_n / 24;
}

static void act_crash(struct person *p, struct lists *l)
{
	(void)l;
	if (!p->w->plan.faults)
		return;
	p->acted = true;
	person_kill(p, 1 + dice_below(&p->w->dice, 3000));
}

static void act_backup(struct person *p, struct lists *l)
{
	(void)l;
	if (!p->w->plan.faults || !uc_client_is_idle(p->client))
		return;
	p->acted = true;
	person_backup(p);
}

static void act_restore(struct person *p, struct lists *l)
{
	(void)l;
	if (p->w->plan.faults && p->w->stats.restored < few(p->w, 3))
		person_restore(p);
}

static void act_lose(struct person *p, struct lists *l)
{
	(void)l;
	if (!p->words_known || !p->w->plan.faults || device_several(p) ||
	    p->w->stats.recovered >= few(p->w, 2) ||
	    p->w->stats.happened < p->w->plan.happenings / 3)
		return;
	p->w->stats.recovered++;
	person_lose_device(p);
}

static void act_end(struct person *p, struct lists *l)
{
	(void)l;
	if (!device_all_there(p) || p->w->stats.deleted >= few(p->w, 1) ||
	    p->w->stats.happened < p->w->plan.happenings / 2)
		return;
	p->w->stats.deleted++;
	sim_story(p->w, "person %u's account is to be deleted", p->number);
	p->phase = PHASE_LEAVING;
	device_all_end(p);
	person_before(p, "uc_account_delete", "");
	uc_err err = uc_account_delete(p->client, &p->op);
	if (err)
		p->phase = PHASE_LIVE; /* struck, perhaps: the client knows */
	person_after(p, err);
}

static void act_link(struct person *p, struct lists *l)
{
	(void)l;
	if (!device_may_link(p))
		return;
	p->acted = true;
	device_link(p);
}

static void act_unlink(struct person *p, struct lists *l)
{
	(void)l;
	if (device_several(p) && p->w->stats.happened > p->w->plan.happenings / 2)
		device_end(p);
}

static const struct {
	act *run;
	const char *name;
	unsigned weight;
} acts_known[] = {
	{ act_ask, "asked", 16 },       { act_answer, "answered", 30 },
	{ act_send, "sent", 60 },       { act_reply, "replied", 20 },
	{ act_change, "changed", 4 },   { act_group, "made groups", 8 },
	{ act_add, "added", 5 },        { act_remove, "removed", 3 },
	{ act_rename, "renamed", 3 },   { act_leave, "left", 2 },
	{ act_direct, "met", 2 },       { act_read, "read", 4 },
	{ act_away, "away", 2 },        { act_crash, "crashed", 1 },
	{ act_lose, "lost", 1 },        { act_backup, "backed up", 4 },
	{ act_restore, "restored", 3 }, { act_end, "deleted", 1 },
	{ act_link, "linked", 8 },      { act_unlink, "ended devices", 4 },
};
enum { ACTS_KNOWN = sizeof acts_known / sizeof *acts_known };

const char *act_name(size_t i)
{
	return i < ACTS_KNOWN ? acts_known[i].name : NULL;
}

static void act_live(struct person *p)
{
	static struct lists lists;
	unsigned sum = 0;
	for (size_t i = 0; i < ACTS_KNOWN; i++)
		sum += acts_known[i].weight;
	uint64_t at = dice_below(&p->w->dice, sum);
	lists_fill(p, &lists);
	for (size_t i = 0; i < ACTS_KNOWN; i++) {
		if (at < acts_known[i].weight) {
			p->acted = false;
			acts_known[i].run(p, &lists);
			p->w->stats.acted[i] += p->acted;
			return;
		}
		at -= acts_known[i].weight;
	}
}

/* --- the account --- */

static void words_keep(struct person *p)
{
	if (!p->words_known)
		p->words_known = !uc_recovery_words(p->client, p->words, sizeof p->words);
	if (!p->words_known || p->confirmed || dice_below(&p->w->dice, 4))
		return;
	p->confirmed = true;
	person_before(p, "uc_recovery_confirmed", "");
	person_after(p, uc_recovery_confirmed(p->client));
}

static void sign_up(struct person *p)
{
	bool needs_code = p->app->names != UC_NAME_HANDLE;
	uc_op op;
	if (needs_code && !p->code[0]) {
		if (uc_client_connection(p->client) != UC_GREETED)
			return;
		person_before(p, "uc_request_code", "");
		person_after(p, uc_request_code(p->client, p->identifier, &op));
		return;
	}
	person_before(p, "uc_sign_up", "");
	uc_err err =
		uc_sign_up(p->client, p->identifier, needs_code ? p->code : NULL, p->name, &p->op);
	p->code[0] = 0;
	person_after(p, err);
}

static void recover(struct person *p)
{
	uc_op op;
	person_before(p, "uc_recover", "");
	person_after(p, uc_recover(p->client, p->words, p->name, &op));
}

void act_findable(struct person *p, enum uc_may_ask ask)
{
	struct uc_settings s;
	uc_op op;
	if (uc_settings_default(p->client, UC_AGE_ADULT, &s))
		return;
	s.find_by_name = true;
	s.ask = ask;
	person_before(p, "uc_settings_set", "");
	person_after(p, uc_settings_set(p->client, &s, &op));
}

static bool is_hidden(const struct person *p)
{
	struct uc_settings s;
	return p->app->names == UC_NAME_ADDRESS && !uc_settings_get(p->client, &s) &&
	       !s.find_by_name;
}

static void begins(struct person *p)
{
	if (p->joins)
		device_join(p);
	else if (p->client->account.state == ACCOUNT_NONE && p->phase == PHASE_RETURNING)
		recover(p);
	else if (p->client->account.state == ACCOUNT_NONE)
		sign_up(p);
}

static bool is_about(const struct person *p)
{
	return p->client && p->phase == PHASE_LIVE && !p->w->quiet && !p->client->account.deleting;
}

static void acts(struct world *w, struct happening *h)
{
	struct person *p = h->subject;
	struct uc_account a;
	if (w->quiet && p->phase != PHASE_RETURNING && p->phase != PHASE_FRESH)
		return;
	if (p->phase != PHASE_OVER)
		timeline_add(w, w->now_ms + 1 + dice_below(&w->dice, ACT_MS), acts, p, 0, NO_BYTES);
	if (!p->client || uc_account_get(p->client, &a))
		return;
	w->stats.acts++;
	w->stats.happened++;
	if (a.state == UC_ACCOUNT_GONE || a.state == UC_ACCOUNT_DELETED) {
		if (!p->ends)
			sim_fail(w, "person %u's account is gone", p->number);
		if (device_several(p))
			device_gone(p);
		p->phase = PHASE_OVER;
		return;
	}
	if (p->client->account.state != ACCOUNT_ACTIVE)
		begins(p);
	if (!p->client || p->client->account.state != ACCOUNT_ACTIVE)
		return;
	p->joins = false;
	if (p->phase == PHASE_FRESH || p->phase == PHASE_RETURNING)
		p->phase = PHASE_LIVE;
	words_keep(p);
	if (p->client && p->phase == PHASE_LIVE && is_hidden(p) && !p->self->aged)
		act_findable(p, UC_ASK_ANYBODY);
	if (p->client && p->phase == PHASE_LIVE)
		rules_say(p);
	if (is_about(p))
		act_live(p);
	if (is_about(p))
		rules_act(p);
}

void act_start(struct person *p)
{
	struct world *w = p->w;
	timeline_add(w, w->now_ms + dice_below(&w->dice, ACT_MS), acts, p, 0, NO_BYTES);
}

void act_event(struct person *p, const struct uc_event *e)
{
	if (e->kind == UC_EVENT_ACCOUNT_GONE && !p->ends)
		sim_fail(p->w, "person %u's account is gone", p->number);
	static const char *const names[] = {
		"?",          "CONNECTION", "DONE",        "REQUEST",      "ACCEPTED",
		"CONTACT",    "IDENTITY",   "ROOM_JOINED", "ROOM_CHANGED", "ROOM_LEFT",
		"INTRODUCED", "MESSAGE",    "STATE",       "DEVICES",      "WARNING",
		"GONE",       "NUMBER",     "GUARDIAN",    "DEVICE"
	};
	sim_trace(p->w, "person %u: event %s %s%s%s", p->number, names[e->kind],
		  e->err ? uc_err_name(e->err) : "", e->err ? " " : "",
		  e->message ? e->message->text : e->text);
	if (e->kind == UC_EVENT_DONE && !e->err && e->op == p->op && !p->words_known &&
	    strlen(e->text) > 60 && strlen(e->text) < WORDS_MAX) {
		memcpy(p->words, e->text, strlen(e->text) + 1);
		p->words_known = true;
	}
}
