/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/proposal.h"

#include "mls/rule.h"

void wire_pre_shared_key_id(struct wire *w, struct pre_shared_key_id *p)
{
	wire_u8(w, &p->psktype);
	switch (p->psktype) {
	case PSK_EXTERNAL:
		wire_bytes(w, &p->psk_id);
		break;
	case PSK_RESUMPTION:
		wire_u8(w, &p->usage);
		wire_bytes(w, &p->psk_group_id);
		wire_u64(w, &p->psk_epoch);
		if (BREAKS(PSK_USAGE_KNOWN,
			   p->usage < RESUMPTION_APPLICATION || p->usage > RESUMPTION_BRANCH))
			wire_fail(w, UC_E_MALFORMED);
		break;
	case PSK_APPLICATION:
		wire_u16(w, &p->component_id);
		wire_bytes(w, &p->psk_id);
		break;
	default:
		wire_fail(w, RULE_ERROR(PSK_TYPE));
	}
	wire_bytes(w, &p->psk_nonce);
}

void pre_shared_key_id_element(struct wire *w, void *v)
{
	wire_pre_shared_key_id(w, v);
}

void wire_psk_label(struct wire *w, struct psk_label *p)
{
	wire_pre_shared_key_id(w, &p->id);
	wire_u16(w, &p->index);
	wire_u16(w, &p->count);
}

void psk_label_element(struct wire *w, void *v)
{
	wire_psk_label(w, v);
}

void wire_re_init(struct wire *w, struct re_init *r)
{
	wire_bytes(w, &r->group_id);
	wire_u16(w, &r->version);
	wire_u16(w, &r->cipher_suite);
	wire_extension_list(w, &r->extensions);
}

void re_init_element(struct wire *w, void *v)
{
	wire_re_init(w, v);
}

static void wire_app_data_update(struct wire *w, struct app_data_update *a)
{
	wire_u16(w, &a->component_id);
	wire_u8(w, &a->op);
	switch (a->op) {
	case APP_DATA_UPDATE:
		wire_bytes(w, &a->update);
		break;
	case APP_DATA_REMOVE:
		break;
	default:
		wire_fail(w, RULE_ERROR(APP_DATA_OPERATION));
	}
}

static void wire_app_ephemeral(struct wire *w, struct app_ephemeral *a)
{
	wire_u16(w, &a->component_id);
	wire_bytes(w, &a->data);
}

static void proposal_body(struct wire *w, struct proposal *p)
{
	switch (p->proposal_type) {
	case PROPOSAL_ADD:
		wire_key_package(w, &p->key_package);
		break;
	case PROPOSAL_UPDATE:
		wire_leaf_node(w, &p->leaf_node);
		break;
	case PROPOSAL_REMOVE:
		wire_u32(w, &p->removed);
		break;
	case PROPOSAL_PSK:
		wire_pre_shared_key_id(w, &p->psk);
		break;
	case PROPOSAL_REINIT:
		wire_re_init(w, &p->reinit);
		break;
	case PROPOSAL_EXTERNAL_INIT:
		wire_bytes(w, &p->kem_output);
		break;
	case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
		wire_extension_list(w, &p->extensions);
		break;
	case PROPOSAL_APP_DATA_UPDATE:
		wire_app_data_update(w, &p->app_data_update);
		break;
	case PROPOSAL_APP_EPHEMERAL:
		wire_app_ephemeral(w, &p->app_ephemeral);
		break;
	case PROPOSAL_SELF_REMOVE:
		break;
	default:
		wire_fail(w, RULE_ERROR(PROPOSAL_TYPE));
	}
}

void wire_proposal(struct wire *w, struct proposal *p)
{
	const uint8_t *start = w->p;
	wire_u16(w, &p->proposal_type);
	proposal_body(w, p);
	if (wire_reading(w) && !w->failed)
		p->raw = view_make(start, (size_t)(w->p - start));
}

void proposal_element(struct wire *w, void *v)
{
	wire_proposal(w, v);
}

void wire_proposal_or_ref(struct wire *w, struct proposal_or_ref *p)
{
	wire_u8(w, &p->type);
	switch (p->type) {
	case BY_PROPOSAL:
		wire_proposal(w, &p->proposal);
		break;
	case BY_REFERENCE:
		wire_bytes(w, &p->reference);
		break;
	default:
		wire_fail(w, RULE_ERROR(PROPOSAL_OR_REF));
	}
}
WIRE_ELEMENT(proposal_or_ref)

void wire_hpke_ciphertext(struct wire *w, struct hpke_ciphertext *h)
{
	wire_bytes(w, &h->kem_output);
	wire_bytes(w, &h->ciphertext);
}
WIRE_ELEMENT(hpke_ciphertext)

void wire_update_path_node(struct wire *w, struct update_path_node *u)
{
	wire_bytes(w, &u->encryption_key);
	WIRE_LIST(w, &u->encrypted_path_secret, hpke_ciphertext_element);
}
WIRE_ELEMENT(update_path_node)

void wire_update_path(struct wire *w, struct update_path *u)
{
	wire_leaf_node(w, &u->leaf_node);
	WIRE_LIST(w, &u->nodes, update_path_node_element);
}

void update_path_element(struct wire *w, void *v)
{
	wire_update_path(w, v);
}

void wire_commit(struct wire *w, struct commit *c)
{
	WIRE_LIST(w, &c->proposals, proposal_or_ref_element);
	WIRE_OPTION(w, &c->path, update_path_element);
}

void commit_element(struct wire *w, void *v)
{
	wire_commit(w, v);
}
