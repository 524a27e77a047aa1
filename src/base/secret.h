/* SPDX-License-Identifier: Apache-2.0 */
/* Owned secret bytes.  Whoever owns a struct secret calls secret_wipe on every path. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/error.h"
#include "base/view.h"

#define SECRET_MAX 66 /* bytes: the longest private key of the suites (P-521) */

struct secret {
	uint8_t b[SECRET_MAX];
	size_t n;
};

/* Overwrites in a way the compiler keeps. */
void wipe(void *p, size_t n);

static inline void secret_wipe(struct secret *s)
{
	wipe(s, sizeof *s);
}

static inline struct view secret_view(const struct secret *s)
{
	return (struct view){ s->b, s->n };
}

/* Where a secret is born, and where something made of secrets becomes public: ciphertexts, tags, public
 * keys, results of comparisons.  For tests/secrets alone, whose build shows that no branch and no
 * index depends on what is marked; otherwise nothing. */
#ifdef SECRETS_MARKED
void secret_mark(const void *p, size_t n);
void secret_release(const void *p, size_t n);
#else
static inline void secret_mark(const void *p, size_t n)
{
	(void)p, (void)n;
}
static inline void secret_release(const void *p, size_t n)
{
	(void)p, (void)n;
}
#endif

/* Copies v into s; UC_E_TOO_LARGE when it is longer than SECRET_MAX. */
uc_err UC_MUST_USE secret_set(struct secret *s, struct view v);
/* Constant time in the contents. */
bool secret_equal(const struct secret *a, const struct secret *b);

#endif
