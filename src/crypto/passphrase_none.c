/* SPDX-License-Identifier: Apache-2.0 */
/* No keys from passphrases: a browser keeps the store's key itself, and the 64 MiB that Argon2id
 * works on would never be given back by the module's memory. */
#include "crypto/crypto.h"

uc_err passphrase_key(struct view passphrase, const uint8_t salt[PASSPHRASE_SALT],
		      uint8_t out[BOX_KEY])
{
	(void)passphrase, (void)salt, (void)out;
	return UC_E_UNSUPPORTED;
}
