/* SPDX-License-Identifier: Apache-2.0 */
/* Rooms: direct conversations and groups, their members. */
#include "cli/command.h"
#include "cli/print.h"

#include <stdio.h>
#include <string.h>

struct listing {
	struct cli *cli;
	unsigned number;
	bool all, direct;
};

static bool list_room(void *ctx, const struct uc_room *r)
{
	struct listing *l = ctx;
	l->number++;
	if (l->all || r->state != UC_ROOM_LEFT)
		print_room(l->cli->json, l->number, r);
	return true;
}

static int run_rooms(struct cli *cli)
{
	struct listing l = { .cli = cli, .all = cli_flag(cli, "--all") };
	uc_err err = uc_rooms(cli->client, list_room, &l);
	return err ? cli_fail(cli, err, "list rooms") : CLI_OK;
}

enum { GROUP_CONTACTS_MAX = 250 };

/* Who gives out no key addresses is asked for one: it is done, and they are not there yet. */
static int wait_added(struct cli *cli, uc_err started, const uc_op *op, const char *what)
{
	struct ending w = { .op = *op };
	uc_err err = cli_finish(cli, started, &w);
	if (!err)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	if (err)
		return cli_fail(cli, err, what);
	if (strcmp(w.text, "asked") != 0)
		return CLI_OK;
	if (cli->json)
		print_json("asked", NULL);
	else
		puts("Who was asked there is added once their device has agreed; `read` tells it.");
	return CLI_OK;
}

static bool name_is_given(const char *name)
{
	if (!*name)
		fputs("undercroft: a group needs a name\n", stderr);
	return *name != '\0';
}

static int run_group(struct cli *cli)
{
	static struct uc_id contacts[GROUP_CONTACTS_MAX];
	size_t n = (size_t)cli->argc - 1;
	if (!name_is_given(cli->argv[0]))
		return CLI_USAGE;
	if (n > GROUP_CONTACTS_MAX) {
		fprintf(stderr, "undercroft: at most %d contacts at once\n", GROUP_CONTACTS_MAX);
		return CLI_USAGE;
	}
	for (size_t i = 0; i < n; i++)
		if (!cli_find_contact(cli, cli->argv[i + 1], &contacts[i]))
			return CLI_FAILED;
	uc_op op = 0;
	uc_err err = uc_group_create_as(cli->client, cli->argv[0], cli_option(cli, "--as"),
					contacts, n, &op);
	int status = wait_added(cli, err, &op, "create the group");
	if (!status && !cli->json)
		printf("The group is there; write to it with: undercroft -p %s send \"%s\" TEXT\n",
		       cli->profile.name, cli->argv[0]);
	return status;
}

static int run_introduce(struct cli *cli)
{
	struct uc_id room;
	uc_op op = 0;
	if (!cli_find_room(cli, cli->argv[0], &room))
		return CLI_FAILED;
	return cli_wait(cli, uc_introduce(cli->client, &room, cli_option(cli, "--as"), &op), &op,
			"introduce you there");
}

static int run_direct(struct cli *cli)
{
	struct uc_id contact;
	uc_op op = 0;
	if (!cli_find_contact(cli, cli->argv[0], &contact))
		return CLI_FAILED;
	return cli_wait(cli, uc_start_direct(cli->client, &contact, &op), &op,
			"open the conversation");
}

struct kind_search {
	const struct uc_id *room;
	bool direct;
};

static bool kind_each(void *ctx, const struct uc_room *r)
{
	struct kind_search *s = ctx;
	if (!view_equal(VIEW_OF(r->id.b), VIEW_OF(s->room->b)))
		return true;
	s->direct = r->direct;
	return false;
}

static bool is_direct(struct cli *cli, const struct uc_id *room)
{
	struct kind_search s = { .room = room };
	return !uc_rooms(cli->client, kind_each, &s) && s.direct;
}

static const char *const role_names[] = {
	[UC_ROLE_MEMBER] = "member",
	[UC_ROLE_MODERATOR] = "moderator",
	[UC_ROLE_OWNER] = "owner",
};
enum { ROLES = sizeof role_names / sizeof *role_names };

static bool list_member(void *ctx, const struct uc_member *m)
{
	struct listing *l = ctx;
	char app[64];
	bool says = !l->direct && m->role > UC_ROLE_MEMBER && m->role < ROLES;
	profile_app_short(m->app, app, sizeof app);
	print_member(l->cli->json, m, app, says ? role_names[m->role] : "");
	return true;
}

static int run_members(struct cli *cli)
{
	struct listing l = { .cli = cli };
	struct uc_id room;
	if (!cli_find_room(cli, cli->argv[0], &room))
		return CLI_FAILED;
	l.direct = is_direct(cli, &room);
	uc_err err = uc_members(cli->client, &room, list_member, &l);
	return err ? cli_fail(cli, err, "list members") : CLI_OK;
}

static int run_add(struct cli *cli)
{
	struct uc_id room, contact;
	uc_op op = 0;
	if (!cli_find_room(cli, cli->argv[0], &room) ||
	    !cli_find_contact(cli, cli->argv[1], &contact))
		return CLI_FAILED;
	return wait_added(cli, uc_group_add(cli->client, &room, &contact, &op), &op, "add");
}

/* Who has not shown who they are, as many as are removed at once. */
struct strangers {
	struct uc_id ids[64];
	size_t n;
};

static bool stranger_take(void *ctx, const struct uc_member *m)
{
	struct strangers *s = ctx;
	if (!m->introduced && !m->is_self)
		s->ids[s->n++] = m->id;
	return s->n < sizeof s->ids / sizeof *s->ids;
}

static int remove_strangers(struct cli *cli, const struct uc_id *room)
{
	struct strangers s = { .n = 0 };
	int status = CLI_OK;
	uc_err err = uc_members(cli->client, room, stranger_take, &s);
	if (err)
		return cli_fail(cli, err, "list members");
	for (size_t i = 0; i < s.n && !status; i++) {
		uc_op op = 0;
		err = uc_group_remove(cli->client, room, &s.ids[i], &op);
		status = cli_wait(cli, err, &op, "remove");
	}
	if (!status && !s.n && !cli->json)
		puts("Everybody there is introduced.");
	return status;
}

static int run_remove(struct cli *cli)
{
	struct uc_id room, member;
	uc_op op = 0;
	bool strangers = cli_flag(cli, "--not-introduced");
	if (strangers == (cli->argc == 2)) {
		fputs("undercroft: remove takes a member, or --not-introduced\n", stderr);
		return CLI_USAGE;
	}
	if (!cli_find_room(cli, cli->argv[0], &room))
		return CLI_FAILED;
	if (strangers)
		return remove_strangers(cli, &room);
	if (!cli_find_member(cli, &room, cli->argv[1], &member))
		return CLI_FAILED;
	return cli_wait(cli, uc_group_remove(cli->client, &room, &member, &op), &op, "remove");
}

static bool role_read(const char *text, enum uc_role *out)
{
	for (int i = UC_ROLE_MEMBER; i < ROLES; i++) {
		if (strcmp(role_names[i], text) != 0)
			continue;
		*out = (enum uc_role)i;
		return true;
	}
	fputs("undercroft: a role is member, moderator or owner\n", stderr);
	return false;
}

static int run_role(struct cli *cli)
{
	struct uc_id room, member;
	enum uc_role role;
	uc_op op = 0;
	if (!role_read(cli->argv[2], &role))
		return CLI_USAGE;
	if (!cli_find_room(cli, cli->argv[0], &room) ||
	    !cli_find_member(cli, &room, cli->argv[1], &member))
		return CLI_FAILED;
	struct ending w = { 0 };
	uc_err err = uc_group_role(cli->client, &room, &member, role, &op);
	w.op = op;
	err = cli_finish(cli, err, &w);
	if (!err)
		err = link_settle(cli->link, CLI_SETTLE_MS);
	if (!err)
		return CLI_OK;
	cli_fail(cli, err, "change the role");
	if (err == UC_E_POLICY)
		fputs(is_direct(cli, &room)
			      ? "undercroft: a conversation of two people has no roles to give\n"
			      : "undercroft: only an owner of the group gives roles\n",
		      stderr);
	return CLI_FAILED;
}

struct owners {
	bool self;
	unsigned others, other_owners;
};

static bool owner_count(void *ctx, const struct uc_member *m)
{
	struct owners *o = ctx;
	bool owner = m->role == UC_ROLE_OWNER;
	if (m->is_self)
		o->self = owner;
	else
		o->others++, o->other_owners += owner;
	return true;
}

bool cli_is_last_owner(struct cli *cli, const struct uc_id *room)
{
	struct owners o = { 0 };
	return !uc_members(cli->client, room, owner_count, &o) && o.self && o.others &&
	       !o.other_owners;
}

static int run_leave(struct cli *cli)
{
	struct uc_id room;
	uc_op op = 0;
	if (!cli_find_room(cli, cli->argv[0], &room))
		return CLI_FAILED;
	if (!cli_flag(cli, "--without-owner") && !is_direct(cli, &room) &&
	    cli_is_last_owner(cli, &room)) {
		cli_fail(cli, UC_E_LAST_OWNER, "leave");
		fprintf(stderr,
			"undercroft: with `role \"%s\" MEMBER owner`, or leave it as it is with "
			"--without-owner\n",
			cli->argv[0]);
		return CLI_FAILED;
	}
	return cli_wait(cli, uc_leave(cli->client, &room, &op), &op, "leave");
}

static int run_rename(struct cli *cli)
{
	struct uc_id room;
	uc_op op = 0;
	if (!name_is_given(cli->argv[1]))
		return CLI_USAGE;
	if (!cli_find_room(cli, cli->argv[0], &room))
		return CLI_FAILED;
	return cli_wait(cli, uc_group_rename(cli->client, &room, cli->argv[1], &op), &op, "rename");
}

/* clang-format off */
const struct command commands_rooms[] = {
	{ "rooms", NEEDS_TRY, 0, 0, run_rooms,
	  "[--all]",
	  "--all",
	  "list conversations",
	  "Lists conversations with their numbers; --all also those you have left.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa rooms" },
	{ "direct", NEEDS_SIGN_IN, 1, 1, run_direct,
	  "CONTACT",
	  "",
	  "open the direct conversation with a contact",
	  "Usually it is there already: it opens when a contact request is accepted.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa direct Tom" },
	{ "group", NEEDS_SIGN_IN, 1, -1, run_group,
	  "NAME [CONTACT...] [--as PERSONA]",
	  "--as=",
	  "create a group",
	  "Creates a group with contacts of any app. The apps' servers do not learn its name.\n"
	  "--as: you are a persona there, see `introduce`.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa group \"Allotment\" Tom Uwe" },
	{ "introduce", NEEDS_SIGN_IN, 1, 1, run_introduce,
	  "ROOM [--as PERSONA]",
	  "--as=",
	  "say who you are in a group",
	  "For groups that others have brought you into, after `settings --introduce ask`: as\n"
	  "yourself, or --as a persona, a name and a key of that group only, which lead the others\n"
	  "to nothing else of you. It is said once; a persona may change its name. Who brought\n"
	  "you in knows whom they have brought, and those whom you bring in know by whom; to\n"
	  "below-16s a persona is a stranger, and they leave.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa introduce Allotment\n"
	  "  undercroft -p rosa introduce \"Night owls\" --as Moth" },
	{ "members", NEEDS_TRY, 1, 1, run_members,
	  "ROOM",
	  "",
	  "list a room's members",
	  "ROOM is a group's name, a contact's name (the direct room), or a number of `rooms`.\n"
	  "Who has not shown who they are is listed as not introduced, with the digits by which\n"
	  "`remove` knows them; a persona, as called by that name here only. Of a group it is\n"
	  "said who is owner and moderator, see `role`.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa members Allotment" },
	{ "add", NEEDS_SIGN_IN, 2, 2, run_add,
	  "ROOM CONTACT",
	  "",
	  "add a contact to a group",
	  "The new member reads what is written from then on, nothing of before. Minors, and\n"
	  "whoever has given you no address that is left, are asked for this room first: they\n"
	  "come once their device has agreed, within seven days, or not at all.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa add Allotment Uwe" },
	{ "remove", NEEDS_SIGN_IN, 1, 2, run_remove,
	  "ROOM [MEMBER | --not-introduced]",
	  "--not-introduced",
	  "remove a member from a group",
	  "What is written afterwards the removed member cannot read. MEMBER is a name, or the\n"
	  "digits that `members` shows for who is not introduced; --not-introduced removes all\n"
	  "who have not shown who they are, somebody who was added a moment ago as well.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa remove Allotment Uwe\n"
	  "  undercroft -p rosa remove Allotment --not-introduced" },
	{ "role", NEEDS_SIGN_IN, 3, 3, run_role,
	  "ROOM MEMBER member|moderator|owner",
	  "",
	  "say who is moderator or owner of a group",
	  "For owners; whoever made a group is its first. A moderator removes members; an owner\n"
	  "removes anyone and gives roles. There may be several of each. An owner who wants to\n"
	  "step back takes a lower role themselves, once there is another owner. MEMBER as in\n"
	  "`remove`. The apps' servers see roles, of pseudonyms, and hold members to them.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa role Allotment Tom moderator\n"
	  "  undercroft -p rosa role Allotment Uwe owner\n"
	  "  undercroft -p rosa role Allotment Rosa member" },
	{ "leave", NEEDS_SIGN_IN, 1, 1, run_leave,
	  "ROOM [--without-owner]",
	  "--without-owner",
	  "leave a group",
	  "History stays readable here. The only owner of a group makes somebody else one first,\n"
	  "see `role`; or leaves it --without-owner, and nobody there can give roles any more.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p uwe leave Allotment" },
	{ "rename", NEEDS_SIGN_IN, 2, 2, run_rename,
	  "ROOM NAME",
	  "",
	  "rename a group",
	  "The name travels encrypted to the members.\n"
	  "\n"
	  "example:\n"
	  "  undercroft -p rosa rename Allotment \"Allotment 17\"" },
	{ 0 },
};
/* clang-format on */
