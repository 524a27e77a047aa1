/* SPDX-License-Identifier: Apache-2.0 */
/* A room whose log was put back to an earlier state: what this device has of it and the hub has not
 * stays here; what it had said is said again; then it goes on with the log as it is now. */
#ifndef CLIENT_PUT_BACK_H
#define CLIENT_PUT_BACK_H

#include "client/client.h"

/* The answer to opening the seat says so. */
uc_err UC_MUST_USE put_back(struct uc_client *c, struct room *r,
			    const struct seat_open_response *in);

#endif
