/* SPDX-License-Identifier: Apache-2.0 */
#include "server/app_stores.h"

#include "base/buf.h"
#include "net/env_system.h"
#include "provider/provider.h"
#include "provider/schema.h"
#include "server/app_keys.h"
#include "server/folders.h"
#include "server/log.h"
#include "store/store_rocksdb.h"

enum {
	FIRST_MS = 3600 * 1000,
	EVERY_MS = 12 * 3600 * 1000,
	/* The accounts, so that their files do not say for long in which order people came. */
	ACCOUNTS_MS = 600 * 1000,
	REST = 100, /* times as long as it took last: a hundredth of the time at most */
};

static uc_err path_make(struct buf *path, const char *folder, const char *kind)
{
	buf_init(path, 4200);
	buf_printf(path, "%s/%s", folder, kind);
	buf_add_byte(path, 0);
	return path->failed;
}

/* By its table, which is nobody's name. */
static void on_corrupt(void *ctx, uint8_t table)
{
	const struct app_stores *s = ctx;
	const char *name = table_name(table);
	log_error("store.corrupt", "app=%s table=\"%s\"", s->app->name, name ? name : "?");
}

static uc_err open_one(struct app_stores *s, const char *folder, const char *kind,
		       const struct env *env, struct metrics *metrics, struct store **out)
{
	struct buf path;
	uc_err err = path_make(&path, folder, kind);
	struct store_options o = {
		.driver = &store_rocksdb_driver,
		.env = env,
		.path = (const char *)path.p,
		.domain = view_str(s->app->domain),
		.kind = view_str(kind),
		.schema = PROVIDER_SCHEMA,
		.life = s->life,
		.corrupt = on_corrupt,
		.corrupt_ctx = s,
		.faults = s->faults,
		.metrics = metrics,
	};
	if (!err)
		err = store_open(&o, out);
	if (err)
		log_error("store.failed", "path=%s error=%s%s", path.failed ? "" : (char *)path.p,
			  uc_err_name(err),
			  err == UC_E_CORRUPT ? " hint=\"undercroftctl mend\"" : "");
	buf_done(&path);
	return err;
}

static void life_note(struct app_stores *s, const struct store *store)
{
	if (store_life(store) > s->life)
		s->life = store_life(store);
	if (store_last_ms(store) > s->last_ms)
		s->last_ms = store_last_ms(store);
}

uc_err app_stores_open(struct app_stores *s, const char *folder, const struct config_app *app,
		       const struct env *env, struct metrics *metrics)
{
	s->app = app;
	uc_err err = app_lives_read(app, &s->life);
	if (err) {
		log_error("keys.lives", "app=%s folder=%s error=%s", app->name, app->keys,
			  uc_err_name(err));
		return err;
	}
	TRY(open_one(s, folder, "accounts", env, metrics, &s->accounts));
	TRY(open_one(s, folder, "rooms", env, metrics, &s->rooms));
	/* The engine syncs what is in a store's folder; that the folder is there is ours to say. */
	err = folder_sync(folder);
	if (err) {
		log_error("store.failed", "path=%s error=%s%s", folder, uc_err_name(err), "");
		return err;
	}
	life_note(s, s->accounts);
	life_note(s, s->rooms);
	if (app_stores_are_older(s))
		log_error("store.older", "app=%s accounts=%d rooms=%d", app->name,
			  store_is_older(s->accounts), store_is_older(s->rooms));
	return UC_OK;
}

bool app_stores_are_older(const struct app_stores *s)
{
	return store_is_older(s->accounts) || store_is_older(s->rooms);
}

/* The file last: a store is never behind it but for what was put back. */
uc_err app_stores_live(struct app_stores *s, uint64_t wall_ms)
{
	s->life++;
	TRY(store_live(s->accounts, s->life, wall_ms));
	TRY(store_live(s->rooms, s->life, wall_ms));
	uc_err err = app_lives_write(s->app, s->life);
	if (err)
		log_error("keys.lives", "app=%s folder=%s error=%s", s->app->name, s->app->keys,
			  uc_err_name(err));
	return err;
}

static void *maintain(void *arg)
{
	struct app_stores *s = arg;
	uint64_t began_ms = clock_steady_ms();
	uc_err err = store_maintain(s->accounts), rooms = UC_OK;
	s->took_ms = clock_steady_ms() - began_ms;
	if (s->does_rooms)
		rooms = store_maintain(s->rooms);
	s->failed = err ? err : rooms;
	s->is_busy = false;
	return NULL;
}

uint64_t app_stores_rest_ms(uint64_t took_ms)
{
	if (took_ms > EVERY_MS / REST)
		return EVERY_MS;
	return took_ms > ACCOUNTS_MS / REST ? took_ms * REST : ACCOUNTS_MS;
}

/* Where the store itself goes on, as without room, all that was due is tried again soon. */
static void thread_end(struct app_stores *s, uint64_t now_ms)
{
	pthread_join(s->thread, NULL);
	s->has_thread = false;
	s->accounts_at_ms = now_ms + app_stores_rest_ms(s->took_ms);
	if (!s->failed || s->failed == UC_E_CLOSED)
		return;
	log_error("store.housekeeping", "app=%s error=%s", s->app->name, uc_err_name(s->failed));
	if (s->does_rooms && s->maintain_at_ms > s->accounts_at_ms)
		s->maintain_at_ms = s->accounts_at_ms;
}

static void thread_begin(struct app_stores *s, uint64_t now_ms)
{
	s->is_busy = true;
	s->has_thread = !pthread_create(&s->thread, NULL, maintain, s);
	if (s->has_thread)
		return;
	s->is_busy = false;
	s->accounts_at_ms = now_ms + ACCOUNTS_MS;
	if (s->does_rooms)
		s->maintain_at_ms = s->accounts_at_ms;
}

uc_err app_stores_maintain(struct app_stores *s, uint64_t now_ms, uint64_t wall_ms)
{
	if (s->has_thread && !s->is_busy)
		thread_end(s, now_ms);
	if (!s->maintain_at_ms)
		s->maintain_at_ms = now_ms + FIRST_MS;
	if (!s->accounts_at_ms)
		s->accounts_at_ms = now_ms + ACCOUNTS_MS;
	bool is_all = now_ms >= s->maintain_at_ms;
	if (s->has_thread || (!is_all && now_ms < s->accounts_at_ms))
		return UC_OK;
	if (is_all) {
		TRY(app_stores_live(s, wall_ms));
		s->maintain_at_ms = now_ms + EVERY_MS;
	}
	s->does_rooms = is_all;
	thread_begin(s, now_ms);
	return UC_OK;
}

void app_stores_maintain_soon(struct app_stores *s)
{
	s->maintain_at_ms = 1;
}

static uc_err copy_one(struct store *s, const char *folder, const char *kind)
{
	struct buf path;
	uc_err err = path_make(&path, folder, kind);
	if (!err)
		err = store_checkpoint(s, (const char *)path.p);
	buf_done(&path);
	return err;
}

uc_err app_stores_checkpoint(struct app_stores *s, const char *folder)
{
	TRY(folder_make(folder));
	TRY(copy_one(s->accounts, folder, "accounts"));
	return copy_one(s->rooms, folder, "rooms");
}

/* Of a large store it takes minutes, and nothing is lost. */
void app_stores_leave_off(struct app_stores *s)
{
	if (s->accounts)
		store_maintain_stop(s->accounts);
	if (s->rooms)
		store_maintain_stop(s->rooms);
}

void app_stores_close(struct app_stores *s)
{
	app_stores_leave_off(s);
	if (s->has_thread)
		pthread_join(s->thread, NULL);
	if (s->accounts)
		store_close(s->accounts);
	if (s->rooms)
		store_close(s->rooms);
}
