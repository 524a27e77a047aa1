/* SPDX-License-Identifier: Apache-2.0 */
#include "mls/commit_history.h"

void commit_history_add(struct commit_history *h, uint64_t epoch, const uint8_t hash[SHA256_BYTES])
{
	size_t keep = h->n < GROUP_RESUMPTION_EPOCHS ? h->n : GROUP_RESUMPTION_EPOCHS - 1;
	memmove(h->v + 1, h->v, keep * sizeof *h->v);
	h->v[0].epoch = epoch;
	memcpy(h->v[0].hash, hash, SHA256_BYTES);
	h->n = keep + 1;
}

uc_err commit_history_judge(const struct commit_history *h, uint64_t epoch,
			    const uint8_t hash[SHA256_BYTES])
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].epoch == epoch)
			return view_equal(view_make(hash, SHA256_BYTES), VIEW_OF(h->v[i].hash))
				       ? UC_E_REPLAY
				       : UC_E_FORK;
	return UC_E_EPOCH_PAST;
}

/* struct { uint8 n; struct { uint64 epoch; opaque hash[32]; } taken[n]; } */
void wire_commit_history(struct wire *w, struct commit_history *h)
{
	uint8_t n = (uint8_t)h->n;
	wire_u8(w, &n);
	if (n > GROUP_RESUMPTION_EPOCHS)
		wire_fail(w, UC_E_MALFORMED);
	for (size_t i = 0; !w->failed && i < n; i++) {
		wire_u64(w, &h->v[i].epoch);
		wire_fixed(w, h->v[i].hash, SHA256_BYTES);
	}
	if (wire_reading(w))
		h->n = w->failed ? 0 : n;
}
