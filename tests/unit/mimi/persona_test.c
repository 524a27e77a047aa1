/* SPDX-License-Identifier: Apache-2.0 */
/* Personas: signed by a key that is a participant's in one room, and taken for no account. */
#include "mimi/introduction.h"
#include "mimi/persona.h"

#include "tests/unit/harness.h"

static struct arena mem;
static struct ed25519_key participant, key;

static struct persona somebody(void)
{
	return (struct persona){
		.name = VIEW_LIT("Moth"),
		.room = VIEW_LIT("mimi://dial.example/r/room"),
		.participant = VIEW_LIT("mimi://lens.example/p/abc"),
		.client = VIEW_LIT("mimi://lens.example/p/abc/def"),
		.leaf_key = VIEW_LIT("leaf key"),
	};
}

static void begin(void)
{
	arena_init(&mem, 4 << 20, ARENA_PLAIN);
	expect_ok(ed25519_generate(test_env(), &participant));
	expect_ok(persona_key_make(&participant, somebody().room, &key));
}

static struct view made(const struct persona *p)
{
	struct view out = { NULL, 0 };
	expect_ok(persona_make(p, &key, &mem, &out));
	return out;
}

TEST(a_persona_is_read_as_it_was_made_and_no_byte_of_it_may_change)
{
	begin();
	struct persona in = somebody(), out;
	struct view good = made(&in);
	uint8_t copy[1024];
	expect(is_persona(good));
	expect_ok(persona_verify(good, &mem, &out));
	expect_bytes(out.name, in.name);
	expect_bytes(out.persona_key, VIEW_OF(key.pub));
	expect_bytes(out.client, in.client);
	expect(good.n <= sizeof copy);
	for (size_t i = 0; i < good.n && good.n <= sizeof copy; i++) {
		memcpy(copy, good.p, good.n);
		copy[i] ^= 1;
		if (!persona_verify(view_make(copy, good.n), &mem, &out))
			test_fail(__FILE__, __LINE__, "byte %zu may be changed", i);
	}
	for (size_t n = 0; n < good.n; n++)
		expect(persona_verify(view_make(good.p, n), &mem, &out) != UC_OK);
	arena_done(&mem);
}

TEST(its_key_is_of_this_participant_in_this_room)
{
	struct ed25519_key again, other, elsewhere;
	begin();
	expect_ok(persona_key_make(&participant, somebody().room, &again));
	expect_ok(persona_key_make(&participant, VIEW_LIT("mimi://dial.example/r/b"), &elsewhere));
	expect_bytes(VIEW_OF(again.pub), VIEW_OF(key.pub));
	expect(!view_equal(VIEW_OF(elsewhere.pub), VIEW_OF(key.pub)));
	expect(!view_equal(VIEW_OF(participant.pub), VIEW_OF(key.pub)));
	expect_ok(ed25519_generate(test_env(), &participant));
	expect_ok(persona_key_make(&participant, somebody().room, &other));
	expect(!view_equal(VIEW_OF(other.pub), VIEW_OF(key.pub)));
	arena_done(&mem);
}

TEST(nobody_takes_anothers_key)
{
	struct persona in = somebody(), out;
	struct ed25519_key other;
	struct view encoded = { NULL, 0 };
	begin();
	expect_ok(ed25519_generate(test_env(), &other));
	expect_ok(persona_verify(made(&in), &mem, &out));
	out.persona_key = VIEW_OF(other.pub);
	expect_ok(wire_encode_to(&mem, persona_element, &out, &encoded));
	expect_err(persona_verify(encoded, &mem, &out), UC_E_INTRODUCTION);
	static const uint8_t none[31];
	out.persona_key = VIEW_OF(none);
	expect_ok(wire_encode_to(&mem, persona_element, &out, &encoded));
	expect_err(persona_verify(encoded, &mem, &out), UC_E_INTRODUCTION);
	arena_done(&mem);
}

TEST(a_name_is_text_and_has_an_end)
{
	static uint8_t longest[INTRODUCTION_NAME_BYTES + 1];
	struct persona in = somebody(), out;
	begin();
	memset(longest, 'm', sizeof longest);
	in.name = view_make(longest, INTRODUCTION_NAME_BYTES);
	expect_ok(persona_verify(made(&in), &mem, &out));
	in.name = VIEW_OF(longest);
	expect_err(persona_verify(made(&in), &mem, &out), UC_E_INTRODUCTION);
	in.name = VIEW_LIT("\xff");
	expect_err(persona_verify(made(&in), &mem, &out), UC_E_TEXT);
	arena_done(&mem);
}

TEST(neither_is_taken_for_the_other)
{
	struct persona in = somebody(), out;
	struct introduction account = { .app = VIEW_LIT("lens.example"),
					.profile_name = VIEW_LIT("Tom"),
					.account_key = VIEW_OF(key.pub) };
	struct view encoded = { NULL, 0 };
	begin();
	expect(introduction_verify(made(&in), &mem, &account, NULL) != UC_OK);
	expect_ok(introduction_make(&account, &key, &mem, &encoded));
	expect(!is_persona(encoded));
	expect_err(persona_verify(encoded, &mem, &out), UC_E_VERSION);
	arena_done(&mem);
}
