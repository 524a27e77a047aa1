/* SPDX-License-Identifier: Apache-2.0 */
/* Directory documents: our own, signed by our certificate's key, and those of other apps, fetched
 * for clients, which check them themselves.  Both are kept for a few minutes. */
#include "base/heap.h"
#include "mimi/directory.h"
#include "mimi/uri.h"
#include "provider/inside.h"

enum {
	FRESH_MS = 5 * 60 * 1000,
	KNOWN_MAX = 256,
	ANSWER_BYTES_MAX = 256 * 1024,
};

#define DIRECTORY_PATH VIEW_LIT("/.well-known/mimi-protocol-directory")
/* Asks for struct directory_response in the place of the bare document. */
#define SIGNED_HEADER  "undercroft-signed"

struct known_app {
	struct known_app *next;
	uint64_t at_ms;
	struct buf domain, answer; /* encoded struct directory_response */
};

static void known_free(struct known_app *k)
{
	buf_done(&k->domain);
	buf_done(&k->answer);
	heap_free(k);
}

void known_directories_free(struct provider *p)
{
	while (p->known_apps) {
		struct known_app *k = p->known_apps;
		p->known_apps = k->next;
		known_free(k);
	}
	p->known_apps_n = 0;
}

static bool is_fresh(const struct known_app *k, uint64_t now_ms)
{
	return !is_due(now_ms, k->at_ms + FRESH_MS, FRESH_MS);
}

static struct known_app *known_find(struct provider *p, struct view domain)
{
	uint64_t now = env_now_ms(p->env);
	struct known_app *k = p->known_apps;
	while (k && !(view_equal(buf_view(&k->domain), domain) && is_fresh(k, now)))
		k = k->next;
	return k;
}

static void known_forget(struct provider *p, struct known_app **at)
{
	struct known_app *k = *at;
	*at = k->next;
	known_free(k);
	p->known_apps_n--;
}

/* Makes room: what is stale or of this domain goes, and the oldest when there are too many. */
static void known_trim(struct provider *p, struct view domain)
{
	uint64_t now = env_now_ms(p->env);
	for (struct known_app **at = &p->known_apps; *at;) {
		struct known_app *k = *at;
		if (!is_fresh(k, now) || view_equal(buf_view(&k->domain), domain) ||
		    (!k->next && p->known_apps_n >= KNOWN_MAX))
			known_forget(p, at);
		else
			at = &k->next;
	}
}

static void known_add(struct provider *p, struct view domain, struct view answer)
{
	known_trim(p, domain);
	struct known_app *k = HEAP_NEW(struct known_app);
	if (!k)
		return;
	buf_init(&k->domain, DOMAIN_BYTES);
	buf_init(&k->answer, ANSWER_BYTES_MAX);
	buf_add_view(&k->domain, domain);
	buf_add_view(&k->answer, answer);
	if (k->domain.failed || k->answer.failed) {
		known_free(k);
		return;
	}
	k->at_ms = env_now_ms(p->env);
	k->next = p->known_apps;
	p->known_apps = k;
	p->known_apps_n++;
}

void provider_certificate_renewed(struct provider *p)
{
	for (struct known_app **at = &p->known_apps; *at;) {
		if (view_equal(buf_view(&(*at)->domain), p->domain))
			known_forget(p, at);
		else
			at = &(*at)->next;
	}
}

uc_err directory_own(struct provider *p, struct arena *a, struct directory_response *out)
{
	const struct known_app *k = known_find(p, p->domain);
	struct directory_response r = { .document = buf_view(&p->directory) };
	struct view bytes;
	if (k)
		return wire_decode(buf_view(&k->answer), a, directory_response_element, out);
	TRY(p->config.out->directory_sign(p->config.ctx, r.document, a, &r.certificate,
					  &r.signature));
	TRY(wire_encode_to(a, directory_response_element, &r, &bytes));
	known_add(p, p->domain, bytes);
	*out = r;
	return UC_OK;
}

int peer_directory(struct peer_call *c)
{
	struct directory_response r;
	if (!header_find(c->headers, SIGNED_HEADER).n) {
		buf_add_str(c->out_headers, "Content-Type: application/json\r\n");
		buf_add_view(c->out, buf_view(&c->p->directory));
		return 200;
	}
	if (directory_own(c->p, c->a, &r) || wire_encode(c->out, directory_response_element, &r))
		return 503;
	return 200;
}

static uc_err asked(const struct peer_response *r, struct arena *a, struct directory_response *out)
{
	if (r->status != 200 || r->body.n > ANSWER_BYTES_MAX)
		return UC_E_PEER;
	return wire_decode(r->body, a, directory_response_element, out) ? UC_E_PEER : UC_OK;
}

static void directory_done(struct provider *p, struct ask *ask, const struct peer_response *r)
{
	struct call space;
	struct directory_response in;
	struct call *c = ask_call(p, ask, &space);
	if (!c)
		return;
	uc_err err = asked(r, &c->arena, &in);
	if (err) {
		call_refuse(c, err, NULL, r->retry_after_s);
	} else {
		known_add(p, ask->what, r->body);
		call_respond(c, directory_response_element, &in);
	}
	call_done(c);
}

uc_err directory_known(struct provider *p, struct view domain, struct arena *a,
		       struct directory *out)
{
	struct directory_response r;
	const struct known_app *k = known_find(p, domain);
	if (!k)
		return UC_E_NOT_FOUND;
	TRY(wire_decode(buf_view(&k->answer), a, directory_response_element, &r));
	TRY(directory_read(r.document, a, out));
	return view_equal(out->domain, domain) ? UC_OK : UC_E_PEER;
}

bool directory_is_older(struct provider *p, struct view domain, uint64_t ms)
{
	const struct known_app *k = known_find(p, domain);
	return !k || is_due(env_now_ms(p->env), k->at_ms + ms, ms);
}

void directory_fetch(struct provider *p, struct ask *ask, struct view domain)
{
	ask_get(p, ask, domain, DIRECTORY_PATH, VIEW_LIT(SIGNED_HEADER ": 1\r\n"));
}

uc_err directory_keep(struct provider *p, struct view domain, const struct peer_response *r)
{
	struct arena scratch;
	struct directory_response in;
	arena_init(&scratch, CALL_ARENA_MAX, ARENA_PLAIN);
	uc_err err = asked(r, &scratch, &in);
	arena_done(&scratch);
	TRY(err);
	known_add(p, domain, r->body);
	return known_find(p, domain) ? UC_OK : UC_E_MEMORY;
}

static uc_err directory_ask(struct call *c, struct view domain)
{
	uint32_t wait = rate_take(&c->s->rates[LIMIT_DIRECTORY],
				  &c->p->config.limits[LIMIT_DIRECTORY], env_now_ms(c->p->env));
	if (wait) {
		call_refuse(c, UC_E_RATE, NULL, wait);
		return UC_OK;
	}
	TRY(ask_check(c->p, domain));
	struct ask *ask = ask_new(c->p, directory_done);
	if (!ask)
		return UC_E_MEMORY;
	ask_about(ask, domain);
	ask_for_call(ask, c);
	directory_fetch(c->p, ask, domain);
	return UC_OK;
}

uc_err handle_directory(struct call *c, struct view body)
{
	struct directory_request q;
	struct directory_response r;
	TRY(wire_decode(body, &c->arena, directory_request_element, &q));
	if (!domain_is_valid(q.domain))
		return UC_E_ARGUMENT;
	const struct known_app *k = known_find(c->p, q.domain);
	if (is_own_domain(c->p, q.domain))
		TRY(directory_own(c->p, &c->arena, &r));
	else if (k)
		TRY(wire_decode(buf_view(&k->answer), &c->arena, directory_response_element, &r));
	else
		return directory_ask(c, q.domain);
	call_respond(c, directory_response_element, &r);
	return UC_OK;
}
