/* SPDX-License-Identifier: Apache-2.0 */
/* A world for the linkage game: people with an account on each of two apps, used by the same hands at
 * the same times, over stores on disk; and who they are, beside it.  linkage.py tries to find out from
 * the stores alone.
 *
 * usage: linkage-world FOLDER PEOPLE [LEAK]
 *
 * FOLDER/DOMAIN.keys: of the app's folder of keys: the moderators' public key, and what is no half of a pair,
 *   in hex, a line each
 * FOLDER/addresses: the network addresses that there are, in hex, a line each; whoever tries all gets as far
 * FOLDER/truth:  "account PERSON DOMAIN ACCOUNT-ID" and "room ACCOUNT-ID ROOM", a line each
 *
 * Within a day all sign up, on one app and seconds later on the other; the day after they ask people of
 * both apps, answer, write, make groups, each in sessions that their two devices begin within seconds, from
 * one network address.
 * Twice a day the stores are made to forget, as the server does it, and last of all. */
#include "base/planted.h"
#include "client/client.h"
#include "store/store_rocksdb.h"
#include "tests/sim/sim.h"

#include <stdlib.h>

#define MINUTE_MS ((uint64_t)60 * 1000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

enum {
	CROWD = 500, /* so many take a whole day to sign up, fewer six hours */
	SESSIONS = 5,
	ACTS = 6,
	TICK_MS = 10 * 1000,
	STEP_MS = 2000,
	STEPS_MAX = 60, /* of a session */
	LIST_MAX = 16,
};

static struct play {
	struct world w;
	FILE *truth, *addresses;
	unsigned hands;
	uint64_t start_ms;            /* a midnight */
	uint64_t begins_ms[SESSIONS]; /* after it, all within an hour; the first: the sign-ups */
	uint64_t ends_ms;
	struct visit {
		struct person *person;
		unsigned hand, session, steps, acts;
		bool settled, told;
	} visits[PEOPLE_MAX];
} play;

/* --- what they do --- */

struct lists {
	struct uc_id requests[LIST_MAX], contacts[LIST_MAX], rooms[LIST_MAX];
	size_t requests_n, contacts_n, rooms_n;
};

static bool each_request(void *ctx, const struct uc_request *q)
{
	struct lists *l = ctx;
	if (q->incoming && q->state == UC_REQUEST_OPEN && l->requests_n < LIST_MAX)
		l->requests[l->requests_n++] = q->id;
	return true;
}

static bool each_contact(void *ctx, const struct uc_contact *k)
{
	struct lists *l = ctx;
	if (k->key_addresses && l->contacts_n < LIST_MAX)
		l->contacts[l->contacts_n++] = k->id;
	return true;
}

static bool each_room(void *ctx, const struct uc_room *r)
{
	struct lists *l = ctx;
	if (r->state == UC_ROOM_OPEN && l->rooms_n < LIST_MAX)
		l->rooms[l->rooms_n++] = r->id;
	return true;
}

static void asks(struct person *p)
{
	struct world *w = p->w;
	const struct person *whom = &w->people[dice_below(&w->dice, w->people_n)];
	uc_op op;
	if (whom == p || whom->phase != PHASE_LIVE)
		return;
	person_before(p, "uc_ask", "");
	person_after(p, uc_ask(p->client, whom->app->domain, whom->identifier, "May I?", &op));
}

static void says(struct person *p, const struct lists *l)
{
	struct world *w = p->w;
	char text[TEXT_MAX];
	struct uc_id id;
	const struct uc_id *room = &l->rooms[dice_below(&w->dice, l->rooms_n)];
	int n = snprintf(text, sizeof text, "zQmark %u.%u ", p->number, ++p->said);
	for (uint64_t more = dice_below(&w->dice, 60); more && n < TEXT_MAX - 2; more--)
		text[n++] = '.';
	text[n] = 0;
	person_before(p, "uc_send", "");
	uc_err err = uc_send(p->client, room, text, &id);
	truth_said(p, room, text, !err);
	person_after(p, err);
}

static void gathers(struct person *p, const struct lists *l)
{
	uc_op op;
	p->groups++;
	person_before(p, "uc_group_create", "");
	person_after(p,
		     uc_group_create(p->client, "zQmark Walks", l->contacts, l->contacts_n, &op));
}

static void chooses(struct person *p)
{
	act_findable(p, dice_below(&p->w->dice, 3) ? UC_ASK_ANYBODY : UC_ASK_HANDED);
}

static void acts(struct visit *v)
{
	struct person *p = v->person;
	struct lists l = { .rooms_n = 0 };
	uc_op op;
	if (uc_requests(p->client, each_request, &l) || uc_contacts(p->client, each_contact, &l) ||
	    uc_rooms(p->client, each_room, &l))
		sim_fail(p->w, "lists are not given");
	uint64_t dice = dice_below(&p->w->dice, 8);
	if (l.requests_n) {
		person_before(p, "uc_accept", "");
		person_after(p, uc_accept(p->client, l.requests, &op));
	} else if (v->session == 1 && dice < 3) {
		asks(p);
	} else if (v->session == SESSIONS - 1 && dice == 0) {
		chooses(p);
	} else if (v->session > 2 && l.contacts_n > 1 && !p->groups) {
		gathers(p, &l);
	} else if (l.rooms_n && dice < 6) {
		says(p, &l);
	} else if (l.rooms_n) {
		person_before(p, "uc_mark_read", "");
		person_after(
			p, uc_mark_read(p->client, l.rooms, uc_messages_last(p->client, l.rooms)));
	}
}

/* --- the account --- */

static void signs_up(struct person *p)
{
	bool needs_code = p->app->names != UC_NAME_HANDLE;
	uc_op op;
	if (p->client->account.state != ACCOUNT_NONE ||
	    uc_client_connection(p->client) != UC_GREETED)
		return;
	if (needs_code && !p->code[0]) {
		if (p->asked++)
			return;
		person_before(p, "uc_request_code", "");
		person_after(p, uc_request_code(p->client, p->identifier, &op));
		return;
	}
	person_before(p, "uc_sign_up", "");
	person_after(
		p, uc_sign_up(p->client, p->identifier, needs_code ? p->code : NULL, p->name, &op));
}

static void tell_id(const struct person *p)
{
	for (size_t i = 0; i < ACCOUNT_ID; i++)
		fprintf(play.truth, "%02x", p->client->account.account_id[i]);
}

static bool tell_room(void *ctx, const struct uc_room *r)
{
	const struct visit *v = ctx;
	fputs("room ", play.truth);
	tell_id(v->person);
	fprintf(play.truth, " %s\n", r->uri);
	return true;
}

static void tell(struct visit *v)
{
	struct person *p = v->person;
	if (!v->told) {
		fprintf(play.truth, "account %u %s ", v->hand, p->app->domain);
		tell_id(p);
		fputc('\n', play.truth);
	}
	v->told = true;
	if (uc_rooms(p->client, tell_room, v))
		sim_fail(p->w, "rooms are not given");
}

/* --- sessions --- */

static void steps(struct world *w, struct happening *h);

static void ends(struct visit *v)
{
	struct person *p = v->person;
	struct world *w = p->w;
	tell(v);
	v->session++;
	v->steps = v->acts = 0;
	if (v->session == SESSIONS) {
		person_kill(p, 100 * DAY_MS);
		return;
	}
	/* The two devices of one person come back within a quarter of a minute. */
	struct dice of_hand;
	dice_seed(&of_hand, w->plan.seed * 77 + v->hand * SESSIONS + v->session);
	uint64_t at = play.start_ms + play.begins_ms[v->session] + dice_below(&of_hand, HOUR_MS) +
		      dice_below(&w->dice, 15000);
	person_kill(p, at - w->now_ms);
	timeline_add(w, at + STEP_MS, steps, v, 0, NO_BYTES);
}

static bool is_done(const struct visit *v)
{
	return v->acts >= ACTS && uc_client_is_idle(v->person->client);
}

static void steps(struct world *w, struct happening *h)
{
	struct visit *v = h->subject;
	struct person *p = v->person;
	if (!p->client) {
		sim_fail(w, "person %u is not there", p->number);
		return;
	}
	if (p->client->account.state != ACCOUNT_ACTIVE) {
		signs_up(p);
	} else if (uc_client_connection(p->client) == UC_ONLINE) {
		if (!v->settled) {
			person_before(p, "uc_recovery_confirmed", "");
			person_after(p, uc_recovery_confirmed(p->client));
			/* Nobody is found by an address before they say so. */
			if (p->app->names == UC_NAME_ADDRESS)
				act_findable(p, UC_ASK_ANYBODY);
		}
		v->settled = true;
		p->phase = PHASE_LIVE;
		if (v->session && v->acts++ < ACTS)
			acts(v);
		v->acts += !v->session;
	}
	if (is_done(v) || ++v->steps == STEPS_MAX) {
		if (!v->settled)
			sim_fail(w, "person %u has not signed up", p->number);
		else
			ends(v);
		return;
	}
	timeline_add(w, w->now_ms + STEP_MS, steps, v, 0, NO_BYTES);
}

/* As net/peer_address.c has one of IPv4. */
static void lives(struct person *p, unsigned hand)
{
	struct dice of_hand;
	dice_seed(&of_hand, p->w->plan.seed * 77 + hand * SESSIONS);
	p->from[10] = p->from[11] = 0xff;
	p->from[12] = (uint8_t)(11 + dice_below(&of_hand, 100));
	dice_fill(&of_hand, p->from + 13, 3);
	p->has_from = true;
	for (size_t i = 0; i < sizeof p->from; i++)
		fprintf(play.addresses, "%02x", p->from[i]);
	fputc('\n', play.addresses);
}

static void comes(struct world *w, struct happening *h)
{
	unsigned hand = (unsigned)h->number / 2, app = h->number % 2 ? 2 : 0;
	char name[TEXT_MAX], identifier[TEXT_MAX];
	if (app)
		snprintf(identifier, sizeof identifier, "zq%llx@example.org",
			 (unsigned long long)dice_throw(&w->dice));
	else
		snprintf(identifier, sizeof identifier, "+49157%08llu",
			 (unsigned long long)dice_below(&w->dice, 100000000));
	snprintf(name, sizeof name, "zQmark %u on %u", hand, app);
	struct person *p = world_person(w, &w->apps[app], name, identifier);
	if (!p) {
		sim_fail(w, "no memory");
		return;
	}
	struct visit *v = &play.visits[p->number];
	*v = (struct visit){ .person = p, .hand = hand };
	lives(p, hand);
	timeline_add(w, w->now_ms + STEP_MS, steps, v, 0, NO_BYTES);
}

static void forgets(struct world *w, struct happening *h)
{
	(void)h;
	for (unsigned i = 0; i < APPS; i++)
		if (w->apps[i].provider &&
		    (store_maintain(w->apps[i].accounts) || store_maintain(w->apps[i].rooms)))
			sim_fail(w, "a store does not forget");
}

/* --- the whole --- */

static void plan_days(struct world *w)
{
	bool crowd = play.hands >= CROWD;
	uint64_t span = (crowd ? 20 : 6) * HOUR_MS, rest = crowd ? 4 * HOUR_MS : HOUR_MS;
	play.start_ms = (w->now_ms / DAY_MS + 1) * DAY_MS;
	for (unsigned i = 1; i < SESSIONS; i++)
		play.begins_ms[i] = (i == 1 ? span : play.begins_ms[i - 1]) + rest + HOUR_MS;
	/* What has ended is swept away within two hours. */
	play.ends_ms = play.begins_ms[SESSIONS - 1] + 4 * HOUR_MS;
	for (uint64_t at = 12 * HOUR_MS; at < play.ends_ms; at += 12 * HOUR_MS)
		timeline_add(w, play.start_ms + at, forgets, NULL, 0, NO_BYTES);
	timeline_add(w, play.start_ms + play.ends_ms, forgets, NULL, 0, NO_BYTES);
	for (unsigned i = 0; i < play.hands; i++) {
		uint64_t at = play.start_ms + 10 * MINUTE_MS + span * i / play.hands +
			      dice_below(&w->dice, span / play.hands / 4);
		bool first = dice_below(&w->dice, 2);
		timeline_add(w, at, comes, NULL, 2 * i + first, NO_BYTES);
		timeline_add(w, at + 3000 + dice_below(&w->dice, 9000), comes, NULL, 2 * i + !first,
			     NO_BYTES);
	}
}

static bool leak_switch(const char *name)
{
#ifdef PLANTED_SWITCH
	for (int i = PLANTED_COUNT + 1; i < PLANTED_END; i++)
		if (!strcmp(name, planted_name((enum planted_bug)i))) {
			planted_switch((enum planted_bug)i);
			return true;
		}
#else
	(void)name;
#endif
	return false;
}

/* The moderators' public key, then the keys that values of names and accounts could be made with. */
static bool keys_tell(const char *folder, const struct app *a)
{
	const struct view keys[] = { VIEW_OF(a->keys.moderators_pub), VIEW_OF(a->keys.address_key),
				     VIEW_OF(a->keys.name_key), VIEW_OF(a->keys.index.key),
				     VIEW_OF(a->keys.frank.key) };
	char path[512];
	snprintf(path, sizeof path, "%s/%s.keys", folder, a->domain);
	FILE *to = fopen(path, "w");
	for (size_t i = 0; to && i < sizeof keys / sizeof *keys; i++) {
		for (size_t k = 0; k < keys[i].n; k++)
			fprintf(to, "%02x", keys[i].p[k]);
		fputc('\n', to);
	}
	return to && !fclose(to);
}

static bool play_all(const char *folder, const char *people)
{
	static struct cover cover;
	struct world *w = &play.w;
	struct plan plan = { .seed = 20,
			     .cover = &cover,
			     .folder = folder,
			     .driver = &store_rocksdb_driver,
			     .tick_ms = TICK_MS };
	play.hands = (unsigned)strtoul(people, NULL, 10);
	if (!play.hands || 2 * play.hands > PEOPLE_MAX || cover_init(&cover) ||
	    world_init(w, &plan))
		return false;
	plan_days(w);
	world_run(w, play.start_ms + play.ends_ms, NULL, NULL);
	if (w->failed)
		fprintf(stderr, "%s\n", w->why);
	bool right = !w->failed;
	for (unsigned i = 0; i < APPS; i++)
		right = keys_tell(folder, &w->apps[i]) && right;
	printf("%u people, %llu frames, %llu rooms, %llu messages\n", play.hands,
	       (unsigned long long)w->stats.frames, (unsigned long long)w->stats.rooms,
	       (unsigned long long)w->stats.said);
	world_done(w);
	cover_done(&cover);
	return right;
}

static FILE *file_new(const char *folder, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return fopen(path, "w");
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc > 4 || (argc == 4 && !leak_switch(argv[3]))) {
		fputs("usage: linkage-world FOLDER PEOPLE [LEAK]\n", stderr);
		return 2;
	}
	play.truth = file_new(argv[1], "truth");
	play.addresses = file_new(argv[1], "addresses");
	if (!play.truth || !play.addresses)
		return 1;
	bool right = play_all(argv[1], argv[2]);
	bool is_bad = fclose(play.truth) != 0;
	return fclose(play.addresses) || is_bad || !right;
}
