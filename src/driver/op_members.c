/* SPDX-License-Identifier: Apache-2.0 */
/* What a member does in the current epoch: looking, talking, proposing. */
#include "driver/operations.h"

enum { EXPORT_MAX = 65535 };

uc_err op_group_info(struct driver *d, struct call *c)
{
	struct handle *h;
	bool external_tree;
	struct view info, message, tree = { NULL, 0 };
	TRY(state_of(d, c, &h));
	TRY(call_bool(c, c->request, "external_tree", &external_tree));
	const struct group_info_parts parts = { .with_ratchet_tree = !external_tree };
	TRY(group_info_make_with(h->group, &parts, &c->mem, &info));
	TRY(message_wrap(&c->mem, MLS_GROUP_INFO, info, &message));
	if (external_tree)
		TRY(group_ratchet_tree(h->group, &c->mem, &tree));
	call_put_bytes(c, "group_info", message);
	call_put_bytes(c, "ratchet_tree", tree);
	return UC_OK;
}

uc_err op_state_auth(struct driver *d, struct call *c)
{
	struct handle *h;
	TRY(state_of(d, c, &h));
	if (group_is_removed(h->group))
		return UC_E_REMOVED;
	call_put_bytes(c, "state_auth_secret", group_epoch_authenticator(h->group));
	return UC_OK;
}

uc_err op_export(struct driver *d, struct call *c)
{
	struct handle *h;
	const char *label;
	struct view context;
	uint32_t n;
	TRY(state_of(d, c, &h));
	TRY(call_text(c, c->request, "label", &label));
	TRY(call_bytes(c, c->request, "context", &context));
	TRY(call_u32(c, c->request, "key_length", &n));
	if (n > EXPORT_MAX)
		return UC_E_TOO_LARGE;
	uint8_t *out = arena_take(&c->mem, n);
	if (!out)
		return UC_E_LIMIT;
	TRY(group_export(h->group, label, context, out, n));
	call_put_bytes(c, "exported_secret", view_make(out, n));
	return UC_OK;
}

uc_err op_protect(struct driver *d, struct call *c)
{
	struct handle *h;
	struct view aad, plaintext, ciphertext;
	TRY(state_of(d, c, &h));
	TRY(call_bytes(c, c->request, "authenticated_data", &aad));
	TRY(call_bytes(c, c->request, "plaintext", &plaintext));
	TRY(group_encrypt(h->group, aad, plaintext, 0, &c->mem, &ciphertext));
	call_put_bytes(c, "ciphertext", ciphertext);
	return UC_OK;
}

/* Of handshakes, which the engine would take here, only the two operations for them may take any. */
static uc_err application_only(struct call *c, struct view message)
{
	struct mls_message m;
	TRY(wire_decode(message, &c->mem, mls_message_element, &m));
	if (m.wire_format != MLS_PRIVATE_MESSAGE ||
	    m.private_message.content_type != CONTENT_APPLICATION)
		return UC_E_UNEXPECTED;
	return UC_OK;
}

uc_err op_unprotect(struct driver *d, struct call *c)
{
	struct handle *h;
	struct view ciphertext;
	struct received got;
	TRY(state_of(d, c, &h));
	TRY(call_bytes(c, c->request, "ciphertext", &ciphertext));
	TRY(application_only(c, ciphertext));
	TRY(group_receive(h->group, ciphertext, &c->mem, &got));
	call_put_bytes(c, "authenticated_data", got.authenticated_data);
	call_put_bytes(c, "plaintext", got.application_data);
	return UC_OK;
}

/* --- proposals --- */

/* The same in one epoch may give the same bytes; it is then stored once. */
static uc_err answer(struct call *c, struct handle *h, struct view message)
{
	struct view ref;
	TRY(handle_known_find(h, message, &ref));
	size_t n = group_proposal_count(h->group);
	if (!ref.n)
		TRY(handle_known_add(h, message, group_proposal_at(h->group, n - 1).ref));
	call_put_bytes(c, "proposal", message);
	return UC_OK;
}

static uc_err propose(struct call *c, struct handle *h, const struct proposal *p)
{
	struct view message;
	TRY(group_propose(h->group, p, view_make(NULL, 0), &c->mem, &message));
	return answer(c, h, message);
}

uc_err op_add_proposal(struct driver *d, struct call *c)
{
	struct handle *h;
	struct view key_package;
	struct proposal p;
	TRY(state_of(d, c, &h));
	TRY(call_bytes(c, c->request, "key_package", &key_package));
	TRY(proposal_add(c, key_package, &p));
	return propose(c, h, &p);
}

uc_err op_update_proposal(struct driver *d, struct call *c)
{
	struct handle *h;
	struct view message;
	TRY(state_of(d, c, &h));
	TRY(group_propose_update(h->group, &c->mem, &message));
	return answer(c, h, message);
}

uc_err op_remove_proposal(struct driver *d, struct call *c)
{
	struct handle *h;
	struct view identity;
	struct proposal p = { .proposal_type = PROPOSAL_REMOVE };
	TRY(state_of(d, c, &h));
	TRY(call_bytes(c, c->request, "removed_id", &identity));
	TRY(group_leaf(h->group, identity, &p.removed));
	return propose(c, h, &p);
}

uc_err op_external_psk_proposal(struct driver *d, struct call *c)
{
	struct handle *h;
	struct view id;
	struct proposal p;
	TRY(state_of(d, c, &h));
	TRY(call_bytes(c, c->request, "psk_id", &id));
	TRY(proposal_psk(c, d->env, h->suite, id, &p));
	return propose(c, h, &p);
}

uc_err op_resumption_psk_proposal(struct driver *d, struct call *c)
{
	struct handle *h;
	uint64_t epoch;
	struct proposal p;
	TRY(state_of(d, c, &h));
	TRY(call_u64(c, c->request, "epoch_id", &epoch));
	TRY(proposal_resumption(c, d->env, h->suite, group_id(h->group), epoch, &p));
	return propose(c, h, &p);
}

uc_err op_group_context_extensions_proposal(struct driver *d, struct call *c)
{
	struct handle *h;
	struct proposal p = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS };
	TRY(state_of(d, c, &h));
	TRY(extensions_read(c, c->request, &p.extensions));
	return propose(c, h, &p);
}

uc_err op_re_init_proposal(struct driver *d, struct call *c)
{
	struct handle *h;
	struct proposal p;
	TRY(state_of(d, c, &h));
	TRY(proposal_reinit(c, c->request, &p));
	return propose(c, h, &p);
}

/* The extensions as they are, with one external sender more. */
static uc_err with_sender(struct call *c, const struct extension_list *now,
			  const struct external_sender *more, struct extension_list *out)
{
	const struct extension *old = extension_find(now, EXTENSION_EXTERNAL_SENDERS);
	struct external_sender_list senders = { NULL, 0 };
	size_t at = now->n;
	if (old)
		TRY(wire_decode(old->extension_data, &c->mem, external_sender_list_element,
				&senders));
	struct external_sender *v = ARENA_ARRAY(&c->mem, struct external_sender, senders.n + 1);
	out->v = ARENA_ARRAY(&c->mem, struct extension, now->n + 1);
	if (!v || !out->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < senders.n; i++)
		v[i] = senders.v[i];
	v[senders.n] = *more;
	senders = (struct external_sender_list){ v, senders.n + 1 };
	for (size_t i = 0; i < now->n; i++) {
		out->v[i] = now->v[i];
		if (&now->v[i] == old)
			at = i;
	}
	out->n = old ? now->n : now->n + 1;
	out->v[at].extension_type = EXTENSION_EXTERNAL_SENDERS;
	return wire_encode_to(&c->mem, external_sender_list_element, &senders,
			      &out->v[at].extension_data);
}

static void external_sender_element(struct wire *w, void *v)
{
	wire_external_sender(w, v);
}

uc_err op_add_external_signer(struct driver *d, struct call *c)
{
	struct handle *h;
	struct view encoded;
	struct external_sender sender;
	struct proposal p = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS };
	TRY(state_of(d, c, &h));
	TRY(call_bytes(c, c->request, "external_sender", &encoded));
	TRY(wire_decode(encoded, &c->mem, external_sender_element, &sender));
	TRY(with_sender(c, &group_now(h->group).context->extensions, &sender, &p.extensions));
	return propose(c, h, &p);
}
