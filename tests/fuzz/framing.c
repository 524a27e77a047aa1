/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a group whose keys are known: as they come off the wire, and as the inside of a
 * private message that decrypts.  A refusal changes nothing. */
#include "tests/fuzz/fuzz.h"

#include "mls/framing.h"
#include "mls/message.h"

enum { SENDER = 1, READER = 0, EPOCH = 0 };

static const uint8_t secret[32] = { 1 };
static const uint8_t key[32] = { 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
				 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
				 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a };

static uc_err key_find(void *ctx, uint8_t sender_type, uint32_t index, struct view *out)
{
	(void)ctx;
	(void)sender_type;
	*out = VIEW_OF(key);
	return index > SENDER ? UC_E_NOT_FOUND : UC_OK;
}

/* Seals the bytes as they are, under the right keys and with reuse_guard zero. */
static uc_err wrap(const struct framing_epoch *e, uint8_t type, struct view plaintext,
		   struct arena *a, struct private_message *m)
{
	const struct suite *s = e->suite;
	struct message_key k;
	struct sender_data sd = { .leaf_index = SENDER };
	struct view aad, plain;
	uint8_t sd_key[AEAD_KEY_MAX], sd_nonce[AEAD_NONCE_MAX];
	*m = (struct private_message){ .group_id = e->group_id, .content_type = type };
	const struct private_content_aad content_aad = { e->group_id, EPOCH, type, { 0 } };
	const struct sender_data_aad sender_aad = { e->group_id, EPOCH, type };
	uint8_t *ct = arena_take(a, plaintext.n + AEAD_TAG), *sd_ct = arena_take(a, 12 + AEAD_TAG);
	if (!ct || !sd_ct)
		return UC_E_LIMIT;
	TRY(secret_tree_peek(e->secret_tree, SENDER,
			     type == CONTENT_APPLICATION ? RATCHET_APPLICATION : RATCHET_HANDSHAKE,
			     0, &k));
	TRY(wire_encode_to(a, private_content_aad_element, &content_aad, &aad));
	TRY(suite_seal(s, view_make(k.key, s->nk), view_make(k.nonce, s->nn), aad, plaintext, ct));
	m->ciphertext = view_make(ct, plaintext.n + AEAD_TAG);
	struct view sample = view_slice(m->ciphertext, 0, s->nh);
	TRY(expand_with_label(s, e->sender_data_secret, "key", sample, sd_key, s->nk));
	TRY(expand_with_label(s, e->sender_data_secret, "nonce", sample, sd_nonce, s->nn));
	TRY(wire_encode_to(a, sender_data_aad_element, &sender_aad, &aad));
	TRY(wire_encode_to(a, sender_data_element, &sd, &plain));
	TRY(suite_seal(s, view_make(sd_key, s->nk), view_make(sd_nonce, s->nn), aad, plain, sd_ct));
	m->encrypted_sender_data = view_make(sd_ct, 12 + AEAD_TAG);
	return UC_OK;
}

static uc_err from_wire(const struct framing_epoch *e, struct view in, struct arena *a,
			struct authenticated_content *out)
{
	struct mls_message m = { 0 };
	TRY(wire_decode(in, a, mls_message_element, &m));
	if (m.wire_format == MLS_PUBLIC_MESSAGE)
		return framing_open_public(e, &m.public_message, a, out);
	if (m.wire_format == MLS_PRIVATE_MESSAGE)
		return framing_open_private(e, &m.private_message, a, out);
	return UC_E_UNEXPECTED;
}

static void element(struct wire *w, void *v)
{
	wire_secret_tree(w, v, suite_find(SUITE_X25519_AES128));
}

static void run(const struct framing_epoch *e, uint8_t type, struct view in, struct arena *a)
{
	struct view before, after;
	struct authenticated_content out;
	struct private_message m;
	uc_err err;
	fuzz_expect(!wire_encode_to(a, element, e->secret_tree, &before));
	if (type < CONTENT_APPLICATION || type > CONTENT_COMMIT) {
		err = from_wire(e, in, a, &out);
	} else {
		if (wrap(e, type, in, a, &m))
			return;
		err = framing_open_private(e, &m, a, &out);
		/* All that is inside is the fuzzer's choice but a signature. */
		fuzz_expect(err && err != UC_E_DECRYPT);
	}
	fuzz_expect(!wire_encode_to(a, element, e->secret_tree, &after));
	if (err)
		fuzz_expect(view_equal(before, after));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct secret_tree t = { 0 };
	struct arena a;
	const struct framing_epoch e = { .suite = suite_at(0),
					 .epoch = EPOCH,
					 .sender_data_secret = VIEW_OF(secret),
					 .secret_tree = &t,
					 .own_leaf = READER,
					 .key_find = key_find };
	if (!n || secret_tree_init(&t, suite_at(0), 2, VIEW_OF(secret)))
		return 0;
	arena_init(&a, (size_t)16 << 20, ARENA_SECRET);
	run(&e, data[0], view_make(data + 1, n - 1), &a);
	arena_done(&a);
	secret_tree_done(&t);
	return 0;
}
