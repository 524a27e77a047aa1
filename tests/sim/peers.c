/* SPDX-License-Identifier: Apache-2.0 */
/* Requests between apps: late, lost, twice, and answers likewise. */
#include "base/heap.h"
#include "base/text.h"
#include "tests/sim/sim.h"

enum { LOST_OF_MILLION = 20000, REPEAT_OF_MILLION = 30000, GIVE_UP_MS = 25000 };

static const char *status_text(int status)
{
	return status ? "answered" : "not reached";
}

/* --- answers --- */

static const char *endpoint(const struct exchange *x, char *out, size_t n)
{
	struct view path = x->path, name = path;
	if (view_starts_with(path, VIEW_LIT("/v1/")))
		view_cut(view_slice(path, 4, path.n), '/', &name);
	snprintf(out, n, "%.*s", (int)(name.n < 40 ? name.n : 40), (const char *)name.p);
	return out;
}

static void answer_to(struct exchange *x, const struct peer_response *r)
{
	char name[48];
	struct app *a = x->from;
	if (!a->provider || a->life != x->from_life || x->repeated || x->answered)
		return;
	x->answered = true;
	a->w->stats.replies++;
	sim_traffic(a->w);
	endpoint(x, name, sizeof name);
	sim_trace(a->w, "%s <- %s: %s %s %d, %zu bytes", a->domain,
		  x->to ? x->to->domain : "nobody", name, status_text(r->status), r->status,
		  r->body.n);
	app_before(a, "answer", name);
	provider_response(a->provider, x->token, r);
	app_after(a);
}

static void nobody_answers(struct world *w, struct happening *h)
{
	static const struct peer_response none = { .status = 0 };
	(void)w;
	answer_to(h->subject, &none);
}

static void fails_later(struct exchange *x)
{
	struct world *w = x->from->w;
	timeline_add(w, w->now_ms + dice_below(&w->dice, GIVE_UP_MS), nobody_answers, x, 0,
		     NO_BYTES);
}

static void answer_arrives(struct world *w, struct happening *h)
{
	struct exchange *x = h->subject;
	struct peer_response r = { x->status, x->retry_after_s,
				   view_slice(h->bytes, 0, x->headers_n),
				   view_slice(h->bytes, x->headers_n, h->bytes.n) };
	(void)w;
	answer_to(x, &r);
}

void peers_reply(struct exchange *x, const struct peer_response *r)
{
	struct world *w = x->from->w;
	struct buf both;
	if (x->repeated)
		return;
	if (sim_fault(w, LOST_OF_MILLION)) {
		w->stats.lost++;
		fails_later(x);
		return;
	}
	x->status = r->status;
	x->retry_after_s = r->retry_after_s;
	x->headers_n = r->headers.n;
	buf_init(&both, 128 * 1024 * 1024);
	buf_add_view(&both, r->headers);
	buf_add_view(&both, r->body);
	timeline_add(w, w->now_ms + sim_latency_ms(w), answer_arrives, x, 0, buf_view(&both));
	buf_done(&both);
}

/* --- requests --- */

static void request_arrives(struct world *w, struct happening *h)
{
	struct exchange *x = h->subject;
	struct app *to = x->to;
	char name[48];
	if (!to || !to->provider) {
		fails_later(x);
		return;
	}
	w->stats.asks++;
	sim_traffic(w);
	endpoint(x, name, sizeof name);
	sim_trace(w, "%s <- %s: asks %s, %zu bytes%s", to->domain, x->from->domain, name, x->body.n,
		  x->repeated ? ", again" : "");
	x->to_life = to->life;
	struct peer_request q = { x->method, x->path, x->headers, x->body };
	app_before(to, "asked", name);
	provider_request(to->provider, view_str(x->from->domain), &q, x);
	app_after(to);
}

static struct exchange *exchange_new(struct app *from, uint64_t token, struct app *to,
				     const struct peer_request *q)
{
	struct world *w = from->w;
	struct exchange *x = HEAP_NEW(struct exchange);
	if (!x) {
		sim_fail(w, "no memory");
		return NULL;
	}
	*x = (struct exchange){ .next = w->exchanges,
				.from = from,
				.to = to,
				.from_life = from->life,
				.token = token,
				.method = bytes_copy(q->method),
				.path = bytes_copy(q->path),
				.headers = bytes_copy(q->headers),
				.body = bytes_copy(q->body) };
	w->exchanges = x;
	return x;
}

void peers_ask(struct app *from, uint64_t token, struct view domain, const struct peer_request *q)
{
	struct world *w = from->w;
	struct app *to = world_app(w, domain);
	struct exchange *x = exchange_new(from, token, to, q);
	if (!x)
		return;
	if (sim_fault(w, LOST_OF_MILLION)) {
		w->stats.lost++;
		fails_later(x);
		return;
	}
	timeline_add(w, w->now_ms + sim_latency_ms(w), request_arrives, x, 0, NO_BYTES);
	if (!sim_fault(w, REPEAT_OF_MILLION))
		return;
	x = exchange_new(from, token, to, q);
	if (!x)
		return;
	x->repeated = true;
	w->stats.repeated++;
	timeline_add(w, w->now_ms + dice_below(&w->dice, GIVE_UP_MS), request_arrives, x, 0,
		     NO_BYTES);
}

void peers_app_died(struct app *a)
{
	for (struct exchange *x = a->w->exchanges; x; x = x->next)
		if (x->to == a && x->to_life == a->life && !x->answered && !x->repeated)
			fails_later(x);
}

void peers_free(struct world *w)
{
	while (w->exchanges) {
		struct exchange *x = w->exchanges;
		w->exchanges = x->next;
		bytes_free(x->method);
		bytes_free(x->path);
		bytes_free(x->headers);
		bytes_free(x->body);
		heap_free(x);
	}
}
