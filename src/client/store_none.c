/* SPDX-License-Identifier: Apache-2.0 */
/* Where there are no files, there is no SQLite: the store is always the owner's. */
#include "undercroft/undercroft.h"

uc_err uc_store_sqlite_open(const char *path, const struct uc_store_ops **ops, void **store)
{
	(void)path, (void)ops, (void)store;
	return UC_E_UNSUPPORTED;
}
