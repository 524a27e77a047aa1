/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: how they begin and end (RFC 9420, 11, 12.4.3). */
#include "base/heap.h"
#include "libmls/give.h"
#include "libmls/made.h"
#include "libmls/take.h"

/* --- the object --- */

mls_group *group_object_new(mls_client *client)
{
	mls_group *m = HEAP_NEW(mls_group);
	if (!m)
		return NULL;
	m->client = client;
	client_hold(client);
	buf_init_secret(&m->journal, WIRE_OBJECT_MAX);
	buf_init_secret(&m->root, WIRE_OBJECT_MAX);
	m->wrapping = wrapping_in(&client->wrapping);
	m->next = client->groups;
	if (m->next)
		m->next->before = m;
	client->groups = m;
	return m;
}

struct group_platform group_object_platform(const mls_group *group)
{
	struct group_platform p = client_platform(group->client);
	p.wrapping = &group->wrapping;
	return p;
}

void mls_group_free(mls_group *group)
{
	if (!group || group->client->inside)
		return;
	if (group->next)
		group->next->before = group->before;
	if (group->before)
		group->before->next = group->next;
	else
		group->client->groups = group->next;
	group_free(group->g);
	buf_done(&group->journal);
	buf_done(&group->root);
	client_release(group->client);
	heap_free(group);
}

struct group_wrapping wrapping_in(const struct mls_wrapping *in)
{
	return (struct group_wrapping){ .private_handshakes = in->private_handshakes,
					.refuse_public = in->refuse_public,
					.refuse_private = in->refuse_private,
					.bucket = in->padding };
}

/* What begins a group in an object that is there already. */
typedef uc_err begin(struct call *c, const void *how, mls_group *m, struct mls_made *made);

static uc_err group_begin(mls_client *client, begin *work, const void *how, mls_out *out,
			  struct mls_made *made, mls_group **group)
{
	struct call c;
	TRY(call_begin(&c, client, out));
	mls_group *m = group_object_new(client);
	uc_err err = m ? work(&c, how, m, made) : UC_E_MEMORY;
	if (err)
		mls_group_free(m);
	else
		*group = m;
	return call_end(&c, err);
}

/* --- create --- */

static uc_err create(struct call *c, const void *arg, mls_group *m, struct mls_made *made)
{
	const struct mls_create *how = arg;
	struct taker t = { c->client, &c->scratch, UC_OK };
	const struct group_platform platform = group_object_platform(m);
	const struct suite *s = client_suite(c->client, how->suite);
	(void)made;
	if (!s)
		return UC_E_SUITE;
	const struct leaf_parameters leaf = take_identity(&t, how->identity, s);
	const struct extension_list extensions = take_extensions(&t, how->extensions);
	struct view id = take_bytes(&t, how->group_id);
	TRY(t.failed);
	return group_create(&platform, s, id, &leaf, &extensions, &m->g);
}

uc_err mls_group_create(mls_client *client, const struct mls_create *how, mls_group **group)
{
	if (!how || !group)
		return UC_E_ARGUMENT;
	return group_begin(client, create, how, NULL, NULL, group);
}

/* --- join --- */

struct joining {
	const struct mls_join *how;
	struct mls_extensions *info_extensions; /* NULL: not asked for */
};

static uc_err join(struct call *c, const void *arg, mls_group *m, struct mls_made *made)
{
	const struct joining *j = arg;
	const struct mls_join *how = j->how;
	struct taker t = { c->client, &c->scratch, UC_OK };
	const struct group_platform platform = group_object_platform(m);
	struct view message = take_bytes(&t, how->welcome);
	struct view secret = take_bytes(&t, how->key_package_secret);
	struct welcome_input in = { .ratchet_tree = take_bytes(&t, how->ratchet_tree) };
	struct kept_key_package kept;
	struct extension_list extensions = { NULL, 0 };
	(void)made;
	TRY(t.failed);
	TRY(message_body(message, MLS_WIRE_WELCOME, &in.welcome));
	TRY(key_package_kept(c->client, secret, &c->scratch, &kept));
	in.key_package = kept.key_package;
	in.secrets = &kept.secrets;
	uc_err err = group_join_informed(&platform, &in, &c->scratch, &extensions, &m->g);
	key_package_secrets_wipe(&kept.secrets);
	if (err || !j->info_extensions)
		return err;
	struct giver g = { .a = c->out->a };
	*j->info_extensions = give_extensions(&g, &extensions);
	return g.failed;
}

uc_err mls_group_join(mls_client *client, const struct mls_join *how, mls_group **group)
{
	const struct joining j = { how, NULL };
	if (!how || !group)
		return UC_E_ARGUMENT;
	return group_begin(client, join, &j, NULL, NULL, group);
}

uc_err mls_group_join_informed(mls_client *client, const struct mls_join *how, mls_out *out,
			       struct mls_extensions *info_extensions, mls_group **group)
{
	struct mls_extensions fresh = { NULL, 0 };
	const struct joining j = { how, &fresh };
	if (!how || !out || !info_extensions || !group)
		return UC_E_ARGUMENT;
	TRY(group_begin(client, join, &j, out, NULL, group));
	*info_extensions = fresh;
	return UC_OK;
}

/* The group that a GroupInfo is of: its suite and id. */
static uc_err info_read(struct call *c, struct view encoded, struct group_info *info,
			const struct suite **suite)
{
	TRY(wire_decode(encoded, &c->scratch, group_info_element, info));
	*suite = client_suite(c->client, info->group_context.cipher_suite);
	return *suite ? UC_OK : UC_E_SUITE;
}

static uc_err join_external(struct call *c, const void *arg, mls_group *m, struct mls_made *made)
{
	const struct mls_join_external *how = arg;
	struct taker t = { c->client, &c->scratch, UC_OK };
	const struct group_platform platform = group_object_platform(m);
	struct group_info info;
	const struct suite *s;
	struct made_commit result = { .welcome = { NULL, 0 } };
	struct view message = take_bytes(&t, how->group_info);
	struct external_join in = {
		.ratchet_tree = take_bytes(&t, how->ratchet_tree),
		.authenticated_data = take_bytes(&t, how->authenticated_data),
	};
	TRY(t.failed);
	TRY(message_body(message, MLS_WIRE_GROUP_INFO, &in.group_info));
	TRY(info_read(c, in.group_info, &info, &s));
	const struct leaf_parameters leaf = take_identity(&t, how->identity, s);
	const struct view_list self_removes = take_bytes_list(&t, how->self_removes);
	in.leaf = &leaf;
	in.proposals = take_proposals(&t, how->proposals, s, info.group_context.group_id);
	in.proposal_count = how->proposals.n;
	in.self_removes = self_removes.v;
	in.self_remove_count = self_removes.n;
	TRY(t.failed);
	TRY(group_join_external(&platform, &in, &c->scratch, &result.commit, &result.group_info,
				&m->g));
	return made_give(c, m, &result, false, false, made);
}

uc_err mls_group_join_external(mls_client *client, const struct mls_join_external *how,
			       mls_out *out, struct mls_made *made, mls_group **group)
{
	struct mls_made fresh = { .commit = { NULL, 0 } };
	if (!how || !out || !made || !group)
		return UC_E_ARGUMENT;
	TRY(group_begin(client, join_external, how, out, &fresh, group));
	*made = fresh;
	return UC_OK;
}

/* --- a group that goes on from another (11.2, 11.3) --- */

struct successor {
	mls_group *old;
	const struct mls_succession *how;
	bool is_branch;
};

static const struct suite *suite_of_successor(const struct successor *x)
{
	const struct re_init *r = x->is_branch ? NULL : group_reinit_of(x->old->g);
	return r ? client_suite(x->old->client, r->cipher_suite) : group_now(x->old->g).suite;
}

static uc_err successor_adds(struct taker *t, struct mls_bytes_list l, struct proposal **out)
{
	struct proposal *v = ARENA_ARRAY(t->a, struct proposal, l.n);
	if (!v)
		return arena_error(t->a);
	if (!l.v && l.n)
		return UC_E_ARGUMENT;
	for (size_t i = 0; i < l.n; i++)
		v[i] = take_add(t, l.v[i]);
	*out = v;
	return t->failed;
}

static uc_err succeed(struct call *c, const void *arg, mls_group *m, struct mls_made *made)
{
	const struct successor *x = arg;
	struct taker t = { c->client, &c->scratch, UC_OK };
	const struct group_platform platform = group_object_platform(m);
	const struct suite *s = suite_of_successor(x);
	const struct group_info_parts parts = { .with_ratchet_tree = x->how->tree_in_welcome };
	struct proposal *adds = NULL;
	struct made_commit result;
	if (!s)
		return UC_E_SUITE;
	const struct leaf_parameters leaf = take_identity(&t, x->how->identity, s);
	TRY(successor_adds(&t, x->how->key_packages, &adds));
	const struct succession in = {
		.leaf = &leaf,
		.adds = adds,
		.add_count = x->how->key_packages.n,
		.group_id = take_bytes(&t, x->how->group_id),
		.extensions = take_extensions(&t, x->how->extensions),
		.force_path = x->how->force_path,
		.info = &parts,
	};
	TRY(t.failed);
	if (x->is_branch)
		TRY(group_branch(&platform, x->old->g, &in, &c->scratch, &result, &m->g));
	else
		TRY(group_reinit(&platform, x->old->g, &in, &c->scratch, &result, &m->g));
	return made_give(c, m, &result, true, !x->how->tree_in_welcome, made);
}

static uc_err succession(mls_group *old, const struct mls_succession *how, bool is_branch,
			 mls_out *out, struct mls_made *made, mls_group **group)
{
	const struct successor x = { old, how, is_branch };
	struct mls_made fresh = { .commit = { NULL, 0 } };
	if (!old || !how || !out || !made || !group)
		return UC_E_ARGUMENT;
	TRY(group_begin(old->client, succeed, &x, out, &fresh, group));
	*made = fresh;
	return UC_OK;
}

uc_err mls_group_branch(mls_group *old_group, const struct mls_succession *how, mls_out *out,
			struct mls_made *made, mls_group **group)
{
	return succession(old_group, how, true, out, made, group);
}

uc_err mls_group_reinit(mls_group *old_group, const struct mls_succession *how, mls_out *out,
			struct mls_made *made, mls_group **group)
{
	return succession(old_group, how, false, out, made, group);
}
