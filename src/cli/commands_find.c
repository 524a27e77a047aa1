/* SPDX-License-Identifier: Apache-2.0 */
/* Finding people by number: which of a list can be found, and whether we can. */
#include "cli/command.h"
#include "cli/print.h"

#include "base/text.h"
#include "mimi/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	CALL_NUMBERS = 1000, /* to one call of uc_find_numbers */
	NUMBERS_MAX = 10000,
	LINE_BYTES = 1024,
	ARENA_BYTES = 8 << 20,
};

/* --- the list --- */

struct list {
	struct arena mem;
	const char **numbers; /* normalised */
	size_t n;
	unsigned left_out; /* what is no number, or none with a country's code */
	bool full;
	const char *country; /* for numbers that begin with a single 0; may be NULL */
};

/* +49 for +49, 49 or 0049. */
static const char *country_digits(const char *text)
{
	if (!text)
		return NULL;
	text += text[0] == '+' ? 1 : strncmp(text, "00", 2) == 0 ? 2 : 0;
	return *text ? text : NULL;
}

static void number_add(struct list *l, struct view text)
{
	char whole[LINE_BYTES + 32];
	struct view normal;
	bool national = l->country && text.n > 1 && text.p[0] == '0' && text.p[1] != '0';
	if (national)
		text = view_slice(text, 1, text.n);
	snprintf(whole, sizeof whole, "%s%s%.*s", national ? "+" : "", national ? l->country : "",
		 (int)text.n, (const char *)text.p);
	if (l->n == NUMBERS_MAX)
		l->full = true;
	else if (name_normalise(NAME_NUMBER, view_str(whole), &l->mem, &normal) ||
		 arena_copy(&l->mem, normal, &normal))
		l->left_out++;
	else
		l->numbers[l->n++] = (const char *)normal.p;
}

static struct view trimmed(struct view v)
{
	while (v.n && strchr(" \t\r\n", v.p[0]))
		v = view_slice(v, 1, v.n);
	while (v.n && strchr(" \t\r\n", v.p[v.n - 1]))
		v = view_slice(v, 0, v.n - 1);
	return v;
}

/* The value of a vCard's TEL line (RFC 6350, 6.4.1), which may be a tel: URI and stand in a group. */
static bool tel_line(struct view line, struct view *out)
{
	struct view name, rest = view_cut(line, ':', &name), group;
	struct view property = view_cut(name, '.', &group);
	if (!property.p)
		property = name;
	if (!rest.p || property.n < 3 || (property.n > 3 && property.p[3] != ';') ||
	    strncasecmp((const char *)property.p, "TEL", 3) != 0)
		return false;
	if (rest.n > 4 && strncasecmp((const char *)rest.p, "tel:", 4) == 0)
		rest = view_slice(rest, 4, rest.n);
	*out = trimmed(rest);
	return true;
}

/* Lines of one number each, or vCards. */
static bool file_read(struct list *l, const char *name)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	char text[LINE_BYTES];
	bool cards = false;
	if (!f) {
		fputs("undercroft: the file cannot be opened: ", stderr);
		print_text(stderr, name);
		fputc('\n', stderr);
		return false;
	}
	while (fgets(text, sizeof text, f)) {
		struct view line = trimmed(view_str(text)), tel;
		cards = cards || (line.n == 11 && strncasecmp(text, "BEGIN:VCARD", 11) == 0);
		if (cards && tel_line(line, &tel))
			number_add(l, tel);
		else if (!cards && line.n && line.p[0] != '#')
			number_add(l, line);
	}
	bool good = !ferror(f);
	if (f != stdin)
		fclose(f);
	if (!good)
		fputs("undercroft: the file cannot be read\n", stderr);
	return good;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once. */
static void list_order(struct list *l)
{
	size_t kept = 0;
	qsort(l->numbers, l->n, sizeof *l->numbers, by_text);
	for (size_t i = 0; i < l->n; i++)
		if (!kept || strcmp(l->numbers[kept - 1], l->numbers[i]) != 0)
			l->numbers[kept++] = l->numbers[i];
	l->n = kept;
}

static bool list_read(struct cli *cli, struct list *l)
{
	const char *file = cli_option(cli, "--file");
	l->country = country_digits(cli_option(cli, "--country"));
	for (int i = 0; i < cli->argc; i++)
		number_add(l, trimmed(view_str(cli->argv[i])));
	if (file && !file_read(l, file))
		return false;
	list_order(l);
	if (l->left_out)
		fprintf(stderr,
			"undercroft: %u left out: no number with its country's code (--country "
			"gives one to those that begin with 0)\n",
			l->left_out);
	if (l->full)
		fprintf(stderr, "undercroft: more than %d numbers; the rest is left out\n",
			NUMBERS_MAX);
	return true;
}

/* --- what is known --- */

struct shown {
	struct cli *cli;
	const struct list *only; /* NULL: all */
	const char **found;
	struct arena *mem;
	size_t found_n, waiting, all;
};

static bool is_asked(const struct list *l, const char *number)
{
	return !l || bsearch(&number, l->numbers, l->n, sizeof *l->numbers, by_text);
}

static bool show_each(void *ctx, const struct uc_number *n)
{
	static const char *const states[] = { [UC_NUMBER_WAITING] = "waiting",
					      [UC_NUMBER_NOT_FOUND] = "not_found",
					      [UC_NUMBER_FOUND] = "found" };
	struct shown *s = ctx;
	struct view copy;
	if (!is_asked(s->only, n->number))
		return true;
	s->all++;
	s->waiting += n->state == UC_NUMBER_WAITING;
	if (s->cli->json)
		print_json("number", "number", n->number, "state", states[n->state], NULL);
	else if (n->state == UC_NUMBER_FOUND && s->found_n < NUMBERS_MAX &&
		 !arena_copy(s->mem, view_str(n->number), &copy))
		s->found[s->found_n++] = (const char *)copy.p;
	return true;
}

static void sentence(const struct shown *s)
{
	if (!s->all) {
		puts("No number was asked yet.");
		return;
	}
	printf("%zu of %zu can be found", s->found_n, s->all);
	if (s->waiting)
		printf("; %zu are still to be asked, which takes some days", s->waiting);
	puts(s->found_n ? ". To ask them: undercroft ask APP NUMBER" : ".");
}

static int show(struct cli *cli, const struct list *only, struct arena *mem)
{
	struct shown s = { .cli = cli, .only = only, .mem = mem };
	s.found = ARENA_ARRAY(mem, const char *, NUMBERS_MAX);
	uc_err err = s.found ? uc_numbers(cli->client, show_each, &s) : UC_E_MEMORY;
	if (err)
		return cli_fail(cli, err, "list numbers");
	if (cli->json)
		return CLI_OK;
	qsort(s.found, s.found_n, sizeof *s.found, by_text);
	for (size_t i = 0; i < s.found_n; i++)
		puts(s.found[i]);
	sentence(&s);
	return CLI_OK;
}

/* --- asking --- */

static uc_err ask_all(struct cli *cli, const struct list *l)
{
	for (size_t at = 0; at < l->n; at += CALL_NUMBERS) {
		size_t n = l->n - at < CALL_NUMBERS ? l->n - at : CALL_NUMBERS;
		struct ending w = { 0 };
		uc_err err = cli_finish(
			cli, uc_find_numbers(cli->client, l->numbers + at, n, &w.op), &w);
		/* What the account may ask for is used up: the rest is kept, and follows. */
		if (err && !(err == UC_E_RATE && w.done))
			return err;
	}
	return UC_OK;
}

static int find(struct cli *cli, struct list *l)
{
	l->numbers = ARENA_ARRAY(&l->mem, const char *, NUMBERS_MAX);
	if (!l->numbers)
		return cli_fail(cli, UC_E_MEMORY, "find people");
	if (!cli->argc && !cli_option(cli, "--file"))
		return show(cli, NULL, &l->mem);
	if (!list_read(cli, l))
		return CLI_FAILED;
	uc_err err = ask_all(cli, l);
	return err ? cli_fail(cli, err, "find people") : show(cli, l, &l->mem);
}

static int run_find(struct cli *cli)
{
	struct list l = { .n = 0 };
	if (cli_flag(cli, "--forget")) {
		uc_err err = uc_numbers_forget(cli->client);
		if (err)
			return cli_fail(cli, err, "forget the numbers");
		if (!cli->json)
			puts("Forgotten.");
		return CLI_OK;
	}
	arena_init(&l.mem, ARENA_BYTES, ARENA_SECRET);
	int status = find(cli, &l);
	arena_done(&l.mem);
	return status;
}

static int findable_show(struct cli *cli)
{
	struct uc_settings s;
	uc_err err = uc_settings_get(cli->client, &s);
	if (err)
		return cli_fail(cli, err, "read the settings");
	if (cli->json)
		print_json("findable", "findable", s.find_by_number ? "yes" : "no", NULL);
	else
		puts(s.find_by_number ? "yes: whoever has your number can learn that you are here."
				      : "no: having your number tells nobody that you are here.");
	return CLI_OK;
}

static int run_findable(struct cli *cli)
{
	uc_op op = 0;
	if (!cli->argc)
		return findable_show(cli);
	bool yes = strcmp(cli->argv[0], "yes") == 0;
	if (!yes && strcmp(cli->argv[0], "no") != 0) {
		fputs("undercroft: findable is yes or no\n", stderr);
		return CLI_USAGE;
	}
	uc_err err = uc_findable_set(cli->client, yes, cli_option(cli, "--number"), &op);
	int status = cli_wait(cli, err, &op, "set that");
	if (err == UC_E_NOT_ALLOWED)
		fputs("undercroft: that is for who has said to be 18 or more, is asked by anybody "
		      "and found by\nundercroft: the exact number: undercroft settings --age adult "
		      "--ask anybody --find yes\n",
		      stderr);
	return status ? status : findable_show(cli);
}

/* clang-format off */
const struct command commands_find[] = {
	{ "find", NEEDS_SIGN_IN, 0, -1, run_find,
	  "[NUMBER ... | --file FILE] [--country CODE] [--forget]",
	  "--file= --country= --forget",
	  "which of your contacts' numbers can be found here",
	  "For apps whose names are numbers. FILE has a number on each line, or is vCards (- reads\n"
	  "standard input). The app does not learn the numbers, nor which of them are found: it\n"
	  "sees how many you ask for, 1,000 at first and 45 more a day. Found are people of this\n"
	  "app who want to be (see findable). What was asked is kept in your store, encrypted,\n"
	  "and looked for again each day for nothing; without numbers, what is known of them is\n"
	  "shown. --country gives its code to numbers that begin with 0. --forget forgets all.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa find +4915112345678 +33612345678\n"
	  "  undercroft -p rosa find --file contacts.vcf --country 49\n"
	  "  undercroft -p rosa find" },
	{ "findable", NEEDS_SIGN_IN, 0, 1, run_findable,
	  "[yes | no] [--number NUMBER]",
	  "--number=",
	  "show or set whether your number finds you",
	  "Begins with no. With yes, whoever has your number and asks for it can learn that you\n"
	  "are on this app, and may then ask you; nothing else is shown. It needs settings with\n"
	  "--age adult, --ask anybody and --find yes. Everybody can see how many want to be found. It takes until the\n"
	  "app's next list, a day at most, either way. --number says yours, where this device\n"
	  "does not know it after a recovery.\n"
	  "\n"
	  "examples:\n"
	  "  undercroft -p rosa findable yes\n"
	  "  undercroft -p rosa findable" },
	{ 0 },
};
/* clang-format on */
