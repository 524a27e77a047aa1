/* SPDX-License-Identifier: Apache-2.0 */
/* The connection: hello, sign-in, events of the app, loss. */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include "client/client.h"

/* Starts what the stored state asks for; only while signed in. */
uc_err UC_MUST_USE session_drive(struct uc_client *c);
/* The session is signed in as this device: after sign-in, sign-up or reset. */
uc_err UC_MUST_USE session_signed_in(struct uc_client *c);
uc_err UC_MUST_USE sign_in_send(struct uc_client *c);
void session_set_connection(struct uc_client *c, enum uc_connection to);
/* A signature by the device key (or `key`) over struct session_tbs. */
uc_err UC_MUST_USE session_sign(struct uc_client *c, uint8_t purpose, const struct ed25519_key *key,
				struct view account_id, struct view subject,
				uint8_t signature[ED25519_SIGNATURE]);

#endif
