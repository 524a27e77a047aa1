/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of messages' files on their way: to our app until it has all of them, which is when the
 * message goes out; or here, until the person has taken them.  What has come or is still to go lies
 * in the store, part by part, as it does at the URL.
 *
 * One is known by its message, never by its URL: of two messages with one URL each has its own. */
#ifndef CLIENT_TRANSFERS_H
#define CLIENT_TRANSFERS_H

#include "client/client.h"
#include "mimi/attachment.h"

struct transfer {
	struct uc_id id; /* of the message */
	struct uc_id room;
	uint64_t message; /* its number in the room's history */
	bool is_upload;
	char domain[DOMAIN_MAX]; /* of the URL */
	uint8_t place[ATTACHMENT_ID];
	uint64_t total, have; /* bytes at the URL; that the app has, or that are here */

	bool dirty, gone, in_flight; /* memory only, from here on; gone: to be deleted */
	bool wanted;                 /* a download that somebody waits for */
	unsigned failures;           /* in a row */
	uint64_t retry_ms;
	uc_op op;
	struct transfer *next;
};
void wire_transfer(struct wire *w, struct transfer *t);

/* NULL: there is none. */
struct transfer *transfer_find(const struct uc_client *c, const struct uc_id *message);
/* Of this message; it is the client's from then on.  NULL: no memory. */
struct transfer *transfer_new(struct uc_client *c, const struct room *r, const struct uc_id *id,
			      uint64_t message, const struct attachment *at);
/* Keeps a part: at most ATTACHMENT_PART_MAX bytes, from a multiple of that on. */
void transfer_part_put(struct uc_client *c, const struct transfer *t, uint64_t offset,
		       struct view bytes);
/* All parts, which are here, in a row: t->total bytes.  UC_E_NOT_FOUND. */
uc_err UC_MUST_USE transfer_read(struct uc_client *c, const struct transfer *t, uint8_t *out);
/* It and its parts are forgotten; whoever waits for it is told so. */
void transfer_drop(struct uc_client *c, struct transfer *t, uc_err why);
/* The same of a message whose words are gone. */
void transfers_forget(struct uc_client *c, const struct uc_id *message);
/* The file's description in content of UC_MESSAGE_FILE; it lies in the arena and in the content. */
uc_err UC_MUST_USE transfer_part_of(struct view content, struct arena *a, struct nested_part *out);

bool transfers_are_idle(const struct uc_client *c);
uc_err UC_MUST_USE transfers_drive(struct uc_client *c);
void transfers_save(struct uc_client *c);
uc_err UC_MUST_USE transfers_load(struct uc_client *c);
void transfers_free(struct uc_client *c);

#endif
