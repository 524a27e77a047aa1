/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/server_process.h"

#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_TRIES = 1200, TRY_US = 50000 };

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
	int nothing = open("/dev/null", O_RDONLY);
	/* It goes with the benchmark, however that ends. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (log >= 0) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
	if (nothing >= 0)
		dup2(nothing, STDIN_FILENO);
	execvp(s->argv[0], s->argv);
	_exit(127);
}

void server_start(struct server_process *s)
{
	fflush(NULL);
	s->pid = fork();
	if (s->pid < 0)
		bench_die("no process for the server");
	if (!s->pid)
		become_server(s);
	for (unsigned i = 0; i < s->ports; i++)
		for (int tries = 0; !listens((uint16_t)(s->port + i)); tries++) {
			if (tries == START_TRIES || waitpid(s->pid, NULL, WNOHANG))
				bench_die("the server did not start: see %s", s->log);
			usleep(TRY_US);
		}
}

static void end(struct server_process *s, int signal_)
{
	if (!s->pid)
		return;
	kill(s->pid, signal_);
	if (waitpid(s->pid, NULL, 0) != s->pid)
		bench_die("the server did not end");
	s->pid = 0;
}

void server_stop(struct server_process *s)
{
	end(s, SIGTERM);
}

void server_kill(struct server_process *s)
{
	end(s, SIGKILL);
}

double server_cpu_s(const struct server_process *s)
{
	clockid_t clock;
	if (clock_getcpuclockid(s->pid, &clock))
		bench_die("the server's clock cannot be read");
	return clock_us(clock) / 1e6;
}

/* The number behind a word at the beginning of a line of a file of /proc. */
static double proc_number(const struct server_process *s, const char *file, const char *word)
{
	char path[64], line[256];
	double number = 0;
	snprintf(path, sizeof path, "/proc/%d/%s", (int)s->pid, file);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, word, strlen(word)))
			number = strtod(line + strlen(word), NULL);
	if (f)
		fclose(f);
	return number;
}

double server_rss_bytes(const struct server_process *s)
{
	return proc_number(s, "status", "VmRSS:") * 1024;
}

double server_written_bytes(const struct server_process *s)
{
	return proc_number(s, "io", "write_bytes:");
}

/* --- threads --- */

/* Those of one kind are numbered: their names without that. */
static void add_thread(struct server_threads *t, char *name, double cpu_s)
{
	size_t n = strlen(name), i = 0;
	while (n > 1 && (name[n - 1] == '-' || (name[n - 1] >= '0' && name[n - 1] <= '9')))
		name[--n] = 0;
	while (i < t->n && strcmp(t->v[i].name, name) != 0)
		i++;
	if (i == THREADS_MAX)
		return;
	if (i == t->n) {
		snprintf(t->v[i].name, sizeof t->v[i].name, "%s", name);
		t->n++;
	}
	t->v[i].cpu_s += cpu_s;
}

static void read_thread(struct server_threads *t, const char *task)
{
	char path[336], text[1024] = "";
	double ticks = (double)sysconf(_SC_CLK_TCK);
	snprintf(path, sizeof path, "%s/stat", task);
	FILE *f = fopen(path, "r");
	if (!f)
		return;
	size_t n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = 0;
	/* pid (name) state, and then numbers, of which the 11th and 12th are times. */
	char *from = strchr(text, '('), *to = strrchr(text, ')');
	if (!from || !to)
		return;
	*to++ = 0;
	double used = 0;
	char *save = NULL, *word = strtok_r(to, " ", &save);
	for (int i = 0; word && i <= 12; i++, word = strtok_r(NULL, " ", &save))
		if (i >= 11)
			used += strtod(word, NULL);
	add_thread(t, from + 1, used / ticks);
}

void server_threads(const struct server_process *s, struct server_threads *out)
{
	char path[64], task[320];
	memset(out, 0, sizeof *out);
	snprintf(path, sizeof path, "/proc/%d/task", (int)s->pid);
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		snprintf(task, sizeof task, "%s/%s", path, e->d_name);
		if (e->d_name[0] != '.')
			read_thread(out, task);
	}
	if (d)
		closedir(d);
}

double server_thread_cpu_s(const struct server_threads *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->v[i].name, name))
			return t->v[i].cpu_s;
	return 0;
}
