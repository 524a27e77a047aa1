/* SPDX-License-Identifier: Apache-2.0 */
/* Public groups at rest, in parts. */
#include "libmls/give.h"

/* --- going out --- */

struct parts_out {
	struct giver giver;
	struct arena *list; /* where the list grows */
	struct mls_part *v;
	size_t n, cap;
};

static uc_err make_room(struct parts_out *p)
{
	size_t cap = p->cap ? p->cap * 2 : 16;
	struct mls_part *v = ARENA_ARRAY(p->list, struct mls_part, cap);
	if (!v)
		return arena_error(p->list);
	for (size_t i = 0; i < p->n; i++)
		v[i] = p->v[i];
	p->v = v;
	p->cap = cap;
	return UC_OK;
}

static uc_err put(void *ctx, const struct public_part *part)
{
	struct parts_out *p = ctx;
	if (p->n == p->cap)
		TRY(make_room(p));
	p->v[p->n++] = (struct mls_part){ (uint8_t)part->kind, part->number,
					  give_bytes(&p->giver, part->bytes) };
	return p->giver.failed;
}

static uc_err writes(struct call *c, mls_public_group *m, struct mls_part_list *out)
{
	struct parts_out p = { .giver = { .a = c->out->a }, .list = &c->scratch };
	TRY(public_group_save_parts(m->p, put, &p));
	struct mls_part *v = ARENA_ARRAY(c->out->a, struct mls_part, p.n);
	if (!v)
		return arena_error(c->out->a);
	for (size_t i = 0; i < p.n; i++)
		v[i] = p.v[i];
	*out = (struct mls_part_list){ v, p.n };
	return public_group_saved(m->p);
}

uc_err mls_public_group_writes(mls_public_group *group, mls_out *out, struct mls_part_list *parts)
{
	struct call c;
	struct mls_part_list fresh = { NULL, 0 };
	if (!group || !out || !parts)
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, group->client, out));
	TRY(call_end(&c, writes(&c, group, &fresh)));
	*parts = fresh;
	return UC_OK;
}

/* --- coming in --- */

struct parts_in {
	struct mls_part_list list;
	size_t at;
};

/* One without bytes is one that is gone. */
static uc_err next(void *ctx, struct public_part *part, bool *end)
{
	struct parts_in *p = ctx;
	while (p->at < p->list.n && !p->list.v[p->at].bytes.n)
		p->at++;
	*end = p->at == p->list.n;
	if (*end)
		return UC_OK;
	const struct mls_part *one = &p->list.v[p->at++];
	part->kind = (enum public_part_kind)one->kind;
	part->number = one->number;
	return bytes_in(one->bytes, &part->bytes);
}

static uc_err open_parts(mls_client *client, struct mls_part_list parts, mls_public_group *m)
{
	const struct group_platform platform = client_platform(client);
	struct parts_in p = { .list = parts };
	return public_group_load_parts(&platform, next, &p, &m->p);
}

uc_err mls_public_group_open(mls_client *client, struct mls_part_list parts,
			     mls_public_group **group)
{
	struct call c;
	mls_public_group *m = NULL;
	if (!group || (!parts.v && parts.n))
		return UC_E_ARGUMENT;
	TRY(call_begin(&c, client, NULL));
	uc_err err = public_group_object_new(client, &m);
	if (!err)
		err = open_parts(client, parts, m);
	if (err)
		mls_public_group_free(m);
	else
		*group = m;
	return call_end(&c, err);
}
