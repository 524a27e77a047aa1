/* SPDX-License-Identifier: Apache-2.0 */
/* Rosa, Tom and Ida, each on an app of their own, and the hub of their room. */
#ifndef TESTS_UNIT_CLIENT_TRIO_H
#define TESTS_UNIT_CLIENT_TRIO_H

#include "tests/unit/client/hub.h"

extern struct hub hub;
extern struct person rosa, tom, ida;
extern bool trio_restarts; /* each, after every step */

/* Rosa's room, at her app's hub; she is alone in it. */
void trio_create(bool direct);
void trio_end(void);
/* A member reads what the hub sent out, and it is of this kind; nothing for who is no member. */
void trio_take(struct person *p, struct view fanout, enum room_entry_kind kind);
/* By one, with these newcomers and without these: everybody's next epoch. */
void trio_commit(struct person *by, struct person *added, struct person *removed);
/* What the hub sends out of it. */
struct view trio_send(struct person *by, const char *text);
void trio_reads(struct person *p, struct view fanout, const struct person *from, const char *text);
/* Everybody says something; all others read it, and the sender knows it again. */
void trio_all_talk(void);
struct view trio_leave(struct person *p);

#endif
