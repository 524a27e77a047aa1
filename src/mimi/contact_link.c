/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/contact_link.h"

#include "base/text.h"
#include "mimi/uri.h"
#include "mimi/web_place.h"

enum { LINK_VERSION = 1, HEAD = 1 + 32 + CONTACT_LINK_CHECK, SUM = 4 };

uc_err contact_link_check(struct view address, struct view account_key,
			  uint8_t out[CONTACT_LINK_CHECK])
{
	struct view parts[] = { VIEW_LIT("Undercroft link"), account_key, address };
	uint8_t hash[SHA256_BYTES];
	TRY(sha256_parts(parts, sizeof parts / sizeof *parts, hash));
	memcpy(out, hash, CONTACT_LINK_CHECK);
	return UC_OK;
}

static uc_err request_address_name(struct view address, struct uri *u)
{
	return uri_read(address, u) || u->kind != URI_REQUEST_ADDRESS ? UC_E_ADDRESS : UC_OK;
}

/* A link that was cut off or mistyped leads nowhere, and nobody would tell. */
static uc_err sum_of(struct view bytes, uint8_t out[SUM])
{
	uint8_t hash[SHA256_BYTES];
	TRY(sha256(bytes, hash));
	memcpy(out, hash, SUM);
	return UC_OK;
}

static void link_add(struct buf *out, const struct contact_link *in, struct view domain,
		     struct view sealed)
{
	struct buf whole;
	uint8_t sum[SUM];
	buf_init(&whole, CONTACT_LINK_MAX);
	buf_add_byte(&whole, LINK_VERSION);
	buf_add(&whole, in->request_key, sizeof in->request_key);
	buf_add(&whole, in->check, sizeof in->check);
	buf_add_view(&whole, sealed);
	uc_err err = sum_of(buf_view(&whole), sum);
	buf_add(&whole, sum, sizeof sum);
	web_place_add(out, WEB_LINK, domain, 0);
	base64url_add(out, buf_view(&whole));
	if (err || whole.failed)
		out->failed = err ? err : whole.failed;
	buf_done(&whole);
}

uc_err contact_link_write(const struct contact_link *in, struct arena *a, struct view *text)
{
	struct uri u;
	struct view sealed;
	struct buf out;
	TRY(request_address_name(in->address, &u));
	TRY(base64url_read(a, u.name, &sealed));
	buf_init(&out, CONTACT_LINK_MAX);
	link_add(&out, in, u.domain, sealed);
	uc_err err = out.failed;
	if (!err)
		err = arena_copy(a, buf_view(&out), text);
	buf_done(&out);
	return err;
}

static uc_err address_make(struct view domain, struct view sealed, struct arena *a,
			   struct view *address)
{
	struct buf name;
	buf_init(&name, URI_MAX);
	base64url_add(&name, sealed);
	struct uri u = { .kind = URI_REQUEST_ADDRESS, .domain = domain, .name = buf_view(&name) };
	uc_err err = name.failed;
	if (!err)
		err = uri_make(a, &u, address);
	buf_done(&name);
	return err;
}

uc_err contact_link_read(struct view text, struct arena *a, struct contact_link *out)
{
	struct contact_link in;
	struct view domain, rest, bytes;
	uint8_t sum[SUM];
	if (text.n > CONTACT_LINK_MAX || !web_place_read(text, WEB_LINK, &domain, &rest) ||
	    base64url_read(a, rest, &bytes) || bytes.n <= HEAD + SUM || bytes.p[0] != LINK_VERSION)
		return UC_E_ADDRESS;
	bytes.n -= SUM;
	TRY(sum_of(bytes, sum));
	if (!view_equal(VIEW_OF(sum), view_make(bytes.p + bytes.n, SUM)))
		return UC_E_ADDRESS;
	memcpy(in.request_key, bytes.p + 1, sizeof in.request_key);
	memcpy(in.check, bytes.p + 33, sizeof in.check);
	if (address_make(domain, view_slice(bytes, HEAD, bytes.n), a, &in.address) ||
	    uri_domain_of(in.address, &in.domain))
		return UC_E_ADDRESS;
	*out = in;
	return UC_OK;
}
