/* SPDX-License-Identifier: Apache-2.0 */
/* The helper that runs the commands which deliver codes: it is there for as long as the server is. */
#include "server/delivery.h"
#include "tests/unit/harness.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOKS = 500, LOOK_US = 10000 };

/* A closed terminal tells all of its group; the server reads its configuration anew. */
TEST(the_helper_lives_on_when_all_are_told_to_reload)
{
	static struct config c;
	struct delivery *d = NULL;
	char file[] = "/tmp/undercroft-codes.XXXXXX", command[80], got[64] = "";
	ssize_t n = 0;
	int fd = mkstemp(file);
	expect(fd >= 0);
	snprintf(command, sizeof command, "/usr/bin/tee -a %s", file);
	c.apps_n = 1;
	c.apps[0].name = "dial";
	c.apps[0].delivery = command;
	/* Already so where each test has a session of its own. */
	int of_its_own = setpgid(0, 0);
	(void)of_its_own;
	expect_ok(delivery_new(&c, &d));
	signal(SIGHUP, SIG_IGN);
	for (int signals = 0; signals < 3; signals++) {
		usleep(LOOK_US);
		expect(!kill(0, SIGHUP));
	}
	expect_ok(delivery_send(d, &c.apps[0], VIEW_LIT("+4915112345678"), VIEW_LIT("123456")));
	for (int i = 0; i < LOOKS && n <= 0; i++) {
		usleep(LOOK_US);
		n = pread(fd, got, sizeof got, 0);
	}
	expect_bytes(view_make(got, (size_t)(n > 0 ? n : 0)), VIEW_LIT("+4915112345678\n123456\n"));
	delivery_free(d);
	close(fd);
	unlink(file);
}
