/* SPDX-License-Identifier: Apache-2.0 */
/* A client's rooms: what two and three people do in one, with a restart after every step; and what
 * a member does not believe. */
#include "client/room_group_inside.h"
#include "mimi/content.h"
#include "mimi/media_type.h"
#include "mls/group_state.h"

#include "tests/unit/client/hub.h"

static struct hub hub;
static struct person rosa, tom, ida;
static bool restarts; /* after every step */

static void step(struct person *p)
{
	if (restarts && p->g)
		person_restart(p);
}

static void create(bool direct)
{
	struct room r = { .direct = direct };
	struct view info = { NULL, 0 }, tree = { NULL, 0 };
	hub_begin(&hub);
	person_begin(&rosa, "dial.example", 1);
	person_begin(&tom, "lens.example", 2);
	person_begin(&ida, "plaza.example", 3);
	rosa.own_hub = true;
	expect_ok(text_set(r.uri, sizeof r.uri, VIEW_LIT("mimi://dial.example/r/room")));
	expect_ok(room_group_create(&rosa.c, &r, &rosa.set, sign_public(&hub.key),
				    sign_public(&hub.frank), &rosa.g));
	step(&rosa);
	expect_ok(room_group_info(&rosa.c, rosa.g, &hub.mem, &info, &tree));
	hub_take_room(&hub, info, tree);
	expect(room_group_is_direct(rosa.g) == direct);
}

static void end(void)
{
	person_end(&rosa);
	person_end(&tom);
	person_end(&ida);
	hub_end(&hub);
}

static void take(struct person *p, struct view fanout, enum room_entry_kind kind)
{
	struct room_entry e = { .timestamp = 0 };
	if (!p->g)
		return;
	expect_ok(person_entry(p, fanout, &hub.mem, &e));
	expect_eq(e.kind, kind);
	expect_eq(e.timestamp, hub.clock);
	step(p);
}

/* By one, with these newcomers and without these: everybody's next epoch. */
static void commit(struct person *by, struct person *added, struct person *removed)
{
	struct view package, whose, update = { NULL, 0 }, fanout = { NULL, 0 };
	struct room_change change = { { &package, 0 }, { &whose, 0 } };
	uint8_t hash[SHA256_BYTES];
	struct person *all[] = { &rosa, &tom, &ida };
	if (added) {
		package = person_package(&hub.mem, added);
		change.packages.n = 1;
	}
	if (removed) {
		whose = view_str(removed->set.participant);
		change.participants.n = 1;
	}
	expect_ok(room_group_commit(&by->c, by->g, &change, &hub.mem, &update, hash));
	step(by);
	expect_ok(hub_update(&hub, update, &fanout));
	for (size_t i = 0; i < 3; i++)
		take(all[i], fanout, all[i] == removed ? ROOM_ENTRY_REMOVED : ROOM_ENTRY_COMMIT);
	if (removed) {
		room_group_free(removed->g);
		removed->g = NULL;
	}
	if (added) {
		expect_ok(
			room_group_join(&added->c, &added->set, hub.welcome, hub.tree, &added->g));
		step(added);
	}
}

static struct view send(struct person *by, const char *text)
{
	struct view submit = { NULL, 0 }, fanout = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	expect_ok(room_group_encrypt(&by->c, by->g, person_says(by, text, &hub.mem), &hub.mem,
				     &submit, hash));
	step(by);
	expect_ok(hub_submit(&hub, submit, &fanout));
	return fanout;
}

static void reads(struct person *p, struct view fanout, const struct person *from, const char *text)
{
	struct room_entry e = { .timestamp = 0 };
	struct mimi_content m = { .salt = { 0 } };
	expect_ok(person_entry(p, fanout, &hub.mem, &e));
	expect_eq(e.kind, ROOM_ENTRY_APPLICATION);
	expect_bytes(e.sender.participant, view_str(from->set.participant));
	expect_bytes(e.sender.client, view_str(from->set.client));
	expect(e.frank.n > 0);
	expect_ok(mimi_content_read(e.content, &hub.mem, &m));
	expect_bytes(m.body.content, view_str(text));
	step(p);
}

/* Everybody says something; all others read it, and the sender knows it again. */
static void all_talk(void)
{
	struct person *all[] = { &rosa, &tom, &ida };
	for (size_t i = 0; i < 3; i++) {
		if (!all[i]->g)
			continue;
		struct view fanout = send(all[i], "hello");
		for (size_t k = 0; k < 3; k++) {
			if (!all[k]->g)
				continue;
			if (k == i)
				take(all[k], fanout, ROOM_ENTRY_OWN);
			else
				reads(all[k], fanout, all[i], "hello");
		}
	}
}

static struct view leave(struct person *p)
{
	struct view update = { NULL, 0 }, fanout = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	expect_ok(room_group_leave(&p->c, p->g, &hub.mem, &update, hash));
	step(p);
	expect_ok(hub_update(&hub, update, &fanout));
	return fanout;
}

static void a_life(void)
{
	create(false);
	commit(&rosa, &tom, NULL);
	all_talk();
	commit(&tom, &ida, NULL);
	all_talk();
	/* Ida leaves; whoever is first commits it. */
	struct view fanout = leave(&ida);
	take(&ida, fanout, ROOM_ENTRY_PROPOSAL);
	take(&rosa, fanout, ROOM_ENTRY_PROPOSAL);
	take(&tom, fanout, ROOM_ENTRY_PROPOSAL);
	expect(room_group_has_proposals(tom.g));
	expect(!room_group_has_proposals(ida.g));
	expect_eq(room_group_rank(rosa.g), 0);
	expect_eq(room_group_rank(tom.g), 1);
	commit(&tom, NULL, &ida);
	expect(!room_group_has_proposals(tom.g));
	all_talk();
	/* And Tom is removed. */
	commit(&rosa, NULL, &tom);
	expect_eq(room_group_epoch(rosa.g), 4);
	all_talk();
	end();
}

TEST(a_room_lives)
{
	restarts = false;
	a_life();
}

TEST(and_does_so_with_a_restart_after_every_step)
{
	restarts = true;
	a_life();
	restarts = false;
}

TEST(a_direct_room)
{
	create(true);
	commit(&rosa, &tom, NULL);
	all_talk();
	expect(room_group_is_direct(tom.g));
	struct view package = person_package(&hub.mem, &ida), update = { NULL, 0 };
	struct room_change change = { { &package, 1 }, { NULL, 0 } };
	uint8_t hash[SHA256_BYTES];
	expect_err(room_group_commit(&tom.c, tom.g, &change, &hub.mem, &update, hash), UC_E_POLICY);
	expect_err(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &update, hash),
		   UC_E_POLICY);
	expect(!update.p);
	all_talk();
	end();
}

/* --- safe at rest --- */

TEST(what_was_read_is_not_read_again)
{
	struct room_entry e;
	create(false);
	commit(&rosa, &tom, NULL);
	struct view first = send(&rosa, "one"), second = send(&rosa, "two");
	reads(&tom, second, &rosa, "two");
	person_restart(&tom);
	expect_err(person_entry(&tom, second, &hub.mem, &e), UC_E_DECRYPT);
	/* The one before it came late, and only once, too. */
	reads(&tom, first, &rosa, "one");
	person_restart(&tom);
	expect_err(person_entry(&tom, first, &hub.mem, &e), UC_E_DECRYPT);
	/* Neither by the next epoch. */
	commit(&rosa, NULL, NULL);
	person_restart(&tom);
	expect_err(person_entry(&tom, first, &hub.mem, &e), UC_E_DECRYPT);
	end();
}

TEST(our_commit_loses_to_anothers)
{
	struct view ours = { NULL, 0 }, fanout = { NULL, 0 };
	const struct room_change change = { { NULL, 0 }, { NULL, 0 } };
	uint8_t hash[SHA256_BYTES];
	create(false);
	commit(&rosa, &tom, NULL);
	expect_ok(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &ours, hash));
	person_restart(&rosa);
	/* Only one at a time. */
	expect_err(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &fanout, hash),
		   UC_E_PENDING);
	commit(&tom, &ida, NULL);
	person_restart(&rosa);
	all_talk();
	expect_err(hub_update(&hub, ours, &fanout), UC_E_FORK);
	commit(&rosa, NULL, NULL);
	all_talk();
	end();
}

TEST(a_commit_that_was_dropped_is_made_again)
{
	struct view first = { NULL, 0 };
	const struct room_change change = { { NULL, 0 }, { NULL, 0 } };
	uint8_t hash[SHA256_BYTES];
	create(false);
	commit(&rosa, &tom, NULL);
	expect_ok(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &first, hash));
	room_group_drop_pending(rosa.g);
	person_restart(&rosa);
	commit(&rosa, NULL, NULL);
	all_talk();
	end();
}

TEST(who_is_removed_reads_nothing_later)
{
	struct buf kept;
	struct room_entry e;
	struct room_group *old = NULL;
	create(false);
	commit(&rosa, &tom, NULL);
	commit(&rosa, &ida, NULL);
	buf_init_secret(&kept, BLOB_MAX);
	expect_ok(room_group_save(tom.g, &kept));
	/* Tom's device keeps all it can: its state of before, and after. */
	struct view package, whose = view_str(tom.set.participant);
	struct view update = { NULL, 0 }, fanout = { NULL, 0 };
	const struct room_change change = { { &package, 0 }, { &whose, 1 } };
	uint8_t hash[SHA256_BYTES];
	expect_ok(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &update, hash));
	expect_ok(hub_update(&hub, update, &fanout));
	take(&rosa, fanout, ROOM_ENTRY_COMMIT);
	take(&ida, fanout, ROOM_ENTRY_COMMIT);
	take(&tom, fanout, ROOM_ENTRY_REMOVED);
	struct view later = send(&rosa, "without Tom");
	expect_err(person_entry(&tom, later, &hub.mem, &e), UC_E_REMOVED);
	person_restart(&tom);
	expect_err(person_entry(&tom, later, &hub.mem, &e), UC_E_REMOVED);
	expect_err(room_group_encrypt(&tom.c, tom.g, person_says(&rosa, "x", &hub.mem), &hub.mem,
				      &update, hash),
		   UC_E_ARGUMENT);
	expect_ok(room_group_load(&tom.c, buf_view(&kept), (struct view){ NULL, 0 }, &old));
	expect_err(room_group_entry(&tom.c, old, later, false, &hub.mem, &e), UC_E_EPOCH_FUTURE);
	reads(&ida, later, &rosa, "without Tom");
	room_group_free(old);
	buf_done(&kept);
	end();
}

TEST(damaged_state_is_not_loaded)
{
	struct buf b;
	struct room_group *g = NULL;
	create(false);
	buf_init_secret(&b, BLOB_MAX);
	expect_ok(room_group_save(rosa.g, &b));
	expect_err(room_group_load(&rosa.c, view_make(b.p, b.n - 1), (struct view){ NULL, 0 }, &g),
		   UC_E_CORRUPT);
	b.p[1] = 9;
	expect_err(room_group_load(&rosa.c, buf_view(&b), (struct view){ NULL, 0 }, &g),
		   UC_E_VERSION);
	expect(!g);
	buf_done(&b);
	end();
}

/* What the store has of a group: the journal's rows, and the root as it was replaced. */
static struct buf rows, root;
static size_t writes, whole;

static void kept(struct person *p)
{
	struct room_group_change change;
	expect_ok(room_group_take(p->g, &change));
	writes++;
	whole += change.whole;
	if (change.whole)
		buf_reset(&rows);
	buf_add_view(&rows, buf_view(&change.journal));
	if (change.root.n) {
		buf_reset(&root);
		buf_add_view(&root, buf_view(&change.root));
	}
	expect_ok(rows.failed);
	room_group_change_done(&change);
}

static void comes_back(struct person *p)
{
	uint64_t epoch = room_group_epoch(p->g);
	room_group_free(p->g);
	p->g = NULL;
	expect_ok(room_group_load(&p->c, buf_view(&root), buf_view(&rows), &p->g));
	expect_eq(room_group_epoch(p->g), epoch);
}

static void kept_begin(struct person *p)
{
	buf_init_secret(&rows, BLOB_MAX);
	buf_init_secret(&root, BLOB_MAX);
	writes = whole = 0;
	kept(p);
	expect_eq(whole, 1);
}

static void kept_end(void)
{
	buf_done(&rows);
	buf_done(&root);
}

/* Its first write is whole, and no other until it has grown: not after it was read again either. */
TEST(a_group_is_written_by_what_has_changed)
{
	struct room_group_change none;
	create(false);
	commit(&rosa, &tom, NULL);
	kept_begin(&tom);
	size_t first = rows.n;
	for (int i = 0; i < 3; i++) {
		reads(&tom, send(&rosa, "to Tom"), &rosa, "to Tom");
		kept(&tom);
		reads(&rosa, send(&tom, "from Tom"), &tom, "from Tom");
		kept(&tom);
		comes_back(&tom);
	}
	commit(&rosa, &ida, NULL);
	kept(&tom);
	comes_back(&tom);
	reads(&tom, send(&ida, "in the next epoch"), &ida, "in the next epoch");
	kept(&tom);
	comes_back(&tom);
	expect_eq(whole, 1);
	expect(rows.n > first);
	expect_ok(room_group_take(tom.g, &none));
	expect(!none.whole && !none.journal.n && !none.root.n);
	room_group_change_done(&none);
	kept_end();
	end();
}

TEST(what_a_message_used_up_is_gone_with_its_turn)
{
	struct room_group *old = NULL;
	struct room_entry e;
	create(false);
	commit(&rosa, &tom, NULL);
	kept_begin(&tom);
	struct view said = send(&rosa, "once");
	struct buf before;
	buf_init_secret(&before, BLOB_MAX);
	buf_add_view(&before, buf_view(&root));
	size_t n = rows.n;
	reads(&tom, said, &rosa, "once");
	kept(&tom);
	/* Who has the root of before reads it; who has what is there now does not. */
	expect_ok(room_group_load(&tom.c, buf_view(&before), view_make(rows.p, n), &old));
	expect_ok(room_group_entry(&tom.c, old, said, tom.own_hub, &hub.mem, &e));
	room_group_free(old);
	old = NULL;
	expect_err(room_group_load(&tom.c, buf_view(&root), view_make(rows.p, n), &old),
		   UC_E_CORRUPT);
	comes_back(&tom);
	expect(person_entry(&tom, said, &hub.mem, &e) != UC_OK);
	buf_done(&before);
	kept_end();
	end();
}

TEST(rows_that_are_not_this_roots_are_no_group)
{
	struct room_group *g = NULL;
	struct buf mine, whole_one;
	create(false);
	commit(&rosa, &tom, NULL);
	kept_begin(&tom);
	reads(&tom, send(&rosa, "one"), &rosa, "one");
	kept(&tom);
	buf_init_secret(&mine, BLOB_MAX);
	buf_init_secret(&whole_one, BLOB_MAX);
	buf_add_view(&mine, buf_view(&root));
	struct view none = { NULL, 0 }, all = buf_view(&rows);
	expect_err(room_group_load(&tom.c, buf_view(&mine), none, &g), UC_E_CORRUPT);
	expect_err(room_group_load(&tom.c, buf_view(&mine), view_make(all.p, all.n - 1), &g),
		   UC_E_CORRUPT);
	rows.p[rows.n / 2] ^= 1;
	expect_err(room_group_load(&tom.c, buf_view(&mine), all, &g), UC_E_CORRUPT);
	rows.p[rows.n / 2] ^= 1;
	/* The beginning of a row that was never finished is not to be found in a store. */
	buf_add_view(&rows, VIEW_LIT("\0\0"));
	expect_err(room_group_load(&tom.c, buf_view(&mine), buf_view(&rows), &g), UC_E_CORRUPT);
	rows.n -= 2;
	/* Saved whole, it has rows no more: the next write makes them anew. */
	expect_ok(room_group_save(tom.g, &whole_one));
	reads(&tom, send(&rosa, "two"), &rosa, "two");
	kept(&tom);
	expect_eq(whole, 2);
	expect_err(room_group_load(&tom.c, buf_view(&mine), buf_view(&rows), &g), UC_E_CORRUPT);
	expect(!g);
	comes_back(&tom);
	buf_done(&mine);
	buf_done(&whole_one);
	kept_end();
	end();
}

/* Members who say nothing, by commits of Rosa's. */
static void crowd(size_t n)
{
	enum { AT_ONCE = 32 };
	struct view packages[AT_ONCE], update = { NULL, 0 }, fanout = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	struct person one;
	while (n) {
		struct room_change change = { { packages, 0 }, { NULL, 0 } };
		for (; change.packages.n < AT_ONCE && n; n--) {
			person_begin(&one, "plaza.example", 100 + n);
			packages[change.packages.n++] = person_package(&hub.mem, &one);
			person_end(&one);
		}
		expect_ok(room_group_commit(&rosa.c, rosa.g, &change, &hub.mem, &update, hash));
		expect_ok(hub_update(&hub, update, &fanout));
		take(&rosa, fanout, ROOM_ENTRY_COMMIT);
		take(&tom, fanout, ROOM_ENTRY_COMMIT);
	}
}

/* A commit costs what it changes, and a message what it uses up; neither costs the room. */
TEST(what_is_written_does_not_grow_with_the_room)
{
	create(false);
	commit(&rosa, &tom, NULL);
	crowd(120);
	kept_begin(&tom);
	size_t first = rows.n;
	reads(&tom, send(&rosa, "to all"), &rosa, "to all");
	kept(&tom);
	size_t message = rows.n - first + root.n;
	commit(&rosa, &ida, NULL);
	size_t before = rows.n;
	kept(&tom);
	size_t commit_bytes = rows.n - before + root.n;
	expect_eq(whole, 1);
	expect(message < 4 * (size_t)1024 && commit_bytes < first / 4);
	comes_back(&tom);
	kept_end();
	end();
}

TEST(the_rows_are_made_one_again_when_they_have_grown)
{
	create(false);
	commit(&rosa, &tom, NULL);
	kept_begin(&tom);
	size_t most = 0;
	while (whole < 2 && writes < 500) {
		reads(&tom, send(&rosa, "on and on"), &rosa, "on and on");
		kept(&tom);
		most = rows.n > most ? rows.n : most;
	}
	expect_eq(whole, 2);
	expect(most < (size_t)128 * 1024 && rows.n < most / 2);
	comes_back(&tom);
	reads(&tom, send(&rosa, "and after it"), &rosa, "and after it");
	kept(&tom);
	expect_eq(whole, 2);
	comes_back(&tom);
	kept_end();
	end();
}

/* --- leaving --- */

TEST(leaving_can_be_said_again)
{
	struct view one = { NULL, 0 }, two = { NULL, 0 }, fanout = { NULL, 0 };
	const struct room_change change = { { NULL, 0 }, { NULL, 0 } };
	uint8_t hash[SHA256_BYTES];
	create(false);
	commit(&rosa, &tom, NULL);
	expect_ok(room_group_leave(&tom.c, tom.g, &hub.mem, &one, hash));
	expect_err(room_group_commit(&tom.c, tom.g, &change, &hub.mem, &two, hash), UC_E_REMOVED);
	person_restart(&tom);
	expect_ok(room_group_leave(&tom.c, tom.g, &hub.mem, &two, hash));
	expect_bytes(one, two);
	/* Given up, and yet it was accepted: others' commits speak of it. */
	room_group_drop_pending(tom.g);
	person_restart(&tom);
	expect_ok(room_group_commit(&tom.c, tom.g, &change, &hub.mem, &two, hash));
	room_group_drop_pending(tom.g);
	expect_ok(hub_update(&hub, one, &fanout));
	take(&tom, fanout, ROOM_ENTRY_PROPOSAL);
	person_restart(&tom);
	take(&rosa, fanout, ROOM_ENTRY_PROPOSAL);
	commit(&rosa, NULL, &tom);
	end();
}

/* --- what a member believes --- */

static void not_believed(struct person *p, struct view message, const struct frank *frank,
			 uc_err err)
{
	struct room_entry e = { .timestamp = 77 };
	expect_err(person_entry(p, hub_fanout(&hub, message, frank), &hub.mem, &e), err);
	expect_eq(e.timestamp, 77);
}

/* A message with any tag, content and media type. */
static struct view forged(struct person *by, struct view data, const uint8_t tag[FRANKING_TAG])
{
	struct view aad = { NULL, 0 }, message = { NULL, 0 };
	expect_ok(franking_aad_write(tag, &hub.mem, &aad));
	expect_ok(group_encrypt(by->g->g, aad, data, 256, &hub.mem, &message));
	return message;
}

static struct view framed(struct view content, uint8_t tag[FRANKING_TAG])
{
	struct mimi_content m = { .salt = { 0 } };
	struct view data = { NULL, 0 };
	expect_ok(mimi_content_read(content, &hub.mem, &m));
	expect_ok(application_data_write(content, &hub.mem, &data));
	expect_ok(franking_tag(VIEW_OF(m.salt), data, tag));
	return data;
}

TEST(messages_without_a_right_frank)
{
	uint8_t tag[FRANKING_TAG];
	create(false);
	commit(&rosa, &tom, NULL);
	commit(&rosa, &ida, NULL);
	struct view whose = view_str(tom.set.participant);
	struct view data = framed(person_says(&tom, "as it is", &hub.mem), tag);
	/* None at all; another's; another time; a signature that isn't one. */
	struct view m = forged(&tom, data, tag);
	struct frank right = hub_frank(&hub, m, whose), other;
	not_believed(&ida, m, NULL, UC_E_FRANK);
	m = forged(&tom, data, tag);
	other = hub_frank(&hub, m, view_str(rosa.set.participant));
	not_believed(&ida, m, &other, UC_E_FRANK);
	m = forged(&tom, data, tag);
	hub.clock++;
	not_believed(&ida, m, &right, UC_E_FRANK);
	hub.clock--;
	m = forged(&tom, data, tag);
	other = right;
	other.server_frank[0] ^= 1;
	not_believed(&ida, m, &other, UC_E_FRANK);
	m = forged(&tom, data, tag);
	other = right;
	other.franking_integrity_signature = (struct view){ NULL, 0 };
	other.franking_signature_ciphersuite = 0;
	not_believed(&ida, m, &other, UC_E_FRANK);
	/* Where the hub is one's own app it need not sign. */
	struct room_entry e;
	expect_ok(person_entry(&rosa, hub_fanout(&hub, m, &other), &hub.mem, &e));
	m = forged(&tom, data, tag);
	not_believed(&rosa, m, NULL, UC_E_FRANK);
	m = forged(&tom, data, tag);
	expect_ok(person_entry(&ida, hub_fanout(&hub, m, &right), &hub.mem, &e));
	end();
}

TEST(messages_that_say_what_is_not_so)
{
	uint8_t tag[FRANKING_TAG], another[FRANKING_TAG];
	struct mimi_content m;
	struct view content = { NULL, 0 };
	struct frank f;
	create(false);
	commit(&rosa, &tom, NULL);
	struct view whose = view_str(tom.set.participant);
	/* The tag of another message. */
	framed(person_says(&tom, "harmless", &hub.mem), another);
	struct view message =
		forged(&tom, framed(person_says(&tom, "harm", &hub.mem), tag), another);
	f = hub_frank(&hub, message, whose);
	not_believed(&rosa, message, &f, UC_E_FRANK);
	/* Another sender's words, and another room's. */
	message = forged(&tom, framed(person_says(&rosa, "I said so", &hub.mem), tag), tag);
	f = hub_frank(&hub, message, whose);
	not_believed(&rosa, message, &f, UC_E_FRANK);
	f = hub_frank(&hub, message, view_str(rosa.set.participant));
	message = forged(&tom, framed(person_says(&rosa, "I said so", &hub.mem), tag), tag);
	not_believed(&rosa, message, &f, UC_E_FRANK);
	expect_ok(mimi_content_new(test_env(), whose, VIEW_LIT("mimi://dial.example/r/other"),
				   &hub.mem, &m));
	mimi_content_set_text(&m, VIEW_LIT("elsewhere"), false);
	expect_ok(mimi_content_write(&m, &hub.mem, &content));
	message = forged(&tom, framed(content, tag), tag);
	f = hub_frank(&hub, message, whose);
	not_believed(&rosa, message, &f, UC_E_FRANK);
	/* No content at all, or no tag. */
	message = forged(&tom, VIEW_LIT("\x00\x00\x02hi"), tag);
	f = hub_frank(&hub, message, whose);
	not_believed(&rosa, message, &f, UC_E_CBOR);
	expect_ok(group_encrypt(tom.g->g, VIEW_LIT(""),
				framed(person_says(&tom, "bare", &hub.mem), tag), 256, &hub.mem,
				&message));
	not_believed(&rosa, message, &f, UC_E_FRANK);
	/* An honest client does not even make them. */
	struct view submit = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	expect_err(room_group_encrypt(&tom.c, tom.g, content, &hub.mem, &submit, hash),
		   UC_E_ARGUMENT);
	end();
}

/* A leaf's place may be another's when a late message is read. */
TEST(late_messages_are_their_senders)
{
	struct room_client now;
	create(false);
	commit(&rosa, &tom, NULL);
	uint32_t place = room_group_own_leaf(tom.g);
	struct view late = send(&tom, "on my way");
	commit(&rosa, NULL, &tom);
	commit(&rosa, &ida, NULL);
	expect_ok(room_group_client_at(rosa.g, place, &now));
	expect_bytes(now.participant, view_str(ida.set.participant));
	reads(&rosa, late, &tom, "on my way");
	end();
}

TEST(lengths_tell_little)
{
	struct view a = { NULL, 0 }, b = { NULL, 0 };
	uint8_t hash[SHA256_BYTES];
	create(false);
	commit(&rosa, &tom, NULL);
	expect_ok(room_group_encrypt(&tom.c, tom.g,
				     person_says(&tom, "yes, with pleasure", &hub.mem), &hub.mem,
				     &a, hash));
	expect_ok(room_group_encrypt(&tom.c, tom.g, person_says(&tom, "oh yes", &hub.mem), &hub.mem,
				     &b, hash));
	expect_eq(a.n, b.n);
	end();
}

/* --- KeyPackages --- */

static struct view both(const struct person *a, const struct person *b)
{
	struct buf out;
	struct view v = { NULL, 0 };
	buf_init(&out, BLOB_MAX);
	buf_add_view(&out, person_package(&hub.mem, a));
	buf_add_view(&out, person_package(&hub.mem, b));
	expect_ok(arena_copy(&hub.mem, buf_view(&out), &v));
	buf_done(&out);
	return v;
}

static uc_err check(struct view packages, struct view *participant)
{
	return room_group_packages_check(&rosa.c, packages, &hub.mem, participant);
}

TEST(packages_are_checked_before_use)
{
	static struct person tablet;
	struct view whose = { NULL, 0 };
	create(false);
	person_begin(&tablet, "lens.example", 4);
	expect_ok(check(person_package(&hub.mem, &tom), &whose));
	expect_bytes(whose, view_str(tom.set.participant));
	expect(tom.set.not_after_ms > test_now_ms + (uint64_t)60 * 24 * 3600 * 1000);
	/* Two devices of one participant. */
	tablet.set.participant_key = tom.set.participant_key;
	expect_ok(room_group_key_package(&tablet.c, &tablet.set));
	expect_ok(check(both(&tom, &tablet), &whose));
	expect_bytes(whose, view_str(tom.set.participant));
	/* Of two people; one twice; none; damaged. */
	whose = (struct view){ NULL, 0 };
	expect_err(check(both(&tom, &ida), &whose), UC_E_PROOF);
	expect_err(check(both(&tom, &tom), &whose), UC_E_PROOF);
	expect_err(check((struct view){ NULL, 0 }, &whose), UC_E_EXHAUSTED);
	struct view bad = person_package(&hub.mem, &tom);
	expect_err(check(view_slice(bad, 0, bad.n - 1), &whose), UC_E_MALFORMED);
	struct view changed = { NULL, 0 };
	uint8_t *bytes = arena_take(&hub.mem, bad.n);
	memcpy(bytes, bad.p, bad.n);
	bytes[bad.n - 1] ^= 1;
	changed = view_make(bytes, bad.n);
	expect_err(check(changed, &whose), UC_E_SIGNATURE);
	/* One more than a participant may have. */
	struct buf many;
	buf_init(&many, BLOB_MAX);
	for (size_t i = 0; i <= ROOM_DEVICES_MAX; i++) {
		struct person *p = &tablet;
		expect_ok(room_group_key_package(&p->c, &p->set));
		buf_add_view(&many, person_package(&hub.mem, p));
	}
	expect_err(check(buf_view(&many), &whose), UC_E_LIMIT);
	buf_done(&many);
	/* Too old. */
	uint64_t now = test_now_ms;
	test_now_ms = tom.set.not_after_ms + 1000;
	expect(check(person_package(&hub.mem, &tom), &whose) != UC_OK);
	test_now_ms = now;
	expect(!whose.p);
	person_end(&tablet);
	end();
}

TEST(packages_prove_whose_they_are)
{
	struct key_package_secrets secrets;
	struct sign_key key;
	struct leaf_parameters leaf;
	struct view whose = { NULL, 0 }, package = { NULL, 0 }, list = { NULL, 0 };
	const struct extension_list none = { NULL, 0 };
	const struct suite *suite = suite_find(SUITE_X25519_AES128);
	create(false);
	expect_ok(sign_key_generate(suite, test_env(), &key));
	expect_ok(room_leaf_parameters(&key, view_str(tom.set.client), VIEW_LIT("x"), &hub.mem,
				       &leaf));
	expect_ok(key_package_make(suite, test_env(), &leaf, 86400, &none, &hub.mem, &package,
				   &secrets));
	expect_ok(wire_encode_to(&hub.mem, bytes_element, &package, &list));
	expect_err(check(list, &whose), UC_E_PROOF);
	key_package_secrets_wipe(&secrets);
	end();
}

/* Somebody invites, but into what is no room any more: the list lacks the newcomer. */
TEST(a_welcome_into_a_broken_room)
{
	struct buf epoch, ratchets;
	struct group *lawless = NULL;
	struct made_commit made;
	const struct group_platform platform = { .env = test_env() };
	struct proposal add = { .proposal_type = PROPOSAL_ADD };
	const struct commit_options o = { .proposals = &add, .proposal_count = 1 };
	create(false);
	commit(&rosa, &tom, NULL);
	buf_init_secret(&epoch, BLOB_MAX);
	buf_init_secret(&ratchets, BLOB_MAX);
	expect_ok(group_save_epoch(tom.g->g, &epoch));
	expect_ok(group_save_ratchets(tom.g->g, &ratchets));
	expect_ok(group_load(&platform, buf_view(&epoch), buf_view(&ratchets), &lawless));
	expect_ok(wire_decode(blob_view(&ida.set.key_package), &hub.mem, key_package_element,
			      &add.key_package));
	expect_ok(group_commit(lawless, &o, &hub.mem, &made));
	expect_err(room_group_join(&ida.c, &ida.set, made.welcome, made.ratchet_tree, &ida.g),
		   UC_E_POLICY);
	expect(!ida.g);
	/* And one that is for somebody else. */
	expect_err(room_group_join(&rosa.c, &rosa.set, made.welcome, made.ratchet_tree, &ida.g),
		   UC_E_NOT_FOUND);
	group_free(lawless);
	buf_done(&epoch);
	buf_done(&ratchets);
	end();
}

TEST(who_leaves_makes_room_in_the_ranks)
{
	create(false);
	commit(&rosa, &tom, NULL);
	commit(&rosa, &ida, NULL);
	expect_eq(room_group_rank(tom.g), 1);
	struct view fanout = leave(&rosa);
	take(&tom, fanout, ROOM_ENTRY_PROPOSAL);
	take(&ida, fanout, ROOM_ENTRY_PROPOSAL);
	take(&rosa, fanout, ROOM_ENTRY_PROPOSAL);
	expect_eq(room_group_rank(tom.g), 0);
	expect_eq(room_group_rank(ida.g), 1);
	commit(&tom, NULL, &rosa);
	all_talk();
	end();
}

TEST(a_set_signs_as_its_leaf_will)
{
	struct view a = { NULL, 0 }, b = { NULL, 0 };
	struct room_client self;
	create(false);
	expect_ok(
		set_leaf_sign(&rosa.c, &rosa.set, "Undercroft seat", VIEW_LIT("x"), &hub.mem, &a));
	expect_ok(room_group_sign(&rosa.c, rosa.g, "Undercroft seat", VIEW_LIT("x"), &hub.mem, &b));
	expect_bytes(a, b);
	expect_ok(room_group_client_at(rosa.g, room_group_own_leaf(rosa.g), &self));
	expect_ok(verify_with_label(suite_find(SUITE_X25519_AES128), self.signature_key,
				    "Undercroft seat", VIEW_LIT("x"), a));
	expect_eq(self.role, ROLE_OWNER);
	end();
}

TEST(asking_for_packages)
{
	struct view request = { NULL, 0 }, response = { NULL, 0 }, packages = { NULL, 0 }, tbs;
	struct key_material_request k;
	create(false);
	expect_ok(room_group_key_material(&rosa.c, rosa.g, VIEW_LIT("mimi://lens.example/k/abc"),
					  &hub.mem, &request));
	expect_ok(wire_decode(request, &hub.mem, key_material_request_element, &k));
	expect_bytes(k.target_user, VIEW_LIT("mimi://lens.example/k/abc"));
	expect_bytes(k.requesting_user, view_str(rosa.set.participant));
	expect_bytes(k.requester_credential.identity, view_str(rosa.set.client));
	expect_ok(wire_encode_to(&hub.mem, key_material_request_tbs_element, &k, &tbs));
	expect_ok(verify_with_label(suite_find(SUITE_X25519_AES128), k.requester_signature_key,
				    "KeyMaterialRequestTBS", tbs,
				    k.key_material_request_signature));
	struct client_key_material clients[2] = {
		{ .client_status = KEY_MATERIAL_CLIENT_EXHAUSTED,
		  .client_uri = view_str(tom.set.client) },
		{ .client_status = KEY_MATERIAL_CLIENT_SUCCESS,
		  .client_uri = view_str(tom.set.client),
		  .key_package = blob_view(&tom.set.key_package) },
	};
	struct key_material_response r = { .protocol = PROTOCOL_MLS10,
					   .user_status = KEY_MATERIAL_PARTIAL_SUCCESS,
					   .user_uri = view_str(tom.set.participant),
					   .clients = { clients, 2 } };
	expect_ok(wire_encode_to(&hub.mem, key_material_response_element, &r, &response));
	expect_ok(key_material_read(response, &hub.mem, &packages));
	expect_bytes(packages, person_package(&hub.mem, &tom));
	r.clients.n = 1;
	expect_ok(wire_encode_to(&hub.mem, key_material_response_element, &r, &response));
	expect_err(key_material_read(response, &hub.mem, &packages), UC_E_EXHAUSTED);
	r.user_status = KEY_MATERIAL_NO_CONSENT;
	r.clients.n = 0;
	expect_ok(wire_encode_to(&hub.mem, key_material_response_element, &r, &response));
	expect_err(key_material_read(response, &hub.mem, &packages), UC_E_NOT_ALLOWED);
	r.user_status = KEY_MATERIAL_USER_UNKNOWN;
	expect_ok(wire_encode_to(&hub.mem, key_material_response_element, &r, &response));
	expect_err(key_material_read(response, &hub.mem, &packages), UC_E_ADDRESS);
	end();
}
