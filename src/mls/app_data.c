/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/app_data.h"

#include "mls/rule.h"

#include <stdlib.h>

uc_err app_ephemerals_apply(struct transition *t, const struct group_hooks *hooks)
{
	struct group_view before = group_state_view(t->before);
	size_t n = 0;
	for (size_t i = 0; i < t->proposals.n; i++)
		n += t->proposals.v[i].proposal->proposal_type == PROPOSAL_APP_EPHEMERAL;
	t->ephemerals.v = ARENA_ARRAY(t->arena, struct ephemeral, n);
	if (!t->ephemerals.v)
		return arena_error(t->arena);
	for (size_t i = 0; i < t->proposals.n; i++) {
		const struct proposal_view *p = &t->proposals.v[i];
		if (p->proposal->proposal_type != PROPOSAL_APP_EPHEMERAL)
			continue;
		struct ephemeral *e = &t->ephemerals.v[t->ephemerals.n++];
		*e = (struct ephemeral){ p->sender, p->proposal->app_ephemeral.component_id,
					 p->proposal->app_ephemeral.data };
		if (hooks && hooks->ephemeral)
			TRY(hooks->ephemeral(hooks->ctx, &before, e));
	}
	return UC_OK;
}

/* --- AppDataUpdate --- */

/* The updates by component, and for one component in the commit's order. */
struct ordered {
	uint16_t component_id;
	size_t place;
};

static int by_component(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	if (x->component_id != y->component_id)
		return x->component_id < y->component_id ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static uc_err updates_in_order(const struct transition *t, struct app_data_update **v, size_t *n)
{
	size_t count = 0;
	for (size_t i = 0; i < t->proposals.n; i++)
		count += t->proposals.v[i].proposal->proposal_type == PROPOSAL_APP_DATA_UPDATE;
	struct ordered *order = ARENA_ARRAY(t->arena, struct ordered, count);
	*v = ARENA_ARRAY(t->arena, struct app_data_update, count);
	*n = 0;
	if (!order || !*v)
		return arena_error(t->arena);
	for (size_t i = 0; i < t->proposals.n; i++) {
		const struct proposal *p = t->proposals.v[i].proposal;
		if (p->proposal_type == PROPOSAL_APP_DATA_UPDATE)
			order[(*n)++] = (struct ordered){ p->app_data_update.component_id, i };
	}
	if (count)
		qsort(order, count, sizeof *order, by_component);
	for (size_t i = 0; i < count; i++)
		(*v)[i] = t->proposals.v[order[i].place].proposal->app_data_update;
	return UC_OK;
}

/* All updates of one component: what it holds from now on; NULL: nothing, it is gone. */
static uc_err component_update(struct transition *t, const struct group_hooks *hooks,
			       const struct view *current, const struct app_data_update *updates,
			       size_t n, struct view *out)
{
	static const uint8_t nothing[1];
	struct group_view before = group_state_view(t->before);
	if (updates[0].op == APP_DATA_REMOVE) {
		*out = (struct view){ NULL, 0 };
		return KEEPS(COMPONENT_IS_THERE, current) ? UC_OK : UC_E_NOT_FOUND;
	}
	*out = updates[n - 1].update;
	if (hooks && hooks->component)
		TRY(hooks->component(hooks->ctx, &before, updates[0].component_id, current, updates,
				     n, t->arena, out));
	if (!out->p)
		*out = view_make(nothing, 0);
	return UC_OK;
}

/* Old entries and new ones, both sorted, into one; a new one of no data takes the old one away. */
static size_t merge(const struct component_data_list *old, const struct component_data *fresh,
		    size_t n_fresh, struct component_data *out)
{
	size_t i = 0, k = 0, n = 0;
	while (i < old->n || k < n_fresh) {
		if (k == n_fresh ||
		    (i < old->n && old->v[i].component_id < fresh[k].component_id)) {
			out[n++] = old->v[i++];
			continue;
		}
		if (i < old->n && old->v[i].component_id == fresh[k].component_id)
			i++;
		if (fresh[k].data.p)
			out[n++] = fresh[k];
		k++;
	}
	return n;
}

/* Components that say what leaves must do. */
static bool binds_leaves(uint16_t component_id)
{
	return component_id == COMPONENT_APP_COMPONENTS || component_id == COMPONENT_SAFE_AAD;
}

uc_err app_data_apply(struct transition *t, const struct group_hooks *hooks,
		      struct extension_list *extensions, bool *asks_anew)
{
	struct app_data_dictionary old, fresh;
	struct app_data_update *updates;
	size_t n, n_set = 0, in_row;
	TRY(updates_in_order(t, &updates, &n));
	if (!n)
		return UC_OK;
	TRY(dictionary_of(extensions, t->arena, &old));
	struct component_data *set = ARENA_ARRAY(t->arena, struct component_data, n);
	fresh.component_data.v =
		ARENA_ARRAY(t->arena, struct component_data, old.component_data.n + n);
	if (!set || !fresh.component_data.v)
		return arena_error(t->arena);
	for (size_t i = 0; i < n; i += in_row) {
		uint16_t id = updates[i].component_id;
		for (in_row = 1; i + in_row < n && updates[i + in_row].component_id == id;)
			in_row++;
		set[n_set].component_id = id;
		TRY(component_update(t, hooks, component_find(&old, id), &updates[i], in_row,
				     &set[n_set++].data));
		*asks_anew |= binds_leaves(id);
	}
	/* A dictionary is an extension that all have to support. */
	*asks_anew |= !extension_find(extensions, EXTENSION_APP_DATA_DICTIONARY);
	fresh.component_data.n = merge(&old.component_data, set, n_set, fresh.component_data.v);
	return extensions_with_dictionary(extensions, &fresh, t->arena, extensions);
}
