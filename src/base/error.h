/* SPDX-License-Identifier: Apache-2.0 */
/* Every error of the library: one list gives the code, its class, its name and its sentence.
 * Codes are stable: they travel in responses and stand in logs.  Add new ones at the end of their
 * class; never reuse a number.  The class is the high byte. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdint.h>

typedef int uc_err;
#define UC_MUST_USE __attribute__((warn_unused_result))

enum uc_err_class {
	UC_CLASS_OK = 0,
	UC_CLASS_USAGE = 1,    /* the caller asked for something that makes no sense */
	UC_CLASS_PROTOCOL = 2, /* bytes from outside break a rule */
	UC_CLASS_CRYPTO = 3,   /* a signature, tag or decryption failed */
	UC_CLASS_STATE = 4,    /* right, but not now: often worth a retry */
	UC_CLASS_LIMIT = 5,    /* too large, too many, too fast */
	UC_CLASS_STORE = 6,    /* durable state could not be read or written */
	UC_CLASS_NET = 7,      /* connection, TLS, peer */
	UC_CLASS_MEMORY = 8,
};

#include "base/error_list.h"

#define UC_ERR_ENUM(name, number, text) name = number,
enum { UC_OK = 0, UC_ERRORS(UC_ERR_ENUM) };
#undef UC_ERR_ENUM

static inline enum uc_err_class uc_err_class(uc_err e)
{
	return (enum uc_err_class)((unsigned)e >> 8);
}

/* "UC_E_MALFORMED"; "UC_OK" for 0; "UC_E_UNKNOWN" for a number not in the list. */
const char *uc_err_name(uc_err e);
/* One sentence for people, without a full stop. */
const char *uc_err_text(uc_err e);

/* Returns from the calling function when the expression is an error. */
#define TRY(expr)                         \
	do {                              \
		uc_err try_err_ = (expr); \
		if (try_err_)             \
			return try_err_;  \
	} while (0)

#endif
