/* SPDX-License-Identifier: Apache-2.0 */
/* What is reported to the moderators of apps (undercroft.h, which includes this). */
#ifndef UNDERCROFT_REPORTS_H
#define UNDERCROFT_REPORTS_H

#include <undercroft/undercroft.h>

#ifdef __cplusplus
extern "C" {
#endif

enum uc_report_why {
	UC_REPORT_SPAM = 1,
	UC_REPORT_HARASSMENT = 2,
	UC_REPORT_CHILD = 3, /* harm to a child */
	UC_REPORT_THREAT = 4,
	UC_REPORT_OTHER = 5,
};
enum { UC_REPORT_TO_APP = 1, UC_REPORT_TO_HUB = 2 };
enum { UC_REPORT_MESSAGES_MAX = 16 };
/* Reports messages of one other member, by their numbers in this device's history, to our own app, to
 * the room's hub, or to both (to: UC_REPORT_TO_APP | UC_REPORT_TO_HUB).  What goes are these messages
 * with what proves that the member sent them, the reason and the note (up to 1024 bytes; may be NULL),
 * and nothing else of the room.  The own app knows who reports, and counts people by it; the hub is
 * not told, nor is the member.  UC_E_NOT_FOUND: one is not there, is our own, was deleted or has
 * ended; UC_E_ARGUMENT: they are of several members; UC_E_NET: not online.  UC_EVENT_DONE: UC_E_FRANK
 * when it does not verify; UC_E_STALE when nobody can tell any more whether one of them does (the hub's keys
 * of that day are gone, as a rule after 90); UC_E_RATE; UC_E_PEER: the hub does not answer, and nobody has it;
 * UC_E_BUSY: the hub, or our own app, takes no more just now; text, when it has succeeded: "verified",
 * "confirmed" (the hub says so) or "unconfirmed" (the hub does not answer, or takes no more just now), and
 * then who has it, "app", "hub" or "app hub". */
UC_API uc_err uc_report(uc_client *c, const struct uc_id *room, const uint64_t *numbers,
			size_t count, uint32_t to, enum uc_report_why why, const char *note,
			uc_op *op) UC_MUST_USE;
/* Reports a request that came in, answered or not: its name and text, and what proves that they came with
 * it; not to whom it came.  UC_REPORT_TO_HUB: the app of whoever wrote it, which alone can open who that
 * is, and is not told who reports.  UC_E_NOT_FOUND: it is ours, or not shown, or came before this could
 * be.  Otherwise as uc_report. */
UC_API uc_err uc_report_request(uc_client *c, const struct uc_id *request, uint32_t to,
				enum uc_report_why why, const char *note, uc_op *op) UC_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
