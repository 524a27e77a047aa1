/* SPDX-License-Identifier: Apache-2.0 */
/* Which credentials come into a group (RFC 9420, 5.3): basic ones are for the layer above to judge by
 * the leaf they stand in, X.509 chains are put to it. */
#include "mls/group_state.h"

#include "mls/rule.h"

/* "certificates[0] is the end-entity certificate": so there is one. */
static uc_err chain_form(const struct view_list *chain)
{
	if (GROUND(CHAIN_IS_THERE, !chain->n))
		return UC_E_MALFORMED;
	if (BREAKS(CHAIN_LENGTH, chain->n > X509_CHAIN_MAX))
		return UC_E_LIMIT;
	for (size_t i = 0; i < chain->n; i++)
		if (BREAKS(CERTIFICATE_IS_THERE, !chain->v[i].n))
			return UC_E_MALFORMED;
	return UC_OK;
}

uc_err credential_admit(const struct group_hooks *hooks, const struct suite *s,
			const struct credential *c, struct view signature_key,
			const struct leaf_node *before)
{
	if (c->credential_type != CREDENTIAL_X509)
		return UC_OK;
	TRY(chain_form(&c->certificates));
	if (before && credential_equal(&before->credential, c) &&
	    view_equal(before->signature_key, signature_key))
		return UC_OK;
	if (GROUND(CHAIN_IS_JUDGED, !hooks || !hooks->x509))
		return UC_E_UNSUPPORTED;
	TRY_RULE(CHAIN_IS_TAKEN,
		 hooks->x509(hooks->ctx, s, &c->certificates, signature_key, before));
	return UC_OK;
}

static bool is_among(const struct external_sender_list *l, const struct external_sender *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (credential_equal(&l->v[i].credential, &s->credential) &&
		    view_equal(l->v[i].signature_key, s->signature_key))
			return true;
	return false;
}

uc_err external_senders_admit(const struct group_hooks *hooks, const struct suite *s,
			      const struct extension_list *l, const struct extension_list *before,
			      struct arena *a)
{
	struct external_sender_list now, old = { NULL, 0 };
	TRY(external_senders_of(l, a, &now));
	if (before)
		TRY(external_senders_of(before, a, &old));
	for (size_t i = 0; i < now.n; i++)
		if (!is_among(&old, &now.v[i]))
			TRY(credential_admit(hooks, s, &now.v[i].credential, now.v[i].signature_key,
					     NULL));
	return UC_OK;
}
