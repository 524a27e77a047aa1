/* SPDX-License-Identifier: Apache-2.0 */
/* Other accounts of this person: linked by texts that go from one client to the other, shown to chosen
 * contacts, withdrawn.
 *
 * begins:  OFFERED -> WHOLE (the answer is here, and signed)
 * accepts: SIGNED -> WHOLE (the statement is here)
 * then WITHDRAWN, by either, and from there on as before, with a higher number. */
#ifndef CLIENT_LINKS_H
#define CLIENT_LINKS_H

#include "client/client.h"

/* Tells contacts what they do not know yet, in their direct rooms. */
uc_err UC_MUST_USE links_drive(struct uc_client *c);

#endif
