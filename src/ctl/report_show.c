/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/report_show.h"

#include "base/text.h"
#include "crypto/crypto.h"
#include "mimi/attachment.h"

#include <jansson.h>
#include <time.h>

#define WORDS_MAX ((size_t)8 << 20)

static void wire_report_file(struct wire *w, struct report_file *f)
{
	wire_bytes(w, &f->domain);
	wire_u64(w, &f->number);
	wire_bytes(w, &f->record);
}

void report_file_element(struct wire *w, void *v)
{
	wire_report_file(w, v);
}

uc_err report_shown_read(struct view record, struct arena *a, struct report_shown *out)
{
	struct frank_claims claims;
	if (wire_decode(record, a, report_record_element, &out->record) ||
	    wire_decode(out->record.report, a, abuse_report_element, &out->report) ||
	    report_claims(&out->report, out->record.room, a, &claims))
		return UC_E_CORRUPT;
	return UC_OK;
}

uc_err report_check(const struct report_file *f, const struct report_shown *s, struct arena *a,
		    uint8_t out[REPORT_CHECK])
{
	struct report_file same = { .domain = f->domain, .number = f->number };
	struct report_record kept = s->record;
	uint8_t hash[SHA256_BYTES];
	struct view bytes;
	kept.passed = kept.action = 0;
	kept.decided_ms = 0;
	kept.note = (struct view){ NULL, 0 };
	TRY(wire_encode_to(a, report_record_element, &kept, &same.record));
	TRY(wire_encode_to(a, report_file_element, &same, &bytes));
	const struct view parts[] = { VIEW_LIT("Undercroft report check"), bytes };
	TRY(sha256_parts(parts, 2, hash));
	memcpy(out, hash, REPORT_CHECK);
	return UC_OK;
}

/* --- words for numbers --- */

static const char *word(const char *const *words, size_t n, size_t i)
{
	return i < n ? words[i] : "?";
}
#define WORD(words, i) word((words), sizeof(words) / sizeof *(words), (i))

static const char *verdict_word(uint8_t verdict)
{
	static const char *const words[] = { "?", "verified", "confirmed", "unconfirmed" };
	return WORD(words, verdict);
}

static const char *reason_word(uint8_t reason)
{
	static const char *const words[] = {
		"?", "spam", "harassment", "child", "threat", "other"
	};
	return WORD(words, reason);
}

static const char *action_word(uint8_t action)
{
	static const char *const words[] = { "undecided", "none", "warn", "suspend", "uphold" };
	return WORD(words, action);
}

static const char *passed_word(uint8_t passed)
{
	static const char *const words[] = { "no", "yes", "too late", "refused", "another key" };
	return WORD(words, passed);
}

static const char *passed_text(uint8_t passed)
{
	static const char *const words[] = {
		"",
		"passed on to the participant's app",
		("the participant's app does not follow the room any more: it cannot verify the "
		 "evidence, nor say whose participant it was"),
		"the participant's app did not take it: for that app it does not verify",
		("the participant's app knows another key of the room, so it cannot verify the "
		 "evidence; `reports pass` signs it anew: try again later"),
	};
	return WORD(words, passed);
}

static const char *time_text(uint64_t ms, char out[32])
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	if (!gmtime_r(&t, &tm) || !strftime(out, 32, "%F %T", &tm))
		memcpy(out, "?", 2);
	return out;
}

/* --- what strangers wrote --- */

/* Nothing of it steers a terminal or looks like a line of ours. */
static void print_words(struct view v)
{
	struct buf out;
	buf_init(&out, WORDS_MAX);
	text_add_escaped(&out, v, false);
	fwrite(out.p, 1, out.n, stdout);
	buf_done(&out);
	putchar('\n');
}

/* A file: what it is called, and where its bytes are, which `reports file` opens. */
static struct view file_of(const struct nested_part *p, struct arena *a)
{
	char name[FILE_NAME_MAX + 1], type[FILE_TYPE_MAX + 1];
	struct view words = VIEW_LIT("(a file)");
	struct buf b;
	file_name_clean(p->external.filename, name);
	file_type_clean(p->content_type, type);
	buf_init(&b, WORDS_MAX);
	buf_printf(&b, "(a file: %s, %s, %llu bytes, at ", name, type,
		   (unsigned long long)p->external.size);
	buf_add_view(&b, p->external.url);
	buf_add_byte(&b, ')');
	if (b.failed || arena_copy(a, buf_view(&b), &words))
		words = VIEW_LIT("(a file)");
	buf_done(&b);
	return words;
}

static struct view words_of(const struct abusive_message *m, struct arena *a)
{
	struct mimi_content c;
	const struct nested_part *part = NULL;
	bool is_read = !mimi_content_read(m->message_content, a, &c);
	if (is_read && c.body.cardinality == PART_EXTERNAL)
		return file_of(&c.body, a);
	if (is_read)
		part = mimi_content_shown(&c);
	return part && part->cardinality == PART_SINGLE ? part->content
							: VIEW_LIT("(no text to be shown)");
}

static json_t *json_text(struct view v)
{
	json_t *o = json_stringn((const char *)v.p, v.n);
	return o ? o : json_string("?");
}

static void json_line(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static json_t *json_report(const char *type, uint64_t number, const struct report_shown *s)
{
	const struct report_record *r = &s->record;
	return json_pack("{s:s,s:I,s:I,s:s,s:s,s:s,s:o,s:o,s:o,s:b,s:b}", "type", type, "number",
			 (json_int_t)number, "received_ms", (json_int_t)r->received_ms, "verdict",
			 verdict_word(r->verdict), "reason", reason_word(s->report.reason_code),
			 "action", action_word(r->action), "participant",
			 json_text(s->report.alleged_abuser_uri), "room", json_text(r->room),
			 "from", json_text(r->from), "passed", r->passed == REPORT_PASSED,
			 "request", s->report.is_card);
}

void report_line(const struct ctl *c, uint64_t number, const struct report_shown *s,
		 size_t reporters)
{
	char when[32];
	const struct report_record *r = &s->record;
	if (c->json) {
		json_t *o = json_report("report", number, s);
		json_object_set_new(o, "messages", json_integer((json_int_t)s->report.messages.n));
		json_object_set_new(o, "reporters", json_integer((json_int_t)reporters));
		json_line(o);
		return;
	}
	printf("%llu  %s  %s, %s, ", (unsigned long long)number, time_text(r->received_ms, when),
	       verdict_word(r->verdict), reason_word(s->report.reason_code));
	if (s->report.is_card)
		printf("a request");
	else
		printf("%zu message%s", s->report.messages.n, s->report.messages.n == 1 ? "" : "s");
	printf(", %zu reporter%s, %s: ", reporters, reporters == 1 ? "" : "s",
	       action_word(r->action));
	print_words(s->report.alleged_abuser_uri);
}

static json_t *json_check(const uint8_t check[REPORT_CHECK])
{
	char hex[2 * REPORT_CHECK + 1];
	for (size_t i = 0; i < REPORT_CHECK; i++)
		snprintf(hex + 2 * i, 3, "%02x", check[i]);
	return json_string(hex);
}

static void show_json(const struct report_file *f, bool is_file, const struct report_shown *s,
		      const uint8_t check[REPORT_CHECK], struct arena *a)
{
	json_t *o = json_report("report", f->number, s);
	json_object_set_new(o, "app", json_text(f->domain));
	json_object_set_new(o, "checked_here", json_boolean(!is_file));
	json_object_set_new(o, "check", json_check(check));
	json_object_set_new(o, "pass", json_string(passed_word(s->record.passed)));
	json_object_set_new(o, "note", json_text(s->report.note));
	json_object_set_new(o, "decision", json_text(s->record.note));
	json_line(o);
	if (s->report.is_card)
		json_line(json_pack("{s:s,s:o,s:o}", "type", "card", "name",
				    json_text(s->report.card.name), "text",
				    json_text(s->report.card.text)));
	for (size_t i = 0; i < s->report.messages.n; i++) {
		const struct abusive_message *m = &s->report.messages.v[i];
		json_line(json_pack("{s:s,s:I,s:o}", "type", "message", "time_ms",
				    (json_int_t)m->accepted_timestamp, "text",
				    json_text(words_of(m, a))));
	}
}

static void field(const char *name, struct view v)
{
	printf("%-12s", name);
	print_words(v);
}

/* What the app has found out, and so that nobody takes what a file says for that. */
static void show_head(const struct report_file *f, bool is_file, const struct report_shown *s,
		      const uint8_t check[REPORT_CHECK])
{
	char when[32];
	const struct report_record *r = &s->record;
	field("app", f->domain);
	printf("%-12s%llu\n%-12s%s (to the hour)\n%-12s%s%s\n%-12s", "report",
	       (unsigned long long)f->number, "received", time_text(r->received_ms, when),
	       "verdict", verdict_word(r->verdict),
	       is_file ? ", by the word of this file: nothing of it can be verified here" : "",
	       "check");
	ctl_print_hex(stdout, view_make(check, REPORT_CHECK));
	puts(is_file ? " (`reports FILE APP show` at the app says the same, or the file is another)"
		     : "");
	printf("%-12s%s\n%-12s%s\n", "reason", reason_word(s->report.reason_code), "decision",
	       action_word(r->action));
}

uc_err report_show(const struct ctl *c, const struct report_file *f, bool is_file,
		   const struct report_shown *s, struct arena *a)
{
	char when[32];
	const struct report_record *r = &s->record;
	uint8_t check[REPORT_CHECK];
	TRY(report_check(f, s, a, check));
	if (c->json) {
		show_json(f, is_file, s, check, a);
		return UC_OK;
	}
	show_head(f, is_file, s, check);
	field(s->report.is_card ? "writer" : "participant", s->report.alleged_abuser_uri);
	if (!s->report.is_card)
		field("room", r->room);
	field("from", r->from.n ? r->from : VIEW_LIT("a person of this app"));
	if (s->report.note.n)
		field("note", s->report.note);
	if (r->note.n)
		field("decided", r->note);
	if (r->passed)
		puts(passed_text(r->passed));
	if (s->report.is_card) {
		field("name", s->report.card.name);
		field("text", s->report.card.text);
	}
	for (size_t i = 0; i < s->report.messages.n; i++) {
		const struct abusive_message *m = &s->report.messages.v[i];
		printf("%s  ", time_text(m->accepted_timestamp, when));
		print_words(words_of(m, a));
	}
	return UC_OK;
}
