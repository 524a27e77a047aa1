/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/report.h"

#include "base/secret.h"
#include "base/text.h"
#include "mimi/media_type.h"

enum { CARD_WORDS_MAX = 1024 }; /* bytes of the name, and of the text */

/* --- on the wire --- */

static void wire_abusive_message(struct wire *w, struct abusive_message *m)
{
	wire_bytes(w, &m->message_content);
	wire_frank(w, &m->frank);
	wire_u64(w, &m->accepted_timestamp);
}
WIRE_ELEMENT(abusive_message)

void wire_card_words(struct wire *w, struct card_words *c)
{
	wire_fixed(w, c->salt, sizeof c->salt);
	wire_bytes(w, &c->name);
	wire_bytes(w, &c->text);
	if (wire_reading(w) && !w->failed &&
	    (c->name.n > CARD_WORDS_MAX || c->text.n > CARD_WORDS_MAX || !utf8_is_valid(c->name) ||
	     !utf8_is_valid(c->text)))
		wire_fail(w, UC_E_MALFORMED);
}
WIRE_ELEMENT(card_words)

static void count_check(struct wire *w, size_t n)
{
	if (wire_reading(w) && !w->failed && (!n || n > REPORT_MESSAGES_MAX))
		wire_fail(w, UC_E_LIMIT);
}

/* One message alone, however often it is in it. */
static void differ_check(struct wire *w, const struct abusive_message_list *l)
{
	for (size_t i = 0; wire_reading(w) && !w->failed && i < l->n; i++)
		for (size_t k = 0; k < i; k++)
			if (view_equal(VIEW_OF(l->v[i].frank.server_frank),
				       VIEW_OF(l->v[k].frank.server_frank)))
				wire_fail(w, UC_E_MALFORMED);
}

static bool reason_is_known(uint8_t reason)
{
	return reason >= REPORT_SPAM && reason <= REPORT_OTHER;
}

/* As many heads as messages. */
static void wire_heads(struct wire *w, struct abusive_message_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		wire_chain_head(w, &l->v[i].head);
}

static void heads_element(struct wire *w, void *v)
{
	wire_heads(w, v);
}

static uc_err extension_add(struct abuse_report *r, uint16_t id, wire_element *element,
			    const void *v, struct arena *a)
{
	struct component_data *c = ARENA_NEW(a, struct component_data);
	if (!c)
		return UC_E_LIMIT;
	c->component_id = id;
	TRY(wire_encode_to(a, element, v, &c->data));
	r->abuse_extensions = (struct app_data_dictionary){ { c, 1 } };
	return UC_OK;
}

uc_err report_card_add(struct abuse_report *r, struct arena *a)
{
	return extension_add(r, COMPONENT_CARD_WORDS, card_words_element, &r->card, a);
}

uc_err report_heads_add(struct abuse_report *r, struct arena *a)
{
	bool any = false;
	for (size_t i = 0; i < r->messages.n; i++)
		any = any || r->messages.v[i].head.seq;
	return any ? extension_add(r, COMPONENT_CHAIN_HEADS, heads_element, &r->messages, a)
		   : UC_OK;
}

static void heads_take(struct wire *w, struct abuse_report *r)
{
	const struct view *heads;
	if (!wire_reading(w) || w->failed)
		return;
	heads = component_find(&r->abuse_extensions, COMPONENT_CHAIN_HEADS);
	for (size_t i = 0; i < r->messages.n; i++)
		r->messages.v[i].head = (struct chain_head){ .seq = 0 };
	uc_err err = heads ? wire_decode(*heads, NULL, heads_element, &r->messages) : UC_OK;
	if (err)
		wire_fail(w, err);
}

/* The words of a card, or messages. */
static void card_take(struct wire *w, struct abuse_report *r)
{
	const struct view *words;
	if (!wire_reading(w) || w->failed)
		return;
	words = component_find(&r->abuse_extensions, COMPONENT_CARD_WORDS);
	r->is_card = words != NULL;
	if (!words) {
		count_check(w, r->messages.n);
		return;
	}
	uc_err err = wire_decode(*words, NULL, card_words_element, &r->card);
	if (err || r->messages.n)
		wire_fail(w, err ? err : UC_E_MALFORMED);
}

void wire_abuse_report(struct wire *w, struct abuse_report *r)
{
	wire_bytes(w, &r->reporting_user);
	wire_bytes(w, &r->alleged_abuser_uri);
	wire_u8(w, &r->reason_code);
	wire_bytes(w, &r->note);
	WIRE_LIST(w, &r->messages, abusive_message_element);
	wire_app_data_dictionary(w, &r->abuse_extensions);
	card_take(w, r);
	heads_take(w, r);
	differ_check(w, &r->messages);
	if (wire_reading(w) && !w->failed &&
	    (!reason_is_known(r->reason_code) || r->note.n > REPORT_NOTE_MAX ||
	     !utf8_is_valid(r->note)))
		wire_fail(w, UC_E_MALFORMED);
}

void abuse_report_element(struct wire *w, void *v)
{
	wire_abuse_report(w, v);
}

static void wire_frank_claim(struct wire *w, struct frank_claim *c)
{
	wire_fixed(w, c->franking_tag, sizeof c->franking_tag);
	wire_frank(w, &c->frank);
	wire_u64(w, &c->accepted_timestamp);
}
WIRE_ELEMENT(frank_claim)

void wire_frank_claims(struct wire *w, struct frank_claims *c)
{
	wire_bytes(w, &c->sender_uri);
	WIRE_LIST(w, &c->claims, frank_claim_element);
	count_check(w, c->claims.n);
}

void frank_claims_element(struct wire *w, void *v)
{
	wire_frank_claims(w, v);
}

/* --- checking --- */

static uc_err claim_of(const struct abusive_message *m, struct view sender, struct view room,
		       struct arena *a, struct frank_claim *out)
{
	struct mimi_content c;
	struct view said_sender, said_room, data;
	if (mimi_content_read(m->message_content, a, &c) ||
	    mimi_content_uri(&c, EXTENSION_SENDER_URI, &said_sender) ||
	    mimi_content_uri(&c, EXTENSION_ROOM_URI, &said_room) ||
	    !view_equal(said_sender, sender) || !view_equal(said_room, room))
		return UC_E_FRANK;
	out->frank = m->frank;
	out->accepted_timestamp = m->accepted_timestamp;
	TRY(application_data_write(m->message_content, &m->head, a, &data));
	return franking_tag(VIEW_OF(c.salt), data, out->franking_tag);
}

uc_err card_tag(const struct card_words *c, uint8_t tag[CARD_TAG])
{
	const uint8_t length[] = { (uint8_t)(c->name.n >> 8), (uint8_t)c->name.n };
	const struct view parts[] = { VIEW_LIT("Undercroft card words"), VIEW_OF(length), c->name,
				      c->text };
	uint8_t mac[SHA256_BYTES];
	if (c->name.n > CARD_WORDS_MAX)
		return UC_E_TOO_LARGE;
	TRY(hmac_sha256_parts(VIEW_OF(c->salt), parts, 4, mac));
	memcpy(tag, mac, CARD_TAG);
	return UC_OK;
}

static uc_err card_claims(const struct abuse_report *r, struct view place, struct arena *a,
			  struct frank_claims *out)
{
	struct frank_claim *one = ARENA_NEW(a, struct frank_claim);
	if (!view_equal(r->alleged_abuser_uri, place))
		return UC_E_FRANK;
	if (!one)
		return UC_E_LIMIT;
	*out = (struct frank_claims){ place, { one, 1 } };
	return card_tag(&r->card, one->franking_tag);
}

uc_err report_claims(const struct abuse_report *r, struct view room, struct arena *a,
		     struct frank_claims *out)
{
	struct frank_claims c = { .sender_uri = r->alleged_abuser_uri };
	if (r->is_card)
		return card_claims(r, room, a, out);
	if (!r->messages.n || r->messages.n > REPORT_MESSAGES_MAX)
		return UC_E_LIMIT;
	c.claims.v = ARENA_ARRAY(a, struct frank_claim, r->messages.n);
	if (!c.claims.v)
		return UC_E_LIMIT;
	for (; c.claims.n < r->messages.n; c.claims.n++)
		TRY(claim_of(&r->messages.v[c.claims.n], c.sender_uri, room, a,
			     &c.claims.v[c.claims.n]));
	*out = c;
	return UC_OK;
}

static struct server_franking_context context_of(const struct frank_claims *c,
						 const struct frank_claim *one, struct view room)
{
	return (struct server_franking_context){ c->sender_uri, room, one->accepted_timestamp };
}

static uc_err mac_check(const struct frank_claims *c, const struct frank_claim *one,
			struct view room, const struct report_keys *k)
{
	const struct server_franking_context at = context_of(c, one, room);
	for (size_t i = 0; i < REPORT_KEYS; i++) {
		if (!k->hub_frank[i])
			continue;
		uint8_t key[32];
		uc_err err = frank_chain_key(k->hub_frank[i], at.accepted_timestamp, key);
		if (!err)
			err = frank_verify_tag(key, &one->frank, one->franking_tag, &at);
		wipe(key, sizeof key);
		if (err != UC_E_FRANK)
			return err;
	}
	return at.accepted_timestamp < k->from_ms ? UC_E_STALE : UC_E_FRANK;
}

static bool is_unsigned(const struct frank *f)
{
	return !f->franking_signature_ciphersuite && !f->franking_integrity_signature.n;
}

/* Rooms of one app alone have none. */
static uc_err signature_check(const struct frank_claims *c, const struct frank_claim *one,
			      struct view room, const struct report_keys *k, struct arena *a)
{
	const struct server_franking_context at = context_of(c, one, room);
	if (is_unsigned(&one->frank))
		return UC_OK;
	for (size_t i = 0; i < REPORT_SIGNERS; i++) {
		if (!k->franking[i].n)
			continue;
		uc_err err = frank_signed(&one->frank, &at, k->franking[i], a);
		if (err != UC_E_FRANK)
			return err;
	}
	return k->signers_went ? UC_E_STALE : UC_E_FRANK;
}

/* One that is forged says more than one of which nobody can tell. */
uc_err frank_claims_verify(const struct frank_claims *c, struct view room,
			   const struct report_keys *k, struct arena *a)
{
	uc_err all = UC_OK;
	if (!c->claims.n)
		return UC_E_FRANK;
	for (size_t i = 0; i < c->claims.n; i++) {
		uc_err err = mac_check(c, &c->claims.v[i], room, k);
		if (!err)
			err = signature_check(c, &c->claims.v[i], room, k, a);
		if (err && err != UC_E_STALE)
			return err;
		all = err ? err : all;
	}
	return all;
}

uc_err frank_claims_signed(const struct frank_claims *c, struct view room, struct view franking_key,
			   struct arena *a)
{
	if (!c->claims.n || !franking_key.n)
		return UC_E_FRANK;
	for (size_t i = 0; i < c->claims.n; i++) {
		const struct server_franking_context at = context_of(c, &c->claims.v[i], room);
		TRY(frank_signed(&c->claims.v[i].frank, &at, franking_key, a));
	}
	return UC_OK;
}

uc_err report_verify(const struct abuse_report *r, struct view room, const struct report_keys *k,
		     struct arena *a)
{
	struct frank_claims c;
	TRY(report_claims(r, room, a, &c));
	return frank_claims_verify(&c, room, k, a);
}
