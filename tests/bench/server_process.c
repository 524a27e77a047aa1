/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/server_process.h"

#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool listens(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && !connect(fd, (const struct sockaddr *)&to, sizeof to);
	if (fd >= 0)
		close(fd);
	return yes;
}

static void become_server(const struct server_process *s)
{
	int log = open(s->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	/* It goes with the benchmark, however that ends. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (log >= 0) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
	execl(s->program, s->program, s->config, (char *)NULL);
	_exit(127);
}

void server_start(struct server_process *s, const uint16_t *ports, unsigned n)
{
	fflush(NULL);
	s->pid = fork();
	if (s->pid < 0)
		bench_die("no process for the server");
	if (!s->pid)
		become_server(s);
	for (unsigned i = 0; i < n; i++)
		for (int tries = 0; !listens(ports[i]); tries++) {
			if (tries == 200 || waitpid(s->pid, NULL, WNOHANG))
				bench_die("the server did not start: see %s", s->log);
			usleep(50000);
		}
}

void server_stop(struct server_process *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGTERM);
	if (waitpid(s->pid, NULL, 0) != s->pid)
		bench_die("the server did not end");
	s->pid = 0;
}

double server_cpu_s(const struct server_process *s)
{
	clockid_t clock;
	if (clock_getcpuclockid(s->pid, &clock))
		bench_die("the server's clock cannot be read");
	return clock_us(clock) / 1e6;
}

double server_rss_bytes(const struct server_process *s)
{
	char path[64], line[128];
	double kb = 0;
	snprintf(path, sizeof path, "/proc/%d/status", (int)s->pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, "VmRSS:", 6))
			kb = strtod(line + 6, NULL);
	if (f)
		fclose(f);
	return kb * 1024;
}
