/* SPDX-License-Identifier: Apache-2.0 */
/* XMPP (RFC 6120, RFC 6121): accounts registered on the way (XEP-0077), rooms as XEP-0045, and where
 * it has to be said that a message was accepted, XEP-0198. */
#include "tests/bench/peer.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum step { IS_NEW, REGISTERS, AUTHENTICATES, IS_KNOWN, BINDS, JOINS, IS_IN, IS_COUNTED };
#define HOST "localhost"

struct element {
	const char *name;
	size_t name_n;
	const char *p;
	size_t n;
};

static bool has(const struct element *e, const char *text)
{
	return memmem(e->p, e->n, text, strlen(text)) != NULL;
}

static bool is(const struct element *e, const char *name)
{
	return e->name_n == strlen(name) && !strncmp(e->name, name, e->name_n);
}

static void begin(struct peer *p)
{
	peer_print(p, "<?xml version='1.0'?><stream:stream to='" HOST "' xmlns='jabber:client' "
		      "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>");
}

static void authenticate(struct peer *p)
{
	char plain[64];
	struct buf b;
	int n = snprintf(plain, sizeof plain, "%cu%zu%cp%zu", 0, p->end, 0, p->end);
	buf_init(&b, 256);
	base64url_add(&b, view_make(plain, (size_t)n));
	/* These letters and figures give neither of the two characters that differ; only what fills
	 * up is missing. */
	buf_add_str(&b, &"=="[b.n % 4 == 2 ? 0 : b.n % 4 == 3 ? 1 : 2]);
	peer_print(p,
		   "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>%.*s</auth>",
		   (int)b.n, (const char *)b.p);
	buf_done(&b);
	p->step = AUTHENTICATES;
}

static void join_next(struct peer *p)
{
	size_t at = p->id, room;
	if (!peer_group(p, &at, &room)) {
		p->step = IS_IN;
		peer_ready(p);
		return;
	}
	p->id = (uint16_t)at;
	p->step = JOINS;
	peer_print(p,
		   "<presence to='g%zu@conference." HOST "/n%zu'>"
		   "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"
		   "</presence>",
		   room, p->end);
}

static void on_message(struct peer *p, const struct element *e)
{
	if (has(e, "type='error'"))
		bench_die("a message came back: %.*s", (int)e->n, e->p);
	const char *from = memmem(e->p, e->n, "<body>", 6);
	if (!from)
		return;
	from += 6;
	const char *to = memmem(from, (size_t)(e->p + e->n - from), "</body>", 7);
	if (to)
		peer_arrived(p, view_make(from, (size_t)(to - from)));
}

/* <a h='N'/>: so many of its stanzas in all. */
static void on_acceptance(struct peer *p, const struct element *e)
{
	const char *h = memmem(e->p, e->n, " h=", 3);
	if (!h)
		bench_die("an acceptance of nothing");
	uint16_t all = (uint16_t)strtoul(h + 4, NULL, 10);
	while (p->id != all) {
		p->id++;
		peer_accepted(p);
	}
}

static void register_(struct peer *p)
{
	peer_print(p,
		   "<iq type='set' id='r'><query xmlns='jabber:iq:register'>"
		   "<username>u%zu</username><password>p%zu</password></query></iq>",
		   p->end, p->end);
	p->step = REGISTERS;
}

static void on_signing_in(struct peer *p, const struct element *e)
{
	/* Its account may be among what a kill took. */
	if (is(e, "failure") && p->step == AUTHENTICATES && p->was_here) {
		p->was_here = false;
		register_(p);
		return;
	}
	if (is(e, "failure") || is(e, "stream:error"))
		bench_die("XMPP refuses: %.*s", (int)e->n, e->p);
	switch ((enum step)p->step) {
	case IS_NEW:
		if (!is(e, "stream:features"))
			return;
		if (p->was_here) {
			authenticate(p);
			return;
		}
		register_(p);
		return;
	case REGISTERS:
		if (has(e, "type='error'"))
			bench_die("no account: %.*s", (int)e->n, e->p);
		authenticate(p);
		return;
	case AUTHENTICATES:
		if (!is(e, "success"))
			return;
		begin(p);
		p->step = IS_KNOWN;
		return;
	case IS_KNOWN:
		if (!is(e, "stream:features"))
			return;
		peer_print(p,
			   "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
			   "<resource>r</resource></bind></iq>");
		p->step = BINDS;
		return;
	case BINDS:
		if (!is(e, "iq"))
			return;
		peer_print(p, "<presence/>");
		p->id = 0;
		join_next(p);
		return;
	case JOINS:
		if (is(e, "presence") && has(e, "type='error'"))
			bench_die("no room: %.*s", (int)e->n, e->p);
		if (is(e, "message") && has(e, "<subject"))
			join_next(p);
		return;
	case IS_IN:
	case IS_COUNTED:
		return;
	}
}

static void on_element(struct peer *p, const struct element *e)
{
	if (is(e, "message") && p->step >= BINDS && !has(e, "<subject"))
		on_message(p, e);
	else if (p->step < IS_IN)
		on_signing_in(p, e);
	else if (is(e, "a"))
		on_acceptance(p, e);
	else if (is(e, "enabled"))
		p->id = 0;
}

/* A whole element of the stream; what opens or closes the stream itself counts as one. */
static size_t take(struct peer *p, struct view in)
{
	const char *v = (const char *)in.p, *at = memchr(v, '<', in.n);
	if (!at)
		return in.n;
	size_t from = (size_t)(at - v), k = from + 1;
	const char *gt = memchr(at, '>', in.n - from);
	if (!gt)
		return 0;
	size_t end = (size_t)(gt - v) + 1;
	while (k + 1 < end && v[k] != ' ' && v[k] != '/' && v[k] != '\n')
		k++;
	struct element e = { at + 1, k - from - 1, at, end - from };
	if (at[1] == '?' || at[1] == '/' || is(&e, "stream:stream"))
		return end;
	if (gt[-1] != '/') {
		char last[64];
		int n = snprintf(last, sizeof last, "</%.*s>", (int)(e.name_n < 40 ? e.name_n : 40),
				 e.name);
		const char *found = memmem(gt, in.n - end + 1, last, (size_t)n);
		if (!found)
			return 0;
		end = (size_t)(found - v) + (size_t)n;
		e.n = end - from;
	}
	on_element(p, &e);
	return end;
}

static void message(struct peer *p, struct buf *out, size_t room, struct view content, bool accept)
{
	size_t other;
	/* Said once, in front of its first message. */
	if (accept && p->step == IS_IN) {
		buf_add_str(out, "<enable xmlns='urn:xmpp:sm:3'/>");
		p->step = IS_COUNTED;
	}
	if (peer_other(p, room, &other))
		buf_printf(out, "<message to='u%zu@" HOST "%s' type='chat'><body>", other,
			   accept ? "" : "/r");
	else
		buf_printf(out, "<message to='g%zu@conference." HOST "' type='groupchat'><body>",
			   room);
	buf_add_view(out, content);
	buf_add_str(out, "</body></message>");
	if (accept)
		buf_add_str(out, "<r xmlns='urn:xmpp:sm:3'/>");
}

static void leave(struct peer *p)
{
	peer_print(p, "</stream:stream>");
}

static const struct dialect xmpp = {
	.is_text = true, .begin = begin, .take = take, .message = message, .leave = leave
};

static void prepare(struct load *l, const struct plan *plan, const struct speech_options *o)
{
	peers_prepare(&xmpp, l, plan, o);
}

const struct speech speech_xmpp = PEER_SPEECH("xmpp", false, prepare);
