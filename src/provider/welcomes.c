/* SPDX-License-Identifier: Apache-2.0 */
/* What those whom an entry added begin with: the Welcome is kept once, and each is given their own
 * part of it. */
#include "provider/room_work.h"

static uc_err recipients_of(const struct member_list *joined, struct arena *a,
			    struct start_client_list *out)
{
	out->n = 0;
	out->v = ARENA_ARRAY(a, struct start_client, joined->n + 1);
	if (!out->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < joined->n; i++)
		if (joined->v[i].key_package_ref.n)
			out->v[out->n++] = (struct start_client){ joined->v[i].key_package_ref,
								  joined->v[i].client };
	return UC_OK;
}

uc_err welcome_put(struct log_step *s, struct view welcome, const struct member_list *joined)
{
	struct store_key k;
	struct welcome_record r = { .made_ms = env_now_ms(s->p->env), .welcome = welcome };
	TRY(recipients_of(joined, s->a, &r.recipients));
	key_1(&k, TABLE_WELCOME, s->room->uri);
	store_key_add_u64(&k, s->record.next - 1);
	return record_put(&s->batch, store_key_view(&k), welcome_record_element, &r);
}

uc_err welcome_part(struct view whole, const struct view_list *refs, struct arena *a,
		    struct view *out)
{
	struct welcome w;
	size_t n = 0;
	TRY(wire_decode(whole, a, welcome_element, &w));
	for (size_t i = 0; i < w.secrets.n; i++)
		if (view_list_has(refs, w.secrets.v[i].new_member))
			w.secrets.v[n++] = w.secrets.v[i];
	w.secrets.n = n;
	return wire_encode_to(a, welcome_element, &w, out);
}

static uc_err read(struct provider *p, struct view room, uint64_t seq, struct arena *a,
		   struct welcome_record *out)
{
	struct store_key k;
	key_1(&k, TABLE_WELCOME, room);
	store_key_add_u64(&k, seq);
	return record_get(p->rooms, store_key_view(&k), welcome_record_element, a, out);
}

/* Those who are the client, or of the domain. */
static uc_err part_for(const struct welcome_record *r, struct view client, struct view domain,
		       struct arena *a, struct view *out)
{
	struct view_list refs = { ARENA_ARRAY(a, struct view, r->recipients.n + 1), 0 };
	if (!refs.v)
		return UC_E_LIMIT;
	*out = r->welcome;
	if (!r->recipients.n)
		return UC_OK; /* of version 1: whose it is was not kept */
	for (size_t i = 0; i < r->recipients.n; i++) {
		const struct start_client *c = &r->recipients.v[i];
		struct view of;
		if (client.n ? view_equal(c->client, client)
			     : !uri_domain_of(c->client, &of) && view_equal(of, domain))
			refs.v[refs.n++] = c->key_package_ref;
	}
	/* A hub may have given us anything. */
	if (welcome_part(r->welcome, &refs, a, out))
		*out = r->welcome;
	return UC_OK;
}

uc_err welcome_of_client(struct provider *p, struct room_live *r, uint64_t seq, struct view client,
			 struct arena *a, struct view *welcome, struct view *ratchet_tree)
{
	struct welcome_record w;
	TRY(read(p, r->uri, seq, a, &w));
	TRY(part_for(&w, client, (struct view){ NULL, 0 }, a, welcome));
	*ratchet_tree = w.ratchet_tree;
	return w.ratchet_tree.n ? UC_OK : tree_of(p, r, seq, a, ratchet_tree);
}

uc_err welcome_of_domain(struct provider *p, struct view room, uint64_t seq, struct view domain,
			 struct arena *a, struct view *welcome)
{
	struct welcome_record w;
	TRY(read(p, room, seq, a, &w));
	return part_for(&w, (struct view){ NULL, 0 }, domain, a, welcome);
}
