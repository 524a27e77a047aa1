/* SPDX-License-Identifier: Apache-2.0 */
#include "server/sampled.h"

#include "base/text.h"
#include "net/certificate.h"
#include "net/env_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* proc(5): the second number is resident pages. */
static uint64_t memory_bytes(void)
{
	char text[128];
	uint64_t pages = 0;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);
	if (fd >= 0)
		close(fd);
	struct view size, resident;
	struct view rest = view_cut(view_make(text, n > 0 ? (size_t)n : 0), ' ', &size);
	(void)view_cut(rest, ' ', &resident);
	if (decimal_read(resident, &pages))
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t descriptors(void)
{
	uint64_t n = 0;
	DIR *d = opendir("/proc/self/fd");
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n > 3 ? n - 3 : 0; /* this folder, "." and ".." */
}

static uint64_t time_us(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

void sampled_process(struct metrics *m, uint64_t start_us)
{
	struct rusage used = { 0 };
	struct rlimit limit = { 0 };
	metrics_set(m, METRIC_UPTIME, clock_steady_us() - start_us);
	metrics_set(m, METRIC_MEMORY, memory_bytes());
	metrics_set(m, METRIC_DESCRIPTORS, descriptors());
	if (!getrusage(RUSAGE_SELF, &used))
		metrics_set(m, METRIC_CPU, time_us(used.ru_utime) + time_us(used.ru_stime));
	if (!getrlimit(RLIMIT_NOFILE, &limit))
		metrics_set(m, METRIC_DESCRIPTORS_MAX, limit.rlim_cur);
}

void sampled_disk(struct metrics *m, const char *data)
{
	struct statvfs at;
	if (!statvfs(data, &at))
		metrics_set(m, METRIC_DISK_FREE, (uint64_t)at.f_bavail * at.f_frsize);
}

void sampled_certificate(struct metrics *m, const struct config_app *a)
{
	uint64_t left_s = 0;
	if (!certificate_left(a->certificate, &left_s))
		metrics_set(m, METRIC_CERTIFICATE_LEFT, left_s * 1000000);
}

/* Files come and go meanwhile. */
static uint64_t folder_bytes(const char *path)
{
	uint64_t total = 0;
	struct stat st;
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));)
		if (!fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode))
			total += (uint64_t)st.st_blocks * 512;
	if (d)
		closedir(d);
	return total;
}

void sampled_stores(struct metrics *m, const struct config *c, size_t app)
{
	static const char *const kinds[] = { "accounts", "rooms" };
	uint64_t total = 0;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char path[4200];
		snprintf(path, sizeof path, "%s/%s/%s", c->data, c->apps[app].name, kinds[i]);
		total += folder_bytes(path);
	}
	metrics_set(m, METRIC_STORE, total);
}
