/* SPDX-License-Identifier: Apache-2.0 */
/* Which proposals are valid, alone (RFC 9420, 12.1) and together (12.2). */
#include "base/heap.h"
#include "mls/group_state.h"
#include "mls/many.h"
#include "mls/rule.h"

#include <stdlib.h>

struct check_input {
	const struct group_state *state;
	const struct proposal_view *p;
	const struct group_hooks *hooks; /* may be NULL */
	uint64_t now_ms;                 /* 0: lifetimes are not checked */
	bool package_is_good;            /* it was checked beside others */
	struct arena *a;
};

static uc_err check_add(const struct check_input *in)
{
	const struct key_package *k = &in->p->proposal->key_package;
	if (!in->package_is_good)
		TRY(key_package_check(in->state->suite, k, in->now_ms));
	TRY(leaf_suite_admit(in->hooks, in->state->suite, &k->leaf_node));
	return credential_admit(in->hooks, in->state->suite, &k->leaf_node.credential,
				k->leaf_node.signature_key, NULL);
}

/* 12.1.2, 7.3: the leaf is of source update, its key is new, its signature covers its place. */
static uc_err check_update(const struct check_input *in)
{
	const struct leaf_node *leaf = &in->p->proposal->leaf_node;
	uint32_t index = in->p->sender.leaf_index;
	const struct leaf_node *old = tree_leaf_find(&in->state->tree, index, LEAF_ROOM);
	if (GROUND(SENDER_IS_THERE, !old))
		return UC_E_NOT_FOUND; /* refused with the message, or by PROPOSAL_SENDER */
	if (BREAKS(UPDATE_SOURCE, leaf->leaf_node_source != LEAF_NODE_SOURCE_UPDATE))
		return UC_E_UNEXPECTED;
	if (BREAKS(UPDATE_KEY_IS_NEW, view_equal(leaf->encryption_key, old->encryption_key)))
		return UC_E_KEY;
	TRY(leaf_node_check(in->state->suite, leaf));
	TRY(leaf_suite_admit(in->hooks, in->state->suite, leaf));
	TRY_RULE(LEAF_SIGNATURE,
		 leaf_node_verify(in->state->suite, leaf, in->state->context.group_id, index));
	return credential_admit(in->hooks, in->state->suite, &leaf->credential, leaf->signature_key,
				old);
}

static uc_err check_remove(const struct check_input *in)
{
	bool there = tree_has_leaf(&in->state->tree, in->p->proposal->removed);
	return KEEPS(REMOVED_IS_THERE, there) ? UC_OK : UC_E_NOT_FOUND;
}

/* 12.1.4: the nonce is KDF.Nh long; branch and re-initialisation keys only where a new group goes
 * on from another (group_succession.c), which members of a group never see. */
static uc_err check_psk(const struct check_input *in)
{
	const struct pre_shared_key_id *id = &in->p->proposal->psk;
	if (BREAKS(PSK_NONCE, id->psk_nonce.n != in->state->suite->nh))
		return UC_E_MALFORMED;
	if (BREAKS(PSK_USAGE, id->psktype == PSK_RESUMPTION &&
				      id->usage != RESUMPTION_APPLICATION &&
				      id->usage != in->state->begins_as))
		return UC_E_UNEXPECTED;
	return UC_OK;
}

static uc_err check_reinit(const struct check_input *in)
{
	bool older = in->p->proposal->reinit.version < in->state->context.version;
	return BREAKS(REINIT_VERSION, older) ? UC_E_VERSION : UC_OK;
}

static bool view_or_empty_equal(const struct extension *a, const struct extension *b)
{
	if (!a || !b)
		return a == b;
	return view_equal(a->extension_data, b->extension_data);
}

/* 12.1.7; and where AppDataUpdate is required, the dictionary changes by it alone
 * (draft-ietf-mls-extensions-10). */
static uc_err check_extensions(const struct check_input *in)
{
	const struct extension_list *l = &in->p->proposal->extensions;
	const struct extension_list *old = &in->state->context.extensions;
	struct required_capabilities required;
	TRY(required_capabilities_of(l, in->a, &required));
	TRY(draft_extensions_check(l));
	TRY(external_senders_admit(in->hooks, in->state->suite, l, old, in->a));
	TRY(required_capabilities_of(old, in->a, &required));
	if (BREAKS(DICTIONARY_BY_UPDATES,
		   u16_list_has(&required.proposal_types, PROPOSAL_APP_DATA_UPDATE) &&
			   !view_or_empty_equal(
				   extension_find(l, EXTENSION_APP_DATA_DICTIONARY),
				   extension_find(old, EXTENSION_APP_DATA_DICTIONARY))))
		return UC_E_POLICY;
	return UC_OK;
}

/* "invalid if its component_id references a component that is not known to the application" */
static uc_err check_component(const struct check_input *in, uint16_t component_id)
{
	const struct group_hooks *hooks = in->hooks;
	bool unknown = hooks && hooks->knows_component &&
		       !hooks->knows_component(hooks->ctx, component_id);
	return BREAKS(COMPONENT_KNOWN, unknown) ? UC_E_UNSUPPORTED : UC_OK;
}

static uc_err check_app_data_update(const struct check_input *in)
{
	return check_component(in, in->p->proposal->app_data_update.component_id);
}

static uc_err check_app_ephemeral(const struct check_input *in)
{
	return check_component(in, in->p->proposal->app_ephemeral.component_id);
}

/* ExternalInit: the table says who makes it, and there is nothing else to it. */
static uc_err check_nothing(const struct check_input *in)
{
	(void)in;
	return UC_OK;
}

/* SelfRemove: "only allowed in a Commit by reference", from a member. */
static uc_err check_self_remove(const struct check_input *in)
{
	bool there = tree_has_leaf(&in->state->tree, in->p->sender.leaf_index);
	return GROUND_KEEPS(SENDER_IS_THERE, there) ? UC_OK : UC_E_NOT_FOUND;
}

/* Who may propose it: bits by sender_type; in an external commit, by value and by reference.
 * RFC 9420, 12.1.8, 12.2, 17.4; draft-ietf-mls-extensions-10. */
enum {
	MEMBER = 1 << SENDER_MEMBER,
	EXTERNAL = 1 << SENDER_EXTERNAL,
	NEW_MEMBER = 1 << SENDER_NEW_MEMBER_PROPOSAL,
	JOINER = 1 << SENDER_NEW_MEMBER_COMMIT,
};
static const struct proposal_kind {
	uint16_t type;
	int senders;
	bool path_required;
	bool by_reference_only;
	uc_err (*check)(const struct check_input *in);
} kinds[] = {
	{ PROPOSAL_ADD, MEMBER | EXTERNAL | NEW_MEMBER, false, false, check_add },
	{ PROPOSAL_UPDATE, MEMBER, true, true, check_update },
	{ PROPOSAL_REMOVE, MEMBER | EXTERNAL | JOINER, true, false, check_remove },
	{ PROPOSAL_PSK, MEMBER | EXTERNAL | JOINER, false, false, check_psk },
	{ PROPOSAL_REINIT, MEMBER | EXTERNAL, false, false, check_reinit },
	{ PROPOSAL_EXTERNAL_INIT, JOINER, true, false, check_nothing },
	{ PROPOSAL_GROUP_CONTEXT_EXTENSIONS, MEMBER | EXTERNAL, true, false, check_extensions },
	{ PROPOSAL_APP_DATA_UPDATE, MEMBER | EXTERNAL | JOINER, false, false,
	  check_app_data_update },
	{ PROPOSAL_APP_EPHEMERAL, MEMBER | EXTERNAL | JOINER, false, false, check_app_ephemeral },
	{ PROPOSAL_SELF_REMOVE, MEMBER, true, true, check_self_remove },
};

static const struct proposal_kind *kind_find(uint16_t type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

static uc_err check(const struct check_input *in)
{
	const struct proposal_view *p = in->p;
	const struct group_state *s = in->state;
	const struct proposal_kind *k = kind_find(p->proposal->proposal_type);
	/* 12.4.2: after the commit of a ReInit no messages are sent in the group. */
	if (BREAKS(GROUP_IS_OPEN, s->is_closed))
		return UC_E_CLOSED;
	if (GROUND(PROPOSAL_TYPE, !k))
		return UC_E_UNSUPPORTED; /* nor was it read */
	if (BREAKS(PROPOSAL_SENDER, !(k->senders & 1 << p->sender.sender_type)))
		return UC_E_NOT_ALLOWED;
	if (BREAKS(BY_REFERENCE_ONLY, k->by_reference_only && !p->ref.n))
		return UC_E_UNEXPECTED;
	return k->check(in);
}

static struct check_input input_of(const struct group_state *s, const struct group_hooks *hooks,
				   const struct env *env, struct arena *a)
{
	return (struct check_input){
		.state = s,
		.hooks = hooks,
		.now_ms = hooks && hooks->any_lifetime ? 0 : env_now_ms(env),
		.a = a,
	};
}

uc_err proposal_check(const struct group_state *s, const struct proposal_view *p,
		      const struct group_hooks *hooks, const struct env *env, struct arena *a)
{
	struct check_input in = input_of(s, hooks, env, a);
	in.p = p;
	return check(&in);
}

uc_err proposals_check(const struct group_state *s, const struct proposal_view_list *l,
		       const struct group_hooks *hooks, const struct env *env, struct arena *a)
{
	const struct group_parallel *parallel = hooks ? hooks->parallel : NULL;
	struct check_input in = input_of(s, hooks, env, a);
	if (key_packages_are_many(l, parallel)) {
		TRY(key_packages_verify(s->suite, l, in.now_ms, parallel, a));
		in.package_is_good = true;
	}
	for (size_t i = 0; i < l->n; i++) {
		in.p = &l->v[i];
		TRY(check(&in));
	}
	return UC_OK;
}

/* In a commit, a GroupContextExtensions beside it may put there what an AppDataUpdate takes away; by
 * itself it can only be meant of what is there. */
uc_err proposal_arrives(const struct group_state *s, const struct proposal_view *p,
			const struct group_hooks *hooks, const struct env *env, struct arena *a)
{
	const struct proposal *q = p->proposal;
	struct view data;
	TRY(proposal_check(s, p, hooks, env, a));
	bool takes_away = q->proposal_type == PROPOSAL_APP_DATA_UPDATE &&
			  q->app_data_update.op == APP_DATA_REMOVE;
	if (BREAKS(COMPONENT_IS_THERE,
		   takes_away && !component_in(&s->context.extensions,
					       q->app_data_update.component_id, &data)))
		return UC_E_NOT_FOUND;
	return UC_OK;
}

uc_err proposal_type_supported(const struct group_state *s, uint16_t type,
			       const struct u32_list *without, struct arena *a)
{
	struct required_capabilities required;
	TRY(required_capabilities_of(&s->context.extensions, a, &required));
	if (type <= PROPOSAL_GROUP_CONTEXT_EXTENSIONS ||
	    u16_list_has(&required.proposal_types, type))
		return UC_OK;
	if (BREAKS(TYPE_SUPPORTED,
		   tree_leaf_without(&s->tree, TREE_LIST_PROPOSALS, type, without) != TREE_NONE))
		return UC_E_UNSUPPORTED;
	return UC_OK;
}

bool proposal_list_needs_path(const struct proposal_view_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct proposal_kind *k = kind_find(l->v[i].proposal->proposal_type);
		if (!k || k->path_required)
			return true;
	}
	return l->n == 0;
}

/* The leaf an Update, Remove or SelfRemove is about; TREE_NONE for others. */
static uint32_t touched_leaf(const struct proposal_view *p)
{
	switch (p->proposal->proposal_type) {
	case PROPOSAL_UPDATE:
	case PROPOSAL_SELF_REMOVE:
		return p->sender.leaf_index;
	case PROPOSAL_REMOVE:
		return p->proposal->removed;
	default:
		return TREE_NONE;
	}
}

static int number_order(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int key_order(const struct pre_shared_key_id *a, const struct pre_shared_key_id *b)
{
	int order;
	if (a->psktype != PSK_RESUMPTION) {
		order = view_compare(a->psk_id, b->psk_id);
		return order || a->psktype != PSK_APPLICATION
			       ? order
			       : number_order(a->component_id, b->component_id);
	}
	order = view_compare(a->psk_group_id, b->psk_group_id);
	if (!order)
		order = number_order(a->psk_epoch, b->psk_epoch);
	return order ? order : number_order(a->usage, b->usage);
}

/* Only what the type has is compared: the rest is not on the wire, and may be anything. */
int psk_order(const struct pre_shared_key_id *a, const struct pre_shared_key_id *b)
{
	int order = number_order(a->psktype, b->psktype);
	if (!order)
		order = key_order(a, b);
	return order ? order : view_compare(a->psk_nonce, b->psk_nonce);
}

/* May these two stand in one list? */
static uc_err meet_check(const struct proposal_view *a, const struct proposal_view *b)
{
	uint16_t type = a->proposal->proposal_type;
	const struct app_data_update *one, *other;
	if (BREAKS(ONE_PROPOSAL_PER_LEAF,
		   touched_leaf(a) != TREE_NONE && touched_leaf(a) == touched_leaf(b)))
		return UC_E_UNEXPECTED;
	if (type != b->proposal->proposal_type)
		return UC_OK;
	switch (type) {
	case PROPOSAL_ADD:
		if (BREAKS(ADDED_ONCE,
			   view_equal(a->proposal->key_package.leaf_node.signature_key,
				      b->proposal->key_package.leaf_node.signature_key)))
			return UC_E_UNEXPECTED;
		return UC_OK;
	case PROPOSAL_PSK:
		if (BREAKS(PSK_ONCE, !psk_order(&a->proposal->psk, &b->proposal->psk)))
			return UC_E_UNEXPECTED;
		return UC_OK;
	case PROPOSAL_APP_DATA_UPDATE:
		/* One component: several updates, or one removal alone. */
		one = &a->proposal->app_data_update;
		other = &b->proposal->app_data_update;
		if (BREAKS(COMPONENT_ONCE,
			   one->component_id == other->component_id &&
				   (one->op != APP_DATA_UPDATE || other->op != APP_DATA_UPDATE)))
			return UC_E_UNEXPECTED;
		return UC_OK;
	case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
	case PROPOSAL_REINIT:
		return KEEPS(TYPE_ONCE, false) ? UC_OK : UC_E_UNEXPECTED;
	default:
		return UC_OK;
	}
}

/* --- each of a list with each other, where two are about the same --- */

enum subject { NO_SUBJECT, A_LEAF, A_CLIENT, A_PSK, A_COMPONENT, A_TYPE };

static enum subject subject_of(const struct proposal_view *p)
{
	switch (p->proposal->proposal_type) {
	case PROPOSAL_UPDATE:
	case PROPOSAL_SELF_REMOVE:
	case PROPOSAL_REMOVE:
		return A_LEAF;
	case PROPOSAL_ADD:
		return A_CLIENT;
	case PROPOSAL_PSK:
		return A_PSK;
	case PROPOSAL_APP_DATA_UPDATE:
		return A_COMPONENT;
	case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
	case PROPOSAL_REINIT:
		return A_TYPE;
	default:
		return NO_SUBJECT;
	}
}

static int subject_order(const void *x, const void *y)
{
	const struct proposal_view *a = *(const struct proposal_view *const *)x;
	const struct proposal_view *b = *(const struct proposal_view *const *)y;
	enum subject of = subject_of(a);
	int order = number_order(of, subject_of(b));
	if (order)
		return order;
	switch (of) {
	case A_LEAF:
		return number_order(touched_leaf(a), touched_leaf(b));
	case A_CLIENT:
		return view_compare(a->proposal->key_package.leaf_node.signature_key,
				    b->proposal->key_package.leaf_node.signature_key);
	case A_PSK:
		return psk_order(&a->proposal->psk, &b->proposal->psk);
	case A_COMPONENT:
		return number_order(a->proposal->app_data_update.component_id,
				    b->proposal->app_data_update.component_id);
	default:
		return number_order(a->proposal->proposal_type, b->proposal->proposal_type);
	}
}

/* In order of what they are about, so that a list of many thousands costs no more than sorting it:
 * those that may not meet are then neighbours. */
static uc_err all_meet(const struct proposal_view_list *l)
{
	const struct proposal_view **v = heap_new(l->n * sizeof *v);
	uc_err err = UC_OK;
	size_t n = 0;
	if (!v)
		return UC_E_MEMORY;
	for (size_t i = 0; i < l->n; i++)
		if (subject_of(&l->v[i]) != NO_SUBJECT)
			v[n++] = &l->v[i];
	if (n)
		qsort(v, n, sizeof *v, subject_order);
	for (size_t i = 1; !err && i < n; i++)
		err = meet_check(v[i - 1], v[i]);
	heap_free(v);
	return err;
}

static uc_err check_regular(const struct sender *sender, const struct proposal_view_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		uint16_t type = l->v[i].proposal->proposal_type;
		if (BREAKS(EXTERNAL_INIT_IN_EXTERNAL, type == PROPOSAL_EXTERNAL_INIT))
			return UC_E_UNEXPECTED;
		/* No Update by the committer, no Remove of the committer. */
		if (BREAKS(NOT_OF_THE_COMMITTER, touched_leaf(&l->v[i]) == sender->leaf_index))
			return UC_E_UNEXPECTED;
		if (BREAKS(REINIT_IS_ALONE, type == PROPOSAL_REINIT && l->n > 1))
			return UC_E_UNEXPECTED;
	}
	return UC_OK;
}

static uc_err check_external(const struct proposal_view_list *l)
{
	size_t inits = 0, removes = 0;
	for (size_t i = 0; i < l->n; i++) {
		uint16_t type = l->v[i].proposal->proposal_type;
		bool by_reference = l->v[i].ref.n != 0;
		/* 12.4.3.2: nothing by reference; but SelfRemove, and that only so. */
		if (BREAKS(EXTERNAL_BY_VALUE, by_reference && type != PROPOSAL_SELF_REMOVE))
			return UC_E_UNEXPECTED;
		if (BREAKS(BY_REFERENCE_ONLY, !by_reference && type == PROPOSAL_SELF_REMOVE))
			return UC_E_UNEXPECTED;
		inits += type == PROPOSAL_EXTERNAL_INIT;
		removes += type == PROPOSAL_REMOVE;
	}
	if (BREAKS(EXTERNAL_INIT_ONCE, inits != 1))
		return UC_E_UNEXPECTED;
	return BREAKS(EXTERNAL_REMOVE_ONCE, removes > 1) ? UC_E_UNEXPECTED : UC_OK;
}

uc_err proposal_list_check(const struct group_state *s, const struct sender *sender,
			   const struct proposal_view_list *l)
{
	(void)s;
	if (l->n > 1)
		TRY(all_meet(l));
	return sender->sender_type == SENDER_NEW_MEMBER_COMMIT ? check_external(l)
							       : check_regular(sender, l);
}

uc_err proposal_list_takes(const struct sender *member, const struct proposal_view_list *l,
			   const struct proposal_view *p)
{
	for (size_t i = 0; i < l->n; i++) {
		TRY(meet_check(&l->v[i], p));
		if (BREAKS(REINIT_IS_ALONE, l->v[i].proposal->proposal_type == PROPOSAL_REINIT))
			return UC_E_UNEXPECTED;
	}
	const struct proposal_view_list alone = { (struct proposal_view[]){ *p }, 1 };
	return check_regular(member, &alone);
}

uc_err proposals_resolve(const struct proposal_store *store,
			 const struct proposal_or_ref_list *list, const struct sender *committer,
			 struct arena *a, struct proposal_view_list *out)
{
	out->n = list->n;
	out->v = ARENA_ARRAY(a, struct proposal_view, list->n);
	if (!out->v)
		return arena_error(a);
	for (size_t i = 0; i < list->n; i++) {
		const struct proposal_or_ref *p = &list->v[i];
		if (p->type == BY_PROPOSAL) {
			out->v[i] = (struct proposal_view){ .sender = *committer,
							    .proposal = &p->proposal };
			continue;
		}
		for (size_t k = 0; k < i; k++)
			if (BREAKS(REFERENCE_ONCE, view_equal(out->v[k].ref, p->reference)))
				return UC_E_UNEXPECTED;
		const struct stored_proposal *found = proposal_store_find(store, p->reference);
		if (GROUND(REFERENCE_KNOWN, !found))
			return UC_E_NOT_FOUND;
		out->v[i] = (struct proposal_view){ .sender = found->decoded.content.sender,
						    .proposal = &found->decoded.content.proposal,
						    .ref = found->ref };
	}
	return UC_OK;
}
