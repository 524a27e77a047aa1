/* SPDX-License-Identifier: Apache-2.0 */
/* undercroftd as a process, with apps that echo: its life from start to SIGTERM, and hostile or
 * heavy clients beside ordinary ones. */
#include "net/env_system.h"
#include "net/tls.h"
#include "net/websocket.h"
#include "net/ws_client.h"
#include "server/control.h"
#include "server/daemon.h"
#include "tests/sanitized.h"
#include "tests/unit/harness.h"
#include "tests/unit/net/certs.h"
#include "tests/unit/net/ports.h"
#include "tests/unit/server/echo_app.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FLOODERS = 8, FLOOD_FRAMES = 20000 };
/* With UNDERCROFT_TEST_LONG the crowd is as large as it gets after a restart of a whole backbone. */
enum { CROWD = 3000, CROWD_LONG = 10000, CROWD_A_SECOND = 500 };

static struct config config;
static pid_t daemon_pid;
static char data[200];

static void config_make(void)
{
	static const char *const names[] = { "dial", "lens" };
	static const char *const domains[] = { "dial.localhost", "lens.localhost" };
	static char keys[200], certificates[2][200], private_keys[2][200];
	if (config.apps_n)
		return;
	test_authority("local");
	snprintf(data, sizeof data, "%s", test_path("data"));
	snprintf(keys, sizeof keys, "%s", test_path("keys"));
	config = (struct config){ .data = data, .threads = 2, .log = CONFIG_LOG_ERROR };
	for (size_t i = 0; i < 2; i++) {
		test_certificate("local", domains[i]);
		snprintf(certificates[i], sizeof *certificates, "%s",
			 test_certificate_file(domains[i]));
		snprintf(private_keys[i], sizeof *private_keys, "%s", test_key_file(domains[i]));
		config.apps[config.apps_n++] = (struct config_app){
			.name = names[i],
			.domain = domains[i],
			.listen = { "127.0.0.1", port_free() },
			.certificate = certificates[i],
			.private_key = private_keys[i],
			.keys = keys,
			.names = CONFIG_NAMES_HANDLE,
		};
	}
}

static pid_t daemon_fork(void)
{
	fflush(NULL);
	pid_t pid = fork();
	if (pid)
		return pid;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	_exit(daemon_run(&config, &echo_kind));
}

static bool listens(void)
{
	return port_listens(config.apps[1].listen.port);
}

static void daemon_start(void)
{
	config_make();
	daemon_pid = daemon_fork();
	for (int i = 0; i < 6000 && !listens(); i++)
		usleep(10000);
}

static int daemon_end(int signal_number)
{
	int status = 0;
	kill(daemon_pid, signal_number);
	waitpid(daemon_pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* --- clients --- */

static struct {
	struct net_loop loop;
	SSL_CTX *tls;
	uv_timer_t guard;
	size_t opened, got, closed, want, say;
	uint16_t code;
	uc_err why;
	uint64_t answered_ms;
	void (*full)(struct ws_client *c); /* when all wanted is there */
} w;

static void on_guard(uv_timer_t *t)
{
	(void)t;
	test_fail(__FILE__, __LINE__, "the test did not end by itself");
	kill(daemon_pid, SIGKILL);
	loop_stop(&w.loop);
}

static void on_open(void *ctx, struct ws_client *c)
{
	(void)ctx;
	w.opened++;
	for (size_t i = 0; i < w.say; i++)
		ws_client_send(c, VIEW_LIT("hello"));
}

static void on_message(void *ctx, struct ws_client *c, struct view m)
{
	(void)ctx;
	(void)m;
	if (++w.got == w.want)
		w.full(c);
}

static void on_closed(void *ctx, uc_err why, uint16_t code)
{
	(void)ctx;
	w.closed++;
	w.why = why;
	w.code = code;
}

static const struct ws_client_handler handler = { NULL, on_open, on_message, on_closed };

static void clients_begin(void)
{
	memset(&w, 0, sizeof w);
	expect_ok(loop_init(&w.loop, env_system()));
	expect_ok(tls_client_new(test_path("local.ca.pem"), NULL, NULL, &w.tls));
	uv_timer_init(&w.loop.uv, &w.guard);
	uv_timer_start(&w.guard, on_guard, 120000, 0);
	uv_unref((uv_handle_t *)&w.guard);
}

static void clients_end(void)
{
	uv_close((uv_handle_t *)&w.guard, NULL);
	loop_done(&w.loop);
	SSL_CTX_free(w.tls);
}

static struct ws_client *connect_to(size_t app, const struct ws_client_handler *h)
{
	struct ws_client *c = NULL;
	const struct config_app *a = &config.apps[app];
	struct ws_client_options o = { a->domain, a->listen.port, "/v1", "undercroft.v1", w.tls, 0,
				       0 };
	expect_ok(ws_client_open(&w.loop, &o, h, &c));
	return c;
}

static void terminate(struct ws_client *c)
{
	(void)c;
	kill(daemon_pid, SIGTERM);
}

TEST(a_clean_stop)
{
	int status = 0;
	daemon_start();
	clients_begin();
	w.say = w.want = 10;
	w.full = terminate;
	connect_to(0, &handler);
	loop_run(&w.loop);
	expect_eq(w.got, 10);
	expect_eq(w.code, WS_CLOSE_GOING_AWAY);
	expect_ok(w.why);
	waitpid(daemon_pid, &status, 0);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	expect(!listens());
	clients_end();
}

TEST(one_process_for_a_data_folder)
{
	int status = 0;
	daemon_start();
	pid_t second = daemon_fork();
	waitpid(second, &status, 0);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	expect(listens());
	/* A killed one leaves no lock behind. */
	expect_eq(daemon_end(SIGKILL), 1000 + SIGKILL);
	daemon_start();
	expect(listens());
	expect_eq(daemon_end(SIGTERM), 0);
}

/* --- floods --- */

static struct ws_client *flooders[FLOODERS];
static size_t flood_got, flood_closed;
static uv_timer_t flood_timer;

static void flood_open(void *ctx, struct ws_client *c)
{
	static uint8_t frame[1000];
	(void)ctx;
	for (size_t i = 0; i < FLOOD_FRAMES; i++)
		ws_client_send(c, VIEW_OF(frame));
}

/* The ordinary client begins when the flood is on. */
static void flood_is_on(uv_timer_t *t)
{
	uv_close((uv_handle_t *)t, NULL);
	w.answered_ms = clock_steady_ms();
	connect_to(1, &handler);
}

static void flood_message(void *ctx, struct ws_client *c, struct view m)
{
	(void)ctx;
	(void)m;
	flood_got++;
	if (flood_got != 100)
		return;
	/* They go on to ask and read no more. */
	for (size_t i = 0; i < FLOODERS; i++)
		ws_client_pause(flooders[i], true);
	uv_timer_init(&w.loop.uv, &flood_timer);
	uv_timer_start(&flood_timer, flood_is_on, 500, 0);
	(void)c;
}

static void flood_end(void *ctx, uc_err why, uint16_t code)
{
	(void)ctx;
	(void)why;
	(void)code;
	flood_closed++;
}

static void ordinary_done(struct ws_client *c)
{
	w.answered_ms = clock_steady_ms() - w.answered_ms;
	ws_client_close(c, WS_CLOSE_NORMAL);
	for (size_t i = 0; i < FLOODERS; i++)
		ws_client_close(flooders[i], WS_CLOSE_NORMAL);
}

static size_t resident_kib(pid_t pid)
{
	char path[64], line[200];
	size_t kib = 0;
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f))
		if (view_starts_with(view_str(line), VIEW_LIT("VmHWM:")))
			kib = strtoul(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return kib;
}

/* 160 MB thrown at one app: the server holds little of it, and the other app answers at once. */
TEST(a_flood_is_held_back_and_delays_nobody_else)
{
	static const struct ws_client_handler h = { NULL, flood_open, flood_message, flood_end };
	daemon_start();
	clients_begin();
	size_t before = resident_kib(daemon_pid);
	w.say = w.want = 3;
	w.full = ordinary_done;
	for (size_t i = 0; i < FLOODERS; i++)
		flooders[i] = connect_to(0, &h);
	loop_run(&w.loop);
	expect_eq(w.got, 3);
	expect(w.answered_ms < 10000);
	expect(flood_got >= 100);
	expect_eq(flood_closed, FLOODERS);
	expect(is_sanitized || resident_kib(daemon_pid) < before + 64 * 1024);
	clients_end();
	expect_eq(daemon_end(SIGTERM), 0);
}

/* Connections that never speak: many at once cost little and do not keep others out. */
TEST(silent_connections_keep_nobody_out)
{
	int fds[300];
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	daemon_start();
	a.sin_port = htons(config.apps[0].listen.port);
	for (size_t i = 0; i < 300; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		expect(!connect(fds[i], (struct sockaddr *)&a, sizeof a));
	}
	clients_begin();
	w.say = w.want = 1;
	w.full = terminate;
	connect_to(0, &handler);
	loop_run(&w.loop);
	expect_eq(w.got, 1);
	int status = 0;
	waitpid(daemon_pid, &status, 0);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (size_t i = 0; i < 300; i++)
		close(fds[i]);
	clients_end();
}

/* --- the end while something is under way --- */

static int silent_listener(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	expect(!bind(fd, (struct sockaddr *)&a, n) && !listen(fd, 10) &&
	       !getsockname(fd, (struct sockaddr *)&a, &n));
	*port = ntohs(a.sin_port);
	return fd;
}

static void ask_silent(void *ctx, struct ws_client *c)
{
	(void)ctx;
	w.opened++;
	ws_client_send(c, VIEW_LIT("ask silent.localhost"));
	ws_client_send(c, VIEW_LIT("hello"));
}

static bool has_ended(int *status)
{
	return waitpid(daemon_pid, status, WNOHANG) == daemon_pid;
}

/* When the first answer is there, the question before it is under way. */
static void terminate_twice(struct ws_client *c)
{
	int status = 0;
	(void)c;
	kill(daemon_pid, SIGTERM);
	usleep(700000);
	expect(!has_ended(&status)); /* it waits for that answer */
	kill(daemon_pid, SIGTERM);
	for (int i = 0; i < 500 && !has_ended(&status); i++)
		usleep(10000);
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void end_while_asking(void (*full)(struct ws_client *c))
{
	static const struct ws_client_handler h = { NULL, ask_silent, on_message, on_closed };
	uint16_t port = 0;
	int fd = silent_listener(&port);
	config_make();
	config.peers[0] = (struct config_peer){ .domain = "silent.localhost",
						.url = { "silent.localhost", port },
						.ca = test_path("local.ca.pem") };
	config.peers_n = 1;
	daemon_start();
	clients_begin();
	w.want = 1;
	w.full = full;
	connect_to(0, &h);
	loop_run(&w.loop);
	clients_end();
	config.peers_n = 0;
	close(fd);
}

TEST(a_second_signal_ends_at_once)
{
	config_make();
	config.drain_seconds = 60;
	end_while_asking(terminate_twice);
	config.drain_seconds = 0;
}

static void order(const char *line, char *answer, size_t n)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct buf path;
	buf_init(&path, sizeof a.sun_path);
	control_path(&config, &path);
	expect_ok(path.failed);
	memcpy(a.sun_path, path.p, path.n);
	buf_done(&path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* It is opened behind the sockets that are served. */
	int err = -1;
	for (int i = 0; i < 500 && (err = connect(fd, (struct sockaddr *)&a, sizeof a)); i++)
		usleep(10000);
	expect(!err);
	expect(write(fd, line, strlen(line)) == (ssize_t)strlen(line));
	ssize_t got = recv(fd, answer, n - 1, MSG_WAITALL);
	answer[got > 0 ? got : 0] = 0;
	close(fd);
}

static void drain_thrice(struct ws_client *c)
{
	char answer[300];
	(void)c;
	order("drain\n", answer, sizeof answer);
	expect(strstr(answer, "\"seconds\":0,\"seconds_left_at_most\":2}\n{\"type\":\"done\"}\n"));
	order("drain\n", answer, sizeof answer);
	expect(strstr(answer, "\"seconds\":0,\"seconds_left_at_most\":2}\n{\"type\":\"done\"}\n"));
	usleep(1200000);
	order("drain\n", answer, sizeof answer);
	expect(strstr(answer, "\"seconds\":1,\"seconds_left_at_most\":1}\n{\"type\":\"done\"}\n"));
}

/* Unlike a second signal. */
TEST(a_second_order_to_drain_says_how_long_it_has_been)
{
	int status = 0;
	config_make();
	config.drain_seconds = 2;
	uint64_t start_ms = clock_steady_ms();
	end_while_asking(drain_thrice);
	waitpid(daemon_pid, &status, 0);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	expect(clock_steady_ms() - start_ms >= 2000);
	config.drain_seconds = 0;
}

/* An answer that does not come delays the end for as long as is allowed, and no longer. */
TEST(the_end_waits_for_what_is_under_way)
{
	int status = 0;
	config_make();
	config.drain_seconds = 2;
	uint64_t start_ms = clock_steady_ms();
	end_while_asking(terminate);
	waitpid(daemon_pid, &status, 0);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	expect(clock_steady_ms() - start_ms >= 2000);
	expect_eq(w.code, WS_CLOSE_GOING_AWAY);
	config.drain_seconds = 0;
}

/* --- everybody at once --- */

/* Twice as many descriptors as that are needed, here and there. */
static size_t crowd_size(void)
{
	struct rlimit limit = { 1024, 1024 };
	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	size_t most = is_sanitized ? 500 : getenv("UNDERCROFT_TEST_LONG") ? CROWD_LONG : CROWD;
	return limit.rlim_cur < 2 * most ? (size_t)limit.rlim_cur / 2 : most;
}

/* Of a crowd.  Whoever waits too long to be let in tries again, as a client does. */
struct comer {
	struct ws_client_handler handler;
	size_t app;
	bool is_in;
};
static size_t tries;

static void comer_open(void *ctx, struct ws_client *c)
{
	struct comer *x = ctx;
	x->is_in = true;
	on_open(NULL, c);
}

static void comer_comes(struct comer *x)
{
	tries++;
	connect_to(x->app, &x->handler);
}

static void comer_closed(void *ctx, uc_err why, uint16_t code)
{
	struct comer *x = ctx;
	if (x->is_in)
		on_closed(NULL, why, code);
	else
		comer_comes(x);
}

/* All connect in one moment, and each is answered. */
static void crowd_comes(size_t n)
{
	static struct comer comers[CROWD_LONG];
	int status = 0;
	uint64_t start_ms = clock_steady_ms();
	daemon_start();
	clients_begin();
	w.say = 1;
	w.want = n;
	w.full = terminate;
	tries = 0;
	for (size_t i = 0; i < n; i++) {
		comers[i] = (struct comer){ { &comers[i], comer_open, on_message, comer_closed },
					    i % 2,
					    false };
		comer_comes(&comers[i]);
	}
	loop_run(&w.loop);
	uint64_t took_ms = clock_steady_ms() - start_ms;
	expect_eq(w.opened, n);
	expect_eq(w.got, n);
	expect_eq(w.closed, n);
	expect(tries < 3 * n);
	/* As fast as it may be, but for the quarter of a second that may come at once. */
	expect(took_ms >= 1000 * n / CROWD_A_SECOND - 500);
	waitpid(daemon_pid, &status, 0);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	clients_end();
	if (n == CROWD_LONG)
		printf("%zu were in after %" PRIu64 " s and %zu tries\n", n, took_ms / 1000, tries);
}

/* After a restart all devices come back at once: they are let in at the rate that is set, and none is
 * turned away. */
TEST(a_crowd_comes_back_at_the_rate_that_is_set)
{
	size_t n = crowd_size();
	config_make();
	config.accepts_a_second = CROWD_A_SECOND;
	crowd_comes(n);
	crowd_comes(n);
	config.accepts_a_second = 0;
}
