/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cards.h"

#include "client/identity.h"
#include "client/invitations.h"
#include "client/rooms.h"
#include "mimi/card_introduction.h"
#include "mimi/link_text.h"
#include "mimi/report.h"

enum { CARD_VERSION = 3, ANSWER_VERSION = 1, PACKAGES_BYTES = 1024 * 1024 };

/* Where the introduction in a card holds: in that card alone.  Else whoever has been asked once could ask others
 * in that name, at addresses of their own. */
static uc_err place_of(struct view target, struct view reply, struct view answer_key,
		       uint8_t hash[SHA256_BYTES], struct identity_place *out)
{
	const uint8_t lengths[] = { (uint8_t)(target.n >> 8), (uint8_t)target.n,
				    (uint8_t)(reply.n >> 8), (uint8_t)reply.n };
	const struct view parts[] = { VIEW_LIT("Undercroft card 3"), VIEW_OF(lengths), target,
				      reply, answer_key };
	TRY(sha256_parts(parts, 5, hash));
	*out = (struct identity_place){ .leaf_key = view_make(hash, SHA256_BYTES) };
	return UC_OK;
}

static uc_err tag_of(const uint8_t salt[CARD_SALT], const char *name, struct view text,
		     uint8_t tag[CARD_TAG])
{
	struct card_words words = { .name = view_str(name), .text = text };
	memcpy(words.salt, salt, CARD_SALT);
	return card_tag(&words, tag);
}

static uc_err own_tag(struct uc_client *c, const struct request *q, uint8_t tag[CARD_TAG])
{
	char name[PROFILE_BYTES];
	TRY(identity_name(view_str(c->account.profile_name), &c->call, name));
	return tag_of(q->card_salt, name, view_str(q->text), tag);
}

uc_err card_commit(struct uc_client *c, struct request *q)
{
	*q->reply = 0;
	q->dirty = true;
	TRY(env_random(&c->env, q->card_salt, sizeof q->card_salt));
	return own_tag(c, q, q->card_tag);
}

bool card_is_committed(struct uc_client *c, const struct request *q)
{
	uint8_t tag[CARD_TAG];
	return !own_tag(c, q, tag) && view_equal(VIEW_OF(tag), VIEW_OF(q->card_tag));
}

uc_err card_write(struct uc_client *c, const struct request *q, struct arena *a,
		  struct view *sealed)
{
	uint8_t hash[SHA256_BYTES];
	struct identity_place place;
	struct view introduction;
	struct card card = {
		.version = CARD_VERSION,
		.text = view_str(q->text),
		.answer_key = VIEW_OF(q->answer_pub),
		.salt = VIEW_OF(q->card_salt),
		.tag = VIEW_OF(q->card_tag),
	};
	TRY(place_of(view_str(q->target), view_str(q->reply), card.answer_key, hash, &place));
	TRY(identity_write(c, &place, a, &introduction));
	TRY(card_introduction_pack(introduction, a, &card.introduction));
	return card_seal(&c->env, VIEW_OF(q->request_key), view_str(q->target), &card, a, sealed);
}

/* Sealed to the invitation's own key, or to whichever of ours the asker's look-up was answered with. */
static uc_err card_open_any(struct uc_client *c, struct view target, struct view sealed,
			    struct arena *a, struct card *out)
{
	const struct account *self = &c->account;
	const struct invitation *by = invitation_at(c, target);
	uc_err err = UC_E_DECRYPT;
	if (by)
		return card_open(VIEW_OF(by->priv), VIEW_OF(by->pub), target, sealed, a, out);
	for (uint32_t i = 0; err == UC_E_DECRYPT && i < self->request_key_count; i++) {
		const struct request_key *k = &self->request_keys[i];
		err = card_open(VIEW_OF(k->priv), VIEW_OF(k->pub), target, sealed, a, out);
	}
	return err;
}

uc_err card_read(struct uc_client *c, struct view target, struct view requester, struct view sealed,
		 struct arena *a, struct card_content *out)
{
	struct card card;
	struct identity who;
	struct identity_place place;
	uint8_t tag[CARD_TAG], hash[SHA256_BYTES];
	TRY(card_open_any(c, target, sealed, a, &card));
	/* Also of an app that would have itself answered in the asker's place. */
	TRY(place_of(target, requester, card.answer_key, hash, &place));
	TRY(card_introduction_unpack(card.introduction, place.leaf_key, a, &out->introduction));
	TRY(identity_verify(c, out->introduction, &place, a, &who));
	/* As of the text: a name is shown with it. */
	if (text_has_link(view_str(who.name)))
		return UC_E_TEXT;
	/* An app speaks for its own people alone. */
	if (!view_equal(uri_domain(requester), view_str(who.app)))
		return UC_E_INTRODUCTION;
	TRY(tag_of(card.salt.p, who.name, card.text, tag));
	if (!view_equal(VIEW_OF(tag), card.tag))
		return UC_E_FRANK;
	memcpy(out->salt, card.salt.p, sizeof out->salt);
	memcpy(out->app, who.app, sizeof out->app);
	memcpy(out->name, who.name, sizeof out->name);
	memcpy(out->account_key, who.account_key, ED25519_KEY);
	memcpy(out->answer_key, card.answer_key.p, sizeof out->answer_key);
	out->text = card.text;
	return UC_OK;
}

uc_err answer_write(struct uc_client *c, const struct request *q, const struct set *s,
		    struct arena *a, struct view *sealed)
{
	struct view package = blob_view(&s->key_package);
	struct answer answer = { ANSWER_VERSION, { &package, 1 } };
	return answer_seal(&c->env, VIEW_OF(q->answer_pub), view_str(q->reply), &answer, a, sealed);
}

uc_err answer_read(struct uc_client *c, const struct request *q, struct view sealed,
		   struct arena *a, struct view *packages)
{
	struct answer answer;
	struct buf b;
	(void)c;
	TRY(answer_open(VIEW_OF(q->answer_priv), VIEW_OF(q->answer_pub), view_str(q->reply), sealed,
			a, &answer));
	if (!answer.key_packages.n)
		return UC_E_EXHAUSTED;
	buf_init(&b, PACKAGES_BYTES);
	uc_err err = UC_OK;
	for (size_t i = 0; i < answer.key_packages.n && !err; i++)
		err = wire_encode(&b, bytes_element, &answer.key_packages.v[i]);
	if (!err)
		err = arena_copy(a, buf_view(&b), packages);
	buf_done(&b);
	return err;
}
