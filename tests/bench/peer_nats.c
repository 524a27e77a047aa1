/* SPDX-License-Identifier: Apache-2.0 */
/* NATS JetStream: a stream in files for all devices' messages and one for all rooms', a durable
 * consumer for each device, every message acknowledged both ways. */
#include "tests/bench/peer.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

/* Which answers are awaited while signing in. */
enum step { AWAITS_INFO, AWAITS_PONG, AWAITS_ANSWERS, IS_IN };

/* --- asking --- */

static void publish(struct peer *p, const char *subject, const char *reply, const char *text)
{
	peer_print(p, "PUB %s _I.%zu.%s %zu\r\n%s\r\n", subject, p->end, reply, strlen(text), text);
}

static void make_stream(struct peer *p, const char *name, const char *subjects)
{
	char subject[64], text[256];
	snprintf(subject, sizeof subject, "$JS.API.STREAM.CREATE.%s", name);
	snprintf(text, sizeof text,
		 "{\"name\":\"%s\",\"subjects\":[\"%s\"],\"storage\":\"file\","
		 "\"retention\":\"limits\",\"num_replicas\":1}",
		 name, subjects);
	publish(p, subject, "a", text);
	p->id++;
}

static void make_consumer(struct peer *p, const char *stream, const char *kind, size_t number)
{
	char subject[128], text[512];
	snprintf(subject, sizeof subject, "$JS.API.CONSUMER.DURABLE.CREATE.%s.%s%zu_%zu", stream,
		 kind, number, p->end);
	snprintf(text, sizeof text,
		 "{\"stream_name\":\"%s\",\"config\":{\"durable_name\":\"%s%zu_%zu\","
		 "\"deliver_subject\":\"d.%zu\",\"deliver_policy\":\"all\","
		 "\"ack_policy\":\"explicit\",\"ack_wait\":60000000000,"
		 "\"filter_subject\":\"%s.%zu\",\"max_ack_pending\":1000,"
		 "\"replay_policy\":\"instant\"}}",
		 stream, kind, number, p->end, p->end, kind, number);
	publish(p, subject, "a", text);
	p->id++;
}

static void begin(struct peer *p)
{
	p->step = AWAITS_INFO;
	p->id = 0;
}

static void sign_in(struct peer *p)
{
	peer_secure(p);
	peer_print(p,
		   "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c\","
		   "\"version\":\"0\",\"protocol\":1}\r\n"
		   "SUB d.%zu 1\r\nSUB _I.%zu.* 2\r\nPING\r\n",
		   p->end, p->end);
	p->step = AWAITS_PONG;
}

/* The first device makes the streams; each its consumers, when it comes for the first time. */
static void ask(struct peer *p)
{
	size_t at = 0, room;
	p->step = AWAITS_ANSWERS;
	if (!p->was_here) {
		if (!p->end) {
			make_stream(p, "MSG", "u.*");
			make_stream(p, "GRP", "g.*");
		}
		make_consumer(p, "MSG", "u", p->end);
		while (peer_group(p, &at, &room))
			make_consumer(p, "GRP", "g", room);
	}
	if (p->id)
		return;
	p->step = IS_IN;
	peer_ready(p);
}

/* --- hearing --- */

static void on_answer(struct peer *p, char kind, struct view text)
{
	for (size_t i = 0; i + 7 <= text.n; i++)
		if (!memcmp(text.p + i, "\"error\"", 7))
			bench_die("JetStream refuses: %.*s", (int)text.n, (const char *)text.p);
	if (kind == 'p') {
		peer_accepted(p);
	} else if (!--p->id) {
		p->step = IS_IN;
		peer_ready(p);
	}
}

/* MSG subject sid [reply] bytes */
static size_t on_message(struct peer *p, char *line, size_t line_n, struct view in)
{
	char *words[5], *save = NULL;
	size_t n = 0;
	for (char *w = strtok_r(line, " ", &save); w && n < 5; w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	if (n < 4)
		bench_die("a message that is none");
	size_t bytes = strtoul(words[n - 1], NULL, 10);
	if (in.n < line_n + bytes + 2)
		return 0;
	struct view content = view_slice(in, line_n, bytes);
	if (!strncmp(words[1], "_I.", 3)) {
		on_answer(p, words[1][strlen(words[1]) - 1], content);
	} else {
		if (n == 5)
			peer_print(p, "PUB %s 0\r\n\r\n", words[3]);
		peer_arrived(p, content);
	}
	return line_n + bytes + 2;
}

static size_t take(struct peer *p, struct view in)
{
	char line[512];
	const uint8_t *end = memchr(in.p, '\n', in.n);
	if (!end)
		return 0;
	size_t n = (size_t)(end - in.p) + 1, kept = n < sizeof line ? n : sizeof line - 1;
	memcpy(line, in.p, kept);
	while (kept && (line[kept - 1] == '\n' || line[kept - 1] == '\r'))
		kept--;
	line[kept] = 0;
	if (!strncmp(line, "MSG ", 4))
		return on_message(p, line, n, in);
	if (!strncmp(line, "INFO ", 5) && p->step == AWAITS_INFO)
		sign_in(p);
	else if (!strncmp(line, "PING", 4))
		peer_put(p, "PONG\r\n", 6);
	else if (!strncmp(line, "PONG", 4) && p->step == AWAITS_PONG)
		ask(p);
	else if (line[0] == '-')
		bench_die("NATS refuses: %s", line);
	return n;
}

static void message(struct peer *p, struct buf *out, size_t room, struct view content, bool accept)
{
	size_t other;
	(void)accept; /* a stream says so of each */
	bool direct = peer_other(p, room, &other);
	buf_printf(out, "PUB %s.%zu _I.%zu.p %zu\r\n", direct ? "u" : "g", direct ? other : room,
		   p->end, content.n);
	buf_add_view(out, content);
	buf_add_str(out, "\r\n");
}

static const struct dialect nats = {
	.secures_itself = true, .begin = begin, .take = take, .message = message
};

static void prepare(struct load *l, const struct plan *plan, const struct speech_options *o)
{
	peers_prepare(&nats, l, plan, o);
}

const struct speech speech_jetstream = PEER_SPEECH("jetstream", true, prepare);
