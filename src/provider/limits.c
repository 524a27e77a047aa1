/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/limits.h"
#include "provider/provider.h"

const struct rate limits_default[LIMITS_N] = {
#define PROVIDER_LIMIT_ROW(name, key, burst, hour, text) { burst, hour },
	PROVIDER_LIMITS(PROVIDER_LIMIT_ROW)
#undef PROVIDER_LIMIT_ROW
};

const char *provider_limit_name(unsigned limit)
{
	static const char *const names[] = {
#define PROVIDER_LIMIT_NAME(name, key, burst, hour, text) #key,
		PROVIDER_LIMITS(PROVIDER_LIMIT_NAME)
#undef PROVIDER_LIMIT_NAME
	};
	return limit < LIMITS_N ? names[limit] : NULL;
}
