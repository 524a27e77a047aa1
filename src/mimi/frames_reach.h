/* SPDX-License-Identifier: Apache-2.0 */
/* Of the frames between a client and its app (frames.h): who may reach the account, and how old its person is. */
#ifndef MIMI_FRAMES_REACH_H
#define MIMI_FRAMES_REACH_H

#include "base/view.h"

/* Who may reach the account, signed by the device that asks: settings.h.  Refused unless its number is
 * above the stored one's; said again, it is done again.  settings_put_response: struct empty. */
struct settings_put_request {
	struct view statement;
	struct view code; /* the contact code that it names, where that is new; or empty */
};
/* settings_get_request: struct empty */
struct settings_get_response {
	struct view statement; /* empty: nothing was said yet */
	uint8_t checked;       /* age that is not only said: 1 + enum age_band; 0: none */
	uint8_t attested;      /* by whom: enum settings_attested of settings.h; 0: nobody */
};
/* A service's word about the account's age, and what it was made for: age_statement.h.  Said again, it is
 * done again.  age_present_response: struct empty. */
struct age_present_request {
	struct view statement;
	uint8_t salt[32];
};

#endif
