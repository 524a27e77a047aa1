/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/handles.h"

#include "base/heap.h"
#include "mls/group_journal.h"

/* --- the table --- */

uc_err handles_init(struct handles *h, const struct env *env)
{
	h->env = env;
	h->last = 0;
	return map_init(&h->all, env);
}

void handles_done(struct handles *h)
{
	size_t at = 0;
	struct view key;
	void *value;
	while (map_next(&h->all, &at, &key, &value))
		handle_free(value);
	map_done(&h->all);
}

static struct handle *find(const struct handles *h, uint32_t id)
{
	return map_find(&h->all, view_make(&id, sizeof id));
}

struct handle *handles_find(const struct handles *h, uint32_t id, enum handle_kind kind)
{
	struct handle *found = find(h, id);
	return found && found->kind == kind ? found : NULL;
}

struct handle *handles_find_member(const struct handles *h, uint32_t id)
{
	struct handle *found = find(h, id);
	return found && found->kind != HANDLE_SIGNER ? found : NULL;
}

uc_err handles_add(struct handles *h, struct handle *handle)
{
	uint32_t id = h->last + 1;
	if (h->all.n >= HANDLES_MAX || !id)
		return UC_E_LIMIT;
	TRY(map_put(&h->all, view_make(&id, sizeof id), handle));
	handle->id = h->last = id;
	return UC_OK;
}

uc_err handles_remove(struct handles *h, uint32_t id)
{
	struct handle *found = map_remove(&h->all, view_make(&id, sizeof id));
	if (!found)
		return UC_E_NOT_FOUND;
	handle_free(found);
	return UC_OK;
}

/* --- one of them --- */

uc_err handle_new(enum handle_kind kind, const struct suite *s, struct view identity,
		  struct handle **out)
{
	struct handle *h = HEAP_NEW(struct handle);
	if (!h)
		return UC_E_MEMORY;
	h->kind = kind;
	h->suite = s;
	buf_init(&h->identity, WIRE_OBJECT_MAX);
	buf_init_secret(&h->psks, PSK_BYTES_MAX);
	buf_init(&h->key_package, WIRE_OBJECT_MAX);
	buf_init(&h->known, 2 * PROPOSALS_STORED_MAX * sizeof(struct known_proposal));
	buf_add_view(&h->identity, identity);
	uc_err err = h->identity.failed;
	if (err)
		handle_free(h);
	else
		*out = h;
	return err;
}

void handle_free(struct handle *h)
{
	if (!h)
		return;
	group_free(h->group);
	key_package_secrets_wipe(&h->secrets);
	buf_done(&h->identity);
	buf_done(&h->psks);
	buf_done(&h->key_package);
	buf_done(&h->known);
	heap_free_wiped(h, sizeof *h);
}

/* --- pre-shared keys --- */

struct psk_entry {
	struct view id, psk;
};

static void wire_psk_entry(struct wire *w, struct psk_entry *e)
{
	wire_bytes(w, &e->id);
	wire_bytes(w, &e->psk);
}
WIRE_ELEMENT(psk_entry)

static bool next_psk(struct wire *w, struct psk_entry *e)
{
	if (w->failed || w->p == w->end)
		return false;
	wire_psk_entry(w, e);
	return !w->failed;
}

uc_err handle_psk_add(struct handle *h, struct view id, struct view psk)
{
	const struct psk_entry e = { id, psk };
	size_t before = h->psks.n;
	/* It has to fit where the engine takes it. */
	if (psk.n > SECRET_MAX)
		return UC_E_TOO_LARGE;
	uc_err err = wire_encode(&h->psks, psk_entry_element, &e);
	if (err) {
		h->psks.n = before;
		h->psks.failed = UC_OK;
	}
	return err;
}

uc_err handle_psks_copy(struct handle *to, const struct handle *from)
{
	buf_add_view(&to->psks, buf_view(&from->psks));
	return to->psks.failed;
}

static uc_err find_psk(void *ctx, const struct pre_shared_key_id *id, struct secret *out)
{
	const struct handle *h = ctx;
	struct wire w;
	struct psk_entry e, found = { .id = { NULL, 0 } };
	bool is_found = false;
	if (id->psktype != PSK_EXTERNAL)
		return UC_E_PSK;
	for (wire_reader(&w, buf_view(&h->psks), NULL); next_psk(&w, &e);)
		if (view_equal(e.id, id->psk_id)) {
			found = e;
			is_found = true;
		}
	return is_found ? secret_set(out, found.psk) : UC_E_PSK;
}

/* A group of the same member's is only known while another goes on from it: who owns two handles
 * of one process is nobody's to say. */
static const struct group *find_group(void *ctx, struct view id)
{
	const struct handle *h = ctx;
	return h->origin && view_equal(group_id(h->origin), id) ? h->origin : NULL;
}

/* --- groups --- */

/* Others' KeyPackages may last for ever, and their leaves leave the suite out that they are used
 * with: nothing in RFC 9420 forbids either. */
static const struct group_hooks lenient = { .any_lifetime = true, .any_suites = true };

void handle_platform(struct handle *h, const struct env *env, bool private_handshakes)
{
	h->wrapping.private_handshakes = private_handshakes;
	h->finder = (struct psk_finder){ .ctx = h, .find = find_psk, .group = find_group };
	h->platform = (struct group_platform){
		.env = env, .hooks = &lenient, .psks = &h->finder, .wrapping = &h->wrapping
	};
}

uc_err handle_group_copy(const struct handle *h, struct group **out)
{
	struct buf journal, root;
	size_t used;
	buf_init_secret(&journal, 4 * WIRE_OBJECT_MAX);
	buf_init_secret(&root, WIRE_OBJECT_MAX);
	uc_err err = group_journal_snapshot(h->group, &journal, &root);
	if (!err)
		err = group_journal_open(&h->platform, buf_view(&root), buf_view(&journal), &used,
					 out);
	buf_done(&journal);
	buf_done(&root);
	return err;
}

uc_err handle_known_add(struct handle *h, struct view message, struct view ref)
{
	struct known_proposal k = { .ref = { 0 } };
	size_t before = h->known.n;
	if (ref.n > sizeof k.ref)
		return UC_E_TOO_LARGE;
	TRY(sha256(message, k.message));
	memcpy(k.ref, ref.p, ref.n);
	buf_add(&h->known, &k, sizeof k);
	uc_err err = h->known.failed;
	if (err) {
		h->known.n = before;
		h->known.failed = UC_OK;
	}
	return err;
}

uc_err handle_known_find(const struct handle *h, struct view message, struct view *ref)
{
	uint8_t hash[SHA256_BYTES];
	*ref = view_make(NULL, 0);
	TRY(sha256(message, hash));
	for (size_t at = 0; at < h->known.n; at += sizeof(struct known_proposal)) {
		const uint8_t *k = h->known.p + at;
		if (view_equal(view_make(k, sizeof hash), VIEW_OF(hash)))
			*ref = view_make(k + offsetof(struct known_proposal, ref), h->suite->nh);
	}
	return UC_OK;
}

/* --- leaves --- */

static uint16_t versions[] = { MLS10 };
static uint16_t suites[] = { SUITE_X25519_AES128, SUITE_P256_AES128, SUITE_X25519_CHACHA,
			     SUITE_X448_AES256,   SUITE_P521_AES256, SUITE_X448_CHACHA,
			     SUITE_P384_AES256 };
static uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY };
static uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_APP_EPHEMERAL,
				PROPOSAL_SELF_REMOVE };
static uint16_t credentials[] = { CREDENTIAL_BASIC };
#define LIST(array)                                 \
	{                                           \
		array, sizeof array / sizeof *array \
	}

struct leaf_parameters handle_leaf(const struct sign_key *key, struct view identity)
{
	return (struct leaf_parameters){
		.signature_key = key,
		.credential = { .credential_type = CREDENTIAL_BASIC, .identity = identity },
		.capabilities = { .versions = LIST(versions),
				  .cipher_suites = LIST(suites),
				  .extensions = LIST(extensions),
				  .proposals = LIST(proposals),
				  .credentials = LIST(credentials) },
	};
}

enum { KEY_PACKAGE_DAYS = 30 };

uc_err handle_key_package(struct handle *h, const struct env *env, struct arena *a)
{
	static const struct extension_list none;
	struct sign_key key = { .pub_n = 0 };
	struct view encoded;
	TRY(sign_key_generate(h->suite, env, &key));
	const struct leaf_parameters leaf = handle_leaf(&key, buf_view(&h->identity));
	uc_err err = key_package_make(h->suite, env, &leaf, (uint64_t)KEY_PACKAGE_DAYS * 24 * 3600,
				      &none, a, &encoded, &h->secrets);
	sign_key_wipe(&key);
	TRY(err);
	buf_add_view(&h->key_package, encoded);
	return h->key_package.failed;
}
