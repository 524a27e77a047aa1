/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator does while the app runs: suspends, lets in again, keeps names from everybody. */
#include "mimi/names.h"
#include "provider/account_names.h"

enum { OPERATE_ARENA_MAX = 1 << 20 };

/* --- accounts --- */

static uc_err find(struct provider *p, struct view identifier, struct arena *a,
		   uint8_t account_id[ACCOUNT_ID])
{
	static const uint8_t nobody[ACCOUNT_ID];
	uint8_t holder[ACCOUNT_ID];
	struct name_id name;
	struct view normalised;
	struct account_record account;
	enum name_state state;
	TRY(name_id_of(p, identifier, a, &name, &normalised));
	TRY(name_state_get(p, &name, VIEW_OF(nobody), a, &state, holder));
	if (state != NAME_HELD)
		return UC_E_NOT_FOUND;
	TRY(account_get(p, VIEW_OF(holder), a, &account));
	if (!view_equal(VIEW_OF(account.name_id), VIEW_OF(name.now)))
		return UC_E_NOT_FOUND;
	memcpy(account_id, holder, ACCOUNT_ID);
	return UC_OK;
}

uc_err provider_account_find(struct provider *p, struct view identifier,
			     uint8_t account_id[PROVIDER_ACCOUNT])
{
	struct arena scratch;
	arena_init(&scratch, OPERATE_ARENA_MAX, ARENA_PLAIN);
	uc_err err = find(p, identifier, &scratch, account_id);
	arena_done(&scratch);
	return err;
}

static uc_err suspend(struct provider *p, struct view id, bool is_suspended, struct arena *a)
{
	struct account_record was, now;
	struct store_batch b;
	TRY(account_get(p, id, a, &was));
	if (was.suspended == is_suspended)
		return UC_OK;
	now = was;
	now.suspended = is_suspended;
	store_batch_init(&b, id);
	return finish_accounts(p, &b, account_change(p, &b, id, &was, &now));
}

/* Those that are recovering stand in no list of the account. */
static void recovering_end(struct provider *p, struct view id)
{
	struct session *next;
	for (struct session *s = p->sessions; s; s = next) {
		next = s->next;
		if (s->phase == PHASE_RECOVERING && view_equal(VIEW_OF(s->account_id), id))
			session_end(p, s, WS_POLICY);
	}
}

uc_err provider_suspend(struct provider *p, struct view account_id, bool is_suspended)
{
	struct arena scratch;
	if (account_id.n != ACCOUNT_ID)
		return UC_E_ARGUMENT;
	arena_init(&scratch, OPERATE_ARENA_MAX, ARENA_PLAIN);
	uc_err err = suspend(p, account_id, is_suspended, &scratch);
	arena_done(&scratch);
	TRY(err);
	if (is_suspended) {
		account_sessions_end(p, account_id, NULL);
		recovering_end(p, account_id);
	}
	return UC_OK;
}

void provider_suspend_all(struct provider *p, bool is_suspended)
{
	p->is_suspended = is_suspended;
	if (!is_suspended)
		return;
	seats_flush(p);
	struct session *next;
	for (struct session *s = p->sessions; s; s = next) {
		next = s->next;
		session_end(p, s, WS_TRY_LATER);
	}
}

/* --- reserved names --- */

/* Whatever looks like it is as good as it: what is compared are skeletons. */
static uc_err reserved_key(struct provider *p, struct view normalised, struct arena *a,
			   uint8_t out[32])
{
	uint8_t kind = p->config.names;
	struct view skeleton;
	TRY(name_skeleton((enum name_kind)kind, normalised, a, &skeleton));
	return provider_keys_name(p->config.keys, kind, skeleton, out);
}

uc_err name_reserved_check(struct provider *p, struct view normalised, struct arena *a)
{
	uint8_t key[32];
	TRY(reserved_key(p, normalised, a, key));
	return map_find(&p->reserved, VIEW_OF(key)) ? UC_E_TAKEN : UC_OK;
}

static struct view trim(struct view v)
{
	while (v.n && strchr(" \t\r", v.p[v.n - 1]) && v.p[v.n - 1])
		v.n--;
	while (v.n && (v.p[0] == ' ' || v.p[0] == '\t'))
		v = view_slice(v, 1, v.n);
	return v;
}

bool provider_reserved_next(struct view *lines, struct view *name)
{
	struct view line;
	if (!lines->n)
		return false;
	*lines = view_cut(*lines, '\n', &line);
	line = trim(line);
	*name = line.n && line.p[0] == '#' ? (struct view){ NULL, 0 } : line;
	return true;
}

static uc_err reserve_line(struct provider *p, struct view line, struct map *m)
{
	struct arena scratch;
	struct view normalised;
	uint8_t key[32];
	if (!line.n)
		return UC_OK;
	arena_init(&scratch, 65536, ARENA_PLAIN);
	uc_err err = name_normalise((enum name_kind)p->config.names, line, &scratch, &normalised);
	if (!err)
		err = reserved_key(p, normalised, &scratch, key);
	arena_done(&scratch);
	return err ? err : map_put(m, VIEW_OF(key), p);
}

static uc_err reserve_read(struct provider *p, struct view lines, struct map *out,
			   unsigned *wrong_line)
{
	struct map fresh;
	*wrong_line = 0;
	TRY(map_init(&fresh, p->env));
	uc_err err = UC_OK;
	struct view line;
	while (!err && provider_reserved_next(&lines, &line)) {
		++*wrong_line;
		err = reserve_line(p, line, &fresh);
	}
	if (err) {
		map_done(&fresh);
		return err;
	}
	*out = fresh;
	*wrong_line = 0;
	return UC_OK;
}

uc_err provider_reserve(struct provider *p, struct view lines, unsigned *wrong_line)
{
	struct map fresh;
	TRY(reserve_read(p, lines, &fresh, wrong_line));
	map_done(&p->reserved);
	p->reserved = fresh;
	return UC_OK;
}

uc_err provider_reserve_check(struct provider *p, struct view lines, unsigned *wrong_line)
{
	struct map fresh;
	TRY(reserve_read(p, lines, &fresh, wrong_line));
	map_done(&fresh);
	return UC_OK;
}
