/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of the data. */
#ifndef SERVER_FOLDERS_H
#define SERVER_FOLDERS_H

#include "base/error.h"

/* Like mkdir -p, for us alone, and still there after a power failure.  UC_E_IO with errno. */
uc_err UC_MUST_USE folder_make(const char *path);
/* The names in it are durable. */
uc_err UC_MUST_USE folder_sync(const char *path);
/* Those in the folder that it lies in, where that is one we may read. */
uc_err UC_MUST_USE folder_sync_above(const char *path);
/* With the files in it, and the folders in it `depth` deep. */
void folder_remove(const char *path, unsigned depth);

#endif
