/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals that came by themselves, until a commit uses or outlives them. */
#include "mls/group_state.h"

#include "base/heap.h"
#include "mls/rule.h"

uc_err proposal_ref(const struct suite *s, const struct authenticated_content *content,
		    uint8_t *out)
{
	struct buf bytes;
	buf_init(&bytes, WIRE_OBJECT_MAX);
	uc_err err = wire_encode(&bytes, authenticated_content_element, content);
	if (!err)
		err = ref_hash(s, "MLS 1.0 Proposal Reference", buf_view(&bytes), out);
	buf_done(&bytes);
	return err;
}

static void stored_free(struct heap_account *m, struct stored_proposal *p)
{
	if (!p)
		return;
	arena_done(&p->arena);
	heap_free_wiped_in(m, p, sizeof *p);
}

void proposal_store_done(struct proposal_store *s)
{
	for (size_t i = 0; i < s->n; i++)
		stored_free(s->memory, s->v[i]);
	heap_free_in(s->memory, s->v, s->cap * sizeof *s->v);
	*s = (struct proposal_store){ .memory = s->memory };
}

struct stored_proposal *proposal_store_find(const struct proposal_store *s, struct view ref)
{
	for (size_t i = 0; i < s->n; i++)
		if (view_equal(s->v[i]->ref, ref))
			return s->v[i];
	return NULL;
}

void proposal_store_drop(struct proposal_store *s, struct view ref)
{
	size_t i = 0;
	while (i < s->n && !view_equal(s->v[i]->ref, ref))
		i++;
	if (i == s->n)
		return;
	stored_free(s->memory, s->v[i]);
	for (s->n--; i < s->n; i++)
		s->v[i] = s->v[i + 1];
}

static uc_err stored_fill(struct stored_proposal *p, const struct suite *suite, struct view content,
			  const struct kem_key *update_key, const struct sign_key *update_sign)
{
	uint8_t ref[HASH_MAX];
	TRY(arena_copy(&p->arena, content, &p->content));
	TRY(wire_decode(p->content, &p->arena, authenticated_content_element, &p->decoded));
	if (p->decoded.content.content_type != CONTENT_PROPOSAL)
		return UC_E_UNEXPECTED;
	TRY(ref_hash(suite, "MLS 1.0 Proposal Reference", content, ref));
	if (update_key)
		p->update_key = *update_key;
	if (update_sign)
		p->update_sign = *update_sign;
	return arena_copy(&p->arena, view_make(ref, suite->nh), &p->ref);
}

static uc_err room_for_one(struct proposal_store *s)
{
	if (s->n >= PROPOSALS_STORED_MAX)
		return UC_E_LIMIT;
	if (s->n < s->cap)
		return UC_OK;
	size_t cap = s->cap ? s->cap * 2 : 8;
	struct stored_proposal **v = heap_new_in(s->memory, cap * sizeof(struct stored_proposal *));
	if (!v)
		return heap_account_error(s->memory);
	for (size_t i = 0; i < s->n; i++)
		v[i] = s->v[i];
	heap_free_in(s->memory, s->v, s->cap * sizeof *s->v);
	s->v = v;
	s->cap = cap;
	return UC_OK;
}

uc_err proposal_store_add_encoded(struct proposal_store *s, const struct suite *suite,
				  struct view content, const struct kem_key *update_key,
				  const struct sign_key *update_sign)
{
	TRY(room_for_one(s));
	struct stored_proposal *p = heap_new_in(s->memory, sizeof *p);
	if (!p)
		return heap_account_error(s->memory);
	arena_init_in(&p->arena, s->memory, GROUP_ARENA_MAX, ARENA_PLAIN);
	uc_err err = stored_fill(p, suite, content, update_key, update_sign);
	if (!err && BREAKS(PROPOSAL_ONCE, proposal_store_find(s, p->ref)))
		err = UC_E_REPLAY;
	if (err)
		stored_free(s->memory, p);
	else
		s->v[s->n++] = p;
	return err;
}

uc_err proposal_store_add(struct proposal_store *s, const struct suite *suite,
			  const struct authenticated_content *content,
			  const struct kem_key *update_key, const struct sign_key *update_sign)
{
	struct buf bytes;
	buf_init(&bytes, WIRE_OBJECT_MAX);
	uc_err err = wire_encode(&bytes, authenticated_content_element, content);
	if (!err)
		err = proposal_store_add_encoded(s, suite, buf_view(&bytes), update_key,
						 update_sign);
	buf_done(&bytes);
	return err;
}

/* struct { uint16 version = 2; struct { opaque content<V>; opaque update_priv<V>;
 * opaque update_pub<V>; opaque sign_priv<V>; opaque sign_pub<V>; } proposals[count]; } with a uint32
 * count.  Version 1 has not the last two: an Update kept the signature key. */
enum { PROPOSAL_STORE_VERSION = 2 };

uc_err proposal_store_save(const struct proposal_store *s, struct buf *out)
{
	struct wire w;
	uint16_t version = PROPOSAL_STORE_VERSION;
	uint32_t n = (uint32_t)s->n;
	wire_writer(&w, out);
	wire_u16(&w, &version);
	wire_u32(&w, &n);
	for (size_t i = 0; i < s->n; i++) {
		struct view priv = secret_view(&s->v[i]->update_key.priv);
		struct view pub = kem_public(&s->v[i]->update_key);
		wire_bytes(&w, &s->v[i]->content);
		wire_bytes(&w, &priv);
		wire_bytes(&w, &pub);
		priv = secret_view(&s->v[i]->update_sign.priv);
		pub = sign_public(&s->v[i]->update_sign);
		wire_bytes(&w, &priv);
		wire_bytes(&w, &pub);
	}
	return wire_finish(&w);
}

uc_err sign_key_load(struct sign_key *out, struct view priv, struct view pub)
{
	if (pub.n > sizeof out->pub)
		return UC_E_CORRUPT;
	TRY(secret_set(&out->priv, priv));
	if (pub.n)
		memcpy(out->pub, pub.p, pub.n);
	out->pub_n = pub.n;
	return UC_OK;
}

static uc_err load_one(struct proposal_store *s, const struct suite *suite, uint16_t version,
		       struct wire *w)
{
	struct view sign_priv = { NULL, 0 }, sign_pub = { NULL, 0 };
	struct sign_key sign = { .pub_n = 0 };
	struct view content = { NULL, 0 }, priv = { NULL, 0 }, pub = { NULL, 0 };
	struct kem_key key = { .pub_n = 0 };
	wire_bytes(w, &content);
	wire_bytes(w, &priv);
	wire_bytes(w, &pub);
	if (version > 1) {
		wire_bytes(w, &sign_priv);
		wire_bytes(w, &sign_pub);
	}
	if (w->failed)
		return w->failed;
	uc_err err = pub.n ? kem_key_import(suite, priv, pub, &key) : UC_OK;
	if (!err && sign_pub.n)
		err = sign_key_load(&sign, sign_priv, sign_pub);
	if (!err)
		err = proposal_store_add_encoded(s, suite, content, &key, &sign);
	kem_key_wipe(&key);
	sign_key_wipe(&sign);
	return err;
}

uc_err proposal_store_load(struct proposal_store *s, const struct suite *suite, struct view saved)
{
	struct wire w;
	uint16_t version = 0;
	uint32_t n = 0;
	wire_reader(&w, saved, NULL);
	wire_u16(&w, &version);
	wire_u32(&w, &n);
	if (!w.failed && (version == 0 || version > PROPOSAL_STORE_VERSION))
		return UC_E_VERSION;
	for (uint32_t i = 0; !w.failed && i < n; i++)
		TRY(load_one(s, suite, version, &w));
	return wire_finish(&w);
}
