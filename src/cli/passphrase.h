/* SPDX-License-Identifier: Apache-2.0 */
/* A passphrase from the environment or, without echo, from the terminal. */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include <stdbool.h>

enum { PASSPHRASE_MAX = 1024 };

/* UNDERCROFT_PASSPHRASE, else asks: twice when it is a new one.  Errors are printed. */
bool passphrase_get(char out[PASSPHRASE_MAX], bool is_new);
void passphrase_wipe(char text[PASSPHRASE_MAX]);

#endif
