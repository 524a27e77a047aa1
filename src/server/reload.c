/* SPDX-License-Identifier: Apache-2.0 */
#include "server/reload.h"

#include "base/heap.h"
#include "server/control.h"
#include "server/log.h"

#include <pthread.h>

enum { RELOAD_ARENA_MAX = 16 << 20, MISTAKES_MAX = 1 << 20 };

/* A configuration that is in force; its values live here or in the one it was started with. */
struct live {
	struct config config;
	struct arena mem;
};

struct reloader {
	pthread_mutex_t lock;
	const struct config *boot;
	size_t boot_apps_n; /* of them, those of the start */
	struct backbone *backbone;
	struct live *live; /* NULL: boot is */
};

uc_err reloader_new(const struct config *boot, struct backbone *b, struct reloader **out)
{
	struct reloader *r = HEAP_NEW(struct reloader);
	if (!r)
		return UC_E_MEMORY;
	pthread_mutex_init(&r->lock, NULL);
	r->boot = boot;
	r->boot_apps_n = boot->apps_n;
	r->backbone = b;
	*out = r;
	return UC_OK;
}

static void live_free(struct live *l)
{
	if (!l)
		return;
	arena_done(&l->mem);
	heap_free(l);
}

void reloader_free(struct reloader *r)
{
	if (!r)
		return;
	live_free(r->live);
	pthread_mutex_destroy(&r->lock);
	heap_free(r);
}

/* --- what is said of it --- */

static void mistakes_say(struct view lines, struct buf *out)
{
	while (lines.n) {
		struct view line;
		lines = view_cut(lines, '\n', &line);
		if (!line.n)
			continue;
		log_error("config.mistake", "reason=\"%.*s\"", (int)line.n, (const char *)line.p);
		if (!out)
			continue;
		buf_add_str(out, "{\"type\":\"mistake\",\"text\":");
		control_add_string(out, line);
		buf_add_str(out, "}\n");
	}
}

static void change_say(const struct config_change *c, struct buf *out)
{
	const char *name = c->name ? c->name : "", *key = c->key ? c->key : "";
	log_info("config.changed", "section=%s name=%s key=%s restart=%d", c->section, name, key,
		 c->needs_restart);
	if (!out)
		return;
	buf_printf(out, "{\"type\":\"changed\",\"section\":\"%s\",\"name\":", c->section);
	control_add_string(out, view_str(name));
	buf_printf(out, ",\"key\":\"%s\",\"restart\":%s}\n", key,
		   c->needs_restart ? "true" : "false");
}

static void changes_say(const struct config_changes *c, struct buf *out)
{
	size_t later = 0;
	for (size_t i = 0; i < c->n; i++) {
		change_say(&c->v[i], out);
		later += c->v[i].needs_restart;
	}
	log_info("config.reloaded", "changes=%zu restart=%zu", c->n, later);
}

/* --- doing it --- */

/* The file, and all it names; fills what is to be in force. */
static uc_err read_anew(struct reloader *r, struct live *next, struct config_changes *changes,
			struct buf *out)
{
	const struct config *now = r->live ? &r->live->config : r->boot;
	struct buf said;
	buf_init(&said, MISTAKES_MAX);
	struct config_mistakes m = { r->boot->file, &said, 0 };
	uc_err err = config_reload(now, r->boot->file, &next->mem, &m, &next->config, changes);
	for (size_t i = now->apps_n; !err && i < next->config.apps_n; i++)
		config_check_added(now, &next->config.apps[i], &m);
	if (!err)
		config_check_peers(&next->config, &m);
	if (!err && m.n)
		err = UC_E_CONFIG;
	mistakes_say(buf_view(&said), out);
	buf_done(&said);
	return err;
}

/* What stays as it was may be a value of an earlier file: it moves, since that goes. */
static uc_err keep(struct arena *a, const char **field)
{
	struct view copy;
	if (!*field)
		return UC_OK;
	TRY(arena_copy(a, view_str(*field), &copy));
	*field = (const char *)copy.p;
	return UC_OK;
}

static uc_err keep_all(size_t boot_apps_n, struct live *l)
{
	/* Of those that have come since, everything. */
	for (size_t i = boot_apps_n; i < l->config.apps_n; i++)
		TRY(config_app_copy(&l->mem, &l->config.apps[i], &l->config.apps[i]));
	for (size_t i = 0; i < boot_apps_n; i++) {
		struct config_app *app = &l->config.apps[i];
		TRY(keep(&l->mem, &app->delivery));
		TRY(keep(&l->mem, &app->reserved));
		TRY(keep(&l->mem, &app->web));
		TRY(keep(&l->mem, &app->title));
	}
	TRY(keep(&l->mem, &l->config.peer_ca));
	for (size_t i = 0; i < l->config.peers_n; i++)
		TRY(config_peer_copy(&l->mem, &l->config.peers[i], &l->config.peers[i]));
	return UC_OK;
}

static uc_err run(struct reloader *r, struct live *next, struct buf *out)
{
	struct config_changes changes = { NULL, 0, false };
	if (!r->boot->file)
		return UC_E_UNSUPPORTED;
	TRY(read_anew(r, next, &changes, out));
	TRY(keep_all(r->boot_apps_n, next));
	TRY(backbone_reload(r->backbone, &next->config));
	log_set_level(next->config.log);
	metrics_add(backbone_own_metrics(r->backbone), METRIC_RELOADS, 1);
	changes_say(&changes, out);
	return UC_OK;
}

uc_err reloader_run(struct reloader *r, struct buf *out)
{
	struct live *next = HEAP_NEW(struct live);
	if (!next)
		return UC_E_MEMORY;
	arena_init(&next->mem, RELOAD_ARENA_MAX, ARENA_PLAIN);
	pthread_mutex_lock(&r->lock);
	uc_err err = run(r, next, out);
	if (!err) {
		struct live *before = r->live;
		r->live = next;
		next = before;
	} else {
		log_error("config.refused", "error=%s", uc_err_name(err));
	}
	pthread_mutex_unlock(&r->lock);
	live_free(next);
	return err;
}
