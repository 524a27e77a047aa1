/* SPDX-License-Identifier: Apache-2.0 */
/* Private messages (RFC 9420, 6.3): content under a key of the sender's ratchet, and the sender
 * under a key drawn from the ciphertext. */
#include "mls/framing.h"

#include "mls/framing_rules.h"
#include "mls/rule.h"

enum { SENDER_DATA = 4 + 4 + 4 }; /* bytes of SenderData */

static enum ratchet_kind ratchet_of(uint8_t content_type)
{
	return content_type == CONTENT_APPLICATION ? RATCHET_APPLICATION : RATCHET_HANDSHAKE;
}

static void guard_apply(struct message_key *k, const uint8_t reuse_guard[4])
{
	for (int i = 0; i < 4; i++)
		k->nonce[i] ^= reuse_guard[i];
}

struct sender_data_key {
	uint8_t key[AEAD_KEY_MAX];
	uint8_t nonce[AEAD_NONCE_MAX];
};

/* RFC 9420, 6.3.2: from the first KDF.Nh bytes of the ciphertext. */
static uc_err sender_data_key(const struct framing_epoch *e, struct view ciphertext,
			      struct sender_data_key *out)
{
	const struct suite *s = e->suite;
	struct view sample = view_slice(ciphertext, 0, s->nh);
	TRY(expand_with_label(s, e->sender_data_secret, "key", sample, out->key, s->nk));
	return expand_with_label(s, e->sender_data_secret, "nonce", sample, out->nonce, s->nn);
}

/* Seals or opens SENDER_DATA bytes. */
static uc_err sender_data_crypt(const struct framing_epoch *e, const struct private_message *m,
				bool seal, struct view in, uint8_t *out)
{
	const struct sender_data_aad aad = { m->group_id, m->epoch, m->content_type };
	struct sender_data_key k = { { 0 }, { 0 } };
	struct buf b;
	buf_init(&b, FRAMING_BYTES_MAX);
	uc_err err = wire_encode(&b, sender_data_aad_element, &aad);
	if (!err)
		err = sender_data_key(e, m->ciphertext, &k);
	struct view key = view_make(k.key, e->suite->nk), nonce = view_make(k.nonce, e->suite->nn);
	if (!err)
		err = seal ? suite_seal(e->suite, key, nonce, buf_view(&b), in, out)
			   : suite_open(e->suite, key, nonce, buf_view(&b), in, out);
	wipe(&k, sizeof k);
	buf_done(&b);
	return err;
}

/* Seals or opens the content with k, whose nonce carries the guard. */
static uc_err content_crypt(const struct framing_epoch *e, const struct private_message *m,
			    const struct message_key *k, bool seal, struct view in, uint8_t *out)
{
	const struct private_content_aad aad = { m->group_id, m->epoch, m->content_type,
						 m->authenticated_data };
	struct buf b;
	buf_init(&b, FRAMING_BYTES_MAX);
	struct view key = view_make(k->key, e->suite->nk);
	struct view nonce = view_make(k->nonce, e->suite->nn);
	uc_err err = wire_encode(&b, private_content_aad_element, &aad);
	if (!err)
		err = seal ? suite_seal(e->suite, key, nonce, buf_view(&b), in, out)
			   : suite_open(e->suite, key, nonce, buf_view(&b), in, out);
	buf_done(&b);
	return err;
}

/* --- protecting --- */

/* The union of FramedContent and that of PrivateMessageContent hold the same. */
static struct private_message_content inside_of(const struct authenticated_content *in,
						size_t padding)
{
	struct private_message_content c = { .content_type = in->content.content_type,
					     .auth = in->auth,
					     .padding = padding };
	switch (c.content_type) {
	case CONTENT_APPLICATION:
		c.application_data = in->content.application_data;
		break;
	case CONTENT_PROPOSAL:
		c.proposal = in->content.proposal;
		break;
	default:
		c.commit = in->content.commit;
		break;
	}
	return c;
}

uc_err framing_private_size(const struct authenticated_content *in, struct arena *a, size_t *out)
{
	const struct private_message_content inside = inside_of(in, 0);
	struct view encoded;
	TRY(wire_encode_to(a, private_message_content_element, &inside, &encoded));
	*out = encoded.n;
	return UC_OK;
}

static uc_err content_seal(const struct framing_epoch *e, struct view plaintext,
			   const struct message_key *k, struct arena *a, struct private_message *m)
{
	size_t n = plaintext.n + AEAD_TAG;
	uint8_t *ct = arena_take(a, n);
	if (!ct)
		return arena_error(a);
	TRY(content_crypt(e, m, k, true, plaintext, ct));
	m->ciphertext = view_make(ct, n);
	return UC_OK;
}

static uc_err sender_data_seal(const struct framing_epoch *e, const struct sender_data *sd,
			       struct arena *a, struct private_message *m)
{
	struct view plain;
	uint8_t *ct = arena_take(a, SENDER_DATA + AEAD_TAG);
	if (!ct)
		return arena_error(a);
	TRY(wire_encode_to(a, sender_data_element, sd, &plain));
	TRY(sender_data_crypt(e, m, true, plain, ct));
	m->encrypted_sender_data = view_make(ct, SENDER_DATA + AEAD_TAG);
	return UC_OK;
}

static uc_err private_seal(const struct framing_epoch *e, const struct env *env,
			   struct view plaintext, struct message_key *k, struct arena *a,
			   struct private_message *m, uint32_t *generation)
{
	enum ratchet_kind kind = ratchet_of(m->content_type);
	struct sender_data sd = { .leaf_index = e->own_leaf,
				  .generation =
					  secret_tree_next(e->secret_tree, e->own_leaf, kind) };
	TRY(env_random(env, sd.reuse_guard, sizeof sd.reuse_guard));
	TRY(secret_tree_peek(e->secret_tree, e->own_leaf, kind, sd.generation, k));
	guard_apply(k, sd.reuse_guard);
	TRY(content_seal(e, plaintext, k, a, m));
	TRY(sender_data_seal(e, &sd, a, m));
	*generation = sd.generation;
	return UC_OK;
}

uc_err framing_seal_private(const struct framing_epoch *e, const struct env *env,
			    const struct authenticated_content *in, size_t padding, struct arena *a,
			    struct private_message *out, uint32_t *generation)
{
	const struct framed_content *c = &in->content;
	struct private_message m = { .group_id = c->group_id,
				     .epoch = c->epoch,
				     .content_type = c->content_type,
				     .authenticated_data = c->authenticated_data };
	struct message_key k = { 0 };
	struct buf b;
	if (in->wire_format != MLS_PRIVATE_MESSAGE || c->sender.leaf_index != e->own_leaf)
		return UC_E_ARGUMENT;
	if (!e->secret_tree || !e->sender_data_secret.n)
		return UC_E_UNSUPPORTED;
	if (padding > FRAMING_BYTES_MAX)
		return UC_E_TOO_LARGE;
	TRY(framing_sender_check(c, in->wire_format));
	TRY(framing_tag_check(e, in));
	TRY(framing_epoch_check(e, c->group_id, c->epoch));
	const struct private_message_content inside = inside_of(in, padding);
	buf_init_secret(&b, FRAMING_BYTES_MAX);
	uc_err err = wire_encode(&b, private_message_content_element, &inside);
	if (!err)
		err = private_seal(e, env, buf_view(&b), &k, a, &m, generation);
	message_key_wipe(&k);
	buf_done(&b);
	if (!err)
		*out = m;
	return err;
}

uc_err framing_protect_private(const struct framing_epoch *e, const struct env *env,
			       const struct authenticated_content *in, size_t padding,
			       struct arena *a, struct private_message *out)
{
	struct private_message m;
	uint32_t generation;
	TRY(framing_seal_private(e, env, in, padding, a, &m, &generation));
	/* Last, so that a failure changes nothing; and before anything is given out. */
	TRY(framing_private_used(e, in, generation));
	*out = m;
	return UC_OK;
}

/* --- opening --- */

static uc_err sender_data_open(const struct framing_epoch *e, const struct private_message *m,
			       struct arena *a, struct sender_data *out)
{
	uint8_t plain[SENDER_DATA];
	if (GROUND(SENDER_DATA_LENGTH, m->encrypted_sender_data.n != SENDER_DATA + AEAD_TAG))
		return UC_E_DECRYPT;
	TRY_GROUND(SENDER_DATA_OPENS,
		   sender_data_crypt(e, m, false, m->encrypted_sender_data, plain));
	return wire_decode(VIEW_OF(plain), a, sender_data_element, out);
}

static uc_err content_open(const struct framing_epoch *e, const struct private_message *m,
			   const struct message_key *k, struct arena *a, struct view *out)
{
	if (GROUND(CONTENT_OPENS, m->ciphertext.n < AEAD_TAG))
		return UC_E_DECRYPT;
	size_t n = m->ciphertext.n - AEAD_TAG;
	uint8_t *plain = arena_take(a, n);
	if (!plain)
		return arena_error(a);
	TRY_GROUND(CONTENT_OPENS, content_crypt(e, m, k, false, m->ciphertext, plain));
	*out = view_make(plain, n);
	return UC_OK;
}

static uc_err content_read(const struct private_message *m, struct view plaintext, uint32_t leaf,
			   struct arena *a, struct authenticated_content *out)
{
	struct private_message_content inside = { .content_type = m->content_type };
	TRY(wire_decode(plaintext, a, private_message_content_element, &inside));
	*out = (struct authenticated_content){
		.wire_format = MLS_PRIVATE_MESSAGE,
		.content = { .group_id = m->group_id,
			     .epoch = m->epoch,
			     .sender = { .sender_type = SENDER_MEMBER, .leaf_index = leaf },
			     .authenticated_data = m->authenticated_data,
			     .content_type = m->content_type },
		.auth = inside.auth,
	};
	switch (m->content_type) {
	case CONTENT_APPLICATION:
		out->content.application_data = inside.application_data;
		break;
	case CONTENT_PROPOSAL:
		out->content.proposal = inside.proposal;
		break;
	default:
		out->content.commit = inside.commit;
		break;
	}
	return UC_OK;
}

/* RFC 9420, 6.3.2: the leaf must not be blank, in the tree of this epoch. */
static uc_err sender_known(const struct framing_epoch *e, uint32_t leaf)
{
	struct view key;
	return e->key_find(e->key_ctx, SENDER_MEMBER, leaf, &key) ? UC_E_DECRYPT : UC_OK;
}

static uc_err private_open(const struct framing_epoch *e, const struct private_message *m,
			   struct message_key *k, struct arena *a,
			   struct authenticated_content *out, uint32_t *generation)
{
	struct sender_data sd;
	struct view plaintext = { NULL, 0 };
	enum ratchet_kind kind = ratchet_of(m->content_type);
	TRY(sender_data_open(e, m, a, &sd));
	/* A key that we have not used: another's claim, which fails, or words of ours that this
	 * state, being an older copy, has forgotten. */
	if (sd.leaf_index == e->own_leaf &&
	    sd.generation < secret_tree_next(e->secret_tree, e->own_leaf, kind))
		return UC_E_OWN;
	TRY_RULE(SENDER_DATA_LEAF, sender_known(e, sd.leaf_index));
	TRY(secret_tree_peek(e->secret_tree, sd.leaf_index, kind, sd.generation, k));
	guard_apply(k, sd.reuse_guard);
	TRY(content_open(e, m, k, a, &plaintext));
	TRY(content_read(m, plaintext, sd.leaf_index, a, out));
	TRY(framing_sender_check(&out->content, MLS_PRIVATE_MESSAGE));
	TRY(framing_aad_check(e, &out->content));
	TRY(framing_tag_check(e, out));
	*generation = sd.generation;
	TRY_RULE(CONTENT_SIGNATURE, framing_verify(e, out));
	return UC_OK;
}

uc_err framing_private_used(const struct framing_epoch *e,
			    const struct authenticated_content *opened, uint32_t generation)
{
	return secret_tree_consume(e->secret_tree, opened->content.sender.leaf_index,
				   ratchet_of(opened->content.content_type), generation);
}

uc_err framing_open_private(const struct framing_epoch *e, const struct private_message *in,
			    struct arena *a, struct authenticated_content *out)
{
	struct authenticated_content opened;
	uint32_t generation;
	TRY(framing_look_private(e, in, a, &opened, &generation));
	TRY(framing_private_used(e, &opened, generation));
	*out = opened;
	return UC_OK;
}

uc_err framing_look_private(const struct framing_epoch *e, const struct private_message *in,
			    struct arena *a, struct authenticated_content *out,
			    uint32_t *generation)
{
	struct authenticated_content opened;
	struct message_key k = { 0 };
	if (!e->secret_tree || !e->sender_data_secret.n)
		return UC_E_UNSUPPORTED;
	TRY(framing_epoch_check(e, in->group_id, in->epoch));
	struct arena_mark mark = arena_mark(a);
	uc_err err = private_open(e, in, &k, a, &opened, generation);
	message_key_wipe(&k);
	if (err)
		arena_reset(a, mark);
	else
		*out = opened;
	return err;
}
