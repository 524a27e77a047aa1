/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/passphrase.h"

#include "base/secret.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* A line of the terminal; false at its end. */
static bool line_read(int tty, char out[PASSPHRASE_MAX])
{
	size_t n = 0;
	char c;
	while (read(tty, &c, 1) == 1) {
		if (c == '\n') {
			out[n] = '\0';
			return true;
		}
		if (n + 1 == PASSPHRASE_MAX)
			break; /* cut short it would be another one */
		out[n++] = c;
	}
	passphrase_wipe(out);
	return false;
}

/* A signal that would end us while the terminal does not echo ends the reading first. */
static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
	signalled = number;
}

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
enum { ENDING = sizeof ending / sizeof *ending };

static bool ask_quietly(int tty, const char *prompt, char out[PASSPHRASE_MAX])
{
	struct termios before, quiet;
	struct sigaction catch = { .sa_handler = on_signal }, had[ENDING];
	if (tcgetattr(tty, &before))
		return false;
	signalled = 0;
	for (size_t i = 0; i < ENDING; i++)
		sigaction(ending[i], &catch, &had[i]);
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(tty, TCSAFLUSH, &quiet);
	dprintf(tty, "%s", prompt);
	bool good = line_read(tty, out);
	tcsetattr(tty, TCSAFLUSH, &before);
	dprintf(tty, "\n");
	for (size_t i = 0; i < ENDING; i++)
		sigaction(ending[i], &had[i], NULL);
	if (signalled)
		raise(signalled);
	return good;
}

static bool ask(const char *prompt, char out[PASSPHRASE_MAX])
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0) {
		fputs("undercroft: no terminal to ask for the passphrase; set "
		      "UNDERCROFT_PASSPHRASE\n",
		      stderr);
		return false;
	}
	bool good = ask_quietly(tty, prompt, out);
	close(tty);
	return good;
}

static bool ask_new(char out[PASSPHRASE_MAX])
{
	char again[PASSPHRASE_MAX] = "";
	bool same = ask("New passphrase: ", out) && ask("Once more: ", again) &&
		    strcmp(out, again) == 0 && *out;
	if (!same)
		fputs("undercroft: the two are not the same, or empty\n", stderr);
	passphrase_wipe(again);
	return same;
}

bool passphrase_get(char out[PASSPHRASE_MAX], bool is_new)
{
	const char *given = getenv("UNDERCROFT_PASSPHRASE");
	if (!given)
		return is_new ? ask_new(out) : ask("Passphrase: ", out);
	if (!*given || strlen(given) >= PASSPHRASE_MAX) {
		fputs("undercroft: UNDERCROFT_PASSPHRASE is empty or too long\n", stderr);
		return false;
	}
	memcpy(out, given, strlen(given) + 1);
	return true;
}

void passphrase_wipe(char text[PASSPHRASE_MAX])
{
	wipe(text, PASSPHRASE_MAX);
}
