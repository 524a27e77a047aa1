/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/introduction.h"

#include "base/text.h"
#include "mimi/tbs.h"

#define LABEL "Undercroft introduction"

enum { VERSION = 1 };

static void introduction_body(struct wire *w, struct introduction *i)
{
	wire_u16(w, &i->version);
	if (i->version != VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_bytes(w, &i->app);
	wire_bytes(w, &i->profile_name);
	wire_bytes(w, &i->account_key);
	WIRE_LIST(w, &i->device_list, bytes_element);
	wire_bytes(w, &i->room);
	wire_bytes(w, &i->participant);
	wire_bytes(w, &i->client);
	wire_bytes(w, &i->leaf_key);
	wire_bytes(w, &i->device_key);
}

static void introduction_tbs_element(struct wire *w, void *v)
{
	introduction_body(w, v);
}

void wire_introduction(struct wire *w, struct introduction *i)
{
	introduction_body(w, i);
	wire_bytes(w, &i->signature);
}

void introduction_element(struct wire *w, void *v)
{
	wire_introduction(w, v);
}

uc_err introduction_make(const struct introduction *in, const struct ed25519_key *device,
			 struct arena *a, struct view *encoded)
{
	struct introduction made = *in;
	made.version = VERSION;
	made.device_key = VIEW_OF(device->pub);
	TRY(tbs_sign(device, LABEL, introduction_tbs_element, &made, a, &made.signature));
	return wire_encode_to(a, introduction_element, &made, encoded);
}

uc_err introduction_verify(struct view encoded, struct arena *a, struct introduction *out,
			   struct device_list *list)
{
	struct introduction in;
	struct device_list devices;
	struct view content;
	TRY(wire_decode(encoded, a, introduction_element, &in));
	if (in.account_key.n != ED25519_KEY || in.profile_name.n > INTRODUCTION_NAME_BYTES)
		return UC_E_INTRODUCTION;
	if (!utf8_is_valid(in.profile_name) || !utf8_is_valid(in.app))
		return UC_E_TEXT;
	TRY(device_list_verify(&in.device_list, in.app, in.account_key, a, &devices));
	if (!device_list_has(&devices, in.device_key))
		return UC_E_INTRODUCTION;
	TRY(wire_encode_to(a, introduction_tbs_element, &in, &content));
	if (ed25519_verify(in.device_key, LABEL, content, in.signature))
		return UC_E_INTRODUCTION;
	*out = in;
	if (list)
		*list = devices;
	return UC_OK;
}
