/* SPDX-License-Identifier: Apache-2.0 */
/* message-protection: RFC 9420, 6.  A group of two, in which leaf 1 sends and leaf 0 reads. */
#include "tests/vectors/vectors.h"

#include "crypto/alg.h"

#include "mls/framing.h"
#include "mls/message.h"

static const uint8_t any_tag[HASH_MAX];

enum { SENDER = 1, READER = 0, LEAVES = 2, PADDING = 7 };

static uc_err key_find(void *ctx, uint8_t sender_type, uint32_t index, struct view *out)
{
	if (sender_type != SENDER_MEMBER || index != SENDER)
		return UC_E_NOT_FOUND;
	*out = *(struct view *)ctx;
	return UC_OK;
}

struct setup {
	struct framing_epoch e;
	struct secret_tree tree;
	struct view pub, encryption_secret;
	struct sign_key key;
};

static bool tree_renew(struct vector_run *r, struct setup *s, uint32_t own)
{
	secret_tree_done(&s->tree);
	s->e.own_leaf = own;
	return vec_ok(r, "encryption_secret",
		      secret_tree_init(&s->tree, r->suite, LEAVES, s->encryption_secret));
}

static bool setup_read(struct vector_run *r, const json_t *j, struct setup *s)
{
	struct group_context c = {
		.version = MLS10,
		.cipher_suite = r->suite->id,
		.group_id = vec_hex(r, j, "group_id"),
		.epoch = vec_num(r, j, "epoch"),
		.tree_hash = vec_hex(r, j, "tree_hash"),
		.confirmed_transcript_hash = vec_hex(r, j, "confirmed_transcript_hash"),
	};
	s->pub = vec_hex(r, j, "signature_pub");
	s->encryption_secret = vec_hex(r, j, "encryption_secret");
	s->e = (struct framing_epoch){
		.suite = r->suite,
		.group_id = c.group_id,
		.epoch = c.epoch,
		.membership_key = vec_hex(r, j, "membership_key"),
		.sender_data_secret = vec_hex(r, j, "sender_data_secret"),
		.secret_tree = &s->tree,
		.key_find = key_find,
		.key_ctx = &s->pub,
	};
	return vec_ok(r, "group_context",
		      wire_encode_to(&r->mem, group_context_element, &c, &s->e.group_context)) &&
	       vec_ok(r, "signature_priv",
		      sign_key_import(r->suite,
				      vec_private(r, j, "signature_priv",
						  sign_alg_find(r->suite->signature_id)->nsk),
				      &s->key));
}

/* The raw value again: of what stands in the file under content, proposal or commit. */
static bool raw_of(struct vector_run *r, const struct framed_content *c, struct view *out)
{
	switch (c->content_type) {
	case CONTENT_APPLICATION:
		*out = c->application_data;
		return true;
	case CONTENT_PROPOSAL:
		return vec_ok(r, "encode",
			      wire_encode_to(&r->mem, proposal_element, &c->proposal, out));
	default:
		return vec_ok(r, "encode",
			      wire_encode_to(&r->mem, commit_element, &c->commit, out));
	}
}

static bool content_read(struct vector_run *r, const struct setup *s, uint8_t type, struct view raw,
			 struct framed_content *out)
{
	*out = (struct framed_content){ .group_id = s->e.group_id,
					.epoch = s->e.epoch,
					.sender = { .sender_type = SENDER_MEMBER,
						    .leaf_index = SENDER },
					.authenticated_data = VIEW_LIT("seen by all"),
					.content_type = type };
	if (type == CONTENT_APPLICATION)
		out->application_data = raw;
	else if (type == CONTENT_PROPOSAL)
		return vec_ok(r, "proposal",
			      wire_decode(raw, &r->mem, proposal_element, &out->proposal));
	else
		return vec_ok(r, "commit", wire_decode(raw, &r->mem, commit_element, &out->commit));
	return true;
}

static void opened_check(struct vector_run *r, const char *field,
			 const struct authenticated_content *have, struct view raw)
{
	struct view again;
	vec_num_equal(r, field, have->content.sender.leaf_index, SENDER);
	if (raw_of(r, &have->content, &again))
		vec_equal(r, field, again, raw);
}

static bool message_read(struct vector_run *r, const json_t *j, const char *field,
			 uint16_t wire_format, struct mls_message *m)
{
	return vec_ok(r, field,
		      wire_decode(vec_hex(r, j, field), &r->mem, mls_message_element, m)) &&
	       vec_num_equal(r, field, m->wire_format, wire_format);
}

static void public_run(struct vector_run *r, const json_t *j, struct setup *s, uint8_t type,
		       const char *field, struct view raw)
{
	struct mls_message m = { 0 };
	struct authenticated_content a;
	struct framed_content c;
	struct public_message p;
	if (message_read(r, j, field, MLS_PUBLIC_MESSAGE, &m) &&
	    vec_ok(r, field, framing_open_public(&s->e, &m.public_message, &r->mem, &a)))
		opened_check(r, field, &a, raw);
	m.public_message.membership_tag.n = 0;
	vec_num_equal(r, "an empty tag", UC_E_MAC,
		      (uint64_t)framing_open_public(&s->e, &m.public_message, &r->mem, &a));
	if (!content_read(r, s, type, raw, &c) ||
	    !vec_ok(r, "sign",
		    framing_sign(&s->e, vec_env(), &s->key, MLS_PUBLIC_MESSAGE, &c, &r->mem, &a)))
		return;
	a.auth.confirmation_tag = view_make(any_tag, r->suite->nh);
	if (vec_ok(r, "protect public", framing_protect_public(&s->e, &a, &r->mem, &p)) &&
	    vec_ok(r, "open own", framing_open_public(&s->e, &p, &r->mem, &a)))
		opened_check(r, "own public", &a, raw);
}

static void application_public_fails(struct vector_run *r, struct setup *s, struct view raw)
{
	struct framed_content c;
	struct authenticated_content a;
	if (content_read(r, s, CONTENT_APPLICATION, raw, &c))
		vec_num_equal(r, "application in public", UC_E_UNEXPECTED,
			      (uint64_t)framing_sign(&s->e, vec_env(), &s->key, MLS_PUBLIC_MESSAGE,
						     &c, &r->mem, &a));
}

static void private_own(struct vector_run *r, struct setup *s, uint8_t type, struct view raw)
{
	struct framed_content c;
	struct authenticated_content a;
	struct private_message p;
	if (!tree_renew(r, s, SENDER) || !content_read(r, s, type, raw, &c) ||
	    !vec_ok(r, "sign",
		    framing_sign(&s->e, vec_env(), &s->key, MLS_PRIVATE_MESSAGE, &c, &r->mem, &a)))
		return;
	a.auth.confirmation_tag = view_make(any_tag, r->suite->nh);
	if (vec_ok(r, "protect private",
		   framing_protect_private(&s->e, vec_env(), &a, PADDING, &r->mem, &p)) &&
	    tree_renew(r, s, READER) &&
	    vec_ok(r, "open own", framing_open_private(&s->e, &p, &r->mem, &a)))
		opened_check(r, "own private", &a, raw);
}

static void private_run(struct vector_run *r, const json_t *j, struct setup *s, uint8_t type,
			const char *field, struct view raw)
{
	struct mls_message m = { 0 };
	struct authenticated_content a;
	if (!tree_renew(r, s, READER) || !message_read(r, j, field, MLS_PRIVATE_MESSAGE, &m))
		return;
	if (vec_ok(r, field, framing_open_private(&s->e, &m.private_message, &r->mem, &a)))
		opened_check(r, field, &a, raw);
	vec_num_equal(r, "a second time", UC_E_DECRYPT,
		      (uint64_t)framing_open_private(&s->e, &m.private_message, &r->mem, &a));
	private_own(r, s, type, raw);
}

static void run(struct vector_run *r, const json_t *j)
{
	struct setup s = { 0 };
	if (setup_read(r, j, &s)) {
		struct view proposal = vec_hex(r, j, "proposal"), commit = vec_hex(r, j, "commit");
		struct view application = vec_hex(r, j, "application");
		public_run(r, j, &s, CONTENT_PROPOSAL, "proposal_pub", proposal);
		private_run(r, j, &s, CONTENT_PROPOSAL, "proposal_priv", proposal);
		public_run(r, j, &s, CONTENT_COMMIT, "commit_pub", commit);
		private_run(r, j, &s, CONTENT_COMMIT, "commit_priv", commit);
		application_public_fails(r, &s, application);
		private_run(r, j, &s, CONTENT_APPLICATION, "application_priv", application);
	}
	secret_tree_done(&s.tree);
	sign_key_wipe(&s.key);
}

const struct vector_kind message_protection_kind = {
	"message-protection",
	(const char *const[]){ "cipher_suite", "proposal_pub", "commit_priv", NULL },
	run,
};
