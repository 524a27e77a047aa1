/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

const char *uc_err_name(uc_err e)
{
	switch (e) {
	case UC_OK:
		return "UC_OK";
#define UC_ERR_NAME(name, number, text) \
	case name:                      \
		return #name;
		UC_ERRORS(UC_ERR_NAME)
#undef UC_ERR_NAME
	default:
		return "UC_E_UNKNOWN";
	}
}

const char *uc_err_text(uc_err e)
{
	switch (e) {
	case UC_OK:
		return "success";
#define UC_ERR_TEXT(name, number, text) \
	case name:                      \
		return text;
		UC_ERRORS(UC_ERR_TEXT)
#undef UC_ERR_TEXT
	default:
		return "unknown error";
	}
}
