/* SPDX-License-Identifier: Apache-2.0 */
/* key-schedule: RFC 9420, 8, over several epochs. */
#include "tests/vectors/vectors.h"

#include "mls/key_schedule.h"
#include "mls/message.h"

static void secrets_check(struct vector_run *r, const json_t *j, struct epoch_secrets *e)
{
	const struct {
		const char *field;
		const struct secret *have;
	} all[] = {
		{ "init_secret", &e->init_secret },
		{ "sender_data_secret", &e->sender_data_secret },
		{ "encryption_secret", &e->encryption_secret },
		{ "exporter_secret", &e->exporter_secret },
		{ "epoch_authenticator", &e->epoch_authenticator },
		{ "external_secret", &e->external_secret },
		{ "confirmation_key", &e->confirmation_key },
		{ "membership_key", &e->membership_key },
		{ "resumption_psk", &e->resumption_psk },
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		vec_field(r, j, all[i].field, secret_view(all[i].have));
}

static void uses_check(struct vector_run *r, const json_t *j, const struct epoch_secrets *e)
{
	struct kem_key external;
	if (vec_ok(r, "external_pub", external_key_derive(r->suite, e, &external)))
		vec_field(r, j, "external_pub", kem_public(&external));
	const json_t *x = vec_object(r, j, "exporter");
	uint8_t out[256];
	size_t n = (size_t)vec_num(r, x, "length");
	if (vec_true(r, "exporter.length", n <= sizeof out) &&
	    vec_ok(r, "exporter",
		   mls_export(r->suite, e, vec_str(r, x, "label"), vec_hex(r, x, "context"), out,
			      n)))
		vec_equal(r, "exporter.secret", view_make(out, n), vec_hex(r, x, "secret"));
}

static void epoch_run(struct vector_run *r, const json_t *j, struct view group_id, uint64_t epoch,
		      struct secret *init_secret)
{
	const struct group_context context = {
		.version = MLS10,
		.cipher_suite = r->suite->id,
		.group_id = group_id,
		.epoch = epoch,
		.tree_hash = vec_hex(r, j, "tree_hash"),
		.confirmed_transcript_hash = vec_hex(r, j, "confirmed_transcript_hash"),
	};
	struct view encoded, psk = vec_hex(r, j, "psk_secret");
	struct secret joiner, welcome;
	struct epoch_secrets e;
	if (!vec_ok(r, "group_context",
		    wire_encode_to(&r->mem, group_context_element, &context, &encoded)))
		return;
	vec_field(r, j, "group_context", encoded);
	if (!vec_ok(r, "joiner_secret",
		    joiner_secret_derive(r->suite, secret_view(init_secret),
					 vec_hex(r, j, "commit_secret"), encoded, &joiner)))
		return;
	vec_field(r, j, "joiner_secret", secret_view(&joiner));
	if (vec_ok(r, "welcome_secret",
		   welcome_secret_derive(r->suite, secret_view(&joiner), psk, &welcome)))
		vec_field(r, j, "welcome_secret", secret_view(&welcome));
	if (!vec_ok(r, "epoch_secret",
		    epoch_secrets_from_joiner(r->suite, secret_view(&joiner), psk, encoded, &e)))
		return;
	secrets_check(r, j, &e);
	uses_check(r, j, &e);
	*init_secret = e.init_secret;
}

static void run(struct vector_run *r, const json_t *j)
{
	struct secret init = { 0 };
	struct view group_id = vec_hex(r, j, "group_id");
	const json_t *epochs = vec_array(r, j, "epochs");
	if (!vec_ok(r, "initial_init_secret",
		    secret_set(&init, vec_hex(r, j, "initial_init_secret"))))
		return;
	for (size_t i = 0; i < json_array_size(epochs); i++) {
		vec_at(r, "epochs[%zu].", i);
		epoch_run(r, json_array_get(epochs, i), group_id, i, &init);
	}
}

const struct vector_kind key_schedule_kind = {
	"key-schedule",
	(const char *const[]){ "cipher_suite", "group_id", "initial_init_secret", "epochs", NULL },
	run,
};
