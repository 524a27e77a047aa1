/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/card.h"

#include "base/text.h"
#include "mimi/link_text.h"
#include "mimi/sealed.h"

#define CARD_LABEL   "Undercroft contact card"
#define ANSWER_LABEL "Undercroft contact answer"

enum {
	CARD_VERSION = 3, /* 2: salt and tag; 3: the introduction is for it alone, and packed */
	ANSWER_VERSION = 1,
	/* The tag; HPKECiphertext around the rest: kem_output<V>, ciphertext<V> with its tag. */
	CARD_OVERHEAD = CARD_TAG + 1 + 32 + 2 + AEAD_TAG,
	CARD_PLAIN = CARD_BYTES - CARD_OVERHEAD,
};

static void letter_version(struct wire *w, uint16_t *version, uint16_t known)
{
	wire_u16(w, version);
	if (*version != known)
		wire_fail(w, UC_E_VERSION);
}

void wire_card(struct wire *w, struct card *c)
{
	letter_version(w, &c->version, CARD_VERSION);
	wire_bytes(w, &c->introduction);
	wire_bytes(w, &c->text);
	wire_fixed_view(w, &c->answer_key, 32);
	wire_fixed_view(w, &c->salt, CARD_SALT);
}

static void card_element(struct wire *w, void *v)
{
	wire_card(w, v);
}

void wire_answer(struct wire *w, struct answer *x)
{
	letter_version(w, &x->version, ANSWER_VERSION);
	WIRE_LIST(w, &x->key_packages, bytes_element);
}

static void answer_element(struct wire *w, void *v)
{
	wire_answer(w, v);
}

static bool text_fits(struct view text)
{
	size_t n = 0;
	if (!utf8_is_valid(text) || text_has_link(text))
		return false;
	while (text.n) {
		if (utf8_next(&text) == UINT32_MAX)
			return false;
		n++;
	}
	return n <= CARD_TEXT_CHARACTERS;
}

uc_err card_seal(const struct env *env, struct view request_key, struct view target,
		 const struct card *c, struct arena *a, struct view *sealed)
{
	struct view body, padded, box;
	uint8_t *both = arena_take(a, CARD_BYTES);
	if (!text_fits(c->text))
		return UC_E_TEXT;
	if (!both)
		return UC_E_LIMIT;
	TRY(wire_encode_to(a, card_element, c, &body));
	TRY(padded_write(a, body, CARD_PLAIN, &padded));
	if (padded.n != CARD_PLAIN)
		return UC_E_TOO_LARGE;
	TRY(label_seal(env, request_key, CARD_LABEL, target, padded, a, &box));
	if (c->tag.n != CARD_TAG || box.n != CARD_BYTES - CARD_TAG)
		return UC_E_ARGUMENT;
	memcpy(both, c->tag.p, CARD_TAG);
	memcpy(both + CARD_TAG, box.p, box.n);
	*sealed = view_make(both, CARD_BYTES);
	return UC_OK;
}

uc_err card_open(struct view request_priv, struct view request_pub, struct view target,
		 struct view sealed, struct arena *a, struct card *out)
{
	struct view padded, body;
	struct card c;
	if (sealed.n != CARD_BYTES)
		return UC_E_MALFORMED;
	TRY(label_open(request_priv, request_pub, CARD_LABEL, target,
		       view_slice(sealed, CARD_TAG, sealed.n), a, &padded));
	TRY(padded_read(padded, &body));
	TRY(wire_decode(body, a, card_element, &c));
	if (!text_fits(c.text))
		return UC_E_TEXT;
	c.tag = view_slice(sealed, 0, CARD_TAG);
	*out = c;
	return UC_OK;
}

uc_err answer_seal(const struct env *env, struct view answer_key, struct view reply,
		   const struct answer *x, struct arena *a, struct view *sealed)
{
	struct view body, padded;
	TRY(wire_encode_to(a, answer_element, x, &body));
	TRY(padded_write(a, body, ANSWER_PAD, &padded));
	return label_seal(env, answer_key, ANSWER_LABEL, reply, padded, a, sealed);
}

uc_err answer_open(struct view answer_priv, struct view answer_pub, struct view reply,
		   struct view sealed, struct arena *a, struct answer *out)
{
	struct view padded, body;
	struct answer x;
	TRY(label_open(answer_priv, answer_pub, ANSWER_LABEL, reply, sealed, a, &padded));
	TRY(padded_read(padded, &body));
	TRY(wire_decode(body, a, answer_element, &x));
	*out = x;
	return UC_OK;
}
