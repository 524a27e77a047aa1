/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C (Castagnoli; RFC 3720, appendix B.4), with the processor's own instruction where it has one:
 * what RocksDB checks all that it writes with (rocksdb.c says why we count it). */
#ifndef STORE_CRC32C_H
#define STORE_CRC32C_H

#include "base/view.h"

/* Goes on from the CRC of what stands before (0: nothing). */
uint32_t crc32c_extend(uint32_t crc, const uint8_t *p, size_t n);
/* The same by a table, on any processor. */
uint32_t crc32c_extend_table(uint32_t crc, const uint8_t *p, size_t n);

#endif
