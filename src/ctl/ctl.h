/* SPDX-License-Identifier: Apache-2.0 */
/* undercroftctl's subcommands.  Some look at an app's two stores, opened for reading only, so that a
 * backbone may go on running meanwhile; some speak to the running backbone. */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "server/config.h"
#include "store/inspect.h"

#include <stdio.h>

enum { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2 };

struct ctl {
	struct config config;
	int argc; /* after the configuration file */
	char **argv;
	bool json;
	const char *command, *file; /* the configuration's */
};

struct ctl_command {
	const char *name;
	int args_min, args_max; /* after the configuration file */
	int (*run)(struct ctl *c);
	const char *arguments;
	const char *summary;
	const char *help; /* what it does, then examples */
};

int ctl_state(struct ctl *c);
int ctl_devices(struct ctl *c);
int ctl_operator_view(struct ctl *c);
int ctl_check(struct ctl *c);
int ctl_dump(struct ctl *c);
int ctl_load(struct ctl *c);
int ctl_mend(struct ctl *c);
int ctl_erase_app(struct ctl *c);
int ctl_apps(struct ctl *c);
int ctl_backup(struct ctl *c);
int ctl_restore(struct ctl *c);
int ctl_reports(struct ctl *c);
/* Without a configuration. */
int ctl_report_file(struct ctl *c);
int ctl_report_open(struct ctl *c);
int ctl_moderators_key(struct ctl *c);
int ctl_age_service(struct ctl *c);
int ctl_status(struct ctl *c);
/* The order of the same name, for the running backbone. */
int ctl_pass_on(struct ctl *c);

/* --- control.c --- */

/* Has the running backbone carry out a line, prints what it says; the exit status. */
int ctl_order(const struct ctl *c, const char *line);

/* --- stores.c --- */

enum ctl_kind { CTL_ACCOUNTS, CTL_ROOMS, CTL_KINDS };
extern const char *const ctl_kind_names[CTL_KINDS];

/* One of an app's stores.  Errors are printed. */
uc_err UC_MUST_USE ctl_store_open(const struct ctl *c, size_t app, enum ctl_kind kind,
				  struct store **out);
/* Its folder. */
void ctl_store_path(const struct ctl *c, size_t app, enum ctl_kind kind, char *out, size_t out_n);
/* Takes a word out of the arguments, if it is there. */
bool ctl_take_word(struct ctl *c, const char *word);
/* By name or domain; prints when there is none. */
bool ctl_app_find(const struct ctl *c, const char *text, size_t *out);
/* Which app's which store the first two arguments name; prints when there is none. */
bool ctl_store_named(const struct ctl *c, size_t *app, int *kind);
/* Keeps the backbone from starting, until it is closed; -1 (printed): it runs, or cannot be kept.  Root acts
 * as whom the data belongs to from then on (files_act_as). */
int ctl_lock(const struct ctl *c);
/* Changes the store that the first two arguments name, while the backbone is kept from starting; the
 * exit status, and what went wrong with the change itself, which is not printed. */
int ctl_store_change(const struct ctl *c,
		     uc_err (*change)(const struct ctl *c, size_t app, enum ctl_kind kind),
		     uc_err *err);
/* The process that uses the data; 0: none, -1: one that isn't known. */
long ctl_running(const struct ctl *c);

/* --- printing --- */

/* The day, as 2026-11-27. */
void ctl_day_text(uint64_t ms, char out[32]);
void ctl_print_hex(FILE *to, struct view v);
/* A stored key: its table's name and its elements in hex. */
void ctl_print_key(FILE *to, struct view key);

#endif
