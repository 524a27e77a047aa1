/* SPDX-License-Identifier: Apache-2.0 */
/* What people are told of each other: cards, answers, introductions, device lists, look-ups, links between accounts; and
 * the texts that name apps, rooms and people. */
#include "mimi/address.h"
#include "mimi/age_statement.h"
#include "mimi/card.h"
#include "mimi/card_introduction.h"
#include "mimi/contact_code.h"
#include "mimi/contact_link.h"
#include "mimi/contact_token.h"
#include "mimi/device_list.h"
#include "mimi/directory.h"
#include "mimi/introduction.h"
#include "mimi/link_statement.h"
#include "mimi/settings.h"
#include "mimi/lookup.h"
#include "mimi/names.h"
#include "mimi/pairing.h"
#include "mimi/persona.h"
#include "mimi/portrait.h"
#include "mimi/sealed.h"
#include "mimi/uri.h"
#include "mimi/vault.h"

#include "tests/fuzz/walks.h"

FUZZ_ELEMENT(card)
FUZZ_ELEMENT(answer)
FUZZ_ELEMENT(lookup_query)
FUZZ_ELEMENT(lookup_answer)

static const struct fuzz_walk rows[] = {
	FUZZ_WALK(age_request) FUZZ_WALK(age_statement) FUZZ_WALK(card) FUZZ_WALK(answer) FUZZ_WALK(
		introduction) FUZZ_WALK(settings) FUZZ_WALK(token) FUZZ_WALK(redeem_request)
		FUZZ_WALK(redeem_response) FUZZ_WALK(device_entry) FUZZ_WALK(lookup_query)
			FUZZ_WALK(lookup_answer) FUZZ_WALK(intake_context) FUZZ_WALK(link_offer)
				FUZZ_WALK(link_statement) FUZZ_WALK(link_withdrawal) FUZZ_WALK(
					link_text) FUZZ_WALK(guardian_word) FUZZ_WALK(guardian_seal)
					FUZZ_WALK(guardian_ask) FUZZ_WALK(persona) FUZZ_WALK(
						portrait) FUZZ_WALK(pairing_request)
						FUZZ_WALK(pairing_grant) VAULT_ROW_WALKS(FUZZ_WALK)
							FUZZ_WALK(vault_rows)
								FUZZ_WALK(vault_envelope)
};
enum { WALKS = sizeof rows / sizeof *rows };

static void uris(struct view in, struct arena *a)
{
	struct uri u;
	struct view again, part;
	const uint8_t key[32] = { 0 };
	struct request_address request;
	struct key_address address;
	fuzz_expect(request_address_open(VIEW_OF(key), VIEW_LIT("a.example"), in, 0, &request));
	fuzz_expect(key_address_open(VIEW_OF(key), VIEW_LIT("a.example"), in, 0, &address));
	if (uri_read(in, &u)) {
		fuzz_expect(uri_participant_of(in, &part) && uri_domain_of(in, &part));
		return;
	}
	fuzz_expect(!uri_make(a, &u, &again) && view_equal(again, in));
	fuzz_expect(!uri_domain_of(in, &part) && domain_is_valid(part));
	fuzz_expect(uri_participant_of(in, &part) == UC_OK || u.kind != URI_CLIENT);
}

/* What comes out of a card goes into one again, and is the same when it comes out. */
static void introductions(struct view in, struct arena *a)
{
	struct view leaf = VIEW_LIT("leaf"), full, packed, again;
	if (card_introduction_unpack(in, leaf, a, &full))
		return;
	if (!card_introduction_pack(full, a, &packed))
		fuzz_expect(!card_introduction_unpack(packed, leaf, a, &again) &&
			    view_equal(again, full));
}

/* What was read and written is read the same; a link is typed in a code or with a port, too. */
static void handed(struct view in, struct arena *a)
{
	struct contact_link l, again;
	struct view text;
	uint8_t code[CONTACT_CODE], hash[SHA256_BYTES];
	uc_err err = contact_code_read(in, code);
	fuzz_expect(!err || err == UC_E_CODE);
	fuzz_expect(!contact_code_hash(in, in, in, in, hash));
	struct pairing_code pairing;
	err = pairing_code_read(in, a, &pairing);
	fuzz_expect(!err || err == UC_E_CODE);
	if (!err)
		fuzz_expect(!pairing_code_write(&pairing, a, &text) &&
			    !pairing_code_read(text, a, &pairing));
	err = contact_link_read(in, a, &l);
	fuzz_expect(!err || err == UC_E_ADDRESS);
	if (err || contact_link_write(&l, a, &text))
		return;
	fuzz_expect(!contact_link_read(text, a, &again) && view_equal(l.address, again.address));
}

static void directories(struct view in, struct arena *a)
{
	struct directory d;
	struct view url;
	uc_err err = directory_read(in, a, &d);
	if (!err)
		fuzz_expect(domain_is_valid(d.domain) && d.lookup_key.n == 32 &&
			    d.hub_key.n == 32 && d.franking_key.n == 32 &&
			    (!d.token_keys.n || d.token_keys.n == TOKEN_KEYS_BYTES));
	if (directory_url(in, VIEW_LIT("notify"), &url))
		return;
	fuzz_expect(url.p >= in.p && url.p + url.n <= in.p + in.n);
}

/* What was normalised stays as it is. */
static void names(struct view in, struct arena *a)
{
	struct view once, twice;
	for (enum name_kind k = NAME_NUMBER; k <= NAME_ADDRESS; k++)
		if (!name_normalise(k, in, a, &once))
			fuzz_expect(!name_normalise(k, once, a, &twice) && view_equal(once, twice));
	if (!profile_name_normalise(in, a, &once))
		fuzz_expect(!profile_name_normalise(once, a, &twice) && view_equal(once, twice));
	if (!about_normalise(in, a, &once))
		fuzz_expect(!about_normalise(once, a, &twice) && view_equal(once, twice));
}

/* What is taken is what would be said; a picture is one by its first bytes. */
static void portraits(struct view in, struct arena *a)
{
	struct portrait p;
	struct view again;
	fuzz_expect(!picture_check(in) == (in.n <= PICTURE_MAX && (!in.n || picture_kind(in))));
	uc_err err = portrait_read(in, a, &p);
	if (!err)
		fuzz_expect(!portrait_write(&p, a, &again) && view_equal(again, in));
	/* Padding is not found by chance. */
	p = (struct portrait){ .number = 1, .about = in, .picture = in };
	if (portrait_write(&p, a, &again))
		return;
	err = portrait_read(again, a, &p);
	fuzz_expect(!err || err == UC_E_MALFORMED);
}

static void padded(struct view in, struct arena *a)
{
	struct view body, again;
	if (padded_read(in, &body))
		return;
	fuzz_expect(!padded_write(a, body, in.n, &again) && view_equal(again, in));
}

/* What was read is written the same; both kinds have their own. */
static void age_texts(struct view in, struct arena *a)
{
	struct view bytes, other;
	struct buf out;
	uc_err err = age_text_read(AGE_TEXT_STATEMENT, in, a, &bytes);
	fuzz_expect(err || age_text_read(AGE_TEXT_REQUEST, in, a, &other));
	buf_init(&out, 2 * AGE_TEXT_MAX);
	if (!err)
		fuzz_expect(!age_text_write(AGE_TEXT_STATEMENT, bytes, &out) &&
			    view_equal(buf_view(&out), in));
	buf_done(&out);
}

/* Nothing that nobody signed is verified. */
static void signed_things(struct view in, struct arena *a)
{
	struct introduction i;
	struct persona persona;
	struct device_list list;
	struct settings s;
	struct link_offer offer;
	struct link_statement link;
	struct link_withdrawal withdrawal;
	struct view entries[] = { in, in };
	const struct view_list l = { entries, 2 };
	const uint8_t key[32] = { 0xd7, 0x5a, 0x98 };
	fuzz_expect(introduction_verify(in, a, &i, &list));
	fuzz_expect(persona_verify(in, a, &persona));
	struct guardian_word word;
	struct guardian_seal seal;
	fuzz_expect(guardian_word_verify(in, VIEW_LIT("a.example"), VIEW_OF(key), a, &word));
	fuzz_expect(guardian_seal_verify(in, VIEW_LIT("a.example"), VIEW_OF(key), a, &seal));
	fuzz_expect(settings_verify(in, VIEW_LIT("a.example"), VIEW_OF(key), a, &s));
	struct age_statement age;
	fuzz_expect(age_statement_verify(in, VIEW_OF(key), a, &age));
	fuzz_expect(link_offer_verify(in, a, &offer));
	fuzz_expect(link_statement_verify(in, false, a, &link));
	fuzz_expect(link_statement_verify(in, true, a, &link));
	fuzz_expect(link_withdrawal_verify(in, a, &withdrawal));
	fuzz_expect(device_list_verify(&l, VIEW_LIT("a.example"), VIEW_OF(key), a, &list));
	struct view_list last;
	(void)!device_list_last_generation(&l, a, &last);
	(void)!device_list_compare(&l, &l, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static void (*const others[])(struct view,
				      struct arena *) = { uris,      directories,   names,
							  padded,    signed_things, handed,
							  portraits, age_texts,     introductions };
	struct arena a;
	if (!n)
		return 0;
	struct view in = { data + 1, n - 1 };
	size_t kind = data[0] % (WALKS + sizeof others / sizeof *others);
	arena_init(&a, (size_t)64 << 20, ARENA_PLAIN);
	if (kind < WALKS)
		fuzz_walk(&rows[kind], in, &a);
	else
		others[kind - WALKS](in, &a);
	arena_done(&a);
	return 0;
}
