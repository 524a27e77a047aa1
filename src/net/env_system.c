/* SPDX-License-Identifier: Apache-2.0 */
#include "net/env_system.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static uint64_t clock_read_ms(clockid_t clock)
{
	struct timespec t = { 0 };
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t now_ms(void *ctx)
{
	(void)ctx;
	return clock_read_ms(CLOCK_REALTIME);
}

uint64_t clock_steady_ms(void)
{
	return clock_read_ms(CLOCK_MONOTONIC);
}

static uint64_t clock_read_us(clockid_t clock)
{
	struct timespec t = { 0 };
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t clock_steady_us(void)
{
	return clock_read_us(CLOCK_MONOTONIC);
}

uint64_t clock_wall_us(void)
{
	return clock_read_us(CLOCK_REALTIME);
}

uint64_t clock_steady_us_at(uint64_t wall_us)
{
	uint64_t before_us = clock_wall_us(), now_us = clock_steady_us();
	return wall_us > before_us ? now_us + (wall_us - before_us) : now_us;
}

static uc_err fill_random(void *ctx, uint8_t *out, size_t n)
{
	(void)ctx;
	while (n) {
		ssize_t got = getrandom(out, n < 256 ? n : 256, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return UC_E_RANDOM;
		out += got;
		n -= (size_t)got;
	}
	return UC_OK;
}

static void trace(void *ctx, const char *file, int line, uc_err err)
{
	(void)ctx;
	fprintf(stderr, "trace %s:%d %s\n", file, line, uc_err_name(err));
}

static struct env system_env = { NULL, now_ms, fill_random, NULL };

static void system_env_init(void)
{
	if (getenv("UNDERCROFT_TRACE"))
		system_env.trace = trace;
}

const struct env *env_system(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, system_env_init);
	return &system_env;
}
