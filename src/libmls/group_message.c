/* SPDX-License-Identifier: Apache-2.0 */
/* Messages out and in, and what was staged by them (RFC 9420, 6, 12.4.2). */
#include "libmls/give.h"

uc_err mls_group_protect(mls_group *group, struct mls_bytes data,
			 struct mls_bytes authenticated_data, size_t padding, mls_out *out,
			 struct mls_bytes *message)
{
	struct call c;
	struct view in, aad, made = { NULL, 0 };
	struct mls_bytes fresh = { NULL, 0 };
	if (!group || !out || !message)
		return UC_E_ARGUMENT;
	TRY(bytes_in(data, &in));
	TRY(bytes_in(authenticated_data, &aad));
	TRY(call_begin(&c, group->client, out));
	uc_err err = group_encrypt(group->g, aad, in, padding, &c.scratch, &made);
	if (!err)
		err = mls_out_copy(out, made.p, made.n, &fresh);
	TRY(call_end(&c, err));
	*message = fresh;
	return UC_OK;
}

static uc_err receive(struct call *c, mls_group *m, struct view message, struct mls_received *out)
{
	struct giver g = { .a = c->out->a };
	struct received got;
	TRY(call_reserve(c, message.n));
	TRY(group_receive(m->g, message, &c->scratch, &got));
	*out = (struct mls_received){
		.sender = give_sender(&got.sender),
		.epoch = got.epoch,
		.authenticated_data = give_bytes(&g, got.authenticated_data),
	};
	switch (got.kind) {
	case RECEIVED_APPLICATION:
		out->kind = MLS_RECEIVED_MESSAGE;
		out->data = give_bytes(&g, got.application_data);
		if (got.leaf)
			out->leaf = give_leaf(&g, got.leaf, got.sender.leaf_index);
		break;
	case RECEIVED_PROPOSAL: {
		const struct proposal_view p = { got.sender, got.proposal, got.proposal_ref };
		out->kind = MLS_RECEIVED_PROPOSAL;
		out->proposal = give_proposal(&g, &p);
		break;
	}
	case RECEIVED_COMMIT:
		out->kind = MLS_RECEIVED_COMMIT;
		out->change = give_change(&g, got.change, group_own_leaf(m->g));
		if (g.failed)
			group_staged_drop(m->g);
		break;
	case RECEIVED_OWN_COMMIT:
		*out = (struct mls_received){ .kind = MLS_RECEIVED_OWN_COMMIT,
					      .epoch = group_epoch(m->g) };
		break;
	}
	return g.failed;
}

uc_err mls_group_receive(mls_group *group, struct mls_bytes message, mls_out *out,
			 struct mls_received *received)
{
	struct call c;
	struct view in;
	struct mls_received fresh = { .epoch = 0 };
	if (!group || !out || !received)
		return UC_E_ARGUMENT;
	TRY(bytes_in(message, &in));
	TRY(call_begin(&c, group->client, out));
	TRY(call_end(&c, receive(&c, group, in, &fresh)));
	*received = fresh;
	return UC_OK;
}

bool mls_group_has_staged(const mls_group *group)
{
	return group && group_has_staged(group->g);
}

uc_err mls_group_staged_apply(mls_group *group)
{
	if (!group || group->client->inside)
		return UC_E_ARGUMENT;
	return group_staged_apply(group->g);
}

void mls_group_staged_drop(mls_group *group)
{
	if (group && !group->client->inside)
		group_staged_drop(group->g);
}

void mls_group_forget_past(mls_group *group)
{
	if (group && !group->client->inside)
		group_forget_past(group->g);
}
