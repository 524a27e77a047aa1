/* SPDX-License-Identifier: Apache-2.0 */
#include "server/app_stores.h"

#include "base/buf.h"
#include "provider/provider.h"
#include "server/folders.h"
#include "server/log.h"
#include "store/store_rocksdb.h"

enum { FIRST_MS = 3600 * 1000, EVERY_MS = 12 * 3600 * 1000 };

static uc_err open_one(const char *folder, const char *kind, const char *domain,
		       const struct env *env, struct metrics *metrics, struct store **out)
{
	struct buf path;
	buf_init(&path, 4200);
	buf_printf(&path, "%s/%s", folder, kind);
	buf_add_byte(&path, 0);
	struct store_options o = {
		.driver = &store_rocksdb_driver,
		.env = env,
		.path = (const char *)path.p,
		.domain = view_str(domain),
		.kind = view_str(kind),
		.schema = PROVIDER_SCHEMA,
		.metrics = metrics,
	};
	uc_err err = path.failed ? path.failed : store_open(&o, out);
	if (err)
		log_error("store.failed", "path=%s error=%s", path.failed ? "" : (char *)path.p,
			  uc_err_name(err));
	buf_done(&path);
	return err;
}

uc_err app_stores_open(struct app_stores *s, const char *folder, const char *domain,
		       const struct env *env, struct metrics *metrics)
{
	TRY(open_one(folder, "accounts", domain, env, metrics, &s->accounts));
	return open_one(folder, "rooms", domain, env, metrics, &s->rooms);
}

static void *maintain(void *arg)
{
	struct app_stores *s = arg;
	uc_err err = store_maintain(s->accounts);
	uc_err rooms = store_maintain(s->rooms);
	s->failed = err ? err : rooms;
	s->is_busy = false;
	return NULL;
}

static void thread_end(struct app_stores *s, const char *app)
{
	pthread_join(s->thread, NULL);
	s->has_thread = false;
	if (s->failed)
		log_error("store.housekeeping", "app=%s error=%s", app, uc_err_name(s->failed));
}

void app_stores_maintain(struct app_stores *s, const char *app, uint64_t now_ms)
{
	if (s->has_thread && !s->is_busy)
		thread_end(s, app);
	if (!s->maintain_at_ms)
		s->maintain_at_ms = now_ms + FIRST_MS;
	if (s->has_thread || now_ms < s->maintain_at_ms)
		return;
	s->maintain_at_ms = now_ms + EVERY_MS;
	s->is_busy = true;
	s->has_thread = !pthread_create(&s->thread, NULL, maintain, s);
}

void app_stores_maintain_soon(struct app_stores *s)
{
	s->maintain_at_ms = 1;
}

static uc_err copy_one(struct store *s, const char *folder, const char *kind)
{
	struct buf path;
	buf_init(&path, 4200);
	buf_printf(&path, "%s/%s", folder, kind);
	buf_add_byte(&path, 0);
	uc_err err = path.failed ? path.failed : store_checkpoint(s, (const char *)path.p);
	buf_done(&path);
	return err;
}

uc_err app_stores_checkpoint(struct app_stores *s, const char *folder)
{
	TRY(folder_make(folder));
	TRY(copy_one(s->accounts, folder, "accounts"));
	return copy_one(s->rooms, folder, "rooms");
}

void app_stores_close(struct app_stores *s)
{
	if (s->has_thread)
		pthread_join(s->thread, NULL);
	if (s->accounts)
		store_close(s->accounts);
	if (s->rooms)
		store_close(s->rooms);
}
