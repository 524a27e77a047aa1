/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/message.h"

#include "mls/rule.h"

#define MESSAGE_ELEMENT(name)                        \
	void name##_element(struct wire *w, void *v) \
	{                                            \
		wire_##name(w, v);                   \
	}

void wire_sender(struct wire *w, struct sender *s)
{
	wire_u8(w, &s->sender_type);
	if (wire_reading(w))
		s->leaf_index = s->sender_index = UINT32_MAX; /* nobody's, where it is not said */
	switch (s->sender_type) {
	case SENDER_MEMBER:
		wire_u32(w, &s->leaf_index);
		break;
	case SENDER_EXTERNAL:
		wire_u32(w, &s->sender_index);
		break;
	case SENDER_NEW_MEMBER_PROPOSAL:
	case SENDER_NEW_MEMBER_COMMIT:
		break;
	default:
		wire_fail(w, RULE_ERROR(SENDER_TYPE));
	}
}

void wire_framed_content(struct wire *w, struct framed_content *f)
{
	wire_bytes(w, &f->group_id);
	wire_u64(w, &f->epoch);
	wire_sender(w, &f->sender);
	wire_bytes(w, &f->authenticated_data);
	wire_u8(w, &f->content_type);
	switch (f->content_type) {
	case CONTENT_APPLICATION:
		wire_bytes(w, &f->application_data);
		break;
	case CONTENT_PROPOSAL:
		wire_proposal(w, &f->proposal);
		break;
	case CONTENT_COMMIT:
		wire_commit(w, &f->commit);
		break;
	default:
		wire_fail(w, RULE_ERROR(CONTENT_TYPE));
	}
}
MESSAGE_ELEMENT(framed_content)

void wire_framed_content_auth_data(struct wire *w, struct framed_content_auth_data *a,
				   uint8_t content_type)
{
	wire_bytes(w, &a->signature);
	if (content_type == CONTENT_COMMIT)
		wire_bytes(w, &a->confirmation_tag);
}

void wire_authenticated_content(struct wire *w, struct authenticated_content *a)
{
	wire_u16(w, &a->wire_format);
	wire_framed_content(w, &a->content);
	wire_framed_content_auth_data(w, &a->auth, a->content.content_type);
}
MESSAGE_ELEMENT(authenticated_content)

/* The context stands there as it is, without a length. */
void wire_framed_content_tbs(struct wire *w, struct framed_content_tbs *t)
{
	wire_u16(w, &t->version);
	wire_u16(w, &t->wire_format);
	wire_framed_content(w, t->content);
	switch (t->content->sender.sender_type) {
	case SENDER_MEMBER:
	case SENDER_NEW_MEMBER_COMMIT:
		wire_fixed_view(w, &t->context, t->context.n);
		break;
	default:
		break;
	}
}
MESSAGE_ELEMENT(framed_content_tbs)

void wire_authenticated_content_tbm(struct wire *w, struct authenticated_content_tbm *t)
{
	wire_framed_content_tbs(w, &t->content_tbs);
	wire_framed_content_auth_data(w, t->auth, t->content_tbs.content->content_type);
}
MESSAGE_ELEMENT(authenticated_content_tbm)

void wire_public_message(struct wire *w, struct public_message *p)
{
	wire_framed_content(w, &p->content);
	wire_framed_content_auth_data(w, &p->auth, p->content.content_type);
	if (p->content.sender.sender_type == SENDER_MEMBER)
		wire_bytes(w, &p->membership_tag);
}

void wire_private_message(struct wire *w, struct private_message *p)
{
	wire_bytes(w, &p->group_id);
	wire_u64(w, &p->epoch);
	wire_u8(w, &p->content_type);
	wire_bytes(w, &p->authenticated_data);
	wire_bytes(w, &p->encrypted_sender_data);
	wire_bytes(w, &p->ciphertext);
	if (p->content_type < CONTENT_APPLICATION || p->content_type > CONTENT_COMMIT)
		wire_fail(w, RULE_ERROR(CONTENT_TYPE));
}

/* RFC 9420, 6.3.1: padding "MUST be filled with zeros" and is checked. */
static void wire_padding(struct wire *w, size_t *padding)
{
	if (wire_reading(w)) {
		struct view rest = { NULL, 0 };
		wire_rest(w, &rest);
		uint8_t any = 0;
		for (size_t i = 0; i < rest.n; i++)
			any |= rest.p[i];
		if (BREAKS(PADDING_IS_ZERO, any))
			wire_fail(w, UC_E_MALFORMED);
		*padding = rest.n;
		return;
	}
	uint8_t *zeros = buf_reserve(w->out, *padding);
	if (zeros && *padding) {
		memset(zeros, 0, *padding);
		w->out->n += *padding;
	}
}

void wire_private_message_content(struct wire *w, struct private_message_content *p)
{
	switch (p->content_type) {
	case CONTENT_APPLICATION:
		wire_bytes(w, &p->application_data);
		break;
	case CONTENT_PROPOSAL:
		wire_proposal(w, &p->proposal);
		break;
	case CONTENT_COMMIT:
		wire_commit(w, &p->commit);
		break;
	default:
		wire_fail(w, RULE_ERROR(CONTENT_TYPE));
	}
	wire_framed_content_auth_data(w, &p->auth, p->content_type);
	wire_padding(w, &p->padding);
}
MESSAGE_ELEMENT(private_message_content)

void wire_private_content_aad(struct wire *w, struct private_content_aad *p)
{
	wire_bytes(w, &p->group_id);
	wire_u64(w, &p->epoch);
	wire_u8(w, &p->content_type);
	wire_bytes(w, &p->authenticated_data);
}
MESSAGE_ELEMENT(private_content_aad)

void wire_sender_data(struct wire *w, struct sender_data *s)
{
	wire_u32(w, &s->leaf_index);
	wire_u32(w, &s->generation);
	wire_fixed(w, s->reuse_guard, sizeof s->reuse_guard);
}
MESSAGE_ELEMENT(sender_data)

void wire_sender_data_aad(struct wire *w, struct sender_data_aad *s)
{
	wire_bytes(w, &s->group_id);
	wire_u64(w, &s->epoch);
	wire_u8(w, &s->content_type);
}
MESSAGE_ELEMENT(sender_data_aad)

void wire_group_context(struct wire *w, struct group_context *g)
{
	wire_u16(w, &g->version);
	wire_u16(w, &g->cipher_suite);
	wire_bytes(w, &g->group_id);
	wire_u64(w, &g->epoch);
	wire_bytes(w, &g->tree_hash);
	wire_bytes(w, &g->confirmed_transcript_hash);
	wire_extension_list(w, &g->extensions);
}
MESSAGE_ELEMENT(group_context)

void wire_confirmed_transcript_hash_input(struct wire *w, struct confirmed_transcript_hash_input *c)
{
	wire_u16(w, &c->wire_format);
	wire_framed_content(w, c->content);
	wire_bytes(w, &c->signature);
}
MESSAGE_ELEMENT(confirmed_transcript_hash_input)

void wire_interim_transcript_hash_input(struct wire *w, struct interim_transcript_hash_input *i)
{
	wire_bytes(w, &i->confirmation_tag);
}
MESSAGE_ELEMENT(interim_transcript_hash_input)

static void group_info_body(struct wire *w, struct group_info *g)
{
	wire_group_context(w, &g->group_context);
	wire_extension_list(w, &g->extensions);
	wire_bytes(w, &g->confirmation_tag);
	wire_u32(w, &g->signer);
}

void wire_group_info(struct wire *w, struct group_info *g)
{
	const uint8_t *start = w->p;
	group_info_body(w, g);
	wire_bytes(w, &g->signature);
	if (wire_reading(w) && !w->failed)
		g->raw = view_make(start, (size_t)(w->p - start));
}
MESSAGE_ELEMENT(group_info)

void wire_group_info_tbs(struct wire *w, struct group_info *g)
{
	group_info_body(w, g);
}
MESSAGE_ELEMENT(group_info_tbs)

void wire_path_secret(struct wire *w, struct path_secret *p)
{
	wire_bytes(w, &p->path_secret);
}
WIRE_ELEMENT(path_secret)

void wire_group_secrets(struct wire *w, struct group_secrets *g)
{
	wire_bytes(w, &g->joiner_secret);
	WIRE_OPTION(w, &g->path_secret, path_secret_element);
	WIRE_LIST(w, &g->psks, pre_shared_key_id_element);
}
MESSAGE_ELEMENT(group_secrets)

void wire_encrypted_group_secrets(struct wire *w, struct encrypted_group_secrets *e)
{
	wire_bytes(w, &e->new_member);
	wire_hpke_ciphertext(w, &e->encrypted_group_secrets);
}
WIRE_ELEMENT(encrypted_group_secrets)

void wire_welcome(struct wire *w, struct welcome *p)
{
	wire_u16(w, &p->cipher_suite);
	WIRE_LIST(w, &p->secrets, encrypted_group_secrets_element);
	wire_bytes(w, &p->encrypted_group_info);
}
MESSAGE_ELEMENT(welcome)

static void mls_message_body(struct wire *w, struct mls_message *m)
{
	switch (m->wire_format) {
	case MLS_PUBLIC_MESSAGE:
		wire_public_message(w, &m->public_message);
		break;
	case MLS_PRIVATE_MESSAGE:
		wire_private_message(w, &m->private_message);
		break;
	case MLS_WELCOME:
		wire_welcome(w, &m->welcome);
		break;
	case MLS_GROUP_INFO:
		wire_group_info(w, &m->group_info);
		break;
	case MLS_KEY_PACKAGE:
		wire_key_package(w, &m->key_package);
		break;
	default:
		wire_fail(w, RULE_ERROR(WIRE_FORMAT));
	}
}

void wire_mls_message(struct wire *w, struct mls_message *m)
{
	const uint8_t *start = w->p;
	wire_u16(w, &m->version);
	if (!w->failed && BREAKS(MESSAGE_VERSION, m->version != MLS10))
		wire_fail(w, UC_E_VERSION);
	wire_u16(w, &m->wire_format);
	mls_message_body(w, m);
	if (wire_reading(w) && !w->failed)
		m->raw = view_make(start, (size_t)(w->p - start));
}
MESSAGE_ELEMENT(mls_message)
