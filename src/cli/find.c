/* SPDX-License-Identifier: Apache-2.0 */
/* From what a person types to the contact, room, member or request it means. */
#include "cli/command.h"
#include "cli/print.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One search: what is looked for, how many fit, the last one that did. */
struct search {
	const char *text;
	struct cli *cli;
	struct uc_id found;
	unsigned fits, direct_fits, number, wanted_number;
	bool answered_too; /* of requests ... */
	bool sent;         /* ... those of one's own */
	bool strangers;    /* of contacts: those who are none, and blocked */
};

static unsigned number_of(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	return *text && !*end && n < 100000 ? (unsigned)n : 0;
}

static bool id_starts_with(const struct uc_id *id, const char *text)
{
	char hex[17];
	return strlen(text) >= 6 && strncmp(print_id(id, hex), text, strlen(text)) == 0;
}

static void fit(struct search *s, const struct uc_id *id)
{
	s->found = *id;
	s->fits++;
}

/* "NAME" or "APP:NAME". */
static bool name_fits(const char *text, const char *app, const char *name)
{
	if (strcasecmp(text, name) == 0)
		return true;
	char shorter[64];
	profile_app_short(app, shorter, sizeof shorter);
	size_t n = strlen(shorter);
	return strncmp(text, shorter, n) == 0 && text[n] == ':' &&
	       strcasecmp(text + n + 1, name) == 0;
}

static bool contact_each(void *ctx, const struct uc_contact *c)
{
	struct search *s = ctx;
	if (c->stranger == s->strangers &&
	    (name_fits(s->text, c->app, c->name) || id_starts_with(&c->id, s->text)))
		fit(s, &c->id);
	return true;
}

static bool found_one(const struct search *s, const char *what, const char *list)
{
	if (s->fits == 1)
		return true;
	fputs("undercroft: ", stderr);
	if (s->fits)
		fprintf(stderr, "%u %ss are called ", s->fits, what);
	else
		fprintf(stderr, "no %s is called ", what);
	print_text(stderr, s->text);
	fprintf(stderr, "; `undercroft -p %s %s` lists them\n", s->cli->profile.name, list);
	return false;
}

bool cli_find_contact(struct cli *cli, const char *text, struct uc_id *out)
{
	struct search s = { .text = text, .cli = cli };
	uc_err err = uc_contacts(cli->client, contact_each, &s);
	/* Whatever a stranger calls themselves, a contact's name means the contact. */
	s.strangers = !s.fits;
	if (!err && s.strangers)
		err = uc_contacts(cli->client, contact_each, &s);
	if (err) {
		cli_fail(cli, err, "list contacts");
		return false;
	}
	if (!found_one(&s, "contact", "contacts"))
		return false;
	*out = s.found;
	return true;
}

static bool room_each(void *ctx, const struct uc_room *r)
{
	struct search *s = ctx;
	s->number++;
	if ((s->wanted_number && s->number == s->wanted_number) ||
	    (!s->wanted_number && r->state != UC_ROOM_LEFT && strcasecmp(r->name, s->text) == 0) ||
	    id_starts_with(&r->id, s->text)) {
		fit(s, &r->id);
		s->direct_fits += r->direct;
	}
	return true;
}

/* A contact called so, whose direct room is not the room that was found: to whom the words were
 * meant is not for the one to say who has given a group that name. */
static bool other_each(void *ctx, const struct uc_contact *c)
{
	struct search *s = ctx;
	bool same = c->has_direct && view_equal(VIEW_OF(c->direct.b), VIEW_OF(s->found.b));
	if (!same && name_fits(s->text, c->app, c->name))
		s->fits++;
	return true;
}

/* The direct room of a contact called so. */
static bool direct_each(void *ctx, const struct uc_contact *c)
{
	struct search *s = ctx;
	if (c->has_direct && name_fits(s->text, c->app, c->name))
		fit(s, &c->direct);
	return true;
}

/* Several direct rooms called so, since somebody came back with another device or after a block: the
 * one that is their contact's now, if only one contact is called so. */
static uc_err present_direct(struct search *s)
{
	struct search contacts = { .text = s->text, .cli = s->cli };
	TRY(uc_contacts(s->cli->client, direct_each, &contacts));
	if (contacts.fits == 1)
		TRY(uc_contacts(s->cli->client, other_each, &contacts));
	if (contacts.fits == 1)
		*s = contacts;
	return UC_OK;
}

bool cli_find_room(struct cli *cli, const char *text, struct uc_id *out)
{
	struct search s = { .text = text, .cli = cli, .wanted_number = number_of(text) };
	uc_err err = uc_rooms(cli->client, room_each, &s);
	if (!err && s.fits == 1 && !s.wanted_number)
		err = uc_contacts(cli->client, other_each, &s);
	else if (!err && !s.fits)
		err = uc_contacts(cli->client, direct_each, &s);
	else if (!err && s.fits > 1 && s.fits == s.direct_fits)
		err = present_direct(&s);
	if (err) {
		cli_fail(cli, err, "list rooms");
		return false;
	}
	if (!found_one(&s, "room", "rooms"))
		return false;
	*out = s.found;
	return true;
}

bool cli_find_or_open_room(struct cli *cli, const char *text, struct uc_id *out)
{
	struct search rooms = { .text = text, .cli = cli, .wanted_number = number_of(text) };
	struct search contacts = { .text = text, .cli = cli };
	struct ending w = { 0 };
	uc_err err = uc_rooms(cli->client, room_each, &rooms);
	if (!err)
		err = uc_contacts(cli->client, contact_each, &contacts);
	if (err || rooms.fits || contacts.fits != 1 || cli->offline)
		return cli_find_room(cli, text, out);
	err = cli_finish(cli, uc_start_direct(cli->client, &contacts.found, &w.op), &w);
	if (!err)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	if (err) {
		cli_fail(cli, err, "open the conversation");
		return false;
	}
	/* It bears their name only once they have introduced themselves there. */
	if (!w.has_room)
		return cli_find_room(cli, text, out);
	*out = w.room;
	return true;
}

static bool member_each(void *ctx, const struct uc_member *m)
{
	struct search *s = ctx;
	if ((m->name[0] && name_fits(s->text, m->app, m->name)) || id_starts_with(&m->id, s->text))
		fit(s, &m->id);
	return true;
}

bool cli_find_member(struct cli *cli, const struct uc_id *room, const char *text, struct uc_id *out)
{
	struct search s = { .text = text, .cli = cli };
	uc_err err = uc_members(cli->client, room, member_each, &s);
	if (err) {
		cli_fail(cli, err, "list members");
		return false;
	}
	if (!found_one(&s, "member", "members ROOM"))
		return false;
	*out = s.found;
	return true;
}

static bool request_each(void *ctx, const struct uc_request *r)
{
	struct search *s = ctx;
	s->number++;
	bool waits = r->state == UC_REQUEST_OPEN || (s->sent && r->state == UC_REQUEST_WAITING);
	if (r->incoming == s->sent || (!s->answered_too && !waits))
		return true;
	if ((s->wanted_number && s->number == s->wanted_number) ||
	    (!s->wanted_number && name_fits(s->text, r->app, r->name)) ||
	    id_starts_with(&r->id, s->text))
		fit(s, &r->id);
	return true;
}

/* Looks for one until there is. */
static bool request_is_there(void *ctx)
{
	struct search *s = ctx;
	s->number = s->fits = 0;
	return uc_requests(s->cli->client, request_each, s) || s->fits;
}

bool cli_find_request(struct cli *cli, const char *text, uint64_t limit_ms, struct uc_id *out)
{
	struct search s = { .text = text, .cli = cli, .wanted_number = number_of(text) };
	if (!request_is_there(&s) && limit_ms) {
		uc_err err = link_run(cli->link, request_is_there, &s, limit_ms);
		if (err && err != UC_E_TIMEOUT) {
			cli_fail(cli, err, "wait for the request");
			return false;
		}
	}
	if (!found_one(&s, "open request", "requests"))
		return false;
	*out = s.found;
	return true;
}

static bool find_listed(struct cli *cli, struct search *s, const char *what, struct uc_id *out)
{
	uc_err err = uc_requests(cli->client, request_each, s);
	if (err) {
		cli_fail(cli, err, "list requests");
		return false;
	}
	if (!found_one(s, what, "requests"))
		return false;
	*out = s->found;
	return true;
}

bool cli_find_came(struct cli *cli, const char *text, struct uc_id *out)
{
	struct search s = {
		.text = text, .cli = cli, .wanted_number = number_of(text), .answered_too = true
	};
	return find_listed(cli, &s, "request that came in", out);
}

bool cli_find_sent(struct cli *cli, const char *text, struct uc_id *out)
{
	struct search s = {
		.text = text, .cli = cli, .wanted_number = number_of(text), .sent = true
	};
	return find_listed(cli, &s, "waiting request", out);
}
