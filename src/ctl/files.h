/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a backup: copied with their hash, onto the disk before anything says so. */
#ifndef CTL_FILES_H
#define CTL_FILES_H

#include "base/buf.h"
#include "crypto/crypto.h"

#include <sys/types.h>

/* Whom files are made for: those the data belongs to, when root makes them. */
struct files_owner {
	uid_t uid;
	gid_t gid;
};
struct files_owner files_owner_of(const char *path);

/* Where root runs this: from now on it may do what the owner may, and nothing else; what lies in folders
 * of the owner's, links among it, then leads nowhere that the owner could not go.  NULL: root again. */
uc_err UC_MUST_USE files_act_as(const struct files_owner *owner);
/* A folder that only root can make, for the owner: in one that is root's alone, no link on the way. */
uc_err UC_MUST_USE files_folder_grant(const char *path, const struct files_owner *owner);

/* The whole of a regular file in the address space, for as long as `use` runs. */
uc_err UC_MUST_USE files_map(const char *path, uc_err (*use)(void *ctx, struct view content),
			     void *ctx);
/* Copies a regular file that nobody writes to, synced, with this mode; hash: of what was read.
 * UC_E_EXISTS: `to` is there. */
uc_err UC_MUST_USE files_copy(const char *from, const char *to, unsigned mode,
			      const struct files_owner *owner, uint8_t hash[SHA256_BYTES],
			      uint64_t *bytes);
/* A regular file, to be read. */
uc_err UC_MUST_USE files_open(const char *path, int *fd);
/* files_copy of what is open, which is closed; to NULL: only its hash. */
uc_err UC_MUST_USE files_copy_open(int fd, const char *to, unsigned mode,
				   uint8_t hash[SHA256_BYTES], uint64_t *bytes);
uc_err UC_MUST_USE files_hash(const char *path, uint8_t hash[SHA256_BYTES], uint64_t *bytes);
uc_err UC_MUST_USE files_write(const char *path, struct view content);
uc_err UC_MUST_USE files_read(const char *path, struct buf *out);
/* For the owner alone.  UC_E_EXISTS. */
uc_err UC_MUST_USE files_folder_make(const char *path, const struct files_owner *owner);
/* No folder, or nothing in it. */
bool files_folder_is_empty(const char *path);
/* Each regular file of a folder, in no order; other things in it are UC_E_UNSUPPORTED. */
uc_err UC_MUST_USE files_each(const char *folder,
			      uc_err (*each)(void *ctx, const char *name, unsigned mode),
			      void *ctx);
/* "a/b" in a buffer of the caller's; false when it does not fit. */
enum { FILES_PATH_MAX = 4200 };
bool files_path(char out[FILES_PATH_MAX], const char *a, const char *b);

#endif
