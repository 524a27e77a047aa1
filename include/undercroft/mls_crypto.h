/* SPDX-License-Identifier: Apache-2.0 */
/* The cryptography under the MLS engine, as a table that its owner may replace: by a library that is
 * certified, by hardware that holds the signature key, by one that counts.
 *
 * Without a table the engine uses its own, of libsodium and OpenSSL's libcrypto (in WebAssembly
 * libsodium and BearSSL); mls_crypto_builtin() is that table, so that one that replaces only some
 * functions starts as a copy of it.
 *
 * A table says which cipher suites there are (RFC 9420, 17.1), each a row of four algorithms under
 * their registered numbers and the sizes they have, and does what those algorithms do.  HKDF, HPKE's
 * key schedule (RFC 9180, 5.1), and every label (RFC 9420, 5.1.2, 5.1.3, 5.2, 8) are the engine's own,
 * over `hmac`, `seal`, `kem_encap` and so on.
 *
 * Rules for every function of a table:
 *  - It gets the table's `ctx` first and the algorithm by its number; it is asked for none that no
 *    row names, but for SHA-256 (`hash` with MLS_KDF_HKDF_SHA256) whatever the rows.
 *  - Inputs are borrowed for the call.  Outputs come last, into the caller's memory, which has the
 *    size that the row (or the bound named here) says; they count only when the result is 0.
 *    An input and an output never overlap, but in `open` and `seal`, where the text may be done
 *    in its place.
 *  - 0 is success.  Any other result ends the operation that wanted it with that error, the
 *    group's state unchanged, and the operation may be tried again.  Errors that say something
 *    about the input are named below and are for that alone: use UC_E_CRYPTO for a device that is
 *    gone, UC_E_MEMORY, UC_E_RANDOM and the like for what is not the input's fault.
 *  - It must not call back into the engine.  One table may serve several threads at once if its
 *    functions can; the engine has no threads of its own.
 *  - What is done with secrets must not show in time or memory access (RFC 9420, 16.5, 16.10).
 *
 * Private keys.  The engine keeps, copies, stores and wipes the bytes that a table gives as a private
 * key, and never looks into them.  So the private key of a signature may be a handle: whatever
 * string of at most MLS_PRIVATE_KEY_MAX bytes names the key in hardware, for longer than the state
 * that was saved with it.  Nothing tells the table when a copy goes; the owner, who made the key,
 * destroys it.  Handles can be given for the private keys of a KEM, too, if they have one length
 * (`n_kem_private`), but little is won by it: those of the ratchet tree are derived from secrets
 * that the engine holds anyway (RFC 9420, 7.4), are many, and live as long as an epoch.  Symmetric
 * keys are bytes.
 *
 * Two members with different tables must agree about every public key and signature, for a group in
 * which one member takes what another refuses falls apart.  What the built-in table does with odd
 * keys and signatures stands with `sign_check` and `verify`. */
#ifndef UNDERCROFT_MLS_CRYPTO_H
#define UNDERCROFT_MLS_CRYPTO_H

#include <undercroft/errors.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed bytes; p may be NULL when n is 0. */
struct mls_bytes {
	const uint8_t *p;
	size_t n;
};

/* Sizes in bytes that no row may go beyond. */
enum {
	MLS_SUITES_MAX = 16,
	MLS_HASH_MAX = 64,
	MLS_AEAD_KEY_MAX = 32,
	MLS_AEAD_NONCE_MIN = 4, /* the reuse guard (RFC 9420, 6.3.1) */
	MLS_AEAD_NONCE_MAX = 12,
	MLS_AEAD_TAG = 16, /* of all */
	MLS_PRIVATE_KEY_MAX = 66,
	MLS_PUBLIC_KEY_MAX = 133,
	MLS_SIGNATURE_MAX = 144,
	MLS_PARTS_MAX = 12, /* of what is hashed */
};

/* RFC 9180, 7.1 to 7.3; others may be registered or private. */
enum {
	MLS_KEM_DHKEM_P256 = 0x0010,
	MLS_KEM_DHKEM_P384 = 0x0011,
	MLS_KEM_DHKEM_P521 = 0x0012,
	MLS_KEM_DHKEM_X25519 = 0x0020,
	MLS_KEM_DHKEM_X448 = 0x0021,

	MLS_KDF_HKDF_SHA256 = 0x0001,
	MLS_KDF_HKDF_SHA384 = 0x0002,
	MLS_KDF_HKDF_SHA512 = 0x0003,

	MLS_AEAD_AES128GCM = 0x0001,
	MLS_AEAD_AES256GCM = 0x0002,
	MLS_AEAD_CHACHA20POLY1305 = 0x0003,
};

/* TLS SignatureScheme (RFC 8446, 4.2.3). */
enum {
	MLS_SIGNATURE_ECDSA_P256_SHA256 = 0x0403,
	MLS_SIGNATURE_ECDSA_P384_SHA384 = 0x0503,
	MLS_SIGNATURE_ECDSA_P521_SHA512 = 0x0603,
	MLS_SIGNATURE_ED25519 = 0x0807,
	MLS_SIGNATURE_ED448 = 0x0808,
};

/* A cipher suite.  The hash of the suite is that of its KDF. */
struct mls_crypto_suite {
	uint16_t id;      /* RFC 9420, 17.1, or of private use (0xf000 to 0xffff); not 0 */
	const char *name; /* as registered; may be NULL */
	uint16_t kem_id, kdf_id, aead_id, signature_id;
	size_t n_hash;             /* KDF.Nh */
	size_t n_key, n_nonce;     /* AEAD.Nk, AEAD.Nn; AEAD.Nt is MLS_AEAD_TAG */
	size_t n_kem_private;      /* KEM.Nsk, or of the table's handles */
	size_t n_kem_public;       /* KEM.Npk */
	size_t n_kem_enc;          /* KEM.Nenc */
	size_t n_kem_secret;       /* KEM.Nsecret */
	size_t n_signature_public; /* of a public signature key */
};

/* The platform's randomness, for tables without their own: what makes runs of tests repeatable. */
struct mls_random {
	void *ctx;
	uc_err (*fill)(void *ctx, uint8_t *out, size_t n);
};

struct mls_crypto {
	void *ctx;
	/* In order of preference; at most MLS_SUITES_MAX, none twice. */
	const struct mls_crypto_suite *suites;
	size_t suite_count;

	/* --- hash and MAC of a KDF: out holds n_hash bytes --- */

	/* The hash over all parts, one after the other; at most MLS_PARTS_MAX. */
	uc_err (*hash)(void *ctx, uint16_t kdf_id, const struct mls_bytes *parts, size_t part_count,
		       uint8_t *out);
	/* HMAC (RFC 2104).  Keys of any length, none at all among them. */
	uc_err (*hmac)(void *ctx, uint16_t kdf_id, struct mls_bytes key,
		       const struct mls_bytes *parts, size_t part_count, uint8_t *out);

	/* --- AEAD (RFC 5116): n_key and n_nonce bytes, and the tag behind the ciphertext --- */

	/* ciphertext holds plaintext.n + MLS_AEAD_TAG bytes. */
	uc_err (*seal)(void *ctx, uint16_t aead_id, struct mls_bytes key, struct mls_bytes nonce,
		       struct mls_bytes aad, struct mls_bytes plaintext, uint8_t *ciphertext);
	/* plaintext holds ciphertext.n - MLS_AEAD_TAG bytes; ciphertext.n is at least the tag's.
	 * UC_E_DECRYPT when the tag is not right. */
	uc_err (*open)(void *ctx, uint16_t aead_id, struct mls_bytes key, struct mls_bytes nonce,
		       struct mls_bytes aad, struct mls_bytes ciphertext, uint8_t *plaintext);

	/* --- KEM (RFC 9180, 4) --- */

	/* GenerateKeyPair().  NULL: 66 random bytes and kem_derive. */
	uc_err (*kem_generate)(void *ctx, uint16_t kem_id, const struct mls_random *random,
			       uint8_t *priv, uint8_t *pub);
	/* DeriveKeyPair(ikm): the same everywhere (RFC 9420, 7.4).  UC_E_KEY when it gives none. */
	uc_err (*kem_derive)(void *ctx, uint16_t kem_id, struct mls_bytes ikm, uint8_t *priv,
			     uint8_t *pub);
	/* May this public key stand in a tree or a KeyPackage?  UC_E_KEY for one of a wrong length,
	 * one that is no point, and for one with which encap could only fail. */
	uc_err (*kem_check)(void *ctx, uint16_t kem_id, struct mls_bytes pub);
	/* Encap(pkR).  UC_E_KEY for a bad public key and a shared secret of zero (RFC 9180, 7.1.4). */
	uc_err (*kem_encap)(void *ctx, uint16_t kem_id, const struct mls_random *random,
			    struct mls_bytes pub, uint8_t *secret, uint8_t *enc);
	/* Decap(enc, skR), with the public half beside.  enc may have any length.  UC_E_KEY or
	 * UC_E_DECRYPT for an enc that is none of ours. */
	uc_err (*kem_decap)(void *ctx, uint16_t kem_id, struct mls_bytes priv, struct mls_bytes pub,
			    struct mls_bytes enc, uint8_t *secret);

	/* --- signatures (RFC 9420, 5.1.1, 5.1.2) --- */

	/* A new key; *priv_n says how much of the MLS_PRIVATE_KEY_MAX bytes is used.  NULL: keys
	 * come from elsewhere, UC_E_UNSUPPORTED. */
	uc_err (*sign_generate)(void *ctx, uint16_t signature_id, const struct mls_random *random,
				uint8_t *priv, size_t *priv_n, uint8_t *pub);
	/* From the key as others write it: the seed of Ed25519 and Ed448 (RFC 8032), the scalar of
	 * ECDSA.  UC_E_KEY when it is none.  NULL: UC_E_UNSUPPORTED. */
	uc_err (*sign_import)(void *ctx, uint16_t signature_id, struct mls_bytes key, uint8_t *priv,
			      size_t *priv_n, uint8_t *pub);
	/* A public key that is seen for the first time by itself, not with a signature of its own.
	 * UC_E_KEY for one of a wrong length, off the curve, and, of Ed25519 and Ed448, for one that
	 * is not canonical or has a part of small order. */
	uc_err (*sign_check)(void *ctx, uint16_t signature_id, struct mls_bytes pub);
	/* signature holds MLS_SIGNATURE_MAX bytes.  `random` is for signatures that want some;
	 * Ed25519 and Ed448 are those of RFC 8032, without. */
	uc_err (*sign)(void *ctx, uint16_t signature_id, const struct mls_random *random,
		       struct mls_bytes priv, struct mls_bytes pub, struct mls_bytes message,
		       uint8_t *signature, size_t *signature_n);
	/* UC_E_SIGNATURE when it does not verify, whatever is wrong.  Ed25519: S is below the
	 * order, the key and R are canonical and not of small order, and the equation of RFC 8032,
	 * 5.1.7 is taken without the cofactor; Ed448: the same, but with it; ECDSA: DER, one
	 * encoding only, over an uncompressed point. */
	uc_err (*verify)(void *ctx, uint16_t signature_id, struct mls_bytes pub,
			 struct mls_bytes message, struct mls_bytes signature);
};

/* The table that is used when none is given.  Its functions need no ctx, so they may stand in another
 * table, and its rows may be copied.  It lives for ever. */
UC_API const struct mls_crypto *mls_crypto_builtin(void);

/* The row of a suite; NULL when the table has none. */
UC_API const struct mls_crypto_suite *mls_crypto_suite_find(const struct mls_crypto *crypto,
							    uint16_t id);

/* 0, or UC_E_ARGUMENT for a table that lacks a function, has no rows, one twice, or one whose sizes go
 * beyond the bounds above.  Who takes a table checks it by himself. */
UC_API uc_err mls_crypto_check(const struct mls_crypto *crypto) UC_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
