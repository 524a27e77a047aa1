/* SPDX-License-Identifier: Apache-2.0 */
/* psk_secret: RFC 9420, 8.4. */
#include "tests/vectors/vectors.h"

#include "mls/proposal.h"
#include "mls/psk.h"

static void run(struct vector_run *r, const json_t *j)
{
	const json_t *list = vec_array(r, j, "psks");
	size_t n = json_array_size(list);
	struct pre_shared_key_id *ids = ARENA_ARRAY(&r->mem, struct pre_shared_key_id, n);
	struct psk *psks = ARENA_ARRAY(&r->mem, struct psk, n);
	struct secret out;
	if (!vec_true(r, "psks", ids && psks))
		return;
	for (size_t i = 0; i < n; i++) {
		const json_t *p = json_array_get(list, i);
		vec_at(r, "psks[%zu].", i);
		ids[i].psktype = PSK_EXTERNAL;
		ids[i].psk_id = vec_hex(r, p, "psk_id");
		ids[i].psk_nonce = vec_hex(r, p, "psk_nonce");
		psks[i] = (struct psk){ &ids[i], vec_hex(r, p, "psk") };
	}
	vec_at(r, "%s", "");
	if (vec_ok(r, "psk_secret", psk_secret_derive(r->suite, psks, n, &out)))
		vec_field(r, j, "psk_secret", secret_view(&out));
}

const struct vector_kind psk_secret_kind = {
	"psk_secret",
	(const char *const[]){ "cipher_suite", "psks", "psk_secret", NULL },
	run,
};
