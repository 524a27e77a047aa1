/* SPDX-License-Identifier: Apache-2.0 */
#include "client/member_clients.h"

#include "base/heap.h"

static uc_err name_of(struct view client, uint8_t out[SHA256_BYTES])
{
	struct view parts[] = { VIEW_LIT("Undercroft client"), client };
	return sha256_parts(parts, 2, out);
}

struct known_client *member_client_find(const struct member *m, struct view client)
{
	uint8_t name[SHA256_BYTES];
	if (!m->client_count || name_of(client, name))
		return NULL;
	for (uint32_t i = 0; i < m->client_count; i++)
		if (view_equal(VIEW_OF(m->clients[i].name), VIEW_OF(name)))
			return &m->clients[i];
	return NULL;
}

uc_err member_client_known(struct member *m, struct view client,
			   const uint8_t device_key[ED25519_KEY])
{
	struct known_client *k = member_client_find(m, client);
	if (!k) {
		if (m->client_count >= MEMBER_CLIENTS_MAX)
			return UC_E_LIMIT;
		struct known_client *v = heap_new((m->client_count + 1) * sizeof *v);
		if (!v)
			return UC_E_MEMORY;
		uc_err err = name_of(client, v[m->client_count].name);
		if (err) {
			heap_free(v);
			return err;
		}
		if (m->client_count)
			memcpy(v, m->clients, m->client_count * sizeof *v);
		heap_free(m->clients);
		m->clients = v;
		k = &v[m->client_count++];
		k->seen = true;
	}
	memcpy(k->device_key, device_key, sizeof k->device_key);
	return UC_OK;
}

void member_clients_unsee(struct member *m)
{
	m->leaves = 0;
	for (uint32_t i = 0; i < m->client_count; i++)
		m->clients[i].seen = false;
}

void member_client_see(struct member *m, struct view client)
{
	struct known_client *k = member_client_find(m, client);
	m->leaves++;
	if (k)
		k->seen = true;
}

void member_clients_prune(struct member *m)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < m->client_count; i++)
		if (m->clients[i].seen)
			m->clients[n++] = m->clients[i];
	m->client_count = n;
}

uint32_t member_clients_unknown(const struct member *m)
{
	return m->leaves > m->client_count ? m->leaves - m->client_count : 0;
}

/* No device has this key. */
static const uint8_t nobody[ED25519_KEY] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

bool member_client_is_doubted(const struct known_client *k)
{
	return view_equal(VIEW_OF(k->device_key), VIEW_OF(nobody));
}

uc_err member_client_doubt(struct member *m, struct view client)
{
	static const uint8_t none[ED25519_KEY];
	const struct known_client *k = member_client_find(m, client);
	bool known = k && !view_equal(VIEW_OF(k->device_key), VIEW_OF(none));
	return known ? UC_OK : member_client_known(m, client, nobody);
}
