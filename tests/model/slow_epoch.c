/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/slow_epoch.h"

#include "mls/group_inside.h"

/* --- the labels of section 5.1.3 and 8, by hand --- */

static struct secret expand(const struct suite *s, struct view secret, const char *label,
			    struct view context, size_t n)
{
	struct secret out = { .n = n };
	struct buf b, name;
	buf_init(&b, WIRE_OBJECT_MAX);
	buf_init(&name, WIRE_OBJECT_MAX);
	buf_add_str(&name, "MLS 1.0 ");
	buf_add_str(&name, label);
	put_u16(&b, (uint16_t)n);
	put_bytes(&b, buf_view(&name));
	put_bytes(&b, context);
	model_must(!b.failed && !suite_expand(s, secret, buf_view(&b), out.b, n));
	buf_done(&b);
	buf_done(&name);
	return out;
}

static struct secret derive(const struct suite *s, struct view secret, const char *label)
{
	return expand(s, secret, label, (struct view){ NULL, 0 }, s->nh);
}

static struct secret extract(const struct suite *s, struct view salt, struct view ikm)
{
	struct secret out = { .n = 0 };
	model_must(!suite_extract(s, salt, ikm, &out));
	return out;
}

static const uint8_t zeros[HASH_MAX];

static const char *const labels[SLOW_SECRETS] = {
	"sender data", "encryption", "exporter",       "external", "confirm",
	"membership",  "resumption", "authentication", "init",     "application_export",
};

/* --- GroupContext and transcripts (8.1, 8.2) --- */

static void put_extensions(struct buf *b, const struct extension_list *l)
{
	struct buf list;
	buf_init(&list, WIRE_OBJECT_MAX);
	for (size_t i = 0; i < l->n; i++) {
		put_u16(&list, l->v[i].extension_type);
		put_bytes(&list, l->v[i].extension_data);
	}
	put_bytes(b, buf_view(&list));
	buf_done(&list);
}

static struct view context_of(const struct slow_epoch *e, struct view confirmed)
{
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	put_u16(&b, MLS10);
	put_u16(&b, e->suite->id);
	put_bytes(&b, e->group_id);
	put_u64(&b, e->epoch);
	put_bytes(&b, slow_hash(&e->tree));
	put_bytes(&b, confirmed);
	put_extensions(&b, &e->extensions);
	return put_done(&b, e->arena);
}

static struct view hash_two(const struct slow_epoch *e, struct view first, struct view second)
{
	uint8_t *out = arena_take(e->arena, e->suite->nh);
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	buf_add_view(&b, first);
	buf_add_view(&b, second);
	model_must(out && !b.failed && !suite_hash(e->suite, buf_view(&b), out));
	buf_done(&b);
	return view_make(out, e->suite->nh);
}

static struct view interim_of(const struct slow_epoch *e)
{
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	put_bytes(&b, e->confirmation_tag);
	struct view tag = put_done(&b, e->arena);
	return hash_two(e, e->confirmed, tag);
}

static struct view confirmed_of(const struct slow_epoch *old, const struct slow_commit *in)
{
	struct view content;
	struct buf b;
	buf_init(&b, WIRE_OBJECT_MAX);
	put_u16(&b, in->content->wire_format);
	model_must(!wire_encode_to(old->arena, framed_content_element, &in->content->content,
				   &content));
	buf_add_view(&b, content);
	put_bytes(&b, in->content->auth.signature);
	struct view input = put_done(&b, old->arena);
	return hash_two(old, old->interim, input);
}

static bool tag_holds(const struct slow_epoch *e)
{
	uint8_t tag[HASH_MAX];
	model_must(!suite_mac(e->suite, secret_view(&e->secret[SLOW_CONFIRM]), e->confirmed, tag));
	return view_equal(e->confirmation_tag, view_make(tag, e->suite->nh));
}

struct view slow_ref(const struct suite *s, struct arena *a,
		     const struct authenticated_content *content)
{
	struct view encoded;
	struct buf b;
	uint8_t *out = arena_take(a, s->nh);
	model_must(out && !wire_encode_to(a, authenticated_content_element, content, &encoded));
	buf_init(&b, WIRE_OBJECT_MAX);
	put_bytes(&b, VIEW_LIT("MLS 1.0 Proposal Reference"));
	put_bytes(&b, encoded);
	struct view input = put_done(&b, a);
	model_must(!suite_hash(s, input, out));
	return view_make(out, s->nh);
}

/* --- where it begins --- */

static struct view kept(struct arena *a, struct view v)
{
	struct view out;
	model_must(!arena_copy(a, v, &out));
	return out;
}

static void take_secrets(struct slow_epoch *e, const struct epoch *from)
{
	const struct epoch_secrets *s = &from->secrets;
	const struct secret *in_order[SLOW_SECRETS] = {
		&s->sender_data_secret, NULL,
		&s->exporter_secret,    &s->external_secret,
		&s->confirmation_key,   &s->membership_key,
		&s->resumption_psk,     &s->epoch_authenticator,
		&s->init_secret,        NULL,
	};
	for (int i = 0; i < SLOW_SECRETS; i++)
		e->secret[i] = in_order[i] ? *in_order[i] : (struct secret){ .n = 0 };
}

static const char *take_extensions(struct slow_epoch *e, struct view encoded)
{
	struct group_context c;
	if (wire_decode(kept(e->arena, encoded), e->arena, group_context_element, &c))
		return "the GroupContext cannot be read";
	e->extensions = c.extensions;
	e->group_id = c.group_id;
	e->epoch = c.epoch;
	e->confirmed = c.confirmed_transcript_hash;
	return NULL;
}

const char *slow_begin(struct slow_epoch *e, const struct group *g, struct arena *a)
{
	struct view tree;
	const struct group_state *s = &g->now->state;
	*e = (struct slow_epoch){ .suite = g->suite, .arena = a };
	const char *wrong = take_extensions(e, s->encoded);
	if (wrong)
		return wrong;
	model_must(!group_ratchet_tree(g, a, &tree));
	if (!slow_read(&e->tree, g->suite, a, tree))
		return "the tree cannot be read";
	take_secrets(e, g->now);
	e->confirmation_tag = kept(a, s->confirmation_tag);
	e->is_closed = s->is_closed;
	e->context = context_of(e, e->confirmed);
	e->interim = interim_of(e);
	return slow_compare(e, g);
}

/* --- the proposals of a commit (12.3) --- */

struct doing {
	const struct slow_epoch *old;
	const struct slow_commit *in;
	struct slow_epoch *out;
	struct slow_change *change;
	struct slow_proposal *v;
	size_t n;
};

static void push(struct doing *d, struct u32_list *l, uint32_t v)
{
	uint32_t *more = ARENA_ARRAY(d->out->arena, uint32_t, l->n + 1);
	model_must(more);
	for (size_t i = 0; i < l->n; i++)
		more[i] = l->v[i];
	more[l->n] = v;
	*l = (struct u32_list){ more, l->n + 1 };
}

static const char *resolve(struct doing *d)
{
	const struct framed_content *c = &d->in->content->content;
	const struct proposal_or_ref_list *l = &c->commit.proposals;
	d->v = ARENA_ARRAY(d->out->arena, struct slow_proposal, l->n + 1);
	model_must(d->v);
	for (; d->n < l->n; d->n++) {
		const struct proposal_or_ref *p = &l->v[d->n];
		const struct slow_proposal *found = NULL;
		if (p->type == BY_PROPOSAL) {
			d->v[d->n] = (struct slow_proposal){ .sender = c->sender,
							     .proposal = p->proposal };
			continue;
		}
		for (size_t i = 0; i < d->in->known_n; i++)
			if (view_equal(d->in->known[i].ref, p->reference))
				found = &d->in->known[i];
		if (!found)
			return "a proposal is committed that nobody sent";
		d->v[d->n] = *found;
	}
	return NULL;
}

static struct view leaf_bytes(struct doing *d, const struct leaf_node *l)
{
	struct view out;
	model_must(!wire_encode_to(d->out->arena, leaf_node_element, l, &out));
	return out;
}

static const char *apply(struct doing *d, const struct slow_proposal *p)
{
	struct slow_tree *t = &d->out->tree;
	uint32_t sender = p->sender.leaf_index;
	switch (p->proposal.proposal_type) {
	case PROPOSAL_UPDATE:
		if (!slow_leaf(t, sender))
			return "an Update of nobody";
		slow_update(t, sender, leaf_bytes(d, &p->proposal.leaf_node));
		push(d, &d->change->updated, sender);
		return NULL;
	case PROPOSAL_SELF_REMOVE:
	case PROPOSAL_REMOVE:
		if (p->proposal.proposal_type == PROPOSAL_REMOVE)
			sender = p->proposal.removed;
		if (!slow_leaf(t, sender))
			return "a Remove of nobody, or twice";
		slow_remove(t, sender);
		push(d, &d->change->removed, sender);
		return NULL;
	case PROPOSAL_ADD:
		push(d, &d->change->added,
		     slow_add(t, leaf_bytes(d, &p->proposal.key_package.leaf_node)));
		return NULL;
	case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
		d->out->extensions = p->proposal.extensions;
		return NULL;
	case PROPOSAL_REINIT:
		d->out->is_closed = true;
		return NULL;
	default:
		return NULL;
	}
}

/* Default types in their order, SelfRemove before Remove. */
static const char *apply_all(struct doing *d)
{
	static const uint16_t order[] = { PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
					  PROPOSAL_UPDATE,
					  PROPOSAL_SELF_REMOVE,
					  PROPOSAL_REMOVE,
					  PROPOSAL_ADD,
					  PROPOSAL_REINIT };
	for (size_t o = 0; o < sizeof order / sizeof *order; o++)
		for (size_t i = 0; i < d->n; i++) {
			const char *wrong = NULL;
			if (d->v[i].proposal.proposal_type == order[o])
				wrong = apply(d, &d->v[i]);
			if (wrong)
				return wrong;
		}
	return NULL;
}

/* What one component has after the commit, where nobody says how: the last update replaces. */
static const struct view *component_after(const struct doing *d,
					  const struct app_data_dictionary *dict, uint32_t id)
{
	const struct view *out = NULL;
	for (size_t i = 0; i < dict->component_data.n; i++)
		if (dict->component_data.v[i].component_id == id)
			out = &dict->component_data.v[i].data;
	for (size_t i = 0; i < d->n; i++) {
		const struct app_data_update *u = &d->v[i].proposal.app_data_update;
		if (d->v[i].proposal.proposal_type == PROPOSAL_APP_DATA_UPDATE &&
		    u->component_id == id)
			out = u->op == APP_DATA_UPDATE ? &u->update : NULL;
	}
	return out;
}

/* AppDataUpdate: the dictionary is each id there may be, in order, with what it has. */
static void apply_dictionary(struct doing *d)
{
	struct slow_epoch *e = d->out;
	size_t at = 0, n = e->extensions.n, updates = 0;
	struct extension *v = ARENA_ARRAY(e->arena, struct extension, n + 1);
	struct app_data_dictionary dict = { .component_data = { NULL, 0 } };
	struct buf list, whole;
	for (size_t i = 0; i < d->n; i++)
		updates += d->v[i].proposal.proposal_type == PROPOSAL_APP_DATA_UPDATE;
	if (!updates)
		return;
	model_must(v);
	for (size_t i = 0; i < n; i++)
		v[i] = e->extensions.v[i];
	while (at < n && v[at].extension_type != EXTENSION_APP_DATA_DICTIONARY)
		at++;
	/* One that cannot be read is refused by all, whatever is in it. */
	if (at < n &&
	    wire_decode(v[at].extension_data, e->arena, app_data_dictionary_element, &dict))
		dict.component_data.n = 0;
	buf_init(&list, WIRE_OBJECT_MAX);
	buf_init(&whole, WIRE_OBJECT_MAX);
	for (uint32_t id = 0; id <= UINT16_MAX; id++) {
		const struct view *data = component_after(d, &dict, id);
		if (!data)
			continue;
		put_u16(&list, (uint16_t)id);
		put_bytes(&list, *data);
	}
	put_bytes(&whole, buf_view(&list));
	buf_done(&list);
	v[at] = (struct extension){ EXTENSION_APP_DATA_DICTIONARY, put_done(&whole, e->arena) };
	e->extensions = (struct extension_list){ v, at == n ? n + 1 : n };
}

/* --- the path (7.4 to 7.6) --- */

static bool is_new_leaf(const struct doing *d, uint32_t node)
{
	for (size_t i = 0; i < d->change->added.n; i++)
		if (2 * d->change->added.v[i] == node)
			return true;
	return false;
}

/* A reader's private key for this node's public one. */
static const struct kem_key *key_of(const struct doing *d, const struct group *reader,
				    uint32_t node)
{
	const struct tree_secrets *k = &reader->now->keys;
	for (size_t i = 0; i < k->n; i++)
		if (view_equal(kem_public(&k->v[i].key), d->out->tree.v[node].key))
			return &k->v[i].key;
	/* An Update of its own that waited until now. */
	const struct proposal_store *p = &reader->proposals;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i]->update_key.pub_n &&
		    view_equal(kem_public(&p->v[i]->update_key), d->out->tree.v[node].key))
			return &p->v[i]->update_key;
	return NULL;
}

/* From the path secret of nodes[at] up: each public key is the one in the tree. */
static const char *climb(const struct doing *d, const struct u32_list *nodes, size_t at,
			 struct secret path_secret, struct secret *commit_secret)
{
	const struct suite *s = d->out->suite;
	for (; at < nodes->n; at++) {
		struct secret node_secret = derive(s, secret_view(&path_secret), "node");
		struct kem_key key;
		model_must(!kem_key_derive(s, secret_view(&node_secret), &key));
		if (!view_equal(kem_public(&key), d->out->tree.v[nodes->v[at]].key))
			return "a path secret does not lead to the public key of its node";
		path_secret = derive(s, secret_view(&path_secret), "path");
	}
	*commit_secret = path_secret;
	return NULL;
}

/* One ciphertext of the path, for this node, by all who have its key: all come to one secret. */
static const char *read_one(const struct doing *d, const struct u32_list *nodes, size_t at,
			    uint32_t node, const struct hpke_ciphertext *ct, struct view context,
			    struct secret *commit_secret, bool *found)
{
	const struct suite *s = d->out->suite;
	for (size_t i = 0; i < d->in->readers_n; i++) {
		const struct kem_key *key = key_of(d, d->in->readers[i], node);
		struct view plain;
		struct secret path_secret, leads_to;
		if (!key)
			continue;
		if (decrypt_with_label(s, key, "UpdatePathNode", context, ct->kem_output,
				       ct->ciphertext, d->out->arena, &plain) ||
		    plain.n != s->nh || secret_set(&path_secret, plain))
			return "a path secret cannot be opened by whom it is for";
		const char *wrong = climb(d, nodes, at, path_secret, &leads_to);
		if (wrong)
			return wrong;
		if (*found && !secret_equal(&leads_to, commit_secret))
			return "two path secrets lead to different commit secrets";
		*commit_secret = leads_to;
		*found = true;
	}
	return NULL;
}

static const char *read_path(const struct doing *d, const struct update_path *path,
			     struct view context, struct secret *commit_secret, bool *found)
{
	struct u32_list nodes, copath;
	slow_filtered(&d->out->tree, d->change->committer, &nodes, &copath);
	for (size_t i = 0; i < nodes.n; i++) {
		struct u32_list to = slow_resolution(&d->out->tree, copath.v[i]);
		const struct hpke_ciphertext_list *c = &path->nodes.v[i].encrypted_path_secret;
		size_t k = 0;
		for (size_t r = 0; r < to.n; r++) {
			if (is_new_leaf(d, to.v[r]))
				continue;
			if (k == c->n)
				return "too few ciphertexts";
			const char *wrong = read_one(d, &nodes, i, to.v[r], &c->v[k++], context,
						     commit_secret, found);
			if (wrong)
				return wrong;
		}
		if (k != c->n)
			return "too many ciphertexts";
	}
	return NULL;
}

/* --- secrets (8) --- */

static struct secret psk_secret_of(const struct doing *d, bool *known)
{
	const struct suite *s = d->out->suite;
	struct secret chain = { .n = s->nh };
	uint16_t count = 0, index = 0;
	for (size_t i = 0; i < d->n; i++)
		count = (uint16_t)(count + (d->v[i].proposal.proposal_type == PROPOSAL_PSK));
	for (size_t i = 0; i < d->n; i++) {
		const struct pre_shared_key_id *id = &d->v[i].proposal.psk;
		struct secret key;
		struct view encoded;
		struct buf label;
		if (d->v[i].proposal.proposal_type != PROPOSAL_PSK)
			continue;
		if (!d->in->psk(d->in->psk_ctx, id, &key)) {
			*known = false;
			return chain;
		}
		buf_init(&label, WIRE_OBJECT_MAX);
		model_must(!wire_encode_to(d->out->arena, pre_shared_key_id_element, id, &encoded));
		buf_add_view(&label, encoded);
		put_u16(&label, index++);
		put_u16(&label, count);
		struct secret extracted = extract(s, view_make(zeros, s->nh), secret_view(&key));
		struct secret input =
			expand(s, secret_view(&extracted), "derived psk", buf_view(&label), s->nh);
		buf_done(&label);
		chain = extract(s, secret_view(&input), secret_view(&chain));
	}
	return chain;
}

static const char *init_of(const struct doing *d, struct secret *out)
{
	const struct suite *s = d->old->suite;
	*out = d->old->secret[SLOW_INIT];
	for (size_t i = 0; i < d->n; i++) {
		struct kem_key external;
		if (d->v[i].proposal.proposal_type != PROPOSAL_EXTERNAL_INIT)
			continue;
		model_must(
			!kem_key_derive(s, secret_view(&d->old->secret[SLOW_EXTERNAL]), &external));
		if (hpke_export_receive(s, &external, d->v[i].proposal.kem_output,
					(struct view){ NULL, 0 },
					VIEW_LIT("MLS 1.0 external init secret"), out, s->nh))
			return "the ExternalInit cannot be opened";
	}
	return NULL;
}

static const char *schedule(const struct doing *d, const struct secret *commit_secret)
{
	struct slow_epoch *e = d->out;
	const struct suite *s = e->suite;
	struct secret init;
	bool known = true;
	const char *wrong = init_of(d, &init);
	if (wrong)
		return wrong;
	struct secret psk = psk_secret_of(d, &known);
	if (!known)
		return "a PSK is committed that the model does not know";
	struct secret x = extract(s, secret_view(&init), secret_view(commit_secret));
	struct secret joiner = expand(s, secret_view(&x), "joiner", e->context, s->nh);
	x = extract(s, secret_view(&joiner), secret_view(&psk));
	struct secret epoch = expand(s, secret_view(&x), "epoch", e->context, s->nh);
	for (int i = 0; i < SLOW_SECRETS; i++)
		e->secret[i] = derive(s, secret_view(&epoch), labels[i]);
	return tag_holds(e) ? NULL : "the confirmation_tag is another";
}

/* --- all of it --- */

/* 12.4, 17.4: an empty commit, and one with any of these, has a path. */
static bool needs_path(const struct doing *d)
{
	for (size_t i = 0; i < d->n; i++)
		switch (d->v[i].proposal.proposal_type) {
		case PROPOSAL_UPDATE:
		case PROPOSAL_REMOVE:
		case PROPOSAL_SELF_REMOVE:
		case PROPOSAL_EXTERNAL_INIT:
		case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
			return true;
		default:
			break;
		}
	return !d->n;
}

static const char *take_path(struct doing *d, struct secret *commit_secret, bool *found)
{
	const struct framed_content *c = &d->in->content->content;
	const struct update_path *path = c->commit.path;
	struct slow_epoch *e = d->out;
	if (!path)
		return needs_path(d) ? "a commit without the path that it needs" : NULL;
	d->change->has_path = true;
	if (!d->change->is_external && !slow_leaf(&e->tree, d->change->committer))
		return "the committer is gone";
	if (!slow_merge(&e->tree, d->change->committer, path, leaf_bytes(d, &path->leaf_node)))
		return "the path does not fit the tree";
	*found = false;
	/* The context that path secrets are sealed under has the old transcript. */
	return read_path(d, path, context_of(e, d->old->confirmed), commit_secret, found);
}

const char *slow_next(const struct slow_epoch *old, const struct slow_commit *in,
		      struct slow_epoch *out, struct slow_change *change)
{
	const struct framed_content *c = &in->content->content;
	struct doing d = { .old = old, .in = in, .out = out, .change = change };
	struct secret commit_secret = { .n = old->suite->nh };
	bool found = true;
	*change = (struct slow_change){ .committer = c->sender.leaf_index };
	*out = *old;
	out->tree = slow_copy(&old->tree);
	out->epoch++;
	if (c->epoch != old->epoch || !view_equal(c->group_id, old->group_id) || old->is_closed)
		return "a commit of another epoch";
	const char *wrong = resolve(&d);
	if (!wrong)
		wrong = apply_all(&d);
	if (wrong)
		return wrong;
	apply_dictionary(&d);
	change->is_external = c->sender.sender_type == SENDER_NEW_MEMBER_COMMIT;
	if (change->is_external)
		change->committer = slow_room(&out->tree);
	wrong = take_path(&d, &commit_secret, &found);
	if (wrong)
		return wrong;
	out->confirmed = confirmed_of(old, in);
	out->confirmation_tag = kept(out->arena, in->content->auth.confirmation_tag);
	out->context = context_of(out, out->confirmed);
	out->interim = interim_of(out);
	if (found)
		return schedule(&d, &commit_secret);
	/* Nobody else can read it: then the maker's secrets are the epoch's. */
	if (!in->maker || !in->maker->pending)
		return "nobody can read the path";
	take_secrets(out, in->maker->pending);
	return tag_holds(out) ? NULL : "the confirmation_tag is another";
}
