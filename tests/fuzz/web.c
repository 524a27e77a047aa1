/* SPDX-License-Identifier: Apache-2.0 */
/* What browsers are answered: whatever a request says, the head of the answer is whole, carries the
 * policy, and holds nothing of a name that is not ours.  The first byte chooses TLS or plain. */
#include "tests/fuzz/fuzz.h"

#include "server/web.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void file_put(const char *folder, const char *name, struct view content)
{
	char path[200];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	fuzz_expect(fd >= 0 && write(fd, content.p, content.n) == (ssize_t)content.n);
	close(fd);
}

/* A small app, read once; its folder goes at once, too. */
static const struct web_files *files(void)
{
	static struct web_files *made;
	static const char *const names[] = { "index.html", "a.js", "a.js.br", "a.js.gz" };
	char folder[] = "/tmp/undercroft-fuzz-XXXXXX", path[200];
	struct buf at;
	if (made)
		return made;
	fuzz_expect(mkdtemp(folder) != NULL);
	for (size_t i = 0; i < 4; i++)
		file_put(folder, names[i], view_str(names[i]));
	buf_init(&at, 4096);
	fuzz_expect(!web_files_load(folder, &at, &made));
	buf_done(&at);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	return made;
}

static void answer(const struct web_site *site, const struct http_request *q)
{
	struct buf lines, head;
	struct view body;
	struct http_response r;
	size_t used = 0;
	buf_init(&lines, HTTP_HEAD_MAX);
	buf_init(&head, 2 * HTTP_HEAD_MAX);
	int status = web_answer(site, q, &lines, &body);
	fuzz_expect(status == 200 || status == 304 || status == 404 || status == 421);
	fuzz_expect(!lines.failed);
	http_response_add(&head, status, buf_view(&lines), body.n, true);
	fuzz_expect(!http_response_read(buf_view(&head), &r, &used) && used == head.n);
	struct view policy = http_header_find(&r.headers, "content-security-policy");
	fuzz_expect(view_starts_with(policy, VIEW_LIT("default-src 'none'; ")));
	/* The origin of the socket, with a port of five digits, and nothing behind it. */
	const uint8_t *last = memmem(policy.p, policy.n, "connect-src 'self' ws", 21);
	fuzz_expect(last && (size_t)(policy.p + policy.n - last) <= 22 + 3 + 14 + 6);
	fuzz_expect(!memchr(last, ';', (size_t)(policy.p + policy.n - last)));
	fuzz_expect((status == 304) == (body.p == NULL));
	buf_done(&lines);
	buf_done(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct http_request q;
	struct buf b;
	size_t used = 0;
	if (!n)
		return 0;
	struct web_site site = { "dial.localhost", files(), data[0] & 1 };
	buf_init(&b, n + 100);
	if (data[0] & 2)
		buf_add_str(&b, "GET /a.js HTTP/1.1\r\nHost: dial.localhost\r\n");
	buf_add(&b, data + 1, n - 1);
	if (!http_request_read(buf_view(&b), &q, &used)) {
		answer(&site, &q);
		int status = web_opening_check(&site, &q);
		fuzz_expect(status == 101 || status == 403 || status == 421);
	}
	buf_done(&b);
	return 0;
}
