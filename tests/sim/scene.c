/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/scene.h"

#include <stdlib.h>

enum { PATIENCE_MS = 120 * 1000, SEEN_MS = 3 * 1000 };

struct found {
	bool there;
	struct uc_id id;
	const char *text;
};

bool scene_online(struct world *w, void *ctx)
{
	const struct person *p = ctx;
	struct uc_account a;
	(void)w;
	return p->client && !uc_account_get(p->client, &a) && a.state == UC_ACCOUNT &&
	       uc_client_connection(p->client) == UC_ONLINE;
}

static bool greeted(struct world *w, void *ctx)
{
	const struct person *p = ctx;
	(void)w;
	return p->client && uc_client_connection(p->client) == UC_GREETED;
}

static bool has_code(struct world *w, void *ctx)
{
	const struct person *p = ctx;
	(void)w;
	return p->code[0];
}

static bool request_each(void *ctx, const struct uc_request *q)
{
	struct found *f = ctx;
	if (!q->incoming || q->state != UC_REQUEST_OPEN)
		return true;
	f->there = true;
	f->id = q->id;
	return false;
}

static bool has_request(struct world *w, void *ctx)
{
	const struct person *p = ctx;
	struct found f = { 0 };
	(void)w;
	return !uc_requests(p->client, request_each, &f) && f.there;
}

static bool room_each(void *ctx, const struct uc_room *r)
{
	struct found *f = ctx;
	if (!r->direct || r->state != UC_ROOM_OPEN || r->members != 2)
		return true;
	f->there = true;
	f->id = r->id;
	return false;
}

static bool has_room(struct world *w, void *ctx)
{
	const struct person *p = ctx;
	struct found f = { 0 };
	(void)w;
	return !uc_rooms(p->client, room_each, &f) && f.there;
}

struct awaited {
	const struct person *person;
	const char *text, *sender;
};

static bool message_each(void *ctx, const struct uc_message *m)
{
	struct found *f = ctx;
	f->there = f->there || (!m->own && !strcmp(m->text, f->text));
	return !f->there;
}

static bool has_message(struct world *w, void *ctx)
{
	const struct awaited *x = ctx;
	struct found room = { 0 }, message = { .text = x->text };
	(void)w;
	return !uc_rooms(x->person->client, room_each, &room) && room.there &&
	       !uc_messages(x->person->client, &room.id, 1, 100, message_each, &message) &&
	       message.there;
}

bool scene_three(struct world *w, struct person **rosa, struct person **tom, struct person **ida)
{
	*rosa = world_person(w, &w->apps[0], "zQmark Rosa", "+49157990001");
	*tom = world_person(w, &w->apps[1], "zQmark Tom", "zqhandle1");
	*ida = world_person(w, &w->apps[2], "zQmark Ida", "zq1@example.org");
	if (*rosa && *tom && *ida)
		return true;
	sim_fail(w, "nobody is there");
	return false;
}

void scene_want(struct world *w, world_until *what, void *ctx, const char *name)
{
	if (!world_run(w, w->now_ms + PATIENCE_MS, what, ctx))
		sim_fail(w, "waited in vain: %s", name);
}

void scene_done(struct person *p, uc_err err)
{
	if (err)
		sim_fail(p->w, "person %u: %s", p->number, uc_err_name(err));
	person_after(p, err);
}

void scene_signs_up(struct person *p)
{
	struct world *w = p->w;
	uc_op op;
	scene_want(w, greeted, p, "the greeting");
	if (w->failed)
		return;
	if (p->app->names != UC_NAME_HANDLE) {
		person_before(p, "uc_request_code", "");
		scene_done(p, uc_request_code(p->client, p->identifier, &op));
		scene_want(w, has_code, p, "the code");
	}
	if (w->failed)
		return;
	person_before(p, "uc_sign_up", "");
	scene_done(p, uc_sign_up(p->client, p->identifier, p->code[0] ? p->code : NULL, p->name,
				 &p->op));
	scene_want(w, scene_online, p, "signing up");
}

void scene_lets_ask(struct person *from, struct person *to)
{
	struct world *w = from->w;
	struct found f = { 0 };
	char text[TEXT_MAX + 16];
	uc_op op;
	snprintf(text, sizeof text, "May I? %s", from->name);
	person_before(from, "uc_ask", "");
	scene_done(from, uc_ask(from->client, to->app->domain, to->identifier, text, &op));
	scene_want(w, has_request, to, "the request");
	if (w->failed || uc_requests(to->client, request_each, &f))
		return;
	person_before(to, "uc_accept", "");
	scene_done(to, uc_accept(to->client, &f.id, &op));
}

void scene_asks(struct person *from, struct person *to)
{
	scene_lets_ask(from, to);
	if (from->w->failed)
		return;
	scene_want(from->w, has_room, from, "the asker's room");
	scene_want(from->w, has_room, to, "the other's room");
}

void scene_says(struct person *from, struct person *to, const char *text)
{
	struct world *w = from->w;
	struct found f = { 0 };
	struct uc_id id;
	struct awaited x = { to, text, from->name };
	if (w->failed || uc_rooms(from->client, room_each, &f) || !f.there)
		return;
	person_before(from, "uc_send", "");
	uc_err err = uc_send(from->client, &f.id, text, &id);
	truth_said(from, &f.id, text, !err);
	scene_done(from, err);
	scene_want(w, has_message, &x, text);
}

/* --- what is shown --- */

static bool rooms_each(void *ctx, const struct uc_room *r)
{
	struct rooms_seen *s = ctx;
	bool open = r->state == UC_ROOM_OPEN;
	s->open += open;
	s->groups += !r->direct;
	s->open_groups += open && !r->direct;
	if (open && !r->direct && r->members > s->people)
		s->people = r->members;
	if (open && !r->direct)
		s->group = r->id;
	return true;
}

struct rooms_seen scene_rooms(const struct person *p)
{
	struct rooms_seen s = { 0 };
	if (p->client && uc_rooms(p->client, rooms_each, &s))
		sim_fail(p->w, "no rooms");
	return s;
}

bool scene_has_people(struct world *w, void *number)
{
	const struct scene_number *x = number;
	(void)w;
	return scene_rooms(x->of).people == x->n;
}

bool scene_has_groups(struct world *w, void *number)
{
	const struct scene_number *x = number;
	(void)w;
	return scene_rooms(x->of).open_groups == x->n;
}

bool scene_is_back(struct world *w, void *person)
{
	const struct person *p = person;
	(void)w;
	return p->client != NULL;
}

struct contact_named {
	const char *name;
	struct contact_seen seen;
};

static bool contact_each(void *ctx, const struct uc_contact *k)
{
	struct contact_named *s = ctx;
	if (!strcmp(k->name, s->name))
		s->seen = (struct contact_seen){ true, k->id, k->key_addresses };
	return true;
}

struct contact_seen scene_contact(const struct person *p, const char *name)
{
	struct contact_named s = { .name = name };
	if (p->client && uc_contacts(p->client, contact_each, &s))
		sim_fail(p->w, "no contacts");
	return s.seen;
}

bool scene_has_addresses(struct world *w, void *ctx)
{
	const struct scene_addresses *x = ctx;
	(void)w;
	return scene_contact(x->of, x->name).addresses >= x->n;
}

struct note_call {
	const struct scene_note *note;
	bool there;
};

static bool note_each(void *ctx, const struct uc_message *m)
{
	struct note_call *x = ctx;
	const char *text = x->note->text;
	x->there =
		x->there || (m->kind == UC_MESSAGE_NOTE && !strncmp(m->text, text, strlen(text)));
	return true;
}

static bool note_room(void *ctx, const struct uc_room *r)
{
	struct note_call *x = ctx;
	return !uc_messages(x->note->of->client, &r->id, 1, 1000, note_each, x) && !x->there;
}

bool scene_has_note(struct world *w, void *ctx)
{
	struct note_call x = { .note = ctx };
	(void)w;
	return x.note->of->client && !uc_rooms(x.note->of->client, note_room, &x) && x.there;
}

/* --- what is done --- */

void scene_group(struct person *p, const struct person *with)
{
	struct contact_seen k = scene_contact(p, with->name);
	uc_op op;
	if (p->w->failed)
		return;
	person_before(p, "uc_group_create", "");
	scene_done(p, uc_group_create(p->client, "zQmark Walks", &k.id, 1, &op));
}

void scene_adds(struct person *p, const struct person *whom)
{
	struct contact_seen k = scene_contact(p, whom->name);
	struct rooms_seen r = scene_rooms(p);
	uc_op op;
	if (p->w->failed)
		return;
	person_before(p, "uc_group_add", "");
	scene_done(p, uc_group_add(p->client, &r.group, &k.id, &op));
}

static void block(struct person *p, const struct person *whom, bool blocked)
{
	struct contact_seen k = scene_contact(p, whom->name);
	uc_op op;
	if (p->w->failed)
		return;
	person_before(p, "uc_block", blocked ? "" : "no more");
	scene_done(p, uc_block(p->client, &k.id, blocked, &op));
}

void scene_blocks(struct person *p, const struct person *whom)
{
	block(p, whom, true);
}

void scene_unblocks(struct person *p, const struct person *whom)
{
	block(p, whom, false);
}

struct settled {
	const struct person *p;
	struct uc_settings s;
};

static bool is_settled(struct world *w, void *ctx)
{
	const struct settled *x = ctx;
	struct uc_settings s;
	(void)w;
	return x->p->client && !uc_settings_get(x->p->client, &s) && s.said && s.age == x->s.age &&
	       s.add == x->s.add;
}

void scene_settles(struct person *p, enum uc_age age, enum uc_may_add add)
{
	struct settled x = { .p = p };
	uc_op op;
	if (p->w->failed)
		return;
	world_run(p->w, p->w->now_ms + SEEN_MS, NULL, NULL); /* those of the app are seen */
	person_before(p, "uc_settings_set", "");
	uc_err err = uc_settings_default(p->client, age, &x.s);
	x.s.add = add;
	scene_done(p, err ? err : uc_settings_set(p->client, &x.s, &op));
	scene_want(p->w, is_settled, &x, "the settings");
}

int scene_main(int argc, char **argv, scene_play *play, const char *right_text)
{
	static struct world w;
	struct cover cover;
	struct plan plan = { .seed = 1, .trace = argc > 1 && !strcmp(argv[1], "--trace") };
	if (cover_init(&cover))
		return 1;
	plan.cover = &cover;
	bool right = !world_init(&w, &plan);
	if (right) {
		play(&w);
		if (!w.failed && !world_rest(&w))
			sim_fail(&w, "no rest");
		if (!w.failed)
			check_all(&w);
		right = !w.failed;
		world_done(&w);
	}
	cover_done(&cover);
	if (!right)
		fprintf(stderr, "%s\n", w.why);
	puts(right ? right_text : "no");
	return right ? 0 : 1;
}
