/* SPDX-License-Identifier: Apache-2.0 */
/* On the moderators' machine: the file of a reported message, out of the bytes that were at its URL.
 * What comes out is what the reporter saw, or nothing: the message, which is franked, has the key, and
 * the bytes commit to it. */
#include "base/heap.h"
#include "base/text.h"
#include "ctl/files.h"
#include "ctl/report_show.h"
#include "mimi/attachment.h"

enum { REPORT_BYTES = 4 << 20, FILE_ARENA_MAX = 64 << 20 };

static void complain(const char *at, const char *what, uc_err err)
{
	fprintf(stderr, "undercroftctl: %s: %s (%s)\n", at, what, uc_err_name(err));
}

static uc_err part_find(const struct ctl *c, struct view bytes, struct arena *a,
			struct external_part *out)
{
	struct report_file f;
	struct report_shown s;
	struct mimi_content content;
	uint64_t n;
	if (!view_starts_with(bytes, VIEW_LIT(REPORT_FILE_MAGIC)))
		return UC_E_MALFORMED;
	TRY(wire_decode(view_slice(bytes, sizeof REPORT_FILE_MAGIC - 1, bytes.n), a,
			report_file_element, &f));
	TRY(report_shown_read(f.record, a, &s));
	if (decimal_read(view_str(c->argv[2]), &n) || !n || n > s.report.messages.n)
		return UC_E_NOT_FOUND;
	TRY(mimi_content_read(s.report.messages.v[n - 1].message_content, a, &content));
	if (content.body.cardinality != PART_EXTERNAL)
		return UC_E_NOT_FOUND;
	*out = content.body.external;
	return UC_OK;
}

static uc_err open_to(const struct external_part *e, struct view sealed, const char *path)
{
	struct attachment at;
	TRY(attachment_of(e, &at));
	uint8_t *file = heap_new(at.size);
	if (!file)
		return UC_E_MEMORY;
	uc_err err = attachment_open(e, sealed, file);
	if (!err)
		err = files_write(path, view_make(file, at.size));
	heap_free_wiped(file, at.size);
	return err;
}

static uc_err extract(const struct ctl *c, struct buf *report, struct buf *sealed, struct arena *a)
{
	struct external_part e;
	uc_err err = files_read(c->argv[1], report);
	if (!err)
		err = part_find(c, buf_view(report), a, &e);
	if (err) {
		complain(c->argv[1],
			 err == UC_E_MALFORMED   ? "this is no exported report"
			 : err == UC_E_NOT_FOUND ? "no such message, or no file with it"
						 : uc_err_text(err),
			 err);
		return err;
	}
	err = files_read(c->argv[3], sealed);
	if (!err)
		err = open_to(&e, buf_view(sealed), c->argv[4]);
	if (err)
		complain(err == UC_E_EXISTS ? c->argv[4] : c->argv[3],
			 err == UC_E_DECRYPT ? "these are not the bytes that the message speaks of"
					     : uc_err_text(err),
			 err);
	return err;
}

int ctl_report_file(struct ctl *c)
{
	struct buf report, sealed;
	struct arena a;
	if (c->argc != 5) {
		fputs("usage: undercroftctl reports file REPORT MESSAGE BYTES FILE\n", stderr);
		return CTL_USAGE;
	}
	buf_init_secret(&report, REPORT_BYTES);
	buf_init(&sealed, ATTACHMENT_SEALED_MAX);
	arena_init(&a, FILE_ARENA_MAX, ARENA_SECRET);
	uc_err err = extract(c, &report, &sealed, &a);
	arena_done(&a);
	buf_done(&sealed);
	buf_done(&report);
	return err ? CTL_FAILED : CTL_OK;
}
