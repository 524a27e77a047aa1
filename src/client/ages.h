/* SPDX-License-Identifier: Apache-2.0 */
/* Ages that services vouch for: what is asked of a service, and handed in to the app. */
#ifndef CLIENT_AGES_H
#define CLIENT_AGES_H

#include "client/client.h"

/* The app has said anew what holds: who has handed something in is told so. */
void ages_seen(struct uc_client *c);

#endif
