/* SPDX-License-Identifier: Apache-2.0 */
/* What bytes are, before anything is done with them; and extensions made of their parts. */
#include "libmls/bare.h"
#include "libmls/give.h"
#include "libmls/take.h"

uc_err leaf_by_identity(const struct tree *t, struct view identity, uint32_t *index)
{
	uint32_t at = 0, leaf;
	struct leaf_node node;
	while (tree_next_leaf(t, &at, &leaf, &node))
		if (node.credential.credential_type == CREDENTIAL_BASIC &&
		    view_equal(node.credential.identity, identity)) {
			*index = leaf;
			return UC_OK;
		}
	return UC_E_NOT_FOUND;
}

/* --- the head of a message --- */

static struct mls_bytes borrowed(struct view v)
{
	return (struct mls_bytes){ v.n ? v.p : NULL, v.n };
}

static void peek_content(struct wire *w, struct mls_peek *out)
{
	struct view id = { NULL, 0 };
	wire_bytes(w, &id);
	wire_u64(w, &out->epoch);
	out->group_id = borrowed(id);
}

static void peek_public(struct wire *w, struct mls_peek *out)
{
	struct sender s = { .sender_type = 0 };
	struct view aad = { NULL, 0 };
	peek_content(w, out);
	wire_sender(w, &s);
	out->sender = give_sender(&s);
	wire_bytes(w, &aad);
	out->authenticated_data = borrowed(aad);
	wire_u8(w, &out->content_type);
	if (out->content_type == CONTENT_PROPOSAL)
		wire_u16(w, &out->proposal_type);
}

static void peek_private(struct wire *w, struct mls_peek *out)
{
	struct view aad = { NULL, 0 };
	peek_content(w, out);
	wire_u8(w, &out->content_type);
	wire_bytes(w, &aad);
	out->authenticated_data = borrowed(aad);
}

static void peek_group_info(struct wire *w, uint16_t *version, struct mls_peek *out)
{
	wire_u16(w, version);
	wire_u16(w, &out->suite);
	peek_content(w, out);
}

static void peek_body(struct wire *w, uint16_t *version, struct mls_peek *out)
{
	switch (out->wire_format) {
	case MLS_WIRE_PUBLIC:
		peek_public(w, out);
		break;
	case MLS_WIRE_PRIVATE:
		peek_private(w, out);
		break;
	case MLS_WIRE_WELCOME:
		wire_u16(w, &out->suite);
		break;
	case MLS_WIRE_GROUP_INFO:
		peek_group_info(w, version, out);
		break;
	case MLS_WIRE_KEY_PACKAGE:
		wire_u16(w, version);
		wire_u16(w, &out->suite);
		break;
	default:
		wire_fail(w, UC_E_MALFORMED);
	}
}

uc_err mls_peek(struct mls_bytes message, struct mls_peek *peek)
{
	struct wire w;
	struct view in;
	struct mls_peek fresh = { .sender = { 0, MLS_NO_INDEX } };
	uint16_t version = 0, inner = MLS10;
	if (!peek)
		return UC_E_ARGUMENT;
	TRY(bytes_in(message, &in));
	wire_reader(&w, in, NULL);
	wire_u16(&w, &version);
	wire_u16(&w, &fresh.wire_format);
	if (!w.failed && version != MLS10)
		return UC_E_VERSION;
	peek_body(&w, &inner, &fresh);
	if (w.failed)
		return w.failed;
	if (inner != MLS10)
		return UC_E_VERSION;
	if (fresh.wire_format <= MLS_WIRE_PRIVATE &&
	    (fresh.content_type < CONTENT_APPLICATION || fresh.content_type > CONTENT_COMMIT))
		return UC_E_MALFORMED;
	*peek = fresh;
	return UC_OK;
}

/* --- whole objects --- */

static uc_err welcome_refs(struct bare *b, struct view message, struct mls_bytes_list *out)
{
	struct giver g = { .a = b->out->a };
	struct view body;
	struct welcome w;
	TRY(message_body(message, MLS_WIRE_WELCOME, &body));
	TRY(wire_decode(body, &b->scratch, welcome_element, &w));
	struct view_list l = { ARENA_ARRAY(&b->scratch, struct view, w.secrets.n), w.secrets.n };
	if (!l.v)
		return arena_error(&b->scratch);
	for (size_t i = 0; i < l.n; i++)
		l.v[i] = w.secrets.v[i].new_member;
	*out = give_bytes_list(&g, &l);
	return g.failed;
}

uc_err mls_welcome_refs(struct mls_bytes welcome, mls_out *out, struct mls_bytes_list *refs)
{
	struct bare b;
	struct view in;
	struct mls_bytes_list fresh = { NULL, 0 };
	if (!out || !refs)
		return UC_E_ARGUMENT;
	TRY(bytes_in(welcome, &in));
	bare_begin(&b, out);
	TRY(bare_end(&b, welcome_refs(&b, in, &fresh)));
	*refs = fresh;
	return UC_OK;
}

static uc_err group_info(struct bare *b, struct view message, struct mls_group_info *out)
{
	struct giver g = { .a = b->out->a };
	struct view body;
	struct group_info info;
	TRY(message_body(message, MLS_WIRE_GROUP_INFO, &body));
	TRY(wire_decode(body, &b->scratch, group_info_element, &info));
	*out = (struct mls_group_info){
		.context = give_context(&g, &info.group_context),
		.signer = info.signer,
		.has_external_pub = extension_find(&info.extensions, EXTENSION_EXTERNAL_PUB),
		.has_ratchet_tree = extension_find(&info.extensions, EXTENSION_RATCHET_TREE),
		.extensions = give_extensions(&g, &info.extensions),
	};
	return g.failed;
}

uc_err mls_group_info_inspect(struct mls_bytes message, mls_out *out, struct mls_group_info *info)
{
	struct bare b;
	struct view in;
	struct mls_group_info fresh = { .signer = 0 };
	if (!out || !info)
		return UC_E_ARGUMENT;
	TRY(bytes_in(message, &in));
	bare_begin(&b, out);
	TRY(bare_end(&b, group_info(&b, in, &fresh)));
	*info = fresh;
	return UC_OK;
}

/* --- extensions --- */

static uc_err external_senders(struct bare *b, const struct mls_external_sender *senders, size_t n,
			       struct mls_bytes *out)
{
	struct taker t = { NULL, &b->scratch, UC_OK };
	struct external_sender *v = ARENA_ARRAY(&b->scratch, struct external_sender, n);
	const struct external_sender_list l = { v, n };
	if (!v)
		return arena_error(&b->scratch);
	for (size_t i = 0; i < n; i++) {
		v[i].signature_key = take_bytes(&t, senders[i].signature_key);
		v[i].credential = take_credential(&t, &senders[i].credential);
	}
	TRY(t.failed);
	return bare_encode(b, external_sender_list_element, &l, out);
}

uc_err mls_external_senders_data(const struct mls_external_sender *senders, size_t n, mls_out *out,
				 struct mls_bytes *data)
{
	struct bare b;
	struct mls_bytes fresh = { NULL, 0 };
	if ((!senders && n) || !out || !data)
		return UC_E_ARGUMENT;
	bare_begin(&b, out);
	TRY(bare_end(&b, external_senders(&b, senders, n, &fresh)));
	*data = fresh;
	return UC_OK;
}

static uc_err required_capabilities(struct bare *b, struct mls_types extensions,
				    struct mls_types proposals, struct mls_types credentials,
				    struct mls_bytes *out)
{
	struct taker t = { NULL, &b->scratch, UC_OK };
	const struct required_capabilities r = {
		.extension_types = take_types(&t, extensions),
		.proposal_types = take_types(&t, proposals),
		.credential_types = take_types(&t, credentials),
	};
	TRY(t.failed);
	return bare_encode(b, required_capabilities_element, &r, out);
}

uc_err mls_required_capabilities_data(struct mls_types extensions, struct mls_types proposals,
				      struct mls_types credentials, mls_out *out,
				      struct mls_bytes *data)
{
	struct bare b;
	struct mls_bytes fresh = { NULL, 0 };
	if (!out || !data)
		return UC_E_ARGUMENT;
	bare_begin(&b, out);
	TRY(bare_end(&b, required_capabilities(&b, extensions, proposals, credentials, &fresh)));
	*data = fresh;
	return UC_OK;
}
