/* SPDX-License-Identifier: Apache-2.0 */
/* Asking somebody, and staying until the conversation is under way. */
#include "cli/command.h"
#include "cli/print.h"
#include "net/env_system.h"

#include <stdio.h>

enum { FIRST_MS = 1500 };

struct name_search {
	const struct uc_id *id;
	char *name;
	size_t name_n;
};

static bool name_each(void *ctx, const struct uc_room *r)
{
	struct name_search *s = ctx;
	if (!cli_id_equal(&r->id, s->id))
		return true;
	snprintf(s->name, s->name_n, "%s", r->name);
	return false;
}

const char *cli_room_name(struct cli *cli, const struct uc_id *room)
{
	static char name[512];
	struct name_search s = { room, name, sizeof name };
	name[0] = '\0';
	return uc_rooms(cli->client, name_each, &s) || !*name ? NULL : name;
}

/* Where a request has got to. */
struct stay {
	struct cli *cli;
	const struct uc_id *request;
	const char *say;
	bool answer;
	bool has_room, room_open; /* found out anew each time */
	struct uc_id room;
	bool first;                    /* theirs to say something first, if they do at once */
	uint64_t open_ms;              /* since when the conversation is open */
	uint64_t shown;                /* messages up to this number */
	bool said, accepted, answered; /* accepted: what was said is durable at the hub */
	struct uc_id said_id;
	uc_err err;
};

static bool stay_request(void *ctx, const struct uc_request *r)
{
	struct stay *s = ctx;
	if (!cli_id_equal(&r->id, s->request))
		return true;
	s->has_room = r->has_contact && r->has_room;
	s->room = r->room;
	return false;
}

static bool stay_room(void *ctx, const struct uc_room *r)
{
	struct stay *s = ctx;
	if (!cli_id_equal(&r->id, &s->room))
		return true;
	s->room_open = r->state == UC_ROOM_OPEN && r->members > 1;
	return false;
}

static uc_err conversation_find(struct stay *s)
{
	s->has_room = s->room_open = false;
	TRY(uc_requests(s->cli->client, stay_request, s));
	if (s->has_room)
		TRY(uc_rooms(s->cli->client, stay_room, s));
	return UC_OK;
}

/* Messages come from the store, whenever they came in; our own once the hub has them. */
static bool stay_message(void *ctx, const struct uc_message *m)
{
	struct stay *s = ctx;
	if (m->own && m->state == UC_MESSAGE_QUEUED)
		return false;
	print_message(s->cli->json, cli_room_name(s->cli, &m->room), m);
	s->shown = m->number;
	s->answered |= !m->own && m->kind == UC_MESSAGE_TEXT;
	if (s->said && cli_id_equal(&m->id, &s->said_id)) {
		s->accepted = m->state == UC_MESSAGE_ACCEPTED;
		s->err = m->state == UC_MESSAGE_FAILED ? UC_E_CLOSED : UC_OK;
	}
	return true;
}

static uc_err stay_show(struct stay *s)
{
	uint64_t before = s->shown;
	TRY(uc_messages(s->cli->client, &s->room, before + 1, SIZE_MAX, stay_message, s));
	return s->shown == before ? UC_OK : uc_mark_read(s->cli->client, &s->room, s->shown);
}

/* Is it time to say what is to be said? */
static bool may_say(struct stay *s)
{
	uint64_t now = clock_steady_ms();
	if (!s->open_ms)
		s->open_ms = now;
	return s->say && !s->said && (!s->first || s->answered || now - s->open_ms >= FIRST_MS);
}

static bool stay_over(void *ctx)
{
	struct stay *s = ctx;
	if (!s->err)
		s->err = conversation_find(s);
	if (!s->err && s->has_room)
		s->err = stay_show(s);
	if (s->err || !s->room_open)
		return s->err != UC_OK;
	if (may_say(s)) {
		/* Its frames leave with the next look. */
		s->err = uc_send(s->cli->client, &s->room, s->say, &s->said_id);
		s->said = true;
		return s->err != UC_OK;
	}
	return (!s->say || s->accepted) && (!s->answer || s->answered);
}

/* Messages are shown above; of the rest people are told what they should know. */
static void stay_event(void *ctx, const struct uc_event *e)
{
	struct stay *s = ctx;
	if (e->message)
		return;
	if (e->kind == UC_EVENT_REQUEST_ACCEPTED && !s->cli->json)
		puts("They have accepted.");
	else if (e->kind != UC_EVENT_ROOM_JOINED || s->cli->json)
		print_event(s->cli->json, e->has_room ? cli_room_name(s->cli, &e->room) : NULL, e);
	fflush(stdout);
}

int cli_stay(struct cli *cli, const struct uc_id *request, const char *say, bool answer)
{
	struct stay s = { .cli = cli, .request = request, .say = say, .answer = answer };
	s.first = say && !answer;
	link_listen(cli->link, stay_event, &s);
	uc_err err = link_run_looking(cli->link, stay_over, &s, CLI_STAY_MS);
	if (!err && !s.err)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	link_listen(cli->link, NULL, NULL);
	if (!err)
		err = s.err;
	if (err == UC_E_TIMEOUT && !s.room_open)
		return cli_fail(cli, err, "no answer yet; the request stays");
	return err ? cli_fail(cli, err, "conversation") : CLI_OK;
}

static uc_err ask_begin(struct cli *cli, const struct cli_asked *whom, const char *text, uc_op *op)
{
	char domain[256];
	if (whom->link)
		return uc_ask_by_invitation(cli->client, whom->link, text, op);
	profile_app_domain(whom->app, domain, sizeof domain);
	return uc_ask_with_code(cli->client, domain, whom->identifier, whom->code, text, op);
}

int cli_ask(struct cli *cli, const struct cli_asked *whom, const char *text, const char *say,
	    bool wait)
{
	struct ending w = { 0 };
	char app[256] = "";
	const char *identifier = whom->link ? "" : whom->identifier;
	uc_err err = cli_finish(cli, ask_begin(cli, whom, text, &w.op), &w);
	if (!whom->link)
		snprintf(app, sizeof app, "%s", whom->app);
	else if (!err)
		err = uc_invitation_app(whom->link, app, sizeof app);
	bool stay = say || wait;
	if (!err && !stay)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	if (err)
		return cli_fail(cli, err,
				err == UC_E_NOT_FOUND ? "nobody there is known by that"
				: err == UC_E_TEXT
					? "strangers are sent no links and no addresses; "
					  "behind a full stop goes a space"
				: err == UC_E_NOT_ALLOWED
					? "your name looks like a link or an address, and goes "
					  "with the request: give yourself another one first"
					: "ask");
	if (whom->link)
		identifier = "who made the link";
	if (cli->json)
		print_json("asked", "app", app, "identifier", identifier, NULL);
	else if (stay)
		printf("Asked %s on %s; waiting for the answer. Ctrl-C ends that, the request "
		       "stays.\n",
		       identifier, app);
	else
		printf("Asked. `undercroft -p %s follow` shows what they answer.\n",
		       cli->profile.name);
	fflush(stdout);
	return stay ? cli_stay(cli, &w.request, say, say != NULL) : CLI_OK;
}
