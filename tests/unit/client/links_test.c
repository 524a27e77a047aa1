/* SPDX-License-Identifier: Apache-2.0 */
/* Two accounts of one person: linked by texts between their clients, believed by contacts, withdrawn;
 * and what a block covers. */
#include "client/contacts.h"
#include "client/devices.h"
#include "client/linked.h"
#include "client/turn.h"
#include "tests/unit/client/small_app.h"

#include "base/heap.h"
#include "base/text.h"

static struct small_app dial_app, lens_app, plaza_app;
static struct person dial, lens, tom; /* Rosa on two apps, and a contact of hers */
static char offer[UC_LINK_TEXT_MAX], answer[UC_LINK_TEXT_MAX], whole[UC_LINK_TEXT_MAX],
	nothing[UC_LINK_TEXT_MAX], over[UC_LINK_TEXT_MAX];

static uc_err account_keep(struct uc_client *c, void *arg)
{
	struct account *a = &c->account;
	a->names = UC_NAME_HANDLE;
	a->dirty = true;
	return text_set(a->identifier, sizeof a->identifier, view_str(arg));
}

static void person_there(struct person *p, struct small_app *app, const char *domain, char *name)
{
	small_app_init(app, domain);
	person_begin(p, app);
	expect_ok(person_open(p));
	person_account(p, name);
	expect_ok(turn_run(p->c, account_keep, name));
}

static void begin(void)
{
	static char rosa[] = "Rosa", other[] = "Rosa.L", toms[] = "Tom";
	person_there(&dial, &dial_app, "dial.example", rosa);
	person_there(&lens, &lens_app, "lens.example", other);
	person_there(&tom, &plaza_app, "plaza.example", toms);
}

static void end(void)
{
	person_end(&dial);
	person_end(&lens);
	person_end(&tom);
}

static void restart(struct person *p)
{
	expect_ok(person_open(p));
}

/* The whole way, by programs that end after each step. */
static void link_both(void)
{
	expect_ok(uc_link_begin(dial.c, false, offer, sizeof offer));
	restart(&dial);
	expect_ok(uc_link_accept(lens.c, offer, true, answer, sizeof answer));
	restart(&lens);
	expect_ok(uc_link_take(dial.c, answer, whole, sizeof whole));
	restart(&dial);
	expect_ok(uc_link_take(lens.c, whole, nothing, sizeof nothing));
	expect(!nothing[0]);
	restart(&lens);
}

struct link_seen {
	struct uc_id id;
	uint8_t state;
	uint32_t shown_count;
	struct linked_side other;
};

static bool keep_link(void *ctx, const struct uc_link *l)
{
	struct link_seen *out = ctx;
	out->id = l->id;
	out->state = (uint8_t)l->state;
	out->shown_count++;
	expect_ok(text_set(out->other.app, sizeof out->other.app, view_str(l->app)));
	expect_ok(text_set(out->other.name, sizeof out->other.name, view_str(l->name)));
	expect_ok(text_set(out->other.identifier, sizeof out->other.identifier,
			   view_str(l->identifier)));
	return true;
}

/* The one there is; shown_count says how many. */
static struct link_seen link_of(const struct person *p)
{
	struct link_seen l = { .state = UINT8_MAX };
	expect_ok(uc_links(p->c, keep_link, &l));
	return l;
}

static struct link_seen looked(const struct person *p, const char *text)
{
	struct link_seen l = { .state = UINT8_MAX };
	expect_ok(uc_link_look(p->c, text, keep_link, &l));
	return l;
}

TEST(two_clients_make_one_without_a_server)
{
	begin();
	link_both();
	struct link_seen l = link_of(&dial), k = link_of(&lens);
	expect(l.shown_count == 1 && k.shown_count == 1);
	expect(l.state == UC_LINK_WHOLE && k.state == UC_LINK_WHOLE);
	expect(id_equal(&l.id, &k.id));
	expect_bytes(view_str(l.other.app), VIEW_LIT("lens.example"));
	expect_bytes(view_str(l.other.name), VIEW_LIT("Rosa.L"));
	expect_bytes(view_str(l.other.identifier), VIEW_LIT("rosa.l"));
	expect_bytes(view_str(k.other.name), VIEW_LIT("Rosa"));
	expect(!k.other.identifier[0]); /* not told */
	expect(dial_app.requests == 0 && lens_app.requests == 0);
	/* Both hold the same, and each text says whom it is about. */
	expect_bytes(blob_view(&dial.c->links->statement), blob_view(&lens.c->links->statement));
	expect_eq(looked(&lens, offer).state, UC_LINK_OFFERED);
	expect_bytes(view_str(looked(&lens, offer).other.name), VIEW_LIT("Rosa"));
	expect_eq(looked(&dial, answer).state, UC_LINK_SIGNED);
	expect_bytes(view_str(looked(&dial, whole).other.app), VIEW_LIT("lens.example"));
	expect_err(uc_link_look(tom.c, whole, keep_link, &l), UC_E_NOT_FOUND);
	end();
}

TEST(an_offer_is_good_once_and_not_for_long)
{
	begin();
	expect_ok(uc_link_begin(dial.c, true, offer, sizeof offer));
	test_now_ms += 10 * 60 * 1000;
	expect_err(uc_link_accept(lens.c, offer, false, answer, sizeof answer), UC_E_STALE);
	test_now_ms -= 1;
	expect_ok(uc_link_accept(lens.c, offer, false, answer, sizeof answer));
	test_now_ms += 1;
	expect_err(uc_link_take(dial.c, answer, whole, sizeof whole), UC_E_STALE);
	/* Another one takes its place. */
	expect_ok(uc_link_begin(dial.c, true, offer, sizeof offer));
	expect_err(uc_link_take(dial.c, answer, whole, sizeof whole), UC_E_NOT_FOUND);
	expect_ok(uc_link_accept(lens.c, offer, false, answer, sizeof answer));
	expect_ok(uc_link_take(dial.c, answer, whole, sizeof whole));
	expect_err(uc_link_take(dial.c, answer, nothing, sizeof nothing), UC_E_NOT_FOUND);
	/* Linked: nothing more to accept until it is withdrawn. */
	expect_ok(uc_link_take(lens.c, whole, nothing, sizeof nothing));
	expect_ok(uc_link_take(lens.c, whole, nothing, sizeof nothing));
	expect_ok(uc_link_begin(dial.c, true, offer, sizeof offer));
	expect_err(uc_link_accept(lens.c, offer, false, answer, sizeof answer), UC_E_EXISTS);
	end();
}

TEST(what_was_offered_is_what_is_signed)
{
	char room[64] = "as it was";
	begin();
	expect_ok(uc_link_begin(dial.c, false, offer, sizeof offer));
	expect_ok(uc_link_accept(lens.c, offer, false, answer, sizeof answer));
	/* Somebody else's answer, to an offer that is not theirs. */
	expect_err(uc_link_take(tom.c, answer, whole, sizeof whole), UC_E_NOT_FOUND);
	expect_err(uc_link_take(lens.c, offer, whole, sizeof whole), UC_E_UNEXPECTED);
	expect_err(uc_link_accept(lens.c, answer, false, whole, sizeof whole), UC_E_UNEXPECTED);
	expect_err(uc_link_accept(dial.c, offer, false, whole, sizeof whole), UC_E_NOT_ALLOWED);
	expect_err(uc_link_take(dial.c, "no text!", whole, sizeof whole), UC_E_MALFORMED);
	expect_err(uc_link_take(dial.c, "AAEB", whole, sizeof whole), UC_E_MALFORMED);
	expect_err(uc_link_begin(dial.c, false, room, sizeof room), UC_E_TOO_LARGE);
	expect_err(uc_link_take(dial.c, answer, room, sizeof room), UC_E_TOO_LARGE);
	expect_bytes(view_str(room), VIEW_LIT("as it was"));
	expect_err(uc_link_begin(dial.c, false, room, 0), UC_E_ARGUMENT);
	expect_eq(link_of(&dial).shown_count, 0);
	/* Nobody is called so any more. */
	expect_ok(text_set(dial.c->account.profile_name, PROFILE_BYTES, VIEW_LIT("Rosalind")));
	expect_err(uc_link_take(dial.c, answer, whole, sizeof whole), UC_E_STALE);
	expect_ok(text_set(dial.c->account.profile_name, PROFILE_BYTES, VIEW_LIT("Rosa")));
	expect_ok(uc_link_take(dial.c, answer, whole, sizeof whole));
	/* A statement that this device has not signed. */
	struct own_link *l = lens.c->links;
	l->number++;
	expect_err(uc_link_take(lens.c, whole, nothing, sizeof nothing), UC_E_STALE);
	l->number--;
	l->offer_id[0] ^= 1;
	expect_err(uc_link_take(lens.c, whole, nothing, sizeof nothing), UC_E_STALE);
	l->offer_id[0] ^= 1;
	expect_ok(uc_link_take(lens.c, whole, nothing, sizeof nothing));
	end();
}

/* What the one who accepts makes of an offer, with another number. */
static void answer_with(uint64_t number)
{
	struct link_statement s;
	struct link_text t = { .version = 1, .link_text_kind = LINK_TEXT_STATEMENT };
	struct view bytes;
	struct buf text;
	struct arena mem;
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	buf_init(&text, sizeof answer - 1);
	expect_ok(link_statement_verify(blob_view(&lens.c->links->statement), false, &mem, &s));
	s.number = number;
	expect_ok(link_statement_make(&s, LINK_ACCEPTS, &lens.c->account.device, &mem, &t.body));
	expect_ok(wire_encode_to(&mem, link_text_element, &t, &bytes));
	base64url_add(&text, bytes);
	memcpy(answer, text.p, text.n);
	answer[text.n] = 0;
	buf_done(&text);
	arena_done(&mem);
}

TEST(a_number_rises_and_does_not_leap)
{
	begin();
	expect_ok(uc_link_begin(dial.c, false, offer, sizeof offer));
	expect_ok(uc_link_accept(lens.c, offer, false, answer, sizeof answer));
	uint64_t number = lens.c->links->number;
	answer_with(number - 1);
	expect_err(uc_link_take(dial.c, answer, whole, sizeof whole), UC_E_STALE);
	answer_with(number + 1 + LINK_STEP_MAX + 1);
	expect_err(uc_link_take(dial.c, answer, whole, sizeof whole), UC_E_LIMIT);
	answer_with(UINT64_MAX);
	expect_err(uc_link_take(dial.c, answer, whole, sizeof whole), UC_E_LIMIT);
	answer_with(number);
	expect_ok(uc_link_take(dial.c, answer, whole, sizeof whole));
	end();
}

TEST(a_name_that_is_not_known_is_not_told)
{
	begin();
	dial.c->account.identifier[0] = 0;
	expect_err(uc_link_begin(dial.c, true, offer, sizeof offer), UC_E_NAME);
	expect_ok(uc_link_begin(dial.c, false, offer, sizeof offer));
	dial.c->account.state = ACCOUNT_NONE;
	expect_err(uc_link_begin(dial.c, false, offer, sizeof offer), UC_E_SIGNED_OUT);
	end();
}

TEST(either_client_withdraws)
{
	begin();
	link_both();
	struct link_seen l = link_of(&lens);
	expect_ok(uc_link_withdraw(lens.c, &l.id, over, sizeof over));
	expect_eq(link_of(&lens).state, UC_LINK_WITHDRAWN);
	expect_ok(uc_link_withdraw(lens.c, &l.id, nothing, sizeof nothing));
	expect_bytes(view_str(nothing), view_str(over));
	expect_eq(looked(&dial, over).state, UC_LINK_WITHDRAWN);
	expect_err(uc_link_take(tom.c, over, nothing, sizeof nothing), UC_E_NOT_FOUND);
	expect_ok(uc_link_take(dial.c, over, nothing, sizeof nothing));
	expect_eq(link_of(&dial).state, UC_LINK_WITHDRAWN);
	restart(&dial);
	/* It is over for good; a new one has a higher number. */
	expect_err(uc_link_take(lens.c, whole, nothing, sizeof nothing), UC_E_STALE);
	uint64_t before = dial.c->links->number;
	link_both();
	expect(dial.c->links->number > before && dial.c->links->number == lens.c->links->number);
	expect_err(uc_link_take(dial.c, over, nothing, sizeof nothing), UC_E_STALE);
	expect_eq(link_of(&dial).state, UC_LINK_WHOLE);
	end();
}

/* The account key takes everything but a new device off the list, as a recovery does. */
static void resets(struct person *p, const struct ed25519_key *account_key)
{
	struct view_list entries;
	expect_ok(device_entries_read(blob_view(&p->c->account.list), &p->c->call, &entries));
	expect_ok(ed25519_generate(test_env(), &p->c->account.device));
	expect_ok(devices_reset(p->c, &entries, account_key));
}

static void has_account_key(struct person *p, struct ed25519_key *key)
{
	expect_ok(ed25519_generate(test_env(), key));
	memcpy(p->c->account.account_key, key->pub, ED25519_KEY);
	expect_ok(devices_first(p->c, key));
	expect_ok(turn_run(p->c, account_keep, p->c->account.identifier));
}

TEST(a_device_that_was_reset_away_withdraws_nothing_of_its_own_account)
{
	struct ed25519_key key;
	begin();
	has_account_key(&dial, &key);
	link_both();
	struct link_seen l = link_of(&dial);
	/* A withdrawal that this device has signed and not kept. */
	struct own_link *kept = dial.c->links;
	struct blob statement = { NULL, 0 };
	expect_ok(blob_set(&statement, blob_view(&kept->statement)));
	expect_ok(uc_link_withdraw(dial.c, &l.id, over, sizeof over));
	kept->state = LINK_WHOLE;
	expect_ok(blob_set(&kept->statement, blob_view(&statement)));
	resets(&dial, &key);
	expect_err(uc_link_take(dial.c, over, nothing, sizeof nothing), UC_E_SIGNATURE);
	expect_eq(link_of(&dial).state, UC_LINK_WHOLE);
	blob_done(&statement);
	end();
}

TEST(nothing_is_shown_that_is_not_there)
{
	const struct uc_id nobody = { .b = { 1 } };
	begin();
	link_both();
	struct link_seen l = link_of(&dial);
	expect_err(uc_link_show(dial.c, &l.id, &nobody), UC_E_NOT_FOUND);
	expect_err(uc_link_show(dial.c, &nobody, &nobody), UC_E_NOT_FOUND);
	expect_err(uc_link_show(dial.c, &l.id, NULL), UC_E_ARGUMENT);
	expect_err(uc_link_withdraw(dial.c, &nobody, over, sizeof over), UC_E_NOT_FOUND);
	expect_err(uc_contact_links(dial.c, &nobody, NULL, NULL), UC_E_ARGUMENT);
	expect_err(uc_links(NULL, keep_link, NULL), UC_E_ARGUMENT);
	end();
}

/* --- the contact --- */

struct said {
	struct contact *by;
	struct view bytes;
	bool withdrawn;
};

static uc_err hear(struct uc_client *c, void *arg)
{
	const struct said *s = arg;
	return s->withdrawn ? linked_withdrawn_in(c, s->by, s->bytes)
			    : linked_in(c, s->by, s->bytes);
}

static uc_err tom_hears(struct contact *by, const struct blob *statement)
{
	struct said s = { by, blob_view(statement), false };
	return turn_run(tom.c, hear, &s);
}

static uc_err tom_hears_end(struct contact *by, const struct blob *withdrawal)
{
	struct said s = { by, blob_view(withdrawal), true };
	return turn_run(tom.c, hear, &s);
}

static uc_err meet(struct uc_client *c, void *arg)
{
	const struct person *p = arg;
	struct contact *k;
	const struct account *a = &p->c->account;
	return contact_meet(c, a->app, a->account_key, a->profile_name, blob_view(&a->list), &k);
}

static struct contact *tom_meets(struct person *p)
{
	struct uc_id id = contact_id(p->c->account.app, p->c->account.account_key);
	expect_ok(turn_run(tom.c, meet, p));
	return contact_find(tom.c, &id);
}

struct seen {
	unsigned n, contacts;
	char text[300];
};

static bool see(void *ctx, const struct uc_linked *l)
{
	struct seen *s = ctx;
	s->n++;
	s->contacts += l->has_contact;
	snprintf(s->text, sizeof s->text, "%s at %s as %s", l->name, l->app, l->identifier);
	return true;
}

static struct seen tom_sees(const struct contact *k)
{
	struct seen s = { 0 };
	expect_ok(uc_contact_links(tom.c, &k->id, see, &s));
	return s;
}

TEST(a_contact_believes_what_both_have_signed)
{
	begin();
	link_both();
	const struct blob *statement = &dial.c->links->statement;
	struct contact *k = tom_meets(&dial);
	expect_eq(tom_sees(k).n, 0);
	expect_ok(tom_hears(k, statement));
	expect_ok(tom_hears(k, statement)); /* twice is once */
	struct seen s = tom_sees(k);
	expect(s.n == 1 && !s.contacts);
	expect_bytes(view_str(s.text), VIEW_LIT("Rosa.L at lens.example as rosa.l"));
	restart(&tom);
	struct contact *j = tom_meets(&lens);
	k = tom_meets(&dial);
	expect_eq(tom_sees(k).contacts, 1);
	s = tom_sees(j);
	expect_bytes(view_str(s.text), VIEW_LIT("Rosa at dial.example as "));
	end();
}

TEST(and_nothing_else)
{
	struct blob half = { NULL, 0 }, changed = { NULL, 0 };
	struct person ida;
	static struct small_app ida_app;
	static char ida_name[] = "Ida";
	begin();
	person_there(&ida, &ida_app, "ida.example", ida_name);
	expect_ok(uc_link_begin(dial.c, false, offer, sizeof offer));
	expect_ok(uc_link_accept(lens.c, offer, true, answer, sizeof answer));
	expect_ok(blob_set(&half, blob_view(&lens.c->links->statement)));
	expect_ok(uc_link_take(dial.c, answer, whole, sizeof whole));
	struct contact *k = tom_meets(&dial), *i = tom_meets(&ida);
	const struct blob *statement = &dial.c->links->statement;
	/* Signed by one alone; told by somebody else; changed on the way. */
	expect_err(tom_hears(k, &half), UC_E_SIGNATURE);
	expect_err(tom_hears(i, statement), UC_E_INTRODUCTION);
	expect_ok(blob_set(&changed, blob_view(statement)));
	changed.p[changed.n - 1] ^= 1;
	expect_err(tom_hears(k, &changed), UC_E_SIGNATURE);
	expect(!tom.c->linkeds);
	/* By a device that Tom knows to be none of hers any more. */
	struct ed25519_key account_key;
	has_account_key(&lens, &account_key);
	link_both();
	struct own_link *last = lens.c->links;
	while (last && last->state != LINK_WHOLE)
		last = last->next;
	struct contact *j = tom_meets(&lens);
	expect(last != NULL);
	if (!last)
		return;
	expect_ok(blob_set(&changed, blob_view(&last->statement)));
	expect_ok(tom_hears(k, &changed));
	struct uc_id link = last->id;
	expect_ok(uc_link_withdraw(lens.c, &link, over, sizeof over));
	resets(&lens, &account_key);
	tom_meets(&lens);
	expect_err(tom_hears_end(j, &last->withdrawal), UC_E_INTRODUCTION);
	expect_eq(tom_sees(k).n, 1);
	tom.c->linkeds->number = 1; /* as if it were a new one */
	expect_err(tom_hears(k, &changed), UC_E_INTRODUCTION);
	blob_done(&half);
	blob_done(&changed);
	person_end(&ida);
	end();
}

static void withdrawn_by(struct person *p)
{
	struct link_seen l = link_of(p);
	expect_ok(uc_link_withdraw(p->c, &l.id, over, sizeof over));
}

TEST(what_is_withdrawn_is_forgotten_and_does_not_come_again)
{
	struct blob before = { NULL, 0 };
	begin();
	link_both();
	expect_ok(blob_set(&before, blob_view(&dial.c->links->statement)));
	struct contact *k = tom_meets(&dial), *j = tom_meets(&lens);
	withdrawn_by(&lens);
	expect_ok(tom_hears_end(j, &lens.c->links->withdrawal)); /* never shown: nothing is kept */
	expect(!tom.c->linkeds);
	expect_ok(tom_hears(k, &before));
	/* By the other account, told by the one who has shown it. */
	expect_ok(tom_hears_end(k, &lens.c->links->withdrawal));
	expect(tom_sees(k).n == 0 && tom_sees(j).n == 0);
	expect(!tom.c->linkeds->sides[0].name[0] && id_is_zero(&tom.c->linkeds->sides[0].contact));
	restart(&tom);
	k = tom_meets(&dial);
	expect_err(tom_hears(k, &before), UC_E_STALE);
	expect_ok(tom_hears_end(k, &lens.c->links->withdrawal));
	/* Linked anew: the withdrawal of before says nothing of it. */
	struct blob old = { NULL, 0 };
	expect_ok(blob_set(&old, blob_view(&lens.c->links->withdrawal)));
	expect_ok(uc_link_take(dial.c, over, nothing, sizeof nothing));
	link_both();
	expect_ok(tom_hears(k, &dial.c->links->statement));
	expect_err(tom_hears_end(k, &old), UC_E_STALE);
	expect_err(tom_hears(k, &before), UC_E_STALE);
	expect_eq(tom_sees(k).n, 1);
	blob_done(&before);
	blob_done(&old);
	end();
}

TEST(one_contact_shows_only_so_many)
{
	static struct small_app apps[9];
	struct person others[9];
	static char name[] = "Rosa";
	begin();
	struct contact *k = tom_meets(&dial);
	for (unsigned i = 0; i < 9; i++) {
		char domain[40];
		snprintf(domain, sizeof domain, "app%u.example", i);
		person_there(&others[i], &apps[i], domain, name);
		expect_ok(uc_link_begin(dial.c, false, offer, sizeof offer));
		expect_ok(uc_link_accept(others[i].c, offer, false, answer, sizeof answer));
		expect_ok(uc_link_take(dial.c, answer, whole, sizeof whole));
		expect_ok(uc_link_take(others[i].c, whole, nothing, sizeof nothing));
		expect_err(tom_hears(k, &others[i].c->links->statement),
			   i < 8 ? UC_OK : UC_E_LIMIT);
		person_end(&others[i]);
	}
	expect_eq(tom_sees(k).n, 8);
	end();
}

/* --- blocks --- */

static void tom_blocks(const struct contact *k, bool blocked)
{
	uc_op op;
	expect_ok(uc_block(tom.c, &k->id, blocked, &op));
}

static struct uc_id id_of_person(const struct person *p)
{
	return contact_id(p->c->account.app, p->c->account.account_key);
}

TEST(a_block_covers_both)
{
	begin();
	link_both();
	struct contact *k = tom_meets(&dial);
	struct uc_id other = id_of_person(&lens);
	expect_ok(tom_hears(k, &dial.c->links->statement));
	tom_blocks(k, true);
	expect(k->blocked && linked_is_blocked(tom.c, &other));
	/* Who comes among the contacts later is blocked, too; also after a restart. */
	restart(&tom);
	struct contact *j = tom_meets(&lens);
	k = tom_meets(&dial);
	expect(k->blocked && j->blocked);
	/* Taking the link back does not take the block off. */
	withdrawn_by(&dial);
	expect_ok(tom_hears_end(k, &dial.c->links->withdrawal));
	expect(k->blocked && j->blocked && linked_is_blocked(tom.c, &other));
	expect_eq(tom_sees(k).n, 0);
	/* Unblocking either undoes it for both, and nothing of the link is left. */
	tom_blocks(j, false);
	expect(!k->blocked && !j->blocked && !linked_is_blocked(tom.c, &other));
	expect(id_is_zero(&tom.c->linkeds->sides[0].contact));
	tom_blocks(k, true);
	expect(k->blocked && !j->blocked);
	end();
}

TEST(who_links_to_a_blocked_account_afterwards_is_blocked)
{
	begin();
	link_both();
	struct contact *k = tom_meets(&dial), *j = tom_meets(&lens);
	tom_blocks(k, true);
	expect(!j->blocked);
	expect_ok(tom_hears(j, &lens.c->links->statement));
	expect(j->blocked);
	tom_blocks(k, false);
	expect(!j->blocked && !k->blocked);
	/* Without a block a link changes nothing. */
	expect_ok(tom_hears(j, &lens.c->links->statement));
	expect(!j->blocked && !k->blocked);
	end();
}

/* Two accounts, whichever clients they are of; what they have signed. */
static struct blob link_two(struct person *one, struct person *other)
{
	struct blob statement = { NULL, 0 };
	expect_ok(uc_link_begin(one->c, false, offer, sizeof offer));
	expect_ok(uc_link_accept(other->c, offer, false, answer, sizeof answer));
	expect_ok(uc_link_take(one->c, answer, whole, sizeof whole));
	struct uc_id ids[] = { id_of_person(one), id_of_person(other) };
	struct uc_id pair = link_pair(&ids[0], &ids[1]);
	for (const struct own_link *l = one->c->links; l; l = l->next)
		if (id_equal(&l->id, &pair))
			expect_ok(blob_set(&statement, blob_view(&l->statement)));
	return statement;
}

TEST(a_block_goes_as_far_as_links_go)
{
	struct person ida;
	static struct small_app ida_app;
	static char ida_name[] = "Ida";
	begin();
	person_there(&ida, &ida_app, "ida.example", ida_name);
	struct blob one = link_two(&dial, &lens), two = link_two(&lens, &ida);
	struct uc_id far = id_of_person(&ida);
	struct contact *k = tom_meets(&dial), *j = tom_meets(&lens);
	expect_ok(tom_hears(k, &one));
	expect_ok(tom_hears(j, &two));
	tom_blocks(k, true);
	expect(j->blocked && linked_is_blocked(tom.c, &far));
	tom_blocks(k, false);
	expect(!j->blocked && !linked_is_blocked(tom.c, &far));
	/* Not over one that was withdrawn before. */
	withdrawn_by(&dial);
	expect_ok(tom_hears_end(k, &dial.c->links->withdrawal));
	tom_blocks(k, true);
	expect(k->blocked && !j->blocked && !linked_is_blocked(tom.c, &far));
	blob_done(&one);
	blob_done(&two);
	person_end(&ida);
	end();
}

static uc_err asks(struct uc_client *c, void *arg)
{
	struct request *q = HEAP_NEW(struct request);
	if (!q)
		return UC_E_MEMORY;
	q->incoming = q->dirty = true;
	q->state = REQUEST_OPEN;
	q->id.b[0] = 1;
	q->contact = *(const struct uc_id *)arg;
	request_add(c, q);
	return UC_OK;
}

TEST(what_a_covered_account_asks_is_declined)
{
	struct uc_id stranger;
	begin();
	link_both();
	stranger = id_of_person(&lens);
	struct contact *k = tom_meets(&dial);
	expect_ok(turn_run(tom.c, asks, &stranger));
	expect_ok(tom_hears(k, &dial.c->links->statement));
	expect_eq(tom.c->requests->state, REQUEST_OPEN);
	tom_blocks(k, true);
	expect_eq(tom.c->requests->state, REQUEST_DECLINED);
	end();
}

static void links_anew(const char *name)
{
	withdrawn_by(&lens);
	expect_ok(uc_link_take(dial.c, over, nothing, sizeof nothing));
	expect_ok(text_set(lens.c->account.profile_name, sizeof lens.c->account.profile_name,
			   view_str(name)));
	link_both();
}

TEST(of_who_is_blocked_nothing_new_is_taken)
{
	begin();
	link_both();
	struct contact *k = tom_meets(&dial);
	struct uc_id other = id_of_person(&lens);
	expect_ok(tom_hears(k, &dial.c->links->statement));
	const uint64_t number = tom.c->linkeds->number;
	tom_blocks(k, true);
	links_anew("I know where you live");
	expect_ok(tom_hears(k, &dial.c->links->statement));
	expect_bytes(view_str(tom_sees(k).text), VIEW_LIT("Rosa.L at lens.example as rosa.l"));
	expect_eq(tom.c->linkeds->number, number);
	/* Afterwards it is, said once more. */
	restart(&tom);
	k = tom_meets(&dial);
	tom_blocks(k, false);
	expect_ok(tom_hears(k, &dial.c->links->statement));
	expect_bytes(view_str(tom_sees(k).text),
		     VIEW_LIT("I know where you live at lens.example as rosa.l"));
	/* Nor once it was taken back: the block covers both as before. */
	tom_blocks(k, true);
	links_anew("I know where you work");
	expect_ok(tom_hears_end(k, &lens.c->links->withdrawal));
	expect_ok(tom_hears(k, &dial.c->links->statement));
	expect(k->blocked && linked_is_blocked(tom.c, &other));
	end();
}
