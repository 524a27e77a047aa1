/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of the data. */
#ifndef SERVER_FOLDERS_H
#define SERVER_FOLDERS_H

#include "base/error.h"

/* Like mkdir -p, for us alone.  UC_E_IO with errno. */
uc_err UC_MUST_USE folder_make(const char *path);
/* With the files in it, and the folders in it `depth` deep. */
void folder_remove(const char *path, unsigned depth);

#endif
