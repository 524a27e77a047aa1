/* SPDX-License-Identifier: Apache-2.0 */
/* MQTT 3.1.1 (OASIS): sessions that outlive their connections, everything with QoS 1, a topic for
 * each device and each room. */
#include "tests/bench/peer.h"

#include "base/buf.h"

#include <string.h>

enum {
	CONNECT = 0x10,
	CONNACK = 2,
	PUBLISH = 0x32, /* QoS 1 */
	PUBACK = 4,
	SUBSCRIBE = 0x82,
	SUBACK = 9,
	DISCONNECT = 0xe0,
};

static void add_u16(struct buf *b, size_t n)
{
	buf_add_byte(b, (uint8_t)(n >> 8));
	buf_add_byte(b, (uint8_t)n);
}

static void add_text(struct buf *b, const char *text)
{
	add_u16(b, strlen(text));
	buf_add_str(b, text);
}

/* 2.2.3: seven bits a byte. */
static void add_head(struct buf *b, uint8_t type, size_t n)
{
	buf_add_byte(b, type);
	do {
		buf_add_byte(b, (uint8_t)((n & 127) | (n > 127 ? 128 : 0)));
		n >>= 7;
	} while (n);
}

static void put_packet(struct peer *p, uint8_t type, struct buf *body)
{
	struct buf head;
	buf_init(&head, 8);
	add_head(&head, type, body->n);
	peer_put(p, head.p, head.n);
	peer_put(p, body->p, body->n);
	buf_done(&head);
	buf_done(body);
}

static void topic_of_end(char out[32], size_t end)
{
	snprintf(out, 32, "u/%zu", end);
}

static void topic_of_room(char out[32], size_t room)
{
	snprintf(out, 32, "g/%zu", room);
}

static void begin(struct peer *p)
{
	struct buf b;
	char name[32];
	buf_init(&b, 256);
	snprintf(name, sizeof name, "u%zu", p->end);
	add_text(&b, "MQTT");
	buf_add_byte(&b, 4); /* 3.1.1 */
	buf_add_byte(&b, 0); /* the session stays */
	add_u16(&b, 0);      /* and is never asked whether it lives */
	add_text(&b, name);
	put_packet(p, CONNECT, &b);
}

static void subscribe(struct peer *p)
{
	struct buf b;
	char topic[32];
	size_t at = 0, room;
	buf_init(&b, 65536);
	add_u16(&b, 1);
	topic_of_end(topic, p->end);
	add_text(&b, topic);
	buf_add_byte(&b, 1);
	while (peer_group(p, &at, &room)) {
		topic_of_room(topic, room);
		add_text(&b, topic);
		buf_add_byte(&b, 1);
	}
	put_packet(p, SUBSCRIBE, &b);
}

static void on_publish(struct peer *p, struct view v)
{
	if (v.n < 2 || v.n < 4 + ((size_t)v.p[0] << 8 | v.p[1]))
		bench_die("a message that is none");
	size_t id = 2 + ((size_t)v.p[0] << 8 | v.p[1]);
	const uint8_t ack[4] = { 0x40, 2, v.p[id], v.p[id + 1] };
	peer_put(p, ack, sizeof ack);
	peer_arrived(p, view_slice(v, id + 2, v.n - id - 2));
}

static void on_packet(struct peer *p, uint8_t type, struct view v)
{
	switch (type) {
	case CONNACK:
		if (v.n < 2 || v.p[1])
			bench_die("no connection: MQTT's %u", v.n < 2 ? 255u : v.p[1]);
		if (v.p[0] & 1) /* it is known, with what it subscribed to */
			peer_ready(p);
		else
			subscribe(p);
		break;
	case SUBACK:
		peer_ready(p);
		break;
	case PUBACK:
		peer_accepted(p);
		break;
	case PUBLISH >> 4:
		on_publish(p, v);
		break;
	default:
		bench_die("an MQTT packet of type %u", type);
	}
}

static size_t take(struct peer *p, struct view in)
{
	size_t n = 0, at = 1;
	for (unsigned shift = 0;; shift += 7) {
		if (at == in.n)
			return 0;
		n |= (size_t)(in.p[at] & 127) << shift;
		if (!(in.p[at++] & 128))
			break;
		if (shift == 21)
			bench_die("an MQTT packet of no length");
	}
	if (in.n - at < n)
		return 0;
	on_packet(p, in.p[0] >> 4, view_slice(in, at, n));
	return at + n;
}

static void message(struct peer *p, struct buf *out, size_t room, struct view content, bool accept)
{
	char topic[32];
	size_t other;
	(void)accept; /* with QoS 1 it is said */
	if (peer_other(p, room, &other))
		topic_of_end(topic, other);
	else
		topic_of_room(topic, room);
	p->id = p->id == UINT16_MAX ? 1 : (uint16_t)(p->id + 1);
	add_head(out, PUBLISH, 2 + strlen(topic) + 2 + content.n);
	add_text(out, topic);
	add_u16(out, p->id);
	buf_add_view(out, content);
}

static void leave(struct peer *p)
{
	const uint8_t packet[2] = { DISCONNECT, 0 };
	peer_put(p, packet, sizeof packet);
}

static const struct dialect mqtt = {
	.begin = begin, .take = take, .message = message, .leave = leave
};

static void prepare(struct load *l, const struct plan *plan, const struct speech_options *o)
{
	peers_prepare(&mqtt, l, plan, o);
}

const struct speech speech_mqtt = PEER_SPEECH("mqtt", true, prepare);
