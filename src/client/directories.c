/* SPDX-License-Identifier: Apache-2.0 */
#include "client/directories.h"

#include "mimi/directory.h"

#include "base/heap.h"

enum { FRESH_MS = 3600 * 1000, RETRY_MS = 20 * 1000 };

struct known_app {
	char domain[DOMAIN_MAX];
	struct app_keys keys;
	bool there, busy;
	uc_err err;
	uint64_t at_ms;   /* of the last answer */
	uint64_t seen_ms; /* of the last with keys */
	struct known_app *next;
};

static struct known_app *find(const struct uc_client *c, const char *domain)
{
	for (struct known_app *k = c->apps; k; k = k->next)
		if (!strcmp(k->domain, domain))
			return k;
	return NULL;
}

static struct known_app *add(struct uc_client *c, const char *domain)
{
	struct known_app *k = HEAP_NEW(struct known_app);
	if (!k)
		return NULL;
	if (text_set(k->domain, sizeof k->domain, view_str(domain))) {
		heap_free(k);
		return NULL;
	}
	k->next = c->apps;
	c->apps = k;
	return k;
}

/* Our own app speaks on a connection whose certificate the platform has checked already. */
static uc_err check(struct uc_client *c, const struct known_app *k,
		    const struct directory_response *in)
{
	if (!strcmp(k->domain, c->account.app))
		return UC_OK;
	if (!c->platform.verify_directory)
		return UC_E_UNSUPPORTED;
	return c->platform.verify_directory(c->platform.ctx, k->domain, in->document.p,
					    in->document.n, in->certificate.p, in->certificate.n,
					    in->signature.p, in->signature.n);
}

static uc_err take(struct uc_client *c, struct known_app *k, const struct reply *r)
{
	struct directory_response in;
	struct directory d;
	TRY(r->err);
	TRY(wire_decode(r->body, r->mem, directory_response_element, &in));
	TRY(check(c, k, &in));
	TRY(directory_read(in.document, r->mem, &d));
	if (!view_equal(d.domain, view_str(k->domain)))
		return UC_E_PEER;
	k->keys.has_tokens = d.token_keys.n != 0;
	if (k->keys.has_tokens)
		TRY(token_keys_read(d.token_keys, &k->keys.tokens));
	memcpy(k->keys.lookup, d.lookup_key.p, 32);
	memcpy(k->keys.hub, d.hub_key.p, 32);
	memcpy(k->keys.franking, d.franking_key.p, 32);
	k->keys.discovery.n = 0;
	for (size_t i = 0; i < DIRECTORY_CUSTODIANS && d.discovery_keys[i].n; i++)
		memcpy(k->keys.discovery.pub[k->keys.discovery.n++].b, d.discovery_keys[i].p,
		       OPRF_ELEMENT);
	return UC_OK;
}

static uc_err directory_done(struct uc_client *c, void *subject, const struct reply *r)
{
	struct known_app *k = subject;
	k->busy = false;
	if (r->err == UC_E_NET)
		return UC_OK;
	k->err = take(c, k, r);
	k->there = k->there || !k->err;
	k->at_ms = client_now(c);
	if (!k->err)
		k->seen_ms = k->at_ms;
	return UC_OK;
}

static void fetch(struct uc_client *c, struct known_app *k)
{
	struct directory_request req = { view_str(k->domain) };
	if (k->busy || c->connection < UC_GREETED)
		return;
	/* Not lately, whatever a clock that was ahead has said. */
	if (k->err && waits_until(c, k->at_ms + RETRY_MS))
		return;
	k->busy =
		!call_send(c, FRAME_DIRECTORY, directory_request_element, &req, directory_done, k);
}

static struct known_app *find_or_add(struct uc_client *c, const char *domain)
{
	struct known_app *k = find(c, domain);
	return k ? k : add(c, domain);
}

bool directory_keys_within(struct uc_client *c, const char *domain, uint64_t age_ms,
			   struct app_keys *out)
{
	struct known_app *k = find_or_add(c, domain);
	uint64_t now = client_now(c);
	if (!k)
		return false;
	if (!k->there || now < k->seen_ms || now > k->seen_ms + age_ms) {
		fetch(c, k);
		return false;
	}
	*out = k->keys;
	return true;
}

bool directory_keys(struct uc_client *c, const char *domain, struct app_keys *out)
{
	struct known_app *k = find_or_add(c, domain);
	if (!k)
		return false;
	if (!k->there || client_now(c) > k->at_ms + FRESH_MS)
		fetch(c, k);
	if (k->there)
		*out = k->keys;
	return k->there;
}

uc_err directory_error(const struct uc_client *c, const char *domain)
{
	const struct known_app *k = find(c, domain);
	return k && !k->there && !k->busy ? k->err : UC_OK;
}

void directory_forget(struct uc_client *c, const char *domain)
{
	struct known_app *k = find(c, domain);
	if (k)
		k->at_ms = k->seen_ms = 0;
}

void directories_free(struct uc_client *c)
{
	while (c->apps) {
		struct known_app *k = c->apps;
		c->apps = k->next;
		heap_free(k);
	}
}
