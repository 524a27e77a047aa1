/* SPDX-License-Identifier: Apache-2.0 */
/* Franks against values computed apart from this code, and all that must not pass for one. */
#include "mimi/franking.h"
#include "mimi/media_type.h"

#include "tests/unit/harness.h"
#include "tests/unit/mimi/content_vectors.h"

static struct arena mem;

static const char salt_hex[] = "101112131415161718191a1b1c1d1e1f";
static const struct server_franking_context context = {
	.sender_uri = { (const uint8_t *)"mimi://dial.example/p/rosa", 26 },
	.room_uri = { (const uint8_t *)"mimi://lens.example/r/den", 25 },
	.accepted_timestamp = 1700000000123,
};

/* A frank of "Undercroft speaks" with everything it stands on. */
struct made {
	uint8_t hub[32], tag[FRANKING_TAG];
	struct sign_key key;
	struct view salt, data;
	struct frank frank;
};

static void key_of(uint8_t seed, struct sign_key *out)
{
	uint8_t priv[32];
	memset(priv, seed, sizeof priv);
	expect_ok(sign_key_import(suite_find(SUITE_X25519_AES128), VIEW_OF(priv), out));
}

static void make(struct made *m)
{
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	memset(m, 0, sizeof *m);
	memset(m->hub, 0xa5, sizeof m->hub);
	key_of(7, &m->key);
	m->salt = test_hex(salt_hex);
	expect_ok(application_data_write(VIEW_LIT("Undercroft speaks"), NULL, &mem, &m->data));
	expect_ok(franking_tag(m->salt, m->data, m->tag));
	expect_ok(frank_make(m->hub, &m->key, test_env(), m->tag, &context, &mem, &m->frank));
}

static void done(struct made *m)
{
	sign_key_wipe(&m->key);
	arena_done(&mem);
}

TEST(application_data)
{
	struct chain_head head = { .seq = 1 };
	struct view data, content = { 0 };
	arena_init(&mem, 1 << 16, ARENA_PLAIN);
	expect_ok(application_data_write(VIEW_LIT("Undercroft speaks"), NULL, &mem, &data));
	expect_bytes(data, test_hex("186170706c69636174696f6e2f6d696d692d636f6e74656e7400"
				    "11556e64657263726f667420737065616b73"));
	expect_ok(application_data_read(data, &mem, &content, &head));
	expect_bytes(content, VIEW_LIT("Undercroft speaks"));
	expect_eq(head.seq, 0);
	/* No type: the group's first, which is ours. */
	expect_ok(application_data_read(test_hex("00000141"), &mem, &content, &head));
	expect_bytes(content, VIEW_LIT("A"));
	content = VIEW_LIT("as before");
	expect_err(application_data_read(test_hex("0a746578742f706c61696e000141"), &mem, &content,
					 &head),
		   UC_E_UNSUPPORTED);
	expect_err(application_data_read(test_hex("00040161016200"), &mem, &content, &head),
		   UC_E_UNSUPPORTED); /* a parameter */
	expect_err(application_data_read(test_hex("0000014100"), &mem, &content, &head),
		   UC_E_TRAILING);
	expect_err(application_data_read(test_hex("000002"), &mem, &content, &head),
		   UC_E_MALFORMED);
	expect_bytes(content, VIEW_LIT("as before"));
	arena_done(&mem);
}

TEST(application_data_with_a_head)
{
#define HEAD_AT "0775632d6865616418"
#define HASH_AT "01020300000000000000000000000004"
	const struct chain_head said = { 7, { 1, 2, 3, [15] = 4 } }, none = { .seq = 0 };
	struct chain_head head = { .seq = 1 };
	struct view data, content = { 0 };
	arena_init(&mem, 1 << 16, ARENA_PLAIN);
	expect_ok(application_data_write(VIEW_LIT("A"), &said, &mem, &data));
	expect_bytes(data, test_hex("186170706c69636174696f6e2f6d696d692d636f6e74656e74"
				    "21" HEAD_AT "0000000000000007" HASH_AT "0141"));
	expect_ok(application_data_read(data, &mem, &content, &head));
	expect_bytes(content, VIEW_LIT("A"));
	expect_eq(head.seq, 7);
	expect_bytes(VIEW_OF(head.chain), VIEW_OF(said.chain));
	/* None told is none written; one that is told is whole, at a place that there is, and alone. */
	expect_ok(application_data_write(VIEW_LIT("A"), &none, &mem, &data));
	expect_eq(data.n, 25 + 1 + 2);
	static const struct {
		const char *hex;
		uc_err err;
	} bad[] = {
		{ "000a0775632d68656164014100", UC_E_MALFORMED },
		{ "0021" HEAD_AT "0000000000000000" HASH_AT "0141", UC_E_MALFORMED },
		{ "0025" HEAD_AT "0000000000000007" HASH_AT "016101620141", UC_E_UNSUPPORTED },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_err(application_data_read(test_hex(bad[i].hex), &mem, &content, &head),
			   bad[i].err);
	expect_eq(head.seq, 7);
	arena_done(&mem);
}

TEST(content_media_types)
{
	struct view component;
	struct media_type_list l;
	arena_init(&mem, 1 << 16, ARENA_PLAIN);
	expect_ok(media_types_write(&mem, &component));
	expect_bytes(component, test_hex("1a186170706c69636174696f6e2f6d696d692d636f6e74656e7400"));
	expect_ok(wire_decode(component, &mem, media_type_list_element, &l));
	expect_eq(l.media_type_list.n, 1);
	expect_err(wire_decode(test_hex("00"), &mem, media_type_list_element, &l), UC_E_MALFORMED);
	arena_done(&mem);
}

TEST(known_frank)
{
	struct made m;
	make(&m);
	expect_bytes(VIEW_OF(m.tag),
		     test_hex("003daef4e76acc7b71c19bd21bbf4084dc963531f0628187a51d45c8163ca304"));
	expect_bytes(VIEW_OF(m.frank.server_frank),
		     test_hex("4c478d06644755bb738afb5cb78c6c28a5d0c4e543e35084d1e3dfb274093585"));
	expect_eq(m.frank.franking_signature_ciphersuite, SUITE_X25519_AES128);
	expect_bytes(m.frank.franking_integrity_signature,
		     test_hex("907770770723e01d158456f8c3c1299ffc1b55a1c169144eb57382a222783fe6"
			      "b0dd8ddaaa63ef046e422fa0d7478edc16a88040dad2c5984ff5f25369fad50c"));
	expect_ok(
		frank_check(&m.frank, m.tag, m.salt, m.data, &context, sign_public(&m.key), &mem));
	expect_ok(frank_verify(m.hub, &m.frank, m.salt, m.data, &context));
	done(&m);
}

/* As the known frank, signed under another suite's number. */
TEST(frank_of_another_suite)
{
	struct made m;
	struct buf tbs;
	make(&m);
	buf_init(&tbs, 256);
	buf_add(&tbs, m.frank.server_frank, sizeof m.frank.server_frank);
	buf_add(&tbs, "\0\3\x1a", 3);
	buf_add_view(&tbs, context.sender_uri);
	buf_add_byte(&tbs, 25);
	buf_add_view(&tbs, context.room_uri);
	buf_add_view(&tbs, test_hex("0000018bcfe5687b"));
	m.frank.franking_signature_ciphersuite = SUITE_X25519_CHACHA;
	for (int right = 0; right < 2; right++) {
		/* With the right number the same bytes are accepted. */
		tbs.p[33] = right ? SUITE_X25519_AES128 : SUITE_X25519_CHACHA;
		m.frank.franking_signature_ciphersuite = tbs.p[33];
		expect_ok(sign_with_label(suite_find(SUITE_X25519_AES128), &m.key, test_env(),
					  "FrankingIntegrityTBS", buf_view(&tbs), &mem,
					  &m.frank.franking_integrity_signature));
		expect_err(frank_check(&m.frank, m.tag, m.salt, m.data, &context,
				       sign_public(&m.key), &mem),
			   right ? UC_OK : UC_E_FRANK);
	}
	buf_done(&tbs);
	done(&m);
}

TEST(salts_have_one_length)
{
	uint8_t tag[FRANKING_TAG];
	struct view salt = test_hex(salt_hex);
	expect_ok(franking_tag(salt, VIEW_LIT("x"), tag));
	salt.n--;
	expect_err(franking_tag(salt, VIEW_LIT("x"), tag), UC_E_ARGUMENT);
}

TEST(unsigned_frank)
{
	struct made m;
	make(&m);
	expect_ok(frank_make(m.hub, NULL, test_env(), m.tag, &context, &mem, &m.frank));
	expect_eq(m.frank.franking_signature_ciphersuite, 0);
	expect_eq(m.frank.franking_integrity_signature.n, 0);
	expect_ok(frank_check(&m.frank, m.tag, m.salt, m.data, &context, (struct view){ 0 }, &mem));
	expect_ok(frank_verify(m.hub, &m.frank, m.salt, m.data, &context));
	/* A reader elsewhere does not take it. */
	expect_err(
		frank_check(&m.frank, m.tag, m.salt, m.data, &context, sign_public(&m.key), &mem),
		UC_E_FRANK);
	done(&m);
}

/* Each thing that a frank binds, changed alone. */
TEST(reader_refuses)
{
	struct made m;
	struct sign_key other;
	uint8_t salt[FRANKING_SALT], data[64];
	make(&m);
	key_of(8, &other);
	struct view key = sign_public(&m.key);
#define REFUSED(f, tag, salt, data, ctx, key) \
	expect_err(frank_check(f, tag, salt, data, ctx, key, &mem), UC_E_FRANK)
	memcpy(salt, m.salt.p, sizeof salt);
	salt[15] ^= 1;
	REFUSED(&m.frank, m.tag, VIEW_OF(salt), m.data, &context, key);
	REFUSED(&m.frank, m.tag, view_slice(m.salt, 0, 15), m.data, &context, key);
	memcpy(data, m.data.p, m.data.n);
	data[m.data.n - 1] ^= 1;
	REFUSED(&m.frank, m.tag, m.salt, view_make(data, m.data.n), &context, key);
	REFUSED(&m.frank, m.tag, m.salt, m.data, &context, sign_public(&other));
	struct server_franking_context c = context;
	c.accepted_timestamp++;
	REFUSED(&m.frank, m.tag, m.salt, m.data, &c, key);
	c = context;
	c.sender_uri = VIEW_LIT("mimi://dial.example/p/tom");
	REFUSED(&m.frank, m.tag, m.salt, m.data, &c, key);
	c = context;
	c.room_uri = VIEW_LIT("mimi://lens.example/r/pit");
	REFUSED(&m.frank, m.tag, m.salt, m.data, &c, key);
	struct frank f = m.frank;
	f.server_frank[0] ^= 1;
	REFUSED(&f, m.tag, m.salt, m.data, &context, key);
	f = m.frank;
	f.franking_signature_ciphersuite = SUITE_X25519_CHACHA;
	REFUSED(&f, m.tag, m.salt, m.data, &context, key);
	f = m.frank;
	f.franking_integrity_signature.n--;
	REFUSED(&f, m.tag, m.salt, m.data, &context, key);
	m.tag[31] ^= 1;
	REFUSED(&m.frank, m.tag, m.salt, m.data, &context, key);
	/* The tag is looked at also where there is no signature. */
	REFUSED(&m.frank, m.tag, m.salt, m.data, &context, (struct view){ 0 });
#undef REFUSED
	sign_key_wipe(&other);
	done(&m);
}

TEST(hub_refuses)
{
	struct made m;
	make(&m);
	struct server_franking_context c = context;
	c.accepted_timestamp--;
	expect_err(frank_verify(m.hub, &m.frank, m.salt, m.data, &c), UC_E_FRANK);
	c = context;
	c.sender_uri = VIEW_LIT("mimi://dial.example/p/tom");
	expect_err(frank_verify(m.hub, &m.frank, m.salt, m.data, &c), UC_E_FRANK);
	expect_err(frank_verify(m.hub, &m.frank, m.salt, view_slice(m.data, 1, SIZE_MAX), &context),
		   UC_E_FRANK);
	expect_err(frank_verify(m.hub, &m.frank, (struct view){ 0 }, m.data, &context), UC_E_FRANK);
	m.hub[0] ^= 1;
	expect_err(frank_verify(m.hub, &m.frank, m.salt, m.data, &context), UC_E_FRANK);
	done(&m);
}

#define CD8  "cdcdcdcdcdcdcdcd"
#define CD31 CD8 CD8 CD8 "cdcdcdcdcdcdcd"
#define ITEM "002020" CD31 "cd"

TEST(safe_aad)
{
	uint8_t tag[FRANKING_TAG], back[FRANKING_TAG] = { 0 };
	struct view aad;
	arena_init(&mem, 1 << 16, ARENA_PLAIN);
	memset(tag, 0xcd, sizeof tag);
	expect_ok(franking_aad_write(tag, &mem, &aad));
	expect_bytes(aad, test_hex("23" ITEM));
	expect_ok(franking_aad_read(aad, &mem, back));
	expect_bytes(VIEW_OF(back), VIEW_OF(tag));
	memset(back, 0, sizeof back);
	/* Beside others. */
	expect_ok(franking_aad_read(test_hex("2a00050101" ITEM "802100"), &mem, back));
	expect_bytes(VIEW_OF(back), VIEW_OF(tag));
	memset(back, 0, sizeof back);
	const char *const bad[] = {
		"",
		"00",
		"0400050101",
		"4046" ITEM ITEM,           /* twice */
		"2a802100" ITEM "00050101", /* not in order */
		"2200201f" CD31,            /* a byte short */
		"24002021" CD31 "cdcd",     /* a byte more */
		"23" ITEM "00",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		expect_err(franking_aad_read(test_hex(bad[i]), &mem, back), UC_E_FRANK);
	expect(!back[0]);
	arena_done(&mem);
}

TEST(agent_data)
{
	struct franking_agent_data back;
	const struct franking_agent_data d = {
		.franking_signature_key = VIEW_LIT("key"),
		.credential = { .credential_type = CREDENTIAL_BASIC,
				.identity = VIEW_LIT("mimi://lens.example") },
	};
	struct view bytes;
	arena_init(&mem, 1 << 16, ARENA_PLAIN);
	expect_ok(wire_encode_to(&mem, franking_agent_data_element, &d, &bytes));
	expect_bytes(bytes, test_hex("036b6579000113"
				     "6d696d693a2f2f6c656e732e6578616d706c65"));
	expect_ok(wire_decode(bytes, &mem, franking_agent_data_element, &back));
	expect_bytes(back.credential.identity, d.credential.identity);
	arena_done(&mem);
}

/* The first example of draft-ietf-mimi-content, franked. */
TEST(example)
{
	const struct content_vector *v = content_vector_find("original");
	struct server_franking_context c = { .accepted_timestamp = 1644387225019 };
	uint8_t hub[32], tag[FRANKING_TAG];
	struct sign_key key;
	struct frank f;
	struct view data;
	if (!v) {
		test_skip("no " CONTENT_VECTORS);
		return;
	}
	arena_init(&mem, 1 << 20, ARENA_PLAIN);
	for (size_t i = 0; i < sizeof hub; i++)
		hub[i] = (uint8_t)i;
	key_of(0x42, &key);
	c.sender_uri = view_str(v->sender_uri);
	c.room_uri = view_str(v->room_uri);
	struct view salt = view_slice(v->content, 2, FRANKING_SALT);
	expect_ok(franking_tag(salt, v->content, tag));
	expect_bytes(VIEW_OF(tag),
		     test_hex("a9a69f1d2fe6f37984190c093ecb8a10d647093db735fb7ba926bfdccff4c2bf"));
	expect_ok(application_data_write(v->content, NULL, &mem, &data));
	expect_eq(data.n, 221);
	expect_ok(franking_tag(salt, data, tag));
	expect_bytes(VIEW_OF(tag),
		     test_hex("cac50818a758d500a44109d35073e0ce59d35c81f68eaf911c5b930d014034d0"));
	expect_ok(frank_make(hub, &key, test_env(), tag, &c, &mem, &f));
	expect_bytes(VIEW_OF(f.server_frank),
		     test_hex("be7478355d4b9b8077360e58123a7a8eecfa72c78abe5707aa64be06d9986bc2"));
	expect_bytes(f.franking_integrity_signature,
		     test_hex("7cfaee94ec68e003c916279ccb8544665bdd4bc245836168b79680491dfda767"
			      "9d758bd86588f206f55e6d3d68592fa5193a02bd28f9af0f3d526f4c3746f60d"));
	sign_key_wipe(&key);
	arena_done(&mem);
}
