/* SPDX-License-Identifier: Apache-2.0 */
/* Below programs that are OpenSSL's clients, of apps or of other apps: what they say and hear is also
 * written into UNDERCROFT_CROSSING/PID, in plain.  A record is
 *
 *	uint64 connection; uint32 n; uint32 way (0 said, 1 heard, 2 over); uint8 bytes[n]
 *
 * as the machine has numbers.  HTTP/2 is not offered, so that what crosses can be read by lines.  The file
 * is opened before anything else runs: later the program may open none. */
#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum way { SAID, HEARD, OVER };

static int out = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int (*next_read)(SSL *, void *, int);
static int (*next_write)(SSL *, const void *, int);
static void (*next_free)(SSL *);
static int (*next_alpn)(SSL *, const unsigned char *, unsigned);
static int (*next_alpn_of_all)(SSL_CTX *, const unsigned char *, unsigned);
static const unsigned char by_lines[] = { 8, 'h', 't', 't', 'p', '/', '1', '.', '1' };

/* Into a pointer to a function, which ISO C does not let a void pointer become. */
static void find(const char *name, void *to)
{
	void *found = dlsym(RTLD_NEXT, name);
	if (!found)
		_exit(125);
	memcpy(to, &found, sizeof found);
}

__attribute__((constructor)) static void begin(void)
{
	char path[4096];
	const char *folder = getenv("UNDERCROFT_CROSSING");
	if (!folder || !dlsym(RTLD_NEXT, "SSL_write"))
		return;
	find("SSL_read", &next_read);
	find("SSL_write", &next_write);
	find("SSL_free", &next_free);
	find("SSL_set_alpn_protos", &next_alpn);
	find("SSL_CTX_set_alpn_protos", &next_alpn_of_all);
	snprintf(path, sizeof path, "%s/%d", folder, (int)getpid());
	out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void put(const void *p, size_t n)
{
	const char *at = p;
	while (n) {
		ssize_t done = write(out, at, n);
		if (done <= 0)
			_exit(125);
		at += done;
		n -= (size_t)done;
	}
}

static void keep(const SSL *s, enum way way, const void *bytes, int n)
{
	struct {
		uint64_t connection;
		uint32_t n, way;
	} head = { (uintptr_t)s, n > 0 ? (uint32_t)n : 0, way };
	if (out < 0 || (n <= 0 && way != OVER))
		return;
	pthread_mutex_lock(&lock);
	put(&head, sizeof head);
	put(bytes, head.n);
	pthread_mutex_unlock(&lock);
}

int SSL_read(SSL *s, void *buf, int n)
{
	int got = next_read(s, buf, n);
	keep(s, HEARD, buf, got);
	return got;
}

int SSL_write(SSL *s, const void *buf, int n)
{
	int done = next_write(s, buf, n);
	keep(s, SAID, buf, done);
	return done;
}

void SSL_free(SSL *s)
{
	keep(s, OVER, "", 0);
	next_free(s);
}

int SSL_set_alpn_protos(SSL *s, const unsigned char *protos, unsigned n)
{
	(void)protos, (void)n;
	return next_alpn(s, by_lines, sizeof by_lines);
}

int SSL_CTX_set_alpn_protos(SSL_CTX *all, const unsigned char *protos, unsigned n)
{
	(void)protos, (void)n;
	return next_alpn_of_all(all, by_lines, sizeof by_lines);
}
