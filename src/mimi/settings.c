/* SPDX-License-Identifier: Apache-2.0 */
#include "mimi/settings.h"

#include "mimi/tbs.h"

#define LABEL "Undercroft settings"

enum { VERSION = 4 };

static bool has_values(const struct settings *s)
{
	return s->number && s->age_band < AGE_BANDS && s->attested == ATTESTED_SELF &&
	       s->ask >= ASK_ANYBODY && s->ask <= ASK_NOBODY && s->add >= ADD_CONTACTS &&
	       s->add <= ADD_NOBODY && (!s->code.n || s->code.n == CONTACT_CODE_TAG);
}

static void settings_tbs_element(struct wire *w, void *v)
{
	struct settings *s = v;
	wire_u16(w, &s->version);
	if (!s->version || s->version > VERSION)
		wire_fail(w, UC_E_VERSION);
	wire_bytes(w, &s->app);
	wire_bytes(w, &s->account_key);
	wire_u64(w, &s->number);
	wire_u8(w, &s->age_band);
	wire_u8(w, &s->attested);
	wire_u8(w, &s->ask);
	wire_u8(w, &s->add);
	wire_bool(w, &s->find_by_name);
	if (s->version > 1)
		wire_bool(w, &s->find_by_number);
	else if (wire_reading(w))
		s->find_by_number = false;
	if (s->version > 2)
		wire_bytes(w, &s->code);
	else if (wire_reading(w))
		s->code = (struct view){ NULL, 0 };
	if (s->version > 3)
		wire_bytes(w, &s->guardian);
	else if (wire_reading(w))
		s->guardian = (struct view){ NULL, 0 };
	wire_bytes(w, &s->device_key);
	if (!has_values(s))
		wire_fail(w, UC_E_ARGUMENT);
}

void wire_settings(struct wire *w, struct settings *s)
{
	settings_tbs_element(w, s);
	wire_bytes(w, &s->signature);
}

void settings_element(struct wire *w, void *v)
{
	wire_settings(w, v);
}

static bool is_young(uint8_t band)
{
	return band == AGE_CHILD || band == AGE_TEEN_A;
}

struct settings settings_default(enum age_band band)
{
	return (struct settings){
		.version = VERSION,
		.age_band = (uint8_t)band,
		.attested = ATTESTED_SELF,
		.ask = ASK_ANYBODY,
		.add = is_young((uint8_t)band) ? ADD_NOBODY : ADD_CONTACTS,
		.find_by_name = band == AGE_ADULT,
	};
}

struct settings settings_begins(enum age_band band, enum name_kind names)
{
	struct settings s = settings_default(band);
	s.find_by_name = s.find_by_name && names != NAME_ADDRESS;
	return s;
}

uc_err settings_make(const struct settings *in, const struct ed25519_key *device, struct arena *a,
		     struct view *encoded)
{
	struct settings made = *in;
	made.version = VERSION;
	made.device_key = VIEW_OF(device->pub);
	TRY(tbs_sign(device, LABEL, settings_tbs_element, &made, a, &made.signature));
	return wire_encode_to(a, settings_element, &made, encoded);
}

uc_err settings_verify(struct view encoded, struct view app, struct view account_key,
		       struct arena *a, struct settings *out)
{
	struct settings s;
	TRY(wire_decode(encoded, a, settings_element, &s));
	if (!view_equal(s.app, app) || !view_equal(s.account_key, account_key))
		return UC_E_KEY;
	TRY(tbs_verify(s.device_key, LABEL, settings_tbs_element, &s, s.signature, a));
	*out = s;
	return UC_OK;
}

struct settings settings_checked(const struct settings *said, uint8_t checked, uint8_t attested)
{
	struct settings s = *said;
	if (!checked || checked > AGE_UNKNOWN)
		return s;
	s.age_band = checked - 1;
	s.attested = attested;
	s.find_by_number = s.find_by_number && s.age_band == AGE_ADULT;
	if (is_young(s.age_band)) {
		s.find_by_name = false;
		s.add = settings_has_guardian(&s) ? s.add : ADD_NOBODY;
	}
	return s;
}

uc_err settings_follow(const struct settings *was, const struct settings *now, uint8_t checked)
{
	struct settings open = settings_default((enum age_band)now->age_band);
	if (now->number <= was->number)
		return UC_E_STALE;
	if (now->number - was->number > SETTINGS_STEP_MAX)
		return UC_E_LIMIT;
	/* Whoever said once to be younger than 18 stays so, whatever their device says later, unless somebody
	 * has looked. */
	if (was->number && was->age_band < AGE_ADULT && now->age_band > was->age_band &&
	    now->age_band + 1 > checked)
		return UC_E_NOT_ALLOWED;
	/* Whose guardian is asked about each group may be brought into them. */
	bool adds = now->add < open.add && !settings_has_guardian(now);
	if (is_young(now->age_band) &&
	    (now->ask < open.ask || adds || now->find_by_name > open.find_by_name))
		return UC_E_NOT_ALLOWED;
	/* What everybody downloads names no minor. */
	if (now->age_band < AGE_ADULT && now->find_by_number)
		return UC_E_NOT_ALLOWED;
	return UC_OK;
}

/* --- the guardian --- */

static uc_err seal_of(const struct settings *s, struct arena *a, struct guardian_seal *out)
{
	*out = (struct guardian_seal){ .says = 0 };
	return s->guardian.n ? guardian_seal_verify(s->guardian, s->app, s->account_key, a, out)
			     : UC_OK;
}

/* After the version stands what it says. */
bool settings_has_guardian(const struct settings *s)
{
	return s->guardian.n > 2 && s->guardian.p[2] == GUARDIAN_ACCEPTS;
}

bool settings_may_be_brought(const struct settings *s)
{
	return s->add != ADD_NOBODY && (!is_young(s->age_band) || settings_has_guardian(s));
}

bool settings_only_rooms(const struct settings *s)
{
	return s->age_band < AGE_ADULT;
}

uc_err settings_guardian_follow(const struct settings *was, const struct settings *now,
				struct arena *a)
{
	struct guardian_seal before, x;
	TRY(seal_of(was, a, &before));
	TRY(seal_of(now, a, &x));
	bool same = view_equal(before.guardian_key, x.guardian_key);
	if (x.says == GUARDIAN_ACCEPTS && !is_young(now->age_band))
		return UC_E_NOT_ALLOWED;
	switch (before.says) {
	case GUARDIAN_ACCEPTS:
		return x.says && same ? UC_OK : UC_E_NOT_ALLOWED;
	case GUARDIAN_ENDS:
		/* What was ended is not begun again by an old word. */
		return x.says == GUARDIAN_ACCEPTS && same ? UC_E_NOT_ALLOWED : UC_OK;
	default:
		return x.says == GUARDIAN_ENDS ? UC_E_NOT_ALLOWED : UC_OK;
	}
}
