/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/pairing.h"

#include "base/text.h"
#include "mimi/sealed.h"
#include "mimi/vault.h"
#include "mimi/web_place.h"

enum { VERSION = 1, SUM = 4, CODE_BYTES = PAIRING_SECRET + SUM, GROUP = 4 };

/* --- the code --- */

static uc_err sum_of(const uint8_t secret[PAIRING_SECRET], uint8_t out[SUM])
{
	struct view parts[] = { VIEW_LIT("Undercroft pairing code"),
				view_make(secret, PAIRING_SECRET) };
	uint8_t hash[SHA256_BYTES];
	TRY(sha256_parts(parts, 2, hash));
	memcpy(out, hash, SUM);
	wipe(hash, sizeof hash);
	return UC_OK;
}

/* In groups of four, so that it can be typed. */
static void groups_add(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (i && i % GROUP == 0)
			buf_add_byte(out, '-');
		buf_add_byte(out, text.p[i]);
	}
}

uc_err pairing_code_write(const struct pairing_code *in, struct arena *a, struct view *text)
{
	uint8_t bytes[CODE_BYTES];
	struct buf out, name;
	memcpy(bytes, in->secret, PAIRING_SECRET);
	TRY(sum_of(in->secret, bytes + PAIRING_SECRET));
	buf_init_secret(&out, PAIRING_CODE_MAX - 1);
	buf_init_secret(&name, 2 * CODE_BYTES);
	base32_add(&name, VIEW_OF(bytes));
	wipe(bytes, sizeof bytes);
	web_place_add(&out, WEB_DEVICE, in->domain, 0);
	groups_add(&out, buf_view(&name));
	uc_err err = name.failed ? name.failed : out.failed;
	if (!err)
		err = arena_copy(a, buf_view(&out), text);
	buf_done(&name);
	buf_done(&out);
	return err;
}

static uc_err bytes_read(struct view typed, struct arena *a, struct view *out)
{
	char plain[2 * CODE_BYTES];
	size_t n = 0;
	for (size_t i = 0; i < typed.n; i++) {
		char ch = (char)typed.p[i];
		if (ch == '-' || ch == ' ')
			continue;
		if (n == sizeof plain)
			return UC_E_CODE;
		plain[n++] = (char)(ch >= 'A' && ch <= 'Z' ? ch + ('a' - 'A') : ch);
	}
	uc_err err = base32_read(a, view_make((const uint8_t *)plain, n), out);
	wipe(plain, sizeof plain);
	return err || out->n != CODE_BYTES ? UC_E_CODE : UC_OK;
}

uc_err pairing_code_read(struct view text, struct arena *a, struct pairing_code *out)
{
	struct pairing_code in;
	struct view rest, bytes;
	uint8_t sum[SUM];
	if (text.n >= PAIRING_CODE_MAX || !web_place_read(text, WEB_DEVICE, &in.domain, &rest))
		return UC_E_CODE;
	TRY(bytes_read(rest, a, &bytes));
	memcpy(in.secret, bytes.p, PAIRING_SECRET);
	uc_err err = sum_of(in.secret, sum);
	if (!err && !view_equal(VIEW_OF(sum), view_slice(bytes, PAIRING_SECRET, bytes.n)))
		err = UC_E_CODE;
	if (!err)
		*out = in;
	wipe(&in, sizeof in);
	return err;
}

/* --- keys --- */

static uc_err derive(const uint8_t secret[PAIRING_SECRET], struct view what, uint8_t *out, size_t n)
{
	return hkdf_sha256((struct view){ NULL, 0 }, view_make(secret, PAIRING_SECRET), what, out,
			   n);
}

uc_err pairing_mailbox(const uint8_t secret[PAIRING_SECRET], uint8_t mailbox[PAIRING_MAILBOX])
{
	return derive(secret, VIEW_LIT("Undercroft pairing mailbox"), mailbox, PAIRING_MAILBOX);
}

/* What either message is bound to. */
static uc_err bound_to(struct view app, struct view request, struct arena *a, struct view *out)
{
	struct view parts[] = { VIEW_LIT("Undercroft pairing"), app, request };
	uint8_t *hash = arena_take(a, SHA256_BYTES);
	if (!hash)
		return UC_E_LIMIT;
	*out = view_make(hash, SHA256_BYTES);
	return sha256_parts(parts, 3, hash);
}

/* A box under the key of that direction. */
static uc_err direction_seal(const struct env *env, const uint8_t secret[PAIRING_SECRET],
			     struct view direction, struct view aad, struct view plain,
			     struct arena *a, struct view *sealed)
{
	uint8_t key[BOX_KEY], *out = arena_take(a, plain.n + BOX_OVERHEAD);
	if (!out)
		return UC_E_LIMIT;
	TRY(derive(secret, direction, key, sizeof key));
	uc_err err = box_seal(env, VIEW_OF(key), aad, plain, out);
	wipe(key, sizeof key);
	if (!err)
		*sealed = view_make(out, plain.n + BOX_OVERHEAD);
	return err;
}

static uc_err direction_open(const uint8_t secret[PAIRING_SECRET], struct view direction,
			     struct view aad, struct view sealed, struct arena *a,
			     struct view *plain)
{
	uint8_t key[BOX_KEY], *out;
	if (sealed.n < BOX_OVERHEAD)
		return UC_E_DECRYPT;
	size_t n = sealed.n - BOX_OVERHEAD;
	out = arena_take(a, n);
	if (!out)
		return UC_E_LIMIT;
	TRY(derive(secret, direction, key, sizeof key));
	uc_err err = box_open(VIEW_OF(key), aad, sealed, out);
	wipe(key, sizeof key);
	if (!err)
		*plain = view_make(out, n);
	return err;
}

#define REQUEST_KEY VIEW_LIT("Undercroft pairing request")
#define GRANT_KEY   VIEW_LIT("Undercroft pairing grant")

/* --- the request --- */

void wire_pairing_request(struct wire *w, struct pairing_request *r)
{
	wire_u16(w, &r->version);
	if (r->version != VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_bytes(w, &r->device_key);
	wire_bytes(w, &r->intake_key);
	wire_bytes(w, &r->answer_key);
	wire_bytes(w, &r->box_signature);
}

void pairing_request_element(struct wire *w, void *v)
{
	wire_pairing_request(w, v);
}

uc_err pairing_request_seal(const struct env *env, const uint8_t secret[PAIRING_SECRET],
			    struct view app, const struct pairing_request *in, struct arena *a,
			    struct view *sealed)
{
	struct view plain, padded, aad;
	struct pairing_request r = *in;
	r.version = VERSION;
	TRY(wire_encode_to(a, pairing_request_element, &r, &plain));
	TRY(padded_write(a, plain, PAIRING_REQUEST_PAD, &padded));
	TRY(bound_to(app, (struct view){ NULL, 0 }, a, &aad));
	return direction_seal(env, secret, REQUEST_KEY, aad, padded, a, sealed);
}

uc_err pairing_request_open(const uint8_t secret[PAIRING_SECRET], struct view app,
			    struct view sealed, struct arena *a, struct pairing_request *out)
{
	struct view padded, plain, aad;
	struct pairing_request r;
	const struct suite *suite = suite_find(SUITE_X25519_AES128);
	TRY(bound_to(app, (struct view){ NULL, 0 }, a, &aad));
	TRY(direction_open(secret, REQUEST_KEY, aad, sealed, a, &padded));
	TRY(padded_read(padded, &plain));
	TRY(wire_decode(plain, a, pairing_request_element, &r));
	if (r.device_key.n != ED25519_KEY)
		return UC_E_KEY;
	TRY(kem_public_check(suite, r.intake_key));
	TRY(kem_public_check(suite, r.answer_key));
	const struct vault_device box = { r.device_key, r.intake_key, r.box_signature };
	TRY(vault_device_check(&box, app, a));
	*out = r;
	return UC_OK;
}

/* --- the grant --- */

static void pairing_key_element(struct wire *w, void *v)
{
	struct pairing_key *k = v;
	wire_fixed(w, k->priv, sizeof k->priv);
	wire_fixed(w, k->pub, sizeof k->pub);
}

void wire_pairing_grant(struct wire *w, struct pairing_grant *g)
{
	wire_u16(w, &g->version);
	if (g->version != VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_fixed(w, g->account_id, sizeof g->account_id);
	wire_bytes(w, &g->account_key);
	wire_bytes(w, &g->identifier);
	wire_bytes(w, &g->profile_name);
	WIRE_LIST(w, &g->device_list, bytes_element);
	wire_fixed(w, g->vault_key, sizeof g->vault_key);
	wire_fixed(w, g->words_key, sizeof g->words_key);
	wire_u64(w, &g->vault_number);
	WIRE_LIST(w, &g->request_keys, pairing_key_element);
	if (g->request_keys.n > PAIRING_REQUEST_KEYS)
		wire_fail(w, UC_E_MALFORMED);
	wire_bytes(w, &g->settings);
	wire_fixed(w, g->code_tag, sizeof g->code_tag);
	wire_bytes(w, &g->code);
}

void pairing_grant_element(struct wire *w, void *v)
{
	wire_pairing_grant(w, v);
}

uc_err pairing_grant_seal(const struct env *env, const uint8_t secret[PAIRING_SECRET],
			  struct view app, struct view request, struct view answer_key,
			  const struct pairing_grant *in, struct arena *a, struct view *sealed)
{
	struct view plain, padded, aad, inner;
	struct pairing_grant g = *in;
	g.version = VERSION;
	uc_err err = wire_encode_to(a, pairing_grant_element, &g, &plain);
	wipe(&g, sizeof g);
	TRY(err);
	TRY(padded_write(a, plain, PAIRING_GRANT_PAD, &padded));
	TRY(bound_to(app, request, a, &aad));
	TRY(label_seal(env, answer_key, "Undercroft pairing grant", aad, padded, a, &inner));
	return direction_seal(env, secret, GRANT_KEY, aad, inner, a, sealed);
}

uc_err pairing_grant_open(const uint8_t secret[PAIRING_SECRET], struct view app,
			  struct view request, const struct pairing_key *answer_key,
			  struct view sealed, struct arena *a, struct pairing_grant *out)
{
	struct view plain, padded, aad, inner;
	struct pairing_grant g;
	TRY(bound_to(app, request, a, &aad));
	TRY(direction_open(secret, GRANT_KEY, aad, sealed, a, &inner));
	TRY(label_open(VIEW_OF(answer_key->priv), VIEW_OF(answer_key->pub),
		       "Undercroft pairing grant", aad, inner, a, &padded));
	TRY(padded_read(padded, &plain));
	uc_err err = wire_decode(plain, a, pairing_grant_element, &g);
	if (!err && g.account_key.n != ED25519_KEY)
		err = UC_E_KEY;
	if (!err)
		*out = g;
	wipe(&g, sizeof g);
	return err;
}
