/* SPDX-License-Identifier: Apache-2.0 */
/* Who can see and reach this person: all of it in one list, each with the command that ends it. */
#include "cli/command.h"
#include "cli/print.h"

#include "base/buf.h"
#include "net/env_system.h"

#include <stdio.h>
#include <string.h>

/* One of them.  `end` is made of words of ours, numbers and ids alone: it is there to be typed. */
struct row {
	const char *what, *who, *app; /* app: "" for oneself */
	char may[256], end[288];
};

/* The headings, in their order. */
static const char devices[] = "Devices", contacts[] = "Contacts", guardians[] = "Guardian",
		  accounts[] = "Other accounts", groups[] = "Groups",
		  letters[] = "Requests of yours", strangers[] = "Strangers";

struct reach {
	struct cli *cli;
	const char *shown;      /* the heading that was printed last */
	unsigned number;        /* of the list that is walked */
	unsigned known, others; /* of a group: who is a contact, and who is not */
};

static void row_print(struct reach *r, const struct row *row)
{
	if (r->cli->json) {
		print_json("reach", "what", row->what, "who", row->who, "app", row->app, "may",
			   row->may, "end", row->end, NULL);
		return;
	}
	if (r->shown != row->what)
		printf("%s%s\n", r->shown ? "\n" : "", row->what);
	r->shown = row->what;
	fputs("  ", stdout);
	print_text(stdout, row->who);
	if (*row->app)
		printf(" (%s)", row->app);
	printf(": %s\n", row->may);
	if (*row->end)
		printf("      undercroft -p %s %s\n", r->cli->profile.name, row->end);
}

/* --- strangers: by the settings, and by links --- */

static const char *const whom_name[] = { "nobody finds you by your exact name",
					 "whoever has your exact name can ask you",
					 "whoever has your exact name and your code can ask you" };

static uc_err settings_rows(struct reach *r)
{
	struct uc_settings s;
	TRY(uc_settings_get(r->cli->client, &s));
	struct row name = { .what = strangers, .who = "By name", .app = "" };
	bool open = s.find_by_name && s.ask == UC_ASK_ANYBODY;
	snprintf(name.may, sizeof name.may, "%s",
		 s.said ? whom_name[!open        ? 0
				    : s.has_code ? 2
						 : 1]
			: "what the app begins with holds, nothing was set");
	snprintf(name.end, sizeof name.end, "settings --find no");
	row_print(r, &name);
	struct row number = { .what = strangers, .who = "By number", .app = "" };
	snprintf(number.may, sizeof number.may, "%s",
		 s.find_by_number ? "who has your number learns that you are here"
				  : "who has your number does not learn by it that you are here");
	snprintf(number.end, sizeof number.end, "findable no");
	row_print(r, &number);
	return UC_OK;
}

static bool invitation_row(void *ctx, const struct uc_invitation *i)
{
	struct reach *r = ctx;
	char who[32];
	r->number++;
	if (i->used)
		return true;
	snprintf(who, sizeof who, "By link %u", r->number);
	struct row row = { .what = strangers, .who = who, .app = "" };
	snprintf(row.may, sizeof row.may, "%s can ask you; %u came by it so far",
		 i->once ? "the first who has it" : "whoever has it", i->asked);
	snprintf(row.end, sizeof row.end, "invitation-end %u", r->number);
	row_print(r, &row);
	return true;
}

/* --- whoever has a letter of one's own --- */

static bool letter_is_over(const struct uc_request *q)
{
	bool waits = q->state == UC_REQUEST_OPEN || q->state == UC_REQUEST_WAITING;
	return q->incoming || !waits || (q->until_ms && q->until_ms <= env_now_ms(env_system()));
}

static bool letter_row(void *ctx, const struct uc_request *q)
{
	struct reach *r = ctx;
	char app[64], written[TIME_TEXT], until[TIME_TEXT];
	r->number++;
	if (letter_is_over(q))
		return true;
	profile_app_short(q->app, app, sizeof app);
	time_text(q->time_ms, written);
	time_text(q->until_ms, until);
	struct row row = { .what = letters,
			   .who = *q->name ? q->name : "who made a link",
			   .app = app };
	if (q->until_ms)
		snprintf(row.may, sizeof row.may,
			 "whoever has it can begin a conversation with you till %s; written %s",
			 until, written);
	else
		snprintf(row.may, sizeof row.may, "%s; written %s",
			 q->state == UC_REQUEST_WAITING ? "waits for your guardian"
							: "is not sent yet",
			 written);
	snprintf(row.end, sizeof row.end, "withdraw %u", r->number);
	row_print(r, &row);
	return true;
}

/* --- people --- */

struct guardian {
	struct uc_guardian is;
	char name[512], app[64];
};

static bool contact_row(void *ctx, const struct uc_contact *k)
{
	struct reach *r = ctx;
	char app[64], id[17], given[48] = "";
	if (k->blocked)
		return true;
	profile_app_short(k->app, app, sizeof app);
	if (k->given)
		snprintf(given, sizeof given, ", can bring you into %u group%s", k->given,
			 k->given == 1 ? "" : "s");
	struct row row = { .what = contacts, .who = k->name, .app = app };
	snprintf(row.may, sizeof row.may, "%s%s%s",
		 k->has_direct ? "writes to you" : "has no conversation with you", given,
		 k->shown ? ", sees your picture and words" : "");
	snprintf(row.end, sizeof row.end, "block %s", print_id(&k->id, id));
	row_print(r, &row);
	return true;
}

static bool guardian_name(void *ctx, const struct uc_contact *k)
{
	struct guardian *g = ctx;
	if (!view_equal(VIEW_OF(k->id.b), VIEW_OF(g->is.contact.b)))
		return true;
	snprintf(g->name, sizeof g->name, "%s", k->name);
	profile_app_short(k->app, g->app, sizeof g->app);
	return false;
}

static uc_err guardian_row(struct reach *r)
{
	struct guardian g = { .name = "somebody", .app = "" };
	TRY(uc_guardian_get(r->cli->client, &g.is));
	if (g.is.state != UC_GUARDIAN_NAMED)
		return UC_OK;
	TRY(uc_contacts(r->cli->client, guardian_name, &g));
	struct row row = { .what = guardians, .who = g.name, .app = g.app, .end = "" };
	snprintf(row.may, sizeof row.may,
		 "sees who asks you, whom you ask, and your groups, before you do; only they can "
		 "end it");
	row_print(r, &row);
	return UC_OK;
}

static bool member_count(void *ctx, const struct uc_member *m)
{
	struct reach *r = ctx;
	if (!m->is_self)
		++*(m->has_contact ? &r->known : &r->others);
	return true;
}

static bool room_row(void *ctx, const struct uc_room *room)
{
	struct reach *r = ctx;
	char as[64] = "you under your name";
	r->number++;
	if (room->direct || room->state != UC_ROOM_OPEN)
		return true;
	r->known = r->others = 0;
	/* One whose members cannot be read now is listed all the same. */
	bool read = !uc_members(r->cli->client, &room->id, member_count, r);
	if (room->says != UC_SAYS_ACCOUNT)
		snprintf(as, sizeof as, "%s",
			 room->says == UC_SAYS_PERSONA ? "a persona of yours"
						       : "somebody, not introduced");
	struct row row = { .what = groups, .who = room->name, .app = "" };
	if (read)
		snprintf(row.may, sizeof row.may, "%u contact%s and %u other%s see %s", r->known,
			 r->known == 1 ? "" : "s", r->others, r->others == 1 ? "" : "s", as);
	else
		snprintf(row.may, sizeof row.may, "its members see %s", as);
	snprintf(row.end, sizeof row.end, "leave %u%s", r->number,
		 cli_is_last_owner(r->cli, &room->id) ? " --without-owner" : "");
	row_print(r, &row);
	return true;
}

/* --- what is one's own, and sees all --- */

static bool device_row(void *ctx, const struct uc_device *d)
{
	struct reach *r = ctx;
	char key[17];
	r->number++;
	struct row row = { .what = devices,
			   .who = *d->name ? d->name : print_device_key(d->device_key, key),
			   .app = "" };
	snprintf(row.may, sizeof row.may, "%s",
		 d->is_this ? "this one" : "reads all that you read, and writes as you");
	if (d->is_this)
		snprintf(row.end, sizeof row.end, "delete-account");
	else
		snprintf(row.end, sizeof row.end, "devices end %u", r->number);
	row_print(r, &row);
	return true;
}

static bool link_row(void *ctx, const struct uc_link *l)
{
	struct reach *r = ctx;
	char app[256];
	if (!l->shown || l->state != UC_LINK_WHOLE)
		return true;
	profile_app_short(l->app, app, sizeof app);
	struct row row = { .what = accounts, .who = l->name, .app = app };
	snprintf(row.may, sizeof row.may, "%u contact%s that it is yours, too", l->shown,
		 l->shown == 1 ? " knows" : "s know");
	snprintf(row.end, sizeof row.end, "same-person withdraw %s", app);
	row_print(r, &row);
	return true;
}

/* --- the command --- */

static uc_err walk(struct reach *r)
{
	uc_client *c = r->cli->client;
	TRY(uc_devices(c, device_row, r));
	TRY(uc_contacts(c, contact_row, r));
	TRY(guardian_row(r));
	TRY(uc_links(c, link_row, r));
	r->number = 0;
	TRY(uc_rooms(c, room_row, r));
	r->number = 0;
	TRY(uc_requests(c, letter_row, r));
	TRY(settings_rows(r));
	r->number = 0;
	return uc_invitations(c, invitation_row, r);
}

static int run_reach(struct cli *cli)
{
	struct reach r = { .cli = cli };
	uc_err err = walk(&r);
	return err ? cli_fail(cli, err, "list who can reach you") : CLI_OK;
}

/* clang-format off */
const struct command commands_reach[] = {
	{ "reach", NEEDS_TRY, 0, 0, run_reach,
	  "",
	  "",
	  "list who can see and reach you, and how to end it",
	  "One list of all: your devices, contacts and what they hold, a guardian, whom you have\n"
	  "told of your other accounts, the groups you are in and as whom, requests of yours that\n"
	  "wait for an answer, and by which ways strangers can ask you. Below each stands the\n"
	  "command that ends it. What key addresses and links your other devices have handed out,\n"
	  "and requests that they have sent, are listed and ended there, or end with the device.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa reach" },
	{ 0 },
};
/* clang-format on */
