/* SPDX-License-Identifier: Apache-2.0 */
/* A text as a QR code in the terminal, to be scanned from the screen. */
#ifndef CLI_QR_H
#define CLI_QR_H

#include <stdbool.h>
#include <stdio.h>

/* Was the program built with what draws them? */
bool qr_is_built(void);
/* In half blocks, two modules a character, light ones drawn; coloured: light on dark whatever the
 * terminal's own colours are.  False: it does not fit into a code, or there is no memory. */
bool qr_print(FILE *to, const char *text, bool coloured);

#endif
