/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/age_statement.h"

#include "base/text.h"
#include "mimi/tbs.h"
#include "mimi/uri.h"

#define LABEL        "Undercroft age statement"
#define COMMIT_LABEL "Undercroft age request 1"

enum { VERSION = 1, FIELDS_SIGNED = 7, FIELDS_REQUEST = 3 };

/* --- walks --- */

static void walk_version(struct wire *w, uint16_t *version)
{
	cbor_u16(w, version);
	if (*version != VERSION)
		wire_fail(w, UC_E_VERSION);
}

static void walk_service(struct wire *w, struct view *name)
{
	cbor_text(w, name);
	if (name->n > AGE_SERVICE_MAX || !domain_is_valid(*name))
		wire_fail(w, UC_E_ARGUMENT);
}

void wire_age_request(struct wire *w, struct age_request *r)
{
	cbor_open_fixed(w, FIELDS_REQUEST);
	walk_version(w, &r->version);
	walk_service(w, &r->service);
	cbor_fixed(w, r->commitment, sizeof r->commitment);
	cbor_close(w);
}

void age_request_element(struct wire *w, void *v)
{
	wire_age_request(w, v);
}

static bool has_values(const struct age_statement *s)
{
	return s->age_band < AGE_UNKNOWN && s->expires_day >= s->issued_day &&
	       s->expires_day - s->issued_day <= AGE_DAYS_MAX;
}

static void walk_said(struct wire *w, struct age_statement *s)
{
	walk_version(w, &s->version);
	walk_service(w, &s->service);
	cbor_u8(w, &s->age_band);
	cbor_u32(w, &s->issued_day);
	cbor_u32(w, &s->expires_day);
	cbor_fixed(w, s->nonce, sizeof s->nonce);
	cbor_fixed(w, s->commitment, sizeof s->commitment);
	if (!has_values(s))
		wire_fail(w, UC_E_ARGUMENT);
}

static void age_statement_tbs_element(struct wire *w, void *v)
{
	cbor_open_fixed(w, FIELDS_SIGNED);
	walk_said(w, v);
	cbor_close(w);
}

void wire_age_statement(struct wire *w, struct age_statement *s)
{
	cbor_open_fixed(w, FIELDS_SIGNED + 1);
	walk_said(w, s);
	cbor_bytes(w, &s->signature);
	cbor_close(w);
}

void age_statement_element(struct wire *w, void *v)
{
	wire_age_statement(w, v);
}

/* --- what it is for --- */

uc_err age_commit(const struct age_subject *subject, uint8_t out[AGE_COMMITMENT])
{
	const struct view said[] = { subject->service, subject->app, subject->account_key,
				     subject->salt };
	enum { SAID = sizeof said / sizeof *said };
	uint8_t lengths[SAID][2];
	struct view parts[1 + 2 * SAID] = { VIEW_LIT(COMMIT_LABEL) };
	if (subject->salt.n != AGE_SALT)
		return UC_E_ARGUMENT;
	for (size_t i = 0; i < SAID; i++) {
		if (said[i].n > UINT16_MAX)
			return UC_E_ARGUMENT;
		lengths[i][0] = (uint8_t)(said[i].n >> 8);
		lengths[i][1] = (uint8_t)said[i].n;
		parts[1 + 2 * i] = VIEW_OF(lengths[i]);
		parts[2 + 2 * i] = said[i];
	}
	return sha256_parts(parts, sizeof parts / sizeof *parts, out);
}

uc_err age_statement_make(const struct age_statement *in, const struct ed25519_key *key,
			  struct arena *a, struct view *encoded)
{
	struct age_statement s = *in;
	s.version = VERSION;
	TRY(tbs_sign(key, LABEL, age_statement_tbs_element, &s, a, &s.signature));
	return wire_encode_to(a, age_statement_element, &s, encoded);
}

uc_err age_statement_verify(struct view encoded, struct view key, struct arena *a,
			    struct age_statement *out)
{
	struct age_statement s;
	TRY(wire_decode(encoded, a, age_statement_element, &s));
	TRY(tbs_verify(key, LABEL, age_statement_tbs_element, &s, s.signature, a));
	*out = s;
	return UC_OK;
}

uc_err age_statement_check(const struct age_statement *s, const struct age_subject *subject,
			   uint32_t today)
{
	uint8_t commitment[AGE_COMMITMENT];
	if (!view_equal(s->service, subject->service))
		return UC_E_KEY;
	TRY(age_commit(subject, commitment));
	if (!view_equal_ct(VIEW_OF(commitment), VIEW_OF(s->commitment)))
		return UC_E_KEY;
	/* No sum: days are of whoever signed. */
	bool is_early = s->issued_day > today && s->issued_day - today > 1;
	bool is_late = today > s->expires_day && today - s->expires_day > 1;
	return is_early || is_late ? UC_E_STALE : UC_OK;
}

/* --- texts --- */

static struct view prefix_of(enum age_text kind)
{
	return kind == AGE_TEXT_REQUEST ? VIEW_LIT("age-request.") : VIEW_LIT("age-statement.");
}

uc_err age_text_write(enum age_text kind, struct view bytes, struct buf *out)
{
	buf_add_view(out, prefix_of(kind));
	base64url_add(out, bytes);
	return out->failed;
}

uc_err age_text_read(enum age_text kind, struct view text, struct arena *a, struct view *bytes)
{
	struct view prefix = prefix_of(kind);
	if (text.n > AGE_TEXT_MAX)
		return UC_E_TOO_LARGE;
	if (!view_starts_with(text, prefix))
		return UC_E_MALFORMED;
	return base64url_read(a, view_slice(text, prefix.n, text.n - prefix.n), bytes);
}
