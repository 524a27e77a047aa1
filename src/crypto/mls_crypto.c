/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of undercroft/mls_crypto.h, by themselves: what does not offer that header does not
 * export them. */
#include "crypto/alg.h"

const struct mls_crypto *mls_crypto_builtin(void)
{
	return &builtin_crypto;
}

const struct mls_crypto_suite *mls_crypto_suite_find(const struct mls_crypto *crypto, uint16_t id)
{
	return crypto_row(crypto, id);
}

uc_err mls_crypto_check(const struct mls_crypto *crypto)
{
	return crypto_check(crypto);
}
