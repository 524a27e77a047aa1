/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/uri.h"

static const struct view scheme = { (const uint8_t *)"mimi://", 7 };

static const struct {
	enum uri_kind kind;
	char letter;
	bool is_address;
} kinds[] = {
	{ URI_PARTICIPANT, 'p', false },
	{ URI_ROOM, 'r', false },
	{ URI_REQUEST_ADDRESS, 'q', true },
	{ URI_KEY_ADDRESS, 'k', true },
};

static bool is_lower_or_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool domain_is_valid(struct view domain)
{
	size_t label = 0;
	if (!domain.n || domain.n > DOMAIN_BYTES)
		return false;
	for (size_t i = 0; i < domain.n; i++) {
		uint8_t c = domain.p[i];
		if (c == '.' || c == '-') {
			/* No empty label, none that starts or ends with a hyphen. */
			bool end = i + 1 == domain.n || domain.p[i + 1] == '.';
			if (!label || end)
				return false;
			label = c == '.' ? 0 : label + 1;
		} else if (is_lower_or_digit(c)) {
			label++;
		} else {
			return false;
		}
		if (label > 63)
			return false;
	}
	return label != 0;
}

static bool name_is_valid(struct view name, bool upper_too)
{
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];
		bool upper = upper_too && c >= 'A' && c <= 'Z';
		if (!is_lower_or_digit(c) && !upper && c != '-' && c != '_')
			return false;
	}
	return name.n != 0;
}

uc_err uri_read(struct view text, struct uri *out)
{
	struct uri u = { .kind = URI_APP };
	struct view rest, letter;
	if (text.n > URI_MAX || !view_starts_with(text, scheme))
		return UC_E_MALFORMED;
	rest = view_cut(view_slice(text, scheme.n, text.n), '/', &u.domain);
	if (!domain_is_valid(u.domain))
		return UC_E_MALFORMED;
	if (!rest.p) {
		*out = u;
		return UC_OK;
	}
	rest = view_cut(rest, '/', &letter);
	struct view more = view_cut(rest, '/', &u.name);
	for (size_t i = 0; letter.n == 1 && i < sizeof kinds / sizeof *kinds; i++) {
		if (letter.p[0] != (uint8_t)kinds[i].letter)
			continue;
		u.kind = kinds[i].kind;
		if (!name_is_valid(u.name, kinds[i].is_address))
			return UC_E_MALFORMED;
		if (more.p) {
			if (u.kind != URI_PARTICIPANT || !name_is_valid(more, false))
				return UC_E_MALFORMED;
			u.kind = URI_CLIENT;
			u.client = more;
		}
		*out = u;
		return UC_OK;
	}
	return UC_E_MALFORMED;
}

static char letter_of(enum uri_kind kind)
{
	if (kind == URI_CLIENT)
		kind = URI_PARTICIPANT;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].kind == kind)
			return kinds[i].letter;
	return 0;
}

void uri_add(struct buf *out, const struct uri *u)
{
	buf_add_view(out, scheme);
	buf_add_view(out, u->domain);
	if (u->kind == URI_APP)
		return;
	buf_add_byte(out, '/');
	buf_add_byte(out, (uint8_t)letter_of(u->kind));
	buf_add_byte(out, '/');
	buf_add_view(out, u->name);
	if (u->kind == URI_CLIENT) {
		buf_add_byte(out, '/');
		buf_add_view(out, u->client);
	}
}

uc_err uri_make(struct arena *a, const struct uri *u, struct view *out)
{
	struct buf b;
	buf_init(&b, URI_MAX);
	uri_add(&b, u);
	uc_err err = b.failed;
	if (!err)
		err = arena_copy(a, buf_view(&b), out);
	buf_done(&b);
	return err;
}

uc_err uri_participant_of(struct view client, struct view *participant)
{
	struct uri u;
	TRY(uri_read(client, &u));
	if (u.kind != URI_CLIENT)
		return UC_E_MALFORMED;
	*participant = view_slice(client, 0, client.n - u.client.n - 1);
	return UC_OK;
}

uc_err uri_domain_of(struct view text, struct view *domain)
{
	struct uri u;
	TRY(uri_read(text, &u));
	*domain = u.domain;
	return UC_OK;
}
