/* SPDX-License-Identifier: Apache-2.0 */
/* Errors, as the public header lists them, and how our own functions pass them on. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "undercroft/errors.h"

#include <stdint.h>

/* Returns from the calling function when the expression is an error. */
#define TRY(expr)                         \
	do {                              \
		uc_err try_err_ = (expr); \
		if (try_err_)             \
			return try_err_;  \
	} while (0)

#endif
