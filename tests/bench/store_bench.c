/* SPDX-License-Identifier: Apache-2.0 */
/* What an append costs: 1 KiB entries to random logs, one batch each, one sync for every 1, 16 or
 * 256 of them, as the hub does with messages.
 *
 * usage: store_bench DIR [SECONDS [LOGS [GROUP]]]
 *
 * One row for each engine and group: appends a second, CPU microseconds an append (of all threads,
 * and of the one that appends), bytes given to the block device per payload byte (where the kernel
 * counts them), median microseconds a sync.  With GROUP: RocksDB alone, with one sync for so many. */
#include "net/env_system.h"
#include "store/store_memory.h"
#include "store/store_rocksdb.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { PAYLOAD = 1024, SYNCS_MAX = 1 << 16 };

struct bench {
	struct store *s;
	uint64_t *next; /* of each log */
	size_t log_count;
	uint64_t dice;
	uint8_t payload[PAYLOAD];
	double sync_us[SYNCS_MAX];
	size_t sync_count;
};

static double now_s(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t written_bytes(void)
{
	FILE *f = fopen("/proc/self/io", "r");
	char line[128];
	uint64_t n = 0;
	while (f && fgets(line, sizeof line, f))
		sscanf(line, "write_bytes: %" SCNu64, &n);
	if (f)
		fclose(f);
	return n;
}

static uint64_t roll(struct bench *b)
{
	return b->dice = b->dice * 6364136223846793005u + 1442695040888963407u;
}

static void log_key(struct store_key *k, size_t i)
{
	char name[64];
	snprintf(name, sizeof name, "mimi://bench.example/r/%032zx", i);
	store_key_start(k, 1);
	store_key_add(k, view_str(name));
}

static uc_err append(struct bench *b)
{
	size_t i = (size_t)((roll(b) >> 33) % b->log_count);
	struct store_key k;
	struct store_batch batch;
	uint64_t noise = roll(b);
	memcpy(b->payload + noise % (PAYLOAD - 8), &noise, 8);
	log_key(&k, i);
	store_batch_init(&batch, (struct view){ 0 });
	store_log_append(&batch, store_key_view(&k), ++b->next[i], VIEW_OF(b->payload));
	uc_err err = store_commit(b->s, &batch);
	store_batch_done(&batch);
	return err;
}

/* All logs, one after the other, as devices that come back read them. */
static void read_row(struct bench *b)
{
	double cpu = now_s(CLOCK_THREAD_CPUTIME_ID);
	uint64_t n = 0;
	uc_err err = UC_OK;
	for (size_t i = 0; i < b->log_count && !err; i++) {
		struct store_key k;
		struct store_log_scan it;
		struct view bytes;
		uint64_t seq;
		log_key(&k, i);
		err = store_log_scan_init(&it, b->s, store_key_view(&k), 1, 0, 0);
		if (err)
			break;
		while (store_log_scan_next(&it, &seq, &bytes))
			n++;
		err = it.scan.failed;
		store_log_scan_done(&it);
	}
	cpu = now_s(CLOCK_THREAD_CPUTIME_ID) - cpu;
	printf("read: %.2f us CPU an entry of %" PRIu64 " %s\n", cpu * 1e6 / (double)n, n,
	       err ? uc_err_name(err) : "");
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void row(struct bench *b, const char *engine, int group, double seconds)
{
	double begin = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID), end = begin;
	double own = now_s(CLOCK_THREAD_CPUTIME_ID);
	uint64_t written = written_bytes(), n = 0;
	uc_err err = UC_OK;
	b->sync_count = 0;
	while (!err && end - begin < seconds) {
		for (int i = 0; i < group && !err; i++, n++)
			err = append(b);
		double before = now_s(CLOCK_MONOTONIC);
		if (!err)
			err = store_sync(b->s);
		end = now_s(CLOCK_MONOTONIC);
		if (b->sync_count < SYNCS_MAX)
			b->sync_us[b->sync_count++] = (end - before) * 1e6;
	}
	cpu = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	own = now_s(CLOCK_THREAD_CPUTIME_ID) - own;
	written = written_bytes() - written;
	qsort(b->sync_us, b->sync_count, sizeof(double), by_size);
	printf("%-8s %5d %10.0f %8.1f %8.1f %8.2f %10.0f %s\n", engine, group,
	       (double)n / (end - begin), cpu * 1e6 / (double)n, own * 1e6 / (double)n,
	       (double)written / ((double)n * PAYLOAD), b->sync_us[b->sync_count / 2],
	       err ? uc_err_name(err) : "");
	fflush(stdout);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* group 0: all. */
static void bench_engine(struct store_options o, double seconds, size_t log_count, int group)
{
	static const int groups[] = { 1, 16, 256 };
	static struct bench b;
	b.log_count = log_count;
	b.dice = 1;
	b.next = calloc(log_count, sizeof *b.next);
	uc_err err = b.next ? store_open(&o, &b.s) : UC_E_MEMORY;
	if (err) {
		printf("%s\n", uc_err_text(err));
		exit(1);
	}
	if (group)
		row(&b, "rocksdb", group, seconds);
	for (size_t i = 0; !group && i < sizeof groups / sizeof groups[0]; i++)
		row(&b, o.memory ? "memory" : "rocksdb", groups[i], seconds);
	read_row(&b);
	double begin = now_s(CLOCK_MONOTONIC);
	err = store_maintain(b.s);
	printf("maintain: %.2f s %s\n", now_s(CLOCK_MONOTONIC) - begin,
	       err ? uc_err_name(err) : "");
	store_close(b.s);
	free(b.next);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: store_bench DIR [SECONDS [LOGS [GROUP]]]\n");
		return 2;
	}
	double seconds = argc > 2 ? atof(argv[2]) : 3;
	size_t log_count = argc > 3 ? (size_t)atol(argv[3]) : 100000;
	int group = argc > 4 ? atoi(argv[4]) : 0;
	char path[512];
	snprintf(path, sizeof path, "%s/store-bench", argv[1]);
	struct store_options o = { .driver = &store_rocksdb_driver,
				   .env = env_system(),
				   .path = path,
				   .domain = VIEW_LIT("bench.example"),
				   .kind = VIEW_LIT("rooms"),
				   .schema = 1 };
	printf("engine   group  appends/s   us CPU      own  written    sync us\n");
	bench_engine(o, seconds, log_count, group);
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (group)
		return 0;
	o.driver = &store_memory_driver;
	o.memory = store_memory_new();
	bench_engine(o, seconds > 1 ? 1 : seconds, log_count, 0);
	store_memory_free(o.memory);
	struct rusage use;
	getrusage(RUSAGE_SELF, &use);
	printf("largest resident size: %ld MiB\n", use.ru_maxrss / 1024);
	return 0;
}
