/* SPDX-License-Identifier: Apache-2.0 */
/* The default engine: RocksDB in the process, one directory per store. */
#ifndef STORE_STORE_ROCKSDB_H
#define STORE_STORE_ROCKSDB_H

#include "store/store.h"

extern const struct store_driver store_rocksdb_driver;

#endif
