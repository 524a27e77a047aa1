/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/guardian.h"

#include "mimi/tbs.h"

#define LABEL      "Undercroft guardian"
#define SEAL_LABEL "Undercroft guardian seal"
#define ASK_LABEL  "Undercroft guardian ask"

enum { VERSION = 1 };

static void wire_version(struct wire *w, uint16_t *version)
{
	wire_u16(w, version);
	if (*version != VERSION)
		wire_fail(w, UC_E_VERSION);
}

static void word_tbs_element(struct wire *w, void *v)
{
	struct guardian_word *x = v;
	wire_version(w, &x->version);
	wire_u8(w, &x->says);
	wire_bytes(w, &x->ward_app);
	wire_bytes(w, &x->ward_key);
	wire_bytes(w, &x->app);
	wire_bytes(w, &x->account_key);
	WIRE_LIST(w, &x->device_list, bytes_element);
	wire_fixed(w, x->subject, sizeof x->subject);
	wire_bytes(w, &x->seal);
	wire_bytes(w, &x->device_key);
	if (x->says < GUARDIAN_ACCEPTS || x->says > GUARDIAN_REFUSES)
		wire_fail(w, UC_E_ARGUMENT);
}

void wire_guardian_word(struct wire *w, struct guardian_word *x)
{
	word_tbs_element(w, x);
	wire_bytes(w, &x->signature);
}

void guardian_word_element(struct wire *w, void *v)
{
	wire_guardian_word(w, v);
}

uc_err guardian_word_make(const struct guardian_word *in, const struct ed25519_key *device,
			  struct arena *a, struct view *encoded)
{
	struct guardian_word made = *in;
	made.version = VERSION;
	made.device_key = VIEW_OF(device->pub);
	TRY(tbs_sign(device, LABEL, word_tbs_element, &made, a, &made.signature));
	return wire_encode_to(a, guardian_word_element, &made, encoded);
}

uc_err guardian_word_verify(struct view encoded, struct view ward_app, struct view ward_key,
			    struct arena *a, struct guardian_word *out)
{
	struct guardian_word x;
	struct device_list devices;
	TRY(wire_decode(encoded, a, guardian_word_element, &x));
	if (!view_equal(x.ward_app, ward_app) || !view_equal(x.ward_key, ward_key))
		return UC_E_KEY;
	if (x.account_key.n != ED25519_KEY || view_equal(x.account_key, ward_key))
		return UC_E_KEY;
	if (device_list_verify(&x.device_list, x.app, x.account_key, a, &devices) ||
	    !device_list_has(&devices, x.device_key))
		return UC_E_SIGNATURE;
	TRY(tbs_verify(x.device_key, LABEL, word_tbs_element, &x, x.signature, a));
	*out = x;
	return UC_OK;
}

/* --- for the ward's app --- */

static void seal_body(struct wire *w, struct guardian_seal *x)
{
	wire_version(w, &x->version);
	wire_u8(w, &x->says);
	wire_bytes(w, &x->guardian_key);
	if (x->says != GUARDIAN_ACCEPTS && x->says != GUARDIAN_ENDS)
		wire_fail(w, UC_E_ARGUMENT);
}

void wire_guardian_seal(struct wire *w, struct guardian_seal *x)
{
	seal_body(w, x);
	wire_bytes(w, &x->signature);
}

void guardian_seal_element(struct wire *w, void *v)
{
	wire_guardian_seal(w, v);
}

struct seal_tbs {
	struct guardian_seal *seal;
	struct view ward_app, ward_key;
};

static void seal_tbs_element(struct wire *w, void *v)
{
	struct seal_tbs *x = v;
	seal_body(w, x->seal);
	wire_bytes(w, &x->ward_app);
	wire_bytes(w, &x->ward_key);
}

uc_err guardian_seal_make(enum guardian_says says, struct view ward_app, struct view ward_key,
			  const struct ed25519_key *key, struct arena *a, struct view *encoded)
{
	struct guardian_seal made = { .version = VERSION,
				      .says = (uint8_t)says,
				      .guardian_key = VIEW_OF(key->pub) };
	struct seal_tbs tbs = { &made, ward_app, ward_key };
	TRY(tbs_sign(key, SEAL_LABEL, seal_tbs_element, &tbs, a, &made.signature));
	return wire_encode_to(a, guardian_seal_element, &made, encoded);
}

uc_err guardian_seal_verify(struct view encoded, struct view ward_app, struct view ward_key,
			    struct arena *a, struct guardian_seal *out)
{
	struct guardian_seal x;
	struct seal_tbs tbs = { &x, ward_app, ward_key };
	TRY(wire_decode(encoded, a, guardian_seal_element, &x));
	if (x.guardian_key.n != ED25519_KEY || view_equal(x.guardian_key, ward_key))
		return UC_E_KEY;
	TRY(tbs_verify(x.guardian_key, SEAL_LABEL, seal_tbs_element, &tbs, x.signature, a));
	*out = x;
	return UC_OK;
}

/* --- what is asked --- */

void wire_guardian_ask(struct wire *w, struct guardian_ask *x)
{
	wire_version(w, &x->version);
	wire_u8(w, &x->asked);
	wire_fixed(w, x->number, sizeof x->number);
	wire_bytes(w, &x->app);
	wire_bytes(w, &x->name);
	wire_bytes(w, &x->text);
	if (x->asked < GUARDIAN_LETTER || x->asked > GUARDIAN_GROUP)
		wire_fail(w, UC_E_ARGUMENT);
}

void guardian_ask_element(struct wire *w, void *v)
{
	wire_guardian_ask(w, v);
}

uc_err guardian_subject(struct view encoded_ask, uint8_t out[GUARDIAN_SUBJECT])
{
	struct view parts[] = { VIEW_LIT(ASK_LABEL), encoded_ask };
	return sha256_parts(parts, 2, out);
}
