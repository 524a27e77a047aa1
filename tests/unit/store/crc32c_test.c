/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C by definition, by table, by the processor, by RocksDB; and that RocksDB takes ours. */
#include "store/crc32c.h"
#include "base/heap.h"
#include "tests/unit/store/engines.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXTEND "_ZN7rocksdb6crc32c6ExtendEjPKcm"

enum { BYTES = 7000, ENTRIES = 40 };

typedef uint32_t extend_function(uint32_t crc, const char *p, size_t n);

/* Bit by bit, as the polynomial says. */
static uint32_t defined(uint32_t crc, const uint8_t *p, size_t n)
{
	uint32_t c = ~crc;
	for (size_t i = 0; i < 8 * n; i++) {
		c ^= p[i / 8] >> i % 8 & 1u;
		c = c >> 1 ^ (c & 1 ? 0x82f63b78u : 0);
	}
	return ~c;
}

static uint8_t *dice_of(size_t n)
{
	uint8_t *b = heap_new(n);
	if (!b || env_random(test_env(), b, n))
		abort();
	return b;
}

TEST(every_length_from_every_place)
{
	uint8_t *b = dice_of(BYTES + 8);
	for (size_t at = 0; at < 8; at++) {
		uint32_t want = 0;
		for (size_t n = 0; n <= BYTES; n++) {
			/* All that are cut by how it is done inside, and a few. */
			if (n < 1000 || n % 61 == 0 || n >= BYTES - 900) {
				expect_eq(crc32c_extend(0, b + at, n), want);
				expect_eq(crc32c_extend_table(0, b + at, n), want);
			}
			want = defined(want, b + at + n, 1);
		}
	}
	heap_free(b);
}

TEST(nothing_is_read_behind_the_end)
{
	for (size_t n = 1; n < 500; n++) {
		uint8_t *b = dice_of(n); /* a sanitizer stands behind it */
		uint32_t want = defined(0, b, n);
		expect_eq(crc32c_extend(0, b, n), want);
		expect_eq(crc32c_extend_table(0, b, n), want);
		heap_free(b);
	}
}

TEST(one_goes_on_from_another)
{
	uint8_t *b = dice_of(BYTES);
	uint32_t want = defined(0, b, BYTES);
	for (size_t cut = 0; cut <= BYTES; cut += 97) {
		uint32_t first = crc32c_extend(0, b, cut);
		expect_eq(crc32c_extend(first, b + cut, BYTES - cut), want);
		expect_eq(crc32c_extend_table(first, b + cut, BYTES - cut), want);
	}
	b[BYTES / 2] ^= 1;
	expect(crc32c_extend(0, b, BYTES) != want);
	heap_free(b);
}

/* --- in RocksDB --- */

static extend_function *function_of(void *found)
{
	extend_function *f;
	memcpy(&f, &found, sizeof f);
	return f;
}

static ElfW(Addr) entry(const ElfW(Dyn) * dynamic, ElfW(Sxword) tag)
{
	for (; dynamic->d_tag != DT_NULL; dynamic++)
		if (dynamic->d_tag == tag)
			return dynamic->d_un.d_ptr;
	return 0;
}

/* Where the library looks up whom it calls by that name. */
static extend_function **slot_in(const struct dl_phdr_info *o, const ElfW(Dyn) * dynamic)
{
	const char *names = (const char *)entry(dynamic, DT_STRTAB);
	const ElfW(Sym) *symbols = (const ElfW(Sym) *)entry(dynamic, DT_SYMTAB);
	const ElfW(Rela) *r = (const ElfW(Rela) *)entry(dynamic, DT_JMPREL);
	size_t n = names && symbols && r ? entry(dynamic, DT_PLTRELSZ) / sizeof *r : 0;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names + symbols[ELF64_R_SYM(r[i].r_info)].st_name, EXTEND))
			return (extend_function **)(o->dlpi_addr + r[i].r_offset);
	return NULL;
}

static int look_into(struct dl_phdr_info *o, size_t size, void *out)
{
	(void)size;
	if (!strstr(o->dlpi_name, "librocksdb"))
		return 0;
	for (size_t i = 0; i < o->dlpi_phnum; i++)
		if (o->dlpi_phdr[i].p_type == PT_DYNAMIC)
			*(extend_function ***)out = slot_in(
				o, (const ElfW(Dyn) *)(o->dlpi_addr + o->dlpi_phdr[i].p_vaddr));
	return 1;
}

/* NULL, and the test is skipped: this library does not ask for it by name. */
static extend_function **slot(void)
{
	extend_function **found = NULL;
#if defined(__x86_64__)
	dl_iterate_phdr(look_into, &found);
#endif
	if (!found || !dlsym(RTLD_NEXT, EXTEND))
		test_skip("RocksDB counts for itself");
	return found && dlsym(RTLD_NEXT, EXTEND) ? found : NULL;
}

/* From now on the library calls this one. */
static void call(extend_function **at, extend_function *f)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	/* It is for reading only where all was bound when the process began. */
	if (mprotect((uint8_t *)at - (uintptr_t)at % page, page, PROT_READ | PROT_WRITE))
		abort();
	*at = f;
}

static void write_some(struct place *p, uint64_t from)
{
	struct store *s = place_open(p);
	struct store_batch b;
	struct store_key k;
	static uint8_t text[40 * 3 * ENTRIES];
	for (uint64_t i = from; i < from + ENTRIES; i++) {
		store_batch_init(&b, view_str("shard"));
		store_key_start(&k, 7);
		store_key_add(&k, view_str("shard"));
		memset(text, (int)i, sizeof text);
		store_log_append(&b, store_key_view(&k), i, view_make(text, 40 * (size_t)i));
		expect_ok(store_commit(s, &b));
		store_batch_done(&b);
	}
	expect_ok(store_sync(s));
	store_close(s);
}

static void read_all(struct place *p, uint64_t last)
{
	struct store *s = place_open(p);
	struct store_log_scan scan;
	struct store_key k;
	struct view bytes;
	uint64_t seq, n = 0;
	store_key_start(&k, 7);
	store_key_add(&k, view_str("shard"));
	expect_ok(store_log_scan_init(&scan, s, store_key_view(&k), 1, 0, 0));
	while (store_log_scan_next(&scan, &seq, &bytes)) {
		expect_eq(seq, ++n);
		expect_eq(bytes.n, 40 * n);
		expect_eq(bytes.p[bytes.n - 1], n);
	}
	expect_ok(scan.scan.failed);
	expect_eq(n, last);
	store_log_scan_done(&scan);
	expect_ok(store_maintain(s)); /* into sorted files and blob files, too */
	store_close(s);
}

TEST(rocksdb_takes_ours_and_would_count_the_same)
{
	struct place p;
	extend_function **at = slot();
	if (!at)
		return;
	place_init(&p, ENGINE_ROCKSDB);
	write_some(&p, 1);
	extend_function *theirs = function_of(dlsym(RTLD_NEXT, EXTEND));
	extend_function *ours = function_of(dlsym(RTLD_DEFAULT, EXTEND));
	expect(ours && ours != theirs);
	expect(*at == ours);
	place_done(&p);
	uint8_t *b = dice_of(BYTES);
	for (size_t n = 0; n <= BYTES; n += 13)
		expect_eq(crc32c_extend((uint32_t)n, b, n),
			  theirs((uint32_t)n, (const char *)b, n));
	heap_free(b);
}

static uint32_t wrong(uint32_t crc, const char *p, size_t n)
{
	return ~crc32c_extend(crc, (const uint8_t *)p, n);
}

/* What one has written the other reads, in turn: write-ahead log, sorted files, blobs. */
TEST(stores_are_the_same_with_it_and_without)
{
	struct place p;
	struct store *s;
	extend_function **at = slot(), *ours;
	if (!at)
		return;
	place_init(&p, ENGINE_ROCKSDB);
	p.options.check_shards = false;
	write_some(&p, 1);
	ours = *at;
	call(at, function_of(dlsym(RTLD_NEXT, EXTEND)));
	read_all(&p, ENTRIES);
	write_some(&p, ENTRIES + 1);
	call(at, ours);
	read_all(&p, 2 * ENTRIES);
	write_some(&p, 2 * ENTRIES + 1);
	call(at, wrong); /* it is what decides */
	expect_err(store_open(&p.options, &s), UC_E_CORRUPT);
	call(at, ours);
	read_all(&p, 3 * ENTRIES);
	place_done(&p);
}
