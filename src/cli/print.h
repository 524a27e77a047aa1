/* SPDX-License-Identifier: Apache-2.0 */
/* What the terminal client prints: people's lines, or one JSON object a line. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "undercroft/undercroft.h"

#include <stdio.h>

/* Others' text, with control and bidirectional characters escaped. */
void print_text(FILE *to, const char *text);
enum { TIME_TEXT = 64 };
/* "14:03" today, "21 Nov 14:03" this year, else with the year; local time. */
void time_text(uint64_t ms, char out[TIME_TEXT]);
void print_time(FILE *to, uint64_t ms);

void print_message(bool json, const char *room, const struct uc_message *m);
void print_request(bool json, unsigned number, const struct uc_request *r, const char *app);
void print_contact(bool json, const struct uc_contact *c, const char *app);
/* Another account of a contact; known_as: the contact of ours that it is, or NULL. */
void print_linked(bool json, const struct uc_id *contact, const struct uc_linked *l,
		  const char *app, const char *known_as);
/* Another account of this person. */
void print_link(bool json, const struct uc_link *l, const char *app, const char *state);
void print_room(bool json, unsigned number, const struct uc_room *r);
/* role: "" where it says nothing. */
void print_member(bool json, const struct uc_member *m, const char *app, const char *role);
/* The start of it, in hex. */
const char *print_device_key(const uint8_t key[32], char out[17]);
void print_device(bool json, unsigned number, const struct uc_device *d);
/* What `devices` has it under; number 0: it is none of the account's now. */
struct device_known {
	unsigned number;
	bool is_this;
	char name[512];
};
void print_device_change(bool json, const struct uc_device_change *x,
			 const struct device_known *device, const struct device_known *by);
/* An event as `follow` shows it. */
void print_event(bool json, const char *room, const struct uc_event *e);

/* Objects go there from now on, NULL: to standard output again.  False: one of those before could not be
 * made or written. */
bool print_json_to(FILE *to);
/* {"type": type, key: value, ...} with string pairs, ended by NULL. */
void print_json(const char *type, ...) __attribute__((sentinel));
/* The first 8 hex digits of an id, enough to name it on one device. */
const char *print_id(const struct uc_id *id, char out[17]);

#endif
