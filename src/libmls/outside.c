/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals by who is not in the group (RFC 9420, 12.1.8). */
#include "libmls/take.h"

#include "mls/external_proposal.h"

static uc_err outside_of(struct taker *t, const struct mls_outside *to, struct outside *out)
{
	*out = (struct outside){
		.suite = client_suite(t->client, to->suite),
		.group_id = take_bytes(t, to->group_id),
		.epoch = to->epoch,
		.authenticated_data = take_bytes(t, to->authenticated_data),
	};
	TRY(t->failed);
	return out->suite ? UC_OK : UC_E_SUITE;
}

static uc_err propose(struct call *c, const struct mls_outside *to, uint32_t sender_index,
		      const mls_signature_key *key, const struct mls_proposal *p,
		      struct mls_bytes *out)
{
	struct taker t = { c->client, &c->scratch, UC_OK };
	struct outside where;
	struct view message;
	TRY(outside_of(&t, to, &where));
	const struct proposal in = take_proposal(&t, p, where.suite, where.group_id);
	TRY(t.failed);
	TRY(external_propose(&where, &c->client->env, sender_index, &key->key, &in, &c->scratch,
			     &message));
	return mls_out_copy(c->out, message.p, message.n, out);
}

uc_err mls_external_propose(mls_client *client, const struct mls_outside *to, uint32_t sender_index,
			    const mls_signature_key *key, const struct mls_proposal *proposal,
			    mls_out *out, struct mls_bytes *message)
{
	struct call c;
	struct mls_bytes fresh = { NULL, 0 };
	if (!to || !key || !proposal || !out || !message)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, client, out));
	TRY(call_end(&c, propose(&c, to, sender_index, key, proposal, &fresh)));
	*message = fresh;
	return UC_OK;
}

static uc_err ask_to_join(struct call *c, const struct mls_outside *to,
			  struct mls_bytes key_package_secret, struct mls_bytes *out)
{
	struct taker t = { c->client, &c->scratch, UC_OK };
	struct outside where;
	struct view message = { NULL, 0 }, secret = take_bytes(&t, key_package_secret);
	struct kept_key_package kept;
	TRY(outside_of(&t, to, &where));
	TRY(key_package_kept(c->client, secret, &c->scratch, &kept));
	uc_err err = join_propose(&where, &c->client->env, kept.key_package,
				  &kept.secrets.signature_key, &c->scratch, &message);
	key_package_secrets_wipe(&kept.secrets);
	TRY(err);
	return mls_out_copy(c->out, message.p, message.n, out);
}

uc_err mls_join_propose(mls_client *client, const struct mls_outside *to,
			struct mls_bytes key_package_secret, mls_out *out,
			struct mls_bytes *message)
{
	struct call c;
	struct mls_bytes fresh = { NULL, 0 };
	if (!to || !out || !message)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, client, out));
	TRY(call_end(&c, ask_to_join(&c, to, key_package_secret, &fresh)));
	*message = fresh;
	return UC_OK;
}
