/* SPDX-License-Identifier: Apache-2.0 */
/* The moderators' key (identity.md, 8) as a file: a line that says what it is, the private half and the
 * public one, each a line of hex.  It opens openings, and belongs on no server. */
#ifndef PROVIDER_MODERATORS_KEY_H
#define PROVIDER_MODERATORS_KEY_H

#include "base/buf.h"
#include "crypto/crypto.h"

enum { MODERATORS_KEY_FILE_MAX = 4096, MODERATORS_PUBLIC = 32 };

/* X25519, as suite 0x0001 has it.  The caller wipes it. */
uc_err UC_MUST_USE moderators_key_make(const struct env *env, struct kem_key *out);
/* out: of secrets. */
uc_err UC_MUST_USE moderators_key_write(struct view priv, struct view pub, struct buf *out);
/* UC_E_MALFORMED when it is no such file, UC_E_KEY when the halves are not of one key. */
uc_err UC_MUST_USE moderators_key_read(const struct env *env, struct view file,
				       struct kem_key *out);
/* The public half, from hex: UC_E_MALFORMED, or UC_E_KEY when nothing can be sealed to it. */
uc_err UC_MUST_USE moderators_public_read(struct view hex, uint8_t out[MODERATORS_PUBLIC]);

#endif
