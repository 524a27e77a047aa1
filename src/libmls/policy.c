/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's hooks over the caller's policy.  What a function of the caller's is handed borrows
 * from what the engine shows; while it runs, nothing of the client's may be changed. */
#include "libmls/give.h"

/* One call of a function of the caller's. */
struct asking {
	mls_client *client;
	struct arena scratch;
	struct giver giver;
};

static void ask(struct asking *q, void *ctx)
{
	q->client = ctx;
	q->client->inside++;
	arena_init(&q->scratch, q->client->limit_bytes, ARENA_PLAIN);
	q->giver = (struct giver){ .a = &q->scratch, .borrow = true };
}

static uc_err asked(struct asking *q, uc_err err)
{
	q->client->inside--;
	arena_done(&q->scratch);
	return err;
}

static enum mls_leaf_reason reason_of(enum leaf_reason reason)
{
	switch (reason) {
	case LEAF_ADD:
		return MLS_LEAF_ADDED;
	case LEAF_UPDATE:
		return MLS_LEAF_UPDATED;
	case LEAF_PATH:
		return MLS_LEAF_COMMITS;
	case LEAF_EXTERNAL_JOIN:
		return MLS_LEAF_JOINS;
	default:
		return MLS_LEAF_IN_TREE;
	}
}

static uc_err on_leaf(void *ctx, const struct group_view *group, const struct leaf_node *leaf,
		      uint32_t index, enum leaf_reason reason)
{
	struct asking q;
	ask(&q, ctx);
	const struct mls_policy *p = &q.client->policy;
	const struct mls_context context = give_context(&q.giver, group->context);
	const struct mls_leaf given = give_leaf(&q.giver, leaf, index);
	uc_err err = q.giver.failed;
	if (!err)
		err = p->leaf(p->ctx, &context, &given, reason_of(reason));
	return asked(&q, err);
}

static uc_err on_x509(void *ctx, const struct suite *s, const struct view_list *chain,
		      struct view signature_key, const struct leaf_node *before)
{
	struct asking q;
	struct mls_leaf old;
	ask(&q, ctx);
	const struct mls_policy *p = &q.client->policy;
	const struct mls_credential credential = { .type = CREDENTIAL_X509,
						   .certificates =
							   give_bytes_list(&q.giver, chain) };
	if (before)
		old = give_leaf(&q.giver, before, MLS_NO_INDEX);
	uc_err err = q.giver.failed;
	if (!err)
		err = p->x509(p->ctx, s->id, &credential, give_bytes(&q.giver, signature_key),
			      before ? &old : NULL);
	return asked(&q, err);
}

static uc_err on_proposal(void *ctx, const struct group_view *group,
			  const struct proposal_view *proposal)
{
	struct asking q;
	ask(&q, ctx);
	const struct mls_policy *p = &q.client->policy;
	const struct mls_context context = give_context(&q.giver, group->context);
	const struct mls_proposal given = give_proposal(&q.giver, proposal);
	uc_err err = q.giver.failed;
	if (!err)
		err = p->proposal(p->ctx, &context, &given);
	return asked(&q, err);
}

static uc_err on_change(void *ctx, const struct group_change *change)
{
	struct asking q;
	ask(&q, ctx);
	const struct mls_policy *p = &q.client->policy;
	const struct mls_change given = give_change(&q.giver, change, MLS_NO_INDEX);
	uc_err err = q.giver.failed;
	if (!err)
		err = p->commit(p->ctx, &given);
	return asked(&q, err);
}

static bool on_knows_component(void *ctx, uint16_t component_id)
{
	struct asking q;
	ask(&q, ctx);
	bool knows = q.client->policy.knows_component(q.client->policy.ctx, component_id);
	return !asked(&q, UC_OK) && knows;
}

static uc_err on_ephemeral(void *ctx, const struct group_view *before, const struct ephemeral *e)
{
	struct asking q;
	ask(&q, ctx);
	const struct mls_policy *p = &q.client->policy;
	const struct mls_context context = give_context(&q.giver, before->context);
	const struct mls_proposal given = { .type = PROPOSAL_APP_EPHEMERAL,
					    .index = MLS_NO_INDEX,
					    .component_id = e->component_id,
					    .data = give_bytes(&q.giver, e->data),
					    .sender = give_sender(&e->sender) };
	uc_err err = q.giver.failed;
	if (!err)
		err = p->ephemeral(p->ctx, &context, &given);
	return asked(&q, err);
}

static uc_err updates_given(struct giver *g, uint16_t component_id,
			    const struct app_data_update *updates, size_t n,
			    struct mls_proposal_list *out)
{
	struct mls_proposal *v = ARENA_ARRAY(g->a, struct mls_proposal, n);
	if (!v)
		return arena_error(g->a);
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct mls_proposal){ .type = PROPOSAL_APP_DATA_UPDATE,
					      .index = MLS_NO_INDEX,
					      .component_id = component_id,
					      .removes = updates[i].op == APP_DATA_REMOVE };
		if (!v[i].removes)
			v[i].data = give_bytes(g, updates[i].update);
	}
	*out = (struct mls_proposal_list){ v, n };
	return UC_OK;
}

static uc_err component(struct asking *q, const struct group_view *before, uint16_t component_id,
			const struct view *current, const struct app_data_update *updates, size_t n,
			struct arena *a, struct view *ret)
{
	const struct mls_policy *p = &q->client->policy;
	struct mls_bytes now = { NULL, 0 }, data = { NULL, 0 };
	struct mls_proposal_list list;
	mls_out out = { .a = a };
	const struct mls_context context = give_context(&q->giver, before->context);
	TRY(updates_given(&q->giver, component_id, updates, n, &list));
	if (current)
		now = give_bytes(&q->giver, *current);
	TRY(q->giver.failed);
	TRY(p->component(p->ctx, &context, component_id, current ? &now : NULL, &list, &out,
			 &data));
	TRY(bytes_in(data, ret));
	/* There is data, if only none. */
	if (!ret->p)
		*ret = VIEW_LIT("");
	return UC_OK;
}

static uc_err on_component(void *ctx, const struct group_view *before, uint16_t component_id,
			   const struct view *current, const struct app_data_update *updates,
			   size_t n, struct arena *a, struct view *ret)
{
	struct asking q;
	ask(&q, ctx);
	return asked(&q, component(&q, before, component_id, current, updates, n, a, ret));
}

static bool on_same_member(void *ctx, const struct leaf_node *old, const struct leaf_node *fresh)
{
	struct asking q;
	ask(&q, ctx);
	const struct mls_policy *p = &q.client->policy;
	const struct mls_leaf a = give_leaf(&q.giver, old, MLS_NO_INDEX);
	const struct mls_leaf b = give_leaf(&q.giver, fresh, MLS_NO_INDEX);
	bool same = !q.giver.failed && p->same_member(p->ctx, &a, &b);
	return !asked(&q, UC_OK) && same;
}

/* --- keys --- */

static uc_err find_psk(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	struct asking q;
	uint8_t key[SECRET_MAX];
	size_t n = 0;
	ask(&q, ctx);
	const struct mls_policy *p = &q.client->policy;
	const struct mls_psk_id given = give_psk_id(&q.giver, id);
	uc_err err = q.giver.failed;
	if (!err)
		err = p->psk ? p->psk(p->ctx, &given, key, &n) : UC_E_PSK;
	if (!err && n > sizeof key)
		err = UC_E_ARGUMENT;
	if (!err)
		err = secret_set(out, view_make(key, n));
	wipe(key, sizeof key);
	return asked(&q, err);
}

/* One that is open before one of the same id that is over. */
static const struct group *find_group(void *ctx, struct view id)
{
	const mls_client *client = ctx;
	const struct group *found = NULL;
	for (const mls_group *m = client->groups; m; m = m->next) {
		if (!m->g || !view_equal(group_id(m->g), id))
			continue;
		found = m->g;
		if (!group_is_removed(m->g) && !group_reinit_of(m->g))
			break;
	}
	return found;
}

void policy_bind(mls_client *client)
{
	const struct mls_policy *p = &client->policy;
	client->hooks = (struct group_hooks){
		.ctx = client,
		.parallel = client->parallel.run ? &client->parallel : NULL,
		.any_lifetime = p->any_lifetime,
		.any_suites = p->any_suites,
		.empty_aad = p->empty_aad,
		.knows_component = p->knows_component ? on_knows_component : NULL,
		.ephemeral = p->ephemeral ? on_ephemeral : NULL,
		.leaf = p->leaf ? on_leaf : NULL,
		.x509 = p->x509 ? on_x509 : NULL,
		.proposal = p->proposal ? on_proposal : NULL,
		.change = p->commit ? on_change : NULL,
		.component = p->component ? on_component : NULL,
		.same_member = p->same_member ? on_same_member : NULL,
	};
	client->psks = (struct psk_finder){ .ctx = client, .find = find_psk, .group = find_group };
}
