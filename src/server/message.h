/* SPDX-License-Identifier: Apache-2.0 */
/* What threads say to each other.  A message owns its bytes and belongs to one thread at a time. */
#ifndef SERVER_MESSAGE_H
#define SERVER_MESSAGE_H

#include "base/error.h"
#include "base/view.h"

#include <stdatomic.h>

enum message_kind {
	/* front -> app; id is the connection */
	MESSAGE_OPENED = 1, /* body: its network address (net/peer_address.h) or empty */
	MESSAGE_FRAME,      /* body */
	MESSAGE_CLOSED,
	/* front or app -> app; id is the asker's */
	MESSAGE_REQUEST, /* domain: the asking peer's or empty; method, path, headers, body */
	/* app or peers -> app; id is the asker's */
	MESSAGE_RESPONSE, /* status (0: not reached), retry_after_s, headers, body */
	/* app -> front */
	MESSAGE_OUTPUTS, /* server/outputs.h */
	/* app -> peers */
	MESSAGE_ASK, /* domain: whom; method, path, headers, body */
	/* inside an app's worker; path: the identifier, body: the code */
	MESSAGE_DELIVER,
	/* operator -> app; body: a pointer to its struct app_task */
	MESSAGE_TASK,
	/* anyone */
	MESSAGE_QUIET, /* take nothing more from outside */
	MESSAGE_GOING, /* to an app: the end is near; retry_after_s, and status: the jitter */
	MESSAGE_RENEW, /* to a front; index: the app, body: struct front_renewal */
	MESSAGE_ADD,   /* to a front; index: the app, body: struct front_addition */
	MESSAGE_REMOVE, /* to a front; index: the app, body: a pointer to a counter, to be counted down */
	MESSAGE_BEAT, /* body: a pointer to a counter, to be counted down: this thread lives */
	MESSAGE_STOP,
};

enum message_from { FROM_FRONT, FROM_APP, FROM_PEERS };

struct config_peer;
struct message_parts {
	struct view domain, method, path, headers, body;
};

struct message {
	struct message *next;
	enum message_kind kind;
	enum message_from from;
	unsigned index;                 /* which front or app it is from */
	const struct config_peer *peer; /* whom MESSAGE_ASK is for */
	uint64_t id;
	int status;
	uint32_t retry_after_s;
	size_t bytes;               /* of the whole, for the queue's limit */
	size_t room;                /* of data, where it was made empty */
	struct message_parts parts; /* into data */
	_Alignas(8) uint8_t data[];
};

/* Copies the parts; NULL without memory.  parts may be NULL. */
struct message *message_new(enum message_kind kind, uint64_t id,
			    const struct message_parts *parts) UC_MUST_USE;
/* With room for so many bytes, to be filled as parts.body. */
struct message *message_new_empty(enum message_kind kind, size_t room) UC_MUST_USE;
void message_free(struct message *m);
/* MESSAGE_BEAT. */
struct message *message_beat_new(atomic_size_t *due) UC_MUST_USE;
void message_beat_answer(const struct message *m);
/* Frees a whole list. */
void message_free_all(struct message *m);

#endif
