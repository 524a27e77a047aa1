/* SPDX-License-Identifier: Apache-2.0 */
/* people: uint16 version = 1; uint64 now_ms; opaque address<V>, key_package<V>;
 *         opaque moderators_priv<V>  (Lens);  person[3]; guest[5] */
#include "tests/unit/provider/kept.h"

enum { FILE_BYTES = 1 << 20, VERSION = 1, KINDS = 2, KEPT_APPS = 2 };

struct guest alone_r, alone_t;
struct view kept_address, kept_package;

static int kept_version;
static const char *const kinds[KINDS] = { "accounts", "rooms" };
static const char *const app_names[KEPT_APPS] = { "dial", "lens" };

/* --- files --- */

struct view kept_file(const char *name)
{
	char path[512];
	uint8_t *bytes = arena_take(&apps_mem, FILE_BYTES);
	snprintf(path, sizeof path, "%s/provider_%d/%s", FIXTURES, kept_version, name);
	FILE *f = fopen(path, "rb");
	expect(f && bytes);
	if (!f || !bytes)
		return (struct view){ NULL, 0 };
	size_t n = fread(bytes, 1, FILE_BYTES, f);
	fclose(f);
	return view_make(bytes, n);
}

static void file_write(const char *folder, const char *name, struct view bytes)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	expect(f && fwrite(bytes.p, 1, bytes.n, f) == bytes.n && !fclose(f));
}

static uc_err collect(void *ctx, struct view bytes)
{
	buf_add_view(ctx, bytes);
	return UC_OK;
}

static struct view kept(struct buf *b)
{
	struct view out = { NULL, 0 };
	expect_ok(arena_copy(&apps_mem, buf_view(b), &out));
	buf_done(b);
	return out;
}

struct view kept_dump(struct store *s)
{
	struct buf b;
	buf_init(&b, FILE_BYTES);
	expect_ok(store_dump(s, collect, &b));
	return kept(&b);
}

/* --- people --- */

static void wire_secret(struct wire *w, struct secret *s)
{
	struct view v = secret_view(s);
	wire_bytes(w, &v);
	if (wire_reading(w) && !w->failed && secret_set(s, v))
		wire_fail(w, UC_E_MALFORMED);
}

static void wire_ed25519(struct wire *w, struct ed25519_key *k)
{
	wire_fixed(w, k->seed, sizeof k->seed);
	if (wire_reading(w) && !w->failed)
		ed25519_from_seed(k->seed, k);
}

static void wire_person(struct wire *w, struct person *p)
{
	struct kem_key *k = &p->phone.intake;
	struct view priv = secret_view(&k->priv), pub = kem_public(k);
	wire_fixed(w, p->account_id, sizeof p->account_id);
	wire_ed25519(w, &p->account);
	wire_ed25519(w, &p->phone.key);
	wire_bytes(w, &priv);
	wire_bytes(w, &pub);
	wire_u64(w, &p->phone.cursor);
	if (wire_reading(w) && !w->failed)
		expect_ok(kem_key_import(suite_find(SUITE_X25519_AES128), priv, pub, k));
}

static void group_out(const struct guest *g, struct view *epoch, struct view *ratchets)
{
	struct buf e, r;
	buf_init_secret(&e, FILE_BYTES);
	buf_init_secret(&r, FILE_BYTES);
	expect_ok(group_save_epoch(g->g, &e));
	expect_ok(group_save_ratchets(g->g, &r));
	*epoch = kept(&e);
	*ratchets = kept(&r);
}

static void wire_guest(struct wire *w, struct guest *g)
{
	struct view epoch = { NULL, 0 }, ratchets = { NULL, 0 };
	if (!wire_reading(w))
		group_out(g, &epoch, &ratchets);
	wire_bytes(w, &g->room);
	wire_bytes(w, &g->client);
	wire_fixed(w, g->secret, sizeof g->secret);
	wire_u64(w, &g->seq);
	wire_fixed(w, g->chain, sizeof g->chain);
	wire_bytes(w, &epoch);
	wire_bytes(w, &ratchets);
	if (!wire_reading(w) || w->failed)
		return;
	const struct group_platform p = { .env = test_env(), .hooks = &room_hooks };
	expect_ok(uri_participant_of(g->client, &g->participant));
	expect_ok(group_load(&p, epoch, ratchets, &g->g));
	g->is_known = g->ack = true;
}

static void wire_people(struct wire *w)
{
	struct person *people[] = { &rosa, &rob, &tom };
	struct guest *guests[] = { &alone_r, &alone_t, &r1, &r2, &t1 };
	uint16_t version = VERSION;
	wire_u16(w, &version);
	if (version != VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_u64(w, &test_now_ms);
	wire_bytes(w, &kept_address);
	wire_bytes(w, &kept_package);
	wire_secret(w, &apps[LENS].moderators);
	for (size_t i = 0; i < sizeof people / sizeof people[0]; i++)
		wire_person(w, people[i]);
	for (size_t i = 0; i < sizeof guests / sizeof guests[0]; i++)
		wire_guest(w, guests[i]);
}

/* --- reading --- */

static void app_load(struct app *a, const char *name)
{
	char file[64];
	app_kill(a, true);
	for (int i = 0; i < KINDS; i++) {
		store_memory_free(a->disks[i]);
		a->disks[i] = store_memory_new();
		struct store_options o = { .driver = &store_memory_driver, .memory = a->disks[i] };
		snprintf(file, sizeof file, "%s.%s.dump", name, kinds[i]);
		expect_ok(store_load(&o, kept_file(file)));
	}
	snprintf(file, sizeof file, "%s.app.keys", name);
	expect_ok(provider_keys_read(kept_file(file), &a->keys));
	app_start(a);
}

void kept_begin(int version)
{
	struct wire w;
	kept_version = version;
	apps_begin();
	rosa = (struct person){ .app = &apps[DIAL], .name = "+4915112345678" };
	rob = (struct person){ .app = &apps[DIAL], .name = "+4915112345679" };
	tom = (struct person){ .app = &apps[LENS], .name = "tom" };
	alone_r = r1 = (struct guest){ .person = &rosa };
	r2 = (struct guest){ .person = &rob };
	alone_t = t1 = (struct guest){ .person = &tom };
	wire_reader(&w, kept_file("people"), NULL);
	wire_people(&w);
	expect_ok(wire_finish(&w));
	for (int i = 0; i < KEPT_APPS; i++)
		app_load(&apps[i], app_names[i]);
}

void kept_end(void)
{
	group_free(alone_r.g);
	group_free(alone_t.g);
	the_end();
}

/* --- making --- */

static struct view request_address(struct person *p)
{
	struct address_wish w = { .kind = ADDRESS_REQUEST,
				  .channel = CHANNEL_REPLY,
				  .expires_ms = test_now_ms + (uint64_t)30 * DAY_MS };
	struct address_make_request q = { { &w, 1 } };
	struct address_make_response r = { { NULL, 0 } };
	expect_ok(client_ask(p->c, FRAME_ADDRESS_MAKE, address_make_request_element, &q,
			     address_make_response_element, &r));
	return r.addresses.n ? r.addresses.v[0] : (struct view){ NULL, 0 };
}

static void ask_tom(struct view target)
{
	uint8_t letter[CARD_BYTES] = { 0 };
	struct component_data c = { COMPONENT_CONTACT_CARD, VIEW_OF(letter) };
	struct consent_entry e = { .consent_operation = CONSENT_REQUEST,
				   .requester_uri = request_address(&rosa),
				   .target_uri = target,
				   .consent_extensions = { { &c, 1 } } };
	struct consent_request_request q;
	expect_ok(wire_encode_to(&apps_mem, consent_entry_element, &e, &q.consent_entry));
	expect_ok(client_ask(rosa.c, FRAME_CONSENT_REQUEST, consent_request_request_element, &q,
			     NULL, NULL));
}

static void account_things(struct set *s)
{
	static const uint8_t grant[GRANT_ID] = { 1 };
	struct vault_put_request vault = { 1, VIEW_LIT(KEPT_VAULT) };
	struct grant_revoke_request revoke = { .grant_id = { 2 } };
	struct person eve;
	expect_ok(
		client_ask(rosa.c, FRAME_VAULT_PUT, vault_put_request_element, &vault, NULL, NULL));
	expect_ok(client_ask(rosa.c, FRAME_GRANT_REVOKE, grant_revoke_request_element, &revoke,
			     NULL, NULL));
	set_init(s, rosa.app);
	expect_ok(set_put(&rosa, s));
	expect_ok(set_address(&rosa, s, grant, &kept_address));
	kept_package = s->key_package;
	person_init(&eve, &apps[DIAL], "+4915112345670");
	expect_ok(person_ask_code(&eve));
}

static void two_alone(void)
{
	struct change c = { .n = 0 };
	the_room = VIEW_LIT("mimi://dial.example/r/twoalone");
	guest_init(&alone_r, &rosa, NULL);
	guest_init(&alone_t, &tom, NULL);
	expect_ok(guest_create(&alone_r, true));
	change_add(&c, &alone_t);
	guest_commit(&alone_r, &c);
	guest_join(&alone_t);
	guest_say(&alone_t, "hello");
	guest_read(&alone_r);
	guest_read(&alone_t);
	expect_eq(alone_r.messages, 1);
}

static void three_of_us(void)
{
	the_room = VIEW_LIT("mimi://dial.example/r/threeofus");
	guest_init(&r2, &rob, NULL);
	guest_init(&t1, &tom, NULL);
	the_room_of((struct guest *[]){ &r2, &t1 }, 2);
	guest_say(&r2, "all here");
	struct guest *all[] = { &r1, &r2, &t1 };
	for (size_t i = 0; i < 3; i++)
		guest_read(all[i]);
	guests_agree(all, 3);
}

/* By itself, and the other has committed it. */
static void one_has_left(void)
{
	struct guest stays, leaves;
	struct change c = { .n = 0 }, none = { .n = 0 };
	the_room = VIEW_LIT("mimi://dial.example/r/oneleft");
	guest_init(&stays, &rosa, NULL);
	guest_init(&leaves, &rob, NULL);
	expect_ok(guest_create(&stays, false));
	change_add(&c, &leaves);
	guest_commit(&stays, &c);
	guest_join(&leaves);
	guest_leave(&leaves);
	guest_read(&stays);
	guest_commit(&stays, &none);
	guest_read(&stays);
	group_free(stays.g);
	group_free(leaves.g);
}

/* Lens is away: what Tom gets of this, he gets later. */
static void while_lens_is_away(void)
{
	struct guest second, host, third;
	struct change c = { .n = 0 }, first = { .n = 0 }, none = { .n = 0 };
	guest_init(&second, &tom, NULL);
	change_add(&c, &second);
	guest_commit(&r1, &c);
	guest_read(&r2);
	/* The tree that the one just added begins with is not the last any more. */
	guest_commit(&r1, &none);
	guest_read(&r2);
	the_room = VIEW_LIT("mimi://dial.example/r/lateroom");
	guest_init(&host, &rosa, NULL);
	guest_init(&third, &tom, NULL);
	expect_ok(guest_create(&host, false));
	change_add(&first, &third);
	guest_commit(&host, &first);
	group_free(host.g);
}

static void people_write(const char *folder)
{
	struct buf b;
	struct wire w;
	buf_init_secret(&b, FILE_BYTES);
	wire_writer(&w, &b);
	wire_people(&w);
	expect_ok(wire_finish(&w));
	file_write(folder, "people", buf_view(&b));
	buf_done(&b);
}

static void app_write(const char *folder, const struct app *a, const char *name)
{
	struct store *stores[KINDS] = { a->accounts, a->rooms };
	struct buf b;
	char file[64];
	for (int i = 0; i < KINDS; i++) {
		snprintf(file, sizeof file, "%s.%s.dump", name, kinds[i]);
		file_write(folder, file, kept_dump(stores[i]));
	}
	buf_init_secret(&b, FILE_BYTES);
	expect_ok(provider_keys_write(&a->keys, &b));
	snprintf(file, sizeof file, "%s.app.keys", name);
	file_write(folder, file, buf_view(&b));
	buf_done(&b);
}

void kept_write(const char *folder)
{
	struct set s;
	the_people();
	account_things(&s);
	one_has_left();
	two_alone();
	three_of_us();
	struct view target = request_address(&tom);
	client_close(tom.c);
	guest_say(&alone_r, KEPT_DIRECT);
	guest_say(&r2, KEPT_WAITING);
	guest_read(&r1);
	guest_read(&r2);
	guest_read(&alone_r);
	apps[LENS].is_down = true;
	while_lens_is_away();
	ask_tom(target);
	client_close(rosa.c);
	client_close(rob.c);
	expect_ok(intake_put(apps[DIAL].provider, VIEW_OF(rosa.account_id), INTAKE_CONSENT,
			     VIEW_LIT(KEPT_ITEM), &apps_mem));
	apps_settle();
	for (int i = 0; i < KEPT_APPS; i++)
		app_write(folder, &apps[i], app_names[i]);
	people_write(folder);
	kept_end();
}
