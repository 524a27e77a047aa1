/* SPDX-License-Identifier: Apache-2.0 */
/* How much of what there is: numbers alone, nothing about anybody. */
#include "ctl/ctl.h"
#include "provider/schema.h"

struct counted {
	uint64_t records, bytes;
};
struct state {
	struct counted tables[256]; /* by tag; of logs: their entries */
	uint64_t logs[256];
	uint64_t bytes;
};

static uc_err count(void *ctx, enum store_part part, struct view key, uint64_t seq,
		    struct view value)
{
	struct state *s = ctx;
	uint8_t tag = key.n ? key.p[0] : 0;
	(void)seq;
	s->bytes += key.n + value.n;
	if (part == STORE_PART_LOG_HEAD)
		s->logs[tag]++;
	if (part == STORE_PART_RECORD || part == STORE_PART_LOG_ENTRY) {
		s->tables[tag].records++;
		s->tables[tag].bytes += key.n + value.n;
	}
	return UC_OK;
}

static void print_lines(const struct config_app *a, const char *kind, struct view incarnation,
			const struct state *s)
{
	printf("  %s %s: %llu bytes, incarnation ", a->name, kind, (unsigned long long)s->bytes);
	ctl_print_hex(stdout, incarnation);
	printf("\n");
	for (unsigned tag = 0; tag < 256; tag++) {
		const char *name = table_name((uint8_t)tag);
		if (!name || (!s->tables[tag].records && !s->logs[tag]))
			continue;
		printf("    %-14s %10llu", name, (unsigned long long)s->tables[tag].records);
		if (s->logs[tag])
			printf(" in %llu logs", (unsigned long long)s->logs[tag]);
		printf(", %llu bytes\n", (unsigned long long)s->tables[tag].bytes);
	}
}

static void print_json(const struct config_app *a, const char *kind, struct view incarnation,
		       const struct state *s)
{
	printf("{\"type\":\"store\",\"app\":\"%s\",\"store\":\"%s\",\"incarnation\":\"", a->name,
	       kind);
	ctl_print_hex(stdout, incarnation);
	printf("\",\"bytes\":%llu}\n", (unsigned long long)s->bytes);
	for (unsigned tag = 0; tag < 256; tag++) {
		const char *name = table_name((uint8_t)tag);
		if (name && (s->tables[tag].records || s->logs[tag]))
			printf("{\"type\":\"table\",\"app\":\"%s\",\"table\":\"%s\",\"records\":%"
			       "llu,"
			       "\"logs\":%llu,\"bytes\":%llu}\n",
			       a->name, name, (unsigned long long)s->tables[tag].records,
			       (unsigned long long)s->logs[tag],
			       (unsigned long long)s->tables[tag].bytes);
	}
}

static uc_err store_state(const struct ctl *c, size_t app, enum ctl_kind kind)
{
	static struct state s;
	struct store *store = NULL;
	s = (struct state){ 0 };
	TRY(ctl_store_open(c, app, kind, &store));
	uc_err err = store_walk(store, count, &s);
	if (!err)
		(c->json ? print_json : print_lines)(&c->config.apps[app], ctl_kind_names[kind],
						     store_incarnation(store), &s);
	else
		fprintf(stderr, "undercroftctl: %s %s: %s\n", c->config.apps[app].name,
			ctl_kind_names[kind], uc_err_text(err));
	store_close(store);
	return err;
}

int ctl_state(struct ctl *c)
{
	int status = CTL_OK;
	long pid = ctl_running(c);
	if (c->json)
		printf("{\"type\":\"backbone\",\"running\":%s}\n", pid ? "true" : "false");
	else if (pid > 0)
		printf("The backbone runs, as process %ld.\n", pid);
	else
		printf("The backbone %s.\n", pid ? "runs" : "does not run");
	for (size_t i = 0; i < c->config.apps_n; i++) {
		if (!c->json)
			printf("\n%s (%s)\n", c->config.apps[i].name, c->config.apps[i].domain);
		for (int kind = 0; kind < CTL_KINDS; kind++)
			if (store_state(c, i, (enum ctl_kind)kind))
				status = CTL_FAILED;
	}
	return status;
}
