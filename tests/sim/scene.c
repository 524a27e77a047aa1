/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/scene.h"

#include <stdlib.h>

enum { PATIENCE_MS = 120 * 1000 };

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

void scene_asks(struct person *from, struct person *to)
{
	struct world *w = from->w;
	struct found f = { 0 };
	uc_op op;
	person_before(from, "uc_ask", "");
	scene_done(from, uc_ask(from->client, to->app->domain, to->identifier, "May I?", &op));
	scene_want(w, has_request, to, "the request");
	if (w->failed || uc_requests(to->client, request_each, &f))
		return;
	person_before(to, "uc_accept", "");
	scene_done(to, uc_accept(to->client, &f.id, &op));
	scene_want(w, has_room, from, "the asker's room");
	scene_want(w, has_room, to, "the other's room");
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
