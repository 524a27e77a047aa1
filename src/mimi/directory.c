/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/directory.h"

#include "base/text.h"
#include "mimi/contact_token.h"

#define NAME_DOMAIN       "undercroftDomain"
#define NAME_LOOKUP_KEY   "undercroftLookupKey"
#define NAME_HUB_KEY      "undercroftHubKey"
#define NAME_FRANKING_KEY "undercroftFrankingKey"
#define NAME_DISCOVERY    "undercroftDiscoveryKey"
#define NAME_DISCOVERY_2  "undercroftDiscoveryKey2"
#define NAME_TOKEN_KEYS   "undercroftTokenKeys"

enum { KEY_BYTES = 32, DOCUMENT_MAX = 64 * 1024 };

/* --- writing --- */

static const struct {
	const char *name, *path;
} templates[] = {
	{ "keyMaterial", "/v1/keyMaterial/{targetUser}" },
	{ "update", "/v1/update/{roomId}" },
	{ "submitMessage", "/v1/submitMessage/{roomId}" },
	{ "notify", "/v1/notify/{roomId}" },
	{ "groupInfo", "/v1/groupInfo/{roomId}" },
	{ "requestConsent", "/v1/requestConsent/{targetDomain}" },
	{ "updateConsent", "/v1/updateConsent/{requesterDomain}" },
	{ "identifierQuery", "/v1/identifierQuery/{domain}" },
	{ "reportAbuse", "/v1/reportAbuse/{roomId}" },
};

static void add_name(struct buf *out, const char *name)
{
	buf_add_str(out, "  \"");
	buf_add_str(out, name);
	buf_add_str(out, "\": \"");
}

static void add_key(struct buf *out, const char *name, struct view key, const char *end)
{
	add_name(out, name);
	base64url_add(out, key);
	buf_add_str(out, end);
}

void directory_write(struct buf *out, const struct directory *d)
{
	buf_add_str(out, "{\n");
	for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
		add_name(out, templates[i].name);
		buf_add_view(out, d->base_url);
		buf_add_str(out, templates[i].path);
		buf_add_str(out, "\",\n");
	}
	add_name(out, NAME_DOMAIN);
	buf_add_view(out, d->domain);
	buf_add_str(out, "\",\n");
	add_key(out, NAME_LOOKUP_KEY, d->lookup_key, "\",\n");
	add_key(out, NAME_HUB_KEY, d->hub_key, "\",\n");
	if (d->discovery_keys[0].n)
		add_key(out, NAME_DISCOVERY, d->discovery_keys[0], "\",\n");
	if (d->discovery_keys[1].n)
		add_key(out, NAME_DISCOVERY_2, d->discovery_keys[1], "\",\n");
	if (d->token_keys.n)
		add_key(out, NAME_TOKEN_KEYS, d->token_keys, "\",\n");
	add_key(out, NAME_FRANKING_KEY, d->franking_key, "\"\n}\n");
}

/* --- reading --- */

static void skip_space(struct view *v)
{
	while (v->n && (*v->p == ' ' || *v->p == '\t' || *v->p == '\n' || *v->p == '\r'))
		*v = view_slice(*v, 1, v->n);
}

static bool take_char(struct view *v, char c)
{
	skip_space(v);
	if (!v->n || *v->p != (uint8_t)c)
		return false;
	*v = view_slice(*v, 1, v->n);
	return true;
}

/* A string without escapes or control characters. */
static bool take_string(struct view *v, struct view *out)
{
	if (!take_char(v, '"'))
		return false;
	size_t n = 0;
	while (n < v->n && v->p[n] != '"') {
		if (v->p[n] < 0x20 || v->p[n] == '\\')
			return false;
		n++;
	}
	if (n == v->n)
		return false;
	*out = view_slice(*v, 0, n);
	*v = view_slice(*v, n + 1, v->n);
	return utf8_is_valid(*out);
}

typedef bool member_each(void *ctx, struct view name, struct view value);

static uc_err walk(struct view json, member_each *each, void *ctx)
{
	struct view v = json, name, value;
	if (json.n > DOCUMENT_MAX || !take_char(&v, '{'))
		return UC_E_MALFORMED;
	do {
		if (!take_string(&v, &name) || !take_char(&v, ':') || !take_string(&v, &value) ||
		    !each(ctx, name, value))
			return UC_E_MALFORMED;
	} while (take_char(&v, ','));
	if (!take_char(&v, '}'))
		return UC_E_MALFORMED;
	skip_space(&v);
	return v.n ? UC_E_TRAILING : UC_OK;
}

/* Those from FIELD_DISCOVERY on may be missing. */
enum {
	FIELD_DOMAIN,
	FIELD_LOOKUP_KEY,
	FIELD_HUB_KEY,
	FIELD_FRANKING_KEY,
	FIELD_DISCOVERY,
	FIELD_DISCOVERY_2,
	FIELD_TOKEN_KEYS,
	FIELD_COUNT
};

static bool field_each(void *ctx, struct view name, struct view value)
{
	static const char *const names[FIELD_COUNT] = { NAME_DOMAIN,    NAME_LOOKUP_KEY,
							NAME_HUB_KEY,   NAME_FRANKING_KEY,
							NAME_DISCOVERY, NAME_DISCOVERY_2,
							NAME_TOKEN_KEYS };
	struct view *fields = ctx;
	for (int i = 0; i < FIELD_COUNT; i++) {
		if (!view_equal(name, view_str(names[i])))
			continue;
		if (fields[i].p)
			return false;
		fields[i] = value;
	}
	return true;
}

static uc_err key_read(struct arena *a, struct view text, struct view *out)
{
	TRY(base64url_read(a, text, out));
	return out->n == KEY_BYTES ? UC_OK : UC_E_MALFORMED;
}

uc_err directory_read(struct view json, struct arena *a, struct directory *out)
{
	struct view fields[FIELD_COUNT] = { 0 };
	struct directory d = { 0 };
	TRY(walk(json, field_each, fields));
	for (int i = 0; i < FIELD_DISCOVERY; i++)
		if (!fields[i].p)
			return UC_E_MALFORMED;
	if (fields[FIELD_DISCOVERY_2].p && !fields[FIELD_DISCOVERY].p)
		return UC_E_MALFORMED;
	d.domain = fields[FIELD_DOMAIN];
	TRY(key_read(a, fields[FIELD_LOOKUP_KEY], &d.lookup_key));
	TRY(key_read(a, fields[FIELD_HUB_KEY], &d.hub_key));
	TRY(key_read(a, fields[FIELD_FRANKING_KEY], &d.franking_key));
	for (int i = 0; i < DIRECTORY_CUSTODIANS; i++)
		if (fields[FIELD_DISCOVERY + i].p)
			TRY(key_read(a, fields[FIELD_DISCOVERY + i], &d.discovery_keys[i]));
	if (fields[FIELD_TOKEN_KEYS].p) {
		struct token_keys keys;
		TRY(base64url_read(a, fields[FIELD_TOKEN_KEYS], &d.token_keys));
		TRY(token_keys_read(d.token_keys, &keys));
	}
	*out = d;
	return UC_OK;
}

struct url_call {
	struct view name, url;
};

static bool url_each(void *ctx, struct view name, struct view value)
{
	struct url_call *c = ctx;
	if (view_equal(name, c->name))
		c->url = value;
	return true;
}

uc_err directory_url(struct view json, struct view name, struct view *out)
{
	struct url_call c = { .name = name };
	TRY(walk(json, url_each, &c));
	if (!c.url.p)
		return UC_E_NOT_FOUND;
	*out = c.url;
	return UC_OK;
}
