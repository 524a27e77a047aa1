/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bad/forge.h"

struct view changeable(struct club *c, struct view v)
{
	struct view copy = { NULL, 0 };
	expect_ok(arena_copy(&c->mem, v, &copy));
	return copy;
}

void flip(struct view v, size_t at)
{
	if (at < v.n)
		((uint8_t *)(uintptr_t)v.p)[at] ^= 1;
}

static const struct sign_key *key_of(const struct forge *f)
{
	return f->key ? f->key : &f->by->key;
}

/* --- public messages --- */

struct forge forge_begin(struct club *c, struct person *by, uint8_t content_type)
{
	return (struct forge){
		.c = c,
		.by = by,
		.content = { .group_id = group_id(by->g),
			     .epoch = group_epoch(by->g),
			     .sender = { .sender_type = SENDER_MEMBER,
					 .leaf_index = group_own_leaf(by->g) },
			     .content_type = content_type },
		.version = MLS10,
		.wire_format = MLS_PUBLIC_MESSAGE,
	};
}

static void sign(const struct forge *f, const struct framed_content_tbs *tbs, struct view *out)
{
	struct view bytes;
	expect_ok(wire_encode_to(&f->c->mem, framed_content_tbs_element, tbs, &bytes));
	expect_ok(sign_with_label(f->c->suite, key_of(f), test_env(), "FramedContentTBS", bytes,
				  &f->c->mem, out));
}

struct view forge_public(const struct forge *f)
{
	struct framed_content content = f->content;
	const struct epoch *e = f->by->g->now;
	struct framed_content_tbs tbs = { .version = MLS10,
					  .wire_format = MLS_PUBLIC_MESSAGE,
					  .content = &content };
	struct mls_message m = { .version = f->version, .wire_format = f->wire_format };
	struct public_message *p = &m.public_message;
	uint8_t *tag = arena_take(&f->c->mem, HASH_MAX);
	struct view bytes, out;
	if (!f->other_epoch_context)
		tbs.context = e->state.encoded;
	p->content = content;
	sign(f, &tbs, &p->auth.signature);
	if (f->signature)
		p->auth.signature = *f->signature;
	p->auth.confirmation_tag = f->confirmation_tag;
	tbs.context = e->state.encoded;
	const struct authenticated_content_tbm tbm = { .content_tbs = tbs, .auth = &p->auth };
	expect_ok(wire_encode_to(&f->c->mem, authenticated_content_tbm_element, &tbm, &bytes));
	expect_ok(suite_mac(f->c->suite, secret_view(&e->secrets.membership_key), bytes, tag));
	p->membership_tag = view_make(tag, f->c->suite->nh);
	expect_ok(wire_encode_to(&f->c->mem, mls_message_element, &m, &out));
	return out;
}

struct view forge_proposal(struct club *c, struct person *by, const struct proposal *p)
{
	struct forge f = forge_begin(c, by, CONTENT_PROPOSAL);
	f.content.proposal = *p;
	return forge_public(&f);
}

static const uint8_t some_tag[HASH_MAX];

struct view forge_commit(struct club *c, struct person *by, const struct proposal *v, size_t n)
{
	struct forge f = forge_begin(c, by, CONTENT_COMMIT);
	struct proposal_or_ref *l = ARENA_ARRAY(&c->mem, struct proposal_or_ref, n);
	for (size_t i = 0; i < n; i++)
		l[i] = (struct proposal_or_ref){ .type = BY_PROPOSAL, .proposal = v[i] };
	f.content.commit = (struct commit){ .proposals = { l, n } };
	f.confirmation_tag = view_make(some_tag, c->suite->nh);
	return forge_public(&f);
}

struct forge forge_real_commit(struct club *c, struct person *by, const struct commit_options *o)
{
	struct forge f = forge_begin(c, by, CONTENT_COMMIT);
	struct made_commit made;
	struct mls_message m;
	expect_ok(group_commit(by->g, o, &c->mem, &made));
	group_pending_drop(by->g);
	expect_ok(wire_decode(changeable(c, made.commit), &c->mem, mls_message_element, &m));
	f.content = m.public_message.content;
	f.confirmation_tag = m.public_message.auth.confirmation_tag;
	return f;
}

struct leaf_node *forge_path_leaf(struct forge *f)
{
	return &f->content.commit.path->leaf_node;
}

void forge_sign_leaf(struct forge *f, struct view group, uint32_t leaf)
{
	expect_ok(leaf_node_sign(f->c->suite, test_env(), key_of(f), forge_path_leaf(f), group,
				 leaf, &f->c->mem));
}

void forge_hash_path(struct forge *f, uint32_t leaf)
{
	struct club *c = f->c;
	const struct update_path *path = f->content.commit.path;
	struct tree t;
	struct u32_list nodes, copath;
	uint8_t *hash = arena_take(&c->mem, HASH_MAX);
	struct view up = { NULL, 0 };
	tree_copy(group_now(f->by->g).tree, &t);
	expect_ok(tree_filtered_path(&t, leaf, &c->mem, &nodes, &copath));
	expect_ok(tree_blank_path(&t, leaf));
	expect_eq(nodes.n, path->nodes.n);
	for (size_t i = nodes.n; i-- > 0;) {
		const struct parent_node p = { .encryption_key = path->nodes.v[i].encryption_key,
					       .parent_hash = up };
		expect_ok(tree_set_parent(&t, nodes.v[i], &p));
		expect_ok(tree_parent_hash(&t, nodes.v[i], copath.v[i], hash));
		up = view_make(hash, c->suite->nh);
	}
	tree_done(&t);
	forge_path_leaf(f)->parent_hash = up;
	forge_sign_leaf(f, group_id(f->by->g), leaf);
}

/* --- private messages --- */

struct view forge_inside(struct club *c, struct person *by, struct view text, size_t padding)
{
	struct forge f = forge_begin(c, by, CONTENT_APPLICATION);
	struct private_message_content inside = { .content_type = CONTENT_APPLICATION,
						  .application_data = text,
						  .padding = padding };
	struct framed_content_tbs tbs = { .version = MLS10,
					  .wire_format = MLS_PRIVATE_MESSAGE,
					  .content = &f.content,
					  .context = by->g->now->state.encoded };
	struct view out;
	f.content.application_data = text;
	sign(&f, &tbs, &inside.auth.signature);
	expect_ok(wire_encode_to(&c->mem, private_message_content_element, &inside, &out));
	return out;
}

static void seal(struct club *c, struct view key, struct view nonce, wire_element *walk,
		 const void *aad, struct view plain, struct view *out)
{
	struct view bytes;
	uint8_t *ct = arena_take(&c->mem, plain.n + AEAD_TAG);
	expect_ok(wire_encode_to(&c->mem, walk, aad, &bytes));
	expect_ok(suite_seal(c->suite, key, nonce, bytes, plain, ct));
	*out = view_make(ct, plain.n + AEAD_TAG);
}

static void seal_sender(struct club *c, const struct epoch *e, const struct sender_data *sd,
			bool longer, struct private_message *m)
{
	const struct suite *s = c->suite;
	uint8_t key[AEAD_KEY_MAX], nonce[AEAD_NONCE_MAX];
	struct view sample = view_slice(m->ciphertext, 0, s->nh), plain;
	struct view secret = secret_view(&e->secrets.sender_data_secret);
	const struct sender_data_aad aad = { m->group_id, m->epoch, m->content_type };
	expect_ok(expand_with_label(s, secret, "key", sample, key, s->nk));
	expect_ok(expand_with_label(s, secret, "nonce", sample, nonce, s->nn));
	expect_ok(wire_encode_to(&c->mem, sender_data_element, sd, &plain));
	plain.n += longer; /* a copy in an arena ends with a zero byte */
	seal(c, view_make(key, s->nk), view_make(nonce, s->nn), sender_data_aad_element, &aad,
	     plain, &m->encrypted_sender_data);
}

struct view forge_private(const struct private_forge *f)
{
	struct club *c = f->c;
	struct epoch *e = f->by->g->now;
	enum ratchet_kind kind =
		f->content_type == CONTENT_APPLICATION ? RATCHET_APPLICATION : RATCHET_HANDSHAKE;
	uint32_t leaf = f->seals_as_claimed ? f->claimed_leaf : group_own_leaf(f->by->g);
	struct sender_data sd = { leaf,
				  secret_tree_next(&e->messages, leaf, kind),
				  { 1, 2, 3, 4 } };
	struct message_key k;
	struct mls_message message = { .version = MLS10, .wire_format = MLS_PRIVATE_MESSAGE };
	struct private_message *m = &message.private_message;
	struct view out;
	*m = (struct private_message){ .group_id = group_id(f->by->g),
				       .epoch = group_epoch(f->by->g),
				       .content_type = f->content_type,
				       .authenticated_data = f->authenticated_data };
	if (f->seals_as_claimed && f->claims_generation)
		sd.generation = f->claimed_generation;
	expect_ok(secret_tree_peek(&e->messages, leaf, kind, sd.generation, &k));
	if (!f->seals_as_claimed)
		expect_ok(secret_tree_consume(&e->messages, leaf, kind, sd.generation));
	for (int i = 0; i < 4; i++)
		k.nonce[i] ^= sd.reuse_guard[i];
	const struct private_content_aad aad = { m->group_id, m->epoch, m->content_type,
						 m->authenticated_data };
	seal(c, view_make(k.key, c->suite->nk), view_make(k.nonce, c->suite->nn),
	     private_content_aad_element, &aad, f->plaintext, &m->ciphertext);
	if (f->ciphertext_n)
		m->ciphertext.n = f->ciphertext_n;
	if (f->claims_leaf)
		sd.leaf_index = f->claimed_leaf;
	if (f->claims_generation)
		sd.generation = f->claimed_generation;
	seal_sender(c, e, &sd, f->longer_sender_data, m);
	expect_ok(wire_encode_to(&c->mem, mls_message_element, &message, &out));
	return out;
}

struct view forge_private_of(struct club *c, struct person *by, const struct framing_epoch *e,
			     const struct framed_content *content)
{
	struct framing_epoch own = epoch_framing(by->g->now);
	struct authenticated_content auth;
	struct mls_message m = { .version = MLS10, .wire_format = MLS_PRIVATE_MESSAGE };
	if (!e)
		e = &own;
	expect_ok(framing_sign(e, test_env(), &by->key, MLS_PRIVATE_MESSAGE, content, &c->mem,
			       &auth));
	if (content->content_type == CONTENT_COMMIT)
		auth.auth.confirmation_tag = view_make(some_tag, c->suite->nh);
	expect_ok(framing_protect_private(e, test_env(), &auth, 7, &c->mem, &m.private_message));
	return forge_together(c, &m);
}

struct mls_message forge_apart(struct club *c, struct view message)
{
	struct mls_message m;
	expect_ok(wire_decode(message, &c->mem, mls_message_element, &m));
	return m;
}

struct view forge_together(struct club *c, const struct mls_message *m)
{
	struct view out;
	expect_ok(wire_encode_to(&c->mem, mls_message_element, m, &out));
	return out;
}

/* --- key packages, group infos --- */

struct proposal forge_add(struct club *c, struct person *p, leaf_change *leaf,
			  key_package_change *package)
{
	struct proposal add = add_of(c, p);
	struct key_package *k = &add.key_package;
	struct view bytes;
	if (leaf) {
		leaf(c, &k->leaf_node);
		expect_ok(leaf_node_sign(c->suite, test_env(), &p->key, &k->leaf_node,
					 view_make(NULL, 0), 0, &c->mem));
	}
	if (package)
		package(c, k);
	expect_ok(wire_encode_to(&c->mem, key_package_tbs_element, k, &bytes));
	expect_ok(sign_with_label(c->suite, &p->key, test_env(), "KeyPackageTBS", bytes, &c->mem,
				  &k->signature));
	return add;
}

struct view forge_info(struct club *c, struct person *by, const struct group_context *context,
		       uint32_t signer)
{
	const struct epoch *e = by->g->now;
	struct group_info info = { .group_context = *context,
				   .confirmation_tag = e->state.confirmation_tag,
				   .signer = signer };
	struct view tbs, out;
	expect_ok(wire_encode_to(&c->mem, group_info_tbs_element, &info, &tbs));
	expect_ok(sign_with_label(c->suite, &by->key, test_env(), "GroupInfoTBS", tbs, &c->mem,
				  &info.signature));
	expect_ok(wire_encode_to(&c->mem, group_info_element, &info, &out));
	return out;
}

/* --- what must hold --- */

void refused_by_one(struct club *c, const struct person *who, struct view message, uc_err want)
{
	struct received got;
	struct view before = person_saved(c, who);
	expect_err(group_receive(who->g, message, &c->mem, &got), want);
	expect_bytes(person_saved(c, who), before);
	expect_err(group_staged_apply(who->g), UC_E_NOT_FOUND);
}

void refused_by_members(struct club *c, const struct person *by, struct view message, uc_err want)
{
	for (size_t i = 0; i < CLUB_MAX; i++)
		if (c->people[i].g && &c->people[i] != by)
			refused_by_one(c, &c->people[i], message, want);
}

void refused_by_server(struct club *c, struct view message, uc_err want)
{
	struct public_received got;
	struct view before = server_saved(c);
	expect_err(public_group_receive(c->server, message, &c->mem, &got), want);
	expect_bytes(server_saved(c), before);
	expect_err(public_group_apply(c->server), UC_E_NOT_FOUND);
}

void refused(struct club *c, const struct person *by, struct view message, uc_err want)
{
	refused_by_members(c, by, message, want);
	refused_by_server(c, message, want);
}
