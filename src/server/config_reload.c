/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration read anew while the backbone runs: what is another than before, and what of it may
 * take effect at once. */
#include "server/config_keys.h"

/* All that stands in no row here needs a restart: listeners, folders, threads, who there is.  What the
 * files hold, certificates and pages, is read anew in any case. */
static const struct {
	enum config_section section;
	const char *key;
} at_once[] = {
	{ SECTION_BACKBONE, "log" },
	{ SECTION_BACKBONE, "peer_ca" }, /* each peer has taken it over */
	{ SECTION_APP, "delivery" },
	{ SECTION_APP, "limit_by_address" },
	{ SECTION_APP, "account_bytes" },
	{ SECTION_APP, "attachment_bytes" },
	{ SECTION_APP, "reserved" },
	{ SECTION_APP, "suspended" },
	{ SECTION_APP, "web" },
	{ SECTION_APP, "title" },
	{ SECTION_APP, "old_keys_days" },
	{ SECTION_APP, "handle_hold_days" },
	{ SECTION_APP, "handles_held" },
	{ SECTION_APP, "handle_rest_days" },
	{ SECTION_APP, "grown_ups" },
	{ SECTION_APP, "new_accounts_ask" },
	{ SECTION_APP, "requests_day" },
	{ SECTION_APP, "minor_asked_day" },
	{ SECTION_APP, "discovery" },
	{ SECTION_PEER, "ca" },
	{ SECTION_PEER, "title" },
	{ SECTION_PEER, "names" },
	{ SECTION_PEER, "url" },
	{ SECTION_AGE, "key" },
	{ SECTION_AGE, "key_before" },
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && view_equal(view_str(a), view_str(b)));
}

static const char *const section_names[] = {
	[SECTION_BACKBONE] = "backbone", [SECTION_APP] = "app", [SECTION_PEER] = "peer",
	[SECTION_LIMITS] = "limits",     [SECTION_AGE] = "age",
};

/* --- values --- */

static size_t size_of(const struct config_key *k)
{
	static const struct {
		config_set *set;
		size_t size;
	} sizes[] = {
		{ config_set_title, sizeof(const char *) },
		{ config_set_text, sizeof(const char *) },
		{ config_set_path, sizeof(const char *) },
		{ config_set_domain, sizeof(const char *) },
		{ config_set_listen, sizeof(struct config_address) },
		{ config_set_loopback, sizeof(struct config_address) },
		{ config_set_url, sizeof(struct config_address) },
		{ config_set_names, sizeof(enum config_names) },
		{ config_set_log, sizeof(enum config_log) },
		{ config_set_log_format, sizeof(enum config_log_format) },
		{ config_set_yes_no, sizeof(bool) },
		{ config_set_bytes, sizeof(uint64_t) },
		{ config_set_age_key, sizeof(struct config_age_key) },
	};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (sizes[i].set == k->set)
			return sizes[i].size;
	return sizeof(uint32_t);
}

static bool is_text(const struct config_key *k)
{
	return k->set == config_set_title || k->set == config_set_text ||
	       k->set == config_set_path || k->set == config_set_domain;
}

static bool is_address(const struct config_key *k)
{
	return k->set == config_set_listen || k->set == config_set_loopback ||
	       k->set == config_set_url;
}

static bool value_is(const struct config_key *k, const void *a, const void *b)
{
	if (is_text(k))
		return same_text(*(const char *const *)a, *(const char *const *)b);
	if (is_address(k)) {
		const struct config_address *x = a, *y = b;
		return same_text(x->host, y->host) && x->port == y->port;
	}
	return view_equal(view_make(a, size_of(k)), view_make(b, size_of(k)));
}

static bool may_change(const struct config_key *k)
{
	for (size_t i = 0; i < sizeof at_once / sizeof *at_once; i++)
		if (at_once[i].section == k->section && same_text(at_once[i].key, k->name))
			return true;
	return false;
}

/* --- changes --- */

static void note(struct config_changes *c, enum config_section section, const char *name,
		 const char *key, bool needs_restart)
{
	if (c->n == CONFIG_CHANGES_MAX) {
		c->is_cut = true;
		return;
	}
	c->v[c->n++] = (struct config_change){ section_names[section], name, key, needs_restart };
}

/* Pages where there were none, or none any more: what is listened for is another. */
static bool is_begun_or_ended(const struct config_key *k, const void *now, const void *fresh)
{
	if (k->section != SECTION_APP || !same_text(k->name, "web"))
		return false;
	const struct config_app *is = now, *will = fresh;
	return !is->web || !will->web;
}

/* All keys of one section; what may change goes into `out`, which begins as what is now. */
static void section_compare(struct config_changes *c, enum config_section section, const char *name,
			    const void *now, const void *fresh, void *out)
{
	const struct config_key *k;
	for (size_t i = 0; (k = config_key_at(i)); i++) {
		const uint8_t *is = (const uint8_t *)now + k->offset;
		const uint8_t *will = (const uint8_t *)fresh + k->offset;
		if (k->section != section || value_is(k, is, will))
			continue;
		bool is_live = may_change(k) && !is_begun_or_ended(k, now, fresh);
		if (is_live)
			memcpy((uint8_t *)out + k->offset, will, size_of(k));
		note(c, section, name, k->name, !is_live);
	}
}

static void limits_compare(struct config_changes *c, const struct config_app *now,
			   const struct config_app *fresh, struct config_app *out)
{
	static const char *const names[] = {
#define LIMIT_NAME(name, key, burst, hour, text) #key,
		PROVIDER_LIMITS(LIMIT_NAME)
#undef LIMIT_NAME
	};
	for (size_t i = 0; i < LIMITS_N; i++) {
		const struct rate *is = &now->limits[i], *will = &fresh->limits[i];
		if (is->burst == will->burst && is->hour == will->hour)
			continue;
		out->limits[i] = *will;
		note(c, SECTION_LIMITS, now->name, names[i], false);
	}
}

static const struct config_app *app_find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->apps_n; i++)
		if (!c->apps[i].is_removed && same_text(c->apps[i].name, name))
			return &c->apps[i];
	return NULL;
}

static const struct config_peer *peer_find(const struct config *c, const char *domain)
{
	for (size_t i = 0; i < c->peers_n; i++)
		if (!c->peers[i].is_removed && same_text(c->peers[i].domain, domain))
			return &c->peers[i];
	return NULL;
}

static void apps_compare(struct config_changes *c, const struct config *now,
			 const struct config *fresh, struct config *out)
{
	for (size_t i = 0; i < now->apps_n; i++) {
		const struct config_app *is = &now->apps[i], *will = app_find(fresh, is->name);
		if (is->is_removed)
			continue;
		if (!will) {
			out->apps[i].is_removed = true;
			note(c, SECTION_APP, is->name, NULL, false);
			continue;
		}
		section_compare(c, SECTION_APP, is->name, is, will, &out->apps[i]);
		limits_compare(c, is, will, &out->apps[i]);
	}
	for (size_t i = 0; i < fresh->apps_n; i++) {
		const struct config_app *will = &fresh->apps[i];
		if (app_find(now, will->name))
			continue;
		bool has_place = out->apps_n < CONFIG_APPS_MAX;
		if (has_place)
			out->apps[out->apps_n++] = *will;
		note(c, SECTION_APP, will->name, NULL, !has_place);
	}
}

static uc_err text_copy(struct arena *a, const char **text)
{
	struct view copy;
	if (!*text)
		return UC_OK;
	TRY(arena_copy(a, view_str(*text), &copy));
	*text = (const char *)copy.p;
	return UC_OK;
}

/* What the values of a section point at. */
static uc_err values_copy(struct arena *a, enum config_section section, void *values)
{
	const struct config_key *k;
	for (size_t i = 0; (k = config_key_at(i)); i++) {
		uint8_t *field = (uint8_t *)values + k->offset;
		if (k->section != section)
			continue;
		if (is_text(k))
			TRY(text_copy(a, (const char **)(void *)field));
		else if (is_address(k))
			TRY(text_copy(a, &((struct config_address *)(void *)field)->host));
	}
	return UC_OK;
}

uc_err config_app_copy(struct arena *a, const struct config_app *from, struct config_app *out)
{
	struct config_app app = *from;
	TRY(text_copy(a, &app.name));
	TRY(values_copy(a, SECTION_APP, &app));
	*out = app;
	return UC_OK;
}

uc_err config_peer_copy(struct arena *a, const struct config_peer *from, struct config_peer *out)
{
	struct config_peer peer = *from;
	TRY(text_copy(a, &peer.domain));
	TRY(values_copy(a, SECTION_PEER, &peer));
	*out = peer;
	return UC_OK;
}

/* Those that are gone leave their place to whoever comes. */
static struct config_peer *peer_place(struct config *c)
{
	for (size_t i = 0; i < c->peers_n; i++)
		if (c->peers[i].is_removed)
			return &c->peers[i];
	return c->peers_n < CONFIG_PEERS_MAX ? &c->peers[c->peers_n++] : NULL;
}

/* Custody is the apps' from the start on. */
static void peer_add(struct config_changes *c, const struct config_peer *fresh, struct config *out)
{
	struct config_peer *place = peer_place(out);
	note(c, SECTION_PEER, fresh->domain, NULL, !place);
	if (!place)
		return;
	*place = *fresh;
	place->custody = false;
	if (fresh->custody)
		note(c, SECTION_PEER, fresh->domain, "custody", true);
}

static void peers_compare(struct config_changes *c, const struct config *now,
			  const struct config *fresh, struct config *out)
{
	for (size_t i = 0; i < now->peers_n; i++) {
		const struct config_peer *is = &now->peers[i];
		const struct config_peer *will = peer_find(fresh, is->domain);
		if (is->is_removed)
			continue;
		if (will)
			section_compare(c, SECTION_PEER, is->domain, is, will, &out->peers[i]);
		else
			note(c, SECTION_PEER, is->domain, NULL, false);
		out->peers[i].is_removed = !will;
	}
	for (size_t i = 0; i < fresh->peers_n; i++)
		if (!peer_find(now, fresh->peers[i].domain))
			peer_add(c, &fresh->peers[i], out);
}

static const struct config_age *age_find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->ages_n; i++)
		if (same_text(c->ages[i].name, name))
			return &c->ages[i];
	return NULL;
}

/* All of them at once, in every app: nothing points at one. */
static void ages_compare(struct config_changes *c, const struct config *now,
			 const struct config *fresh, struct config *out)
{
	static const struct provider_ages none;
	struct config_age other;
	for (size_t i = 0; i < now->ages_n; i++) {
		const struct config_age *is = &now->ages[i], *will = age_find(fresh, is->name);
		other = *is;
		if (will)
			section_compare(c, SECTION_AGE, is->name, is, will, &other);
		else
			note(c, SECTION_AGE, is->name, NULL, false);
	}
	for (size_t i = 0; i < fresh->ages_n; i++)
		if (!age_find(now, fresh->ages[i].name))
			note(c, SECTION_AGE, fresh->ages[i].name, NULL, false);
	memcpy(out->ages, fresh->ages, sizeof out->ages);
	out->ages_n = fresh->ages_n;
	for (size_t i = 0; i < out->apps_n; i++)
		out->apps[i].ages = fresh->apps_n ? fresh->apps[0].ages : none;
}

void config_compare(const struct config *now, const struct config *fresh, struct config *out,
		    struct config_changes *changes)
{
	*out = *now;
	section_compare(changes, SECTION_BACKBONE, NULL, now, fresh, out);
	apps_compare(changes, now, fresh, out);
	peers_compare(changes, now, fresh, out);
	ages_compare(changes, now, fresh, out);
}

uc_err config_reload(const struct config *now, const char *file, struct arena *a,
		     struct config_mistakes *m, struct config *out, struct config_changes *changes)
{
	struct config *fresh = ARENA_NEW(a, struct config);
	struct config_changes c = { ARENA_ARRAY(a, struct config_change, CONFIG_CHANGES_MAX), 0,
				    false };
	if (!fresh || !c.v)
		return UC_E_MEMORY;
	TRY(config_load(a, file, m, fresh));
	TRY(config_check_files(fresh, m));
	config_compare(now, fresh, out, &c);
	*changes = c;
	return UC_OK;
}
