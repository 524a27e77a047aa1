/* SPDX-License-Identifier: Apache-2.0 */
/* What a backup says it holds: text, a line for each file with its hash, and last a hash over all the
 * lines before.
 *
 *	undercroft backup 1
 *	made 2026-11-26T23:15:00Z
 *	config SHA256                              of the configuration file
 *	app NAME DOMAIN                            each followed by its files
 *	file SHA256 BYTES MODE KIND/NAME           KIND is accounts, rooms or keys
 *	end SHA256
 */
#ifndef CTL_MANIFEST_H
#define CTL_MANIFEST_H

#include "base/buf.h"
#include "crypto/crypto.h"

#define MANIFEST_NAME "manifest"
enum { MANIFEST_MAX = 64 << 20 };

struct manifest_app {
	struct view name, domain;
};
struct manifest_file {
	uint8_t hash[SHA256_BYTES];
	uint64_t bytes;
	unsigned mode;
	struct view kind, name;
};

void manifest_begin(struct buf *out, const char *made, const uint8_t config[SHA256_BYTES]);
void manifest_add_app(struct buf *out, const char *name, const char *domain);
void manifest_add_file(struct buf *out, const struct manifest_file *f);
uc_err UC_MUST_USE manifest_end(struct buf *out);

/* Called in order; an error ends the reading with it. */
struct manifest_reader {
	void *ctx;
	uc_err (*app)(void *ctx, const struct manifest_app *a);
	uc_err (*file)(void *ctx, const struct manifest_file *f);
};
/* UC_E_VERSION: of a later program; UC_E_CORRUPT: the hash is another; UC_E_MALFORMED: anything else
 * that is not exactly of the form.  Of what is called for nothing may be believed before it returns;
 * names are safe as names of files from the first call on. */
uc_err UC_MUST_USE manifest_read(struct view text, const struct manifest_reader *r);
/* Letters, digits, dot, hyphen, underscore; not a dot first. */
bool manifest_name_is_safe(struct view name);

#endif
