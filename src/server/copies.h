/* SPDX-License-Identifier: Apache-2.0 */
/* DATA/copies: the stores' copies that a backup is made of.  Whoever carries them away deletes them; what
 * nobody carries any more holds on to all that is deleted in the stores. */
#ifndef SERVER_COPIES_H
#define SERVER_COPIES_H

#include "base/error.h"

enum {
	COPIES_IDLE_S = 3600, /* whoever carries one touches its folder with each file */
	COPIES_LOOK_S = 600,
};

/* Deletes those whose folder nobody has touched for so long; 0: all. */
void copies_forget(const char *data, unsigned idle_s);

#endif
