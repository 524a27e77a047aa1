/* SPDX-License-Identifier: Apache-2.0 */
/* Documents signed by the key of a TLS certificate: who trusts the certificate for its domain may
 * trust what its key says, without a connection.  Signed is a label, a zero byte and the document,
 * so that no TLS handshake signature is one of these (RFC 8446, 4.4.3 begins with 64 spaces).
 * ECDSA and RSA (PSS) with SHA-256; Ed25519 as it is. */
#ifndef NET_CERTIFICATE_H
#define NET_CERTIFICATE_H

#include "base/arena.h"

#define CERTIFICATE_LABEL "Undercroft directory 1"

/* key_file: PEM. */
uc_err UC_MUST_USE certificate_sign(const char *key_file, struct view document, struct arena *a,
				    struct view *signature);
/* The file with the chain, as PEM text; at most 64 KiB. */
uc_err UC_MUST_USE certificate_read(const char *certificate_file, struct arena *a,
				    struct view *chain);
/* Seconds until the file's own certificate, the first, ends; 0: it has ended.  UC_E_TLS. */
uc_err UC_MUST_USE certificate_left(const char *certificate_file, uint64_t *out_s);
/* Does the chain (PEM, own certificate first) lead to an authority of ca_file, is it valid now and
 * for a server, does it name the domain, and is the signature by its key over the document?
 * UC_E_TLS for the certificate, UC_E_SIGNATURE. */
uc_err UC_MUST_USE certificate_verify(const char *ca_file, const char *domain, struct view chain,
				      struct view document, struct view signature);

#endif
