/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to apps on other backbones: one thread, mutually authenticated HTTPS.  The same
 * requests that apps of one process hand each other. */
#ifndef SERVER_PEERS_H
#define SERVER_PEERS_H

#include "server/app_worker.h"
#include "server/config.h"

struct peers;
enum { PEERS_QUEUE_COUNT = 1024, PEERS_QUEUE_BYTES = 64 << 20 };

/* Answers go to workers[app]'s queue. */
uc_err UC_MUST_USE peers_new(const struct config *c, const struct env *env,
			     struct app_worker *const *workers, struct peers **out);
/* Takes a MESSAGE_ASK of this app for that peer, which stays as it is until the end; false when too many
 * wait: the message stays the caller's. */
bool peers_ask(struct peers *p, unsigned app, const struct config_peer *peer,
	       struct message *m) UC_MUST_USE;
/* Ends what is under way, and the thread; after the apps' threads have ended. */
void peers_free(struct peers *p);

#endif
