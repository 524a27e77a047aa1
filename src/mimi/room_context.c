/* SPDX-License-Identifier: Apache-2.0 */
/* A room's GroupContext and leaves, made and read.  Reading takes the few things that differ
 * between rooms, makes the context again from them and compares: so whatever else could stand
 * there is refused without a rule of its own. */
#include "mimi/franking.h"
#include "mimi/media_type.h"
#include "mimi/room_inside.h"
#include "mls/group_state.h"

/* Components that every leaf must understand, in order. */
static const uint16_t understood[] = {
	COMPONENT_SAFE_AAD,       COMPONENT_CONTENT_MEDIA_TYPES, COMPONENT_FRANK_AAD,
	COMPONENT_FRANKING_AGENT, COMPONENT_PARTICIPANT_LIST,    COMPONENT_ROOM_METADATA,
	COMPONENT_ROLES_LIST,     COMPONENT_BASE_ROOM_POLICY,    COMPONENT_PARTICIPANT,
};
enum { UNDERSTOOD = sizeof understood / sizeof *understood };

/* --- parts --- */

struct rich_description {
	struct view media_type, language_tag, description_content;
};
static void wire_rich_description(struct wire *w, struct rich_description *d)
{
	wire_bytes(w, &d->media_type);
	wire_bytes(w, &d->language_tag);
	wire_bytes(w, &d->description_content);
}
WIRE_ELEMENT(rich_description)

/* The hub reads it: all but the URI stays empty, names are told inside. */
struct room_meta_data {
	struct view room_uri, room_name;
	struct {
		struct rich_description *v;
		size_t n;
	} room_descriptions;
	struct view room_avatar, room_subject, room_mood;
};
static void wire_room_meta_data(struct wire *w, struct room_meta_data *m)
{
	wire_bytes(w, &m->room_uri);
	wire_bytes(w, &m->room_name);
	WIRE_LIST(w, &m->room_descriptions, rich_description_element);
	wire_bytes(w, &m->room_avatar);
	wire_bytes(w, &m->room_subject);
	wire_bytes(w, &m->room_mood);
}
WIRE_ELEMENT(room_meta_data)

static uc_err components_encode(const uint16_t *ids, size_t n, struct arena *a, struct view *out)
{
	struct components_list l = { { ARENA_ARRAY(a, uint16_t, n), n } };
	if (!l.component_ids.v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < n; i++)
		l.component_ids.v[i] = ids[i];
	return wire_encode_to(a, components_list_element, &l, out);
}

/* Components 1 to 3, the same in GroupContext and leaves. */
static uc_err common_components(struct arena *a, struct component_data out[3])
{
	static const uint16_t safe_aad[] = { COMPONENT_FRANK_AAD };
	out[0].component_id = COMPONENT_APP_COMPONENTS;
	out[1].component_id = COMPONENT_SAFE_AAD;
	out[2].component_id = COMPONENT_CONTENT_MEDIA_TYPES;
	TRY(components_encode(understood, UNDERSTOOD, a, &out[0].data));
	TRY(components_encode(safe_aad, 1, a, &out[1].data));
	return media_types_write(a, &out[2].data);
}

static uc_err hub_credential(struct view domain, struct arena *a, struct credential *out)
{
	struct uri u = { .kind = URI_APP, .domain = domain };
	out->credential_type = CREDENTIAL_BASIC;
	return uri_make(a, &u, &out->identity);
}

static uc_err capabilities_encode(struct arena *a, struct view *out)
{
	uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY };
	uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_SELF_REMOVE };
	uint16_t credentials[] = { CREDENTIAL_BASIC };
	const struct required_capabilities r = { { extensions, 1 },
						 { proposals, 2 },
						 { credentials, 1 } };
	return wire_encode_to(a, required_capabilities_element, &r, out);
}

static uc_err senders_encode(const struct room_state *r, struct arena *a, struct view *out)
{
	struct external_sender hub = { .signature_key = r->hub_key };
	const struct external_sender_list l = { &hub, 1 };
	TRY(hub_credential(r->hub_domain, a, &hub.credential));
	return wire_encode_to(a, external_sender_list_element, &l, out);
}

static uc_err agent_encode(const struct room_state *r, struct arena *a, struct view *out)
{
	struct franking_agent_data d = { .franking_signature_key = r->franking_key };
	TRY(hub_credential(r->hub_domain, a, &d.credential));
	return wire_encode_to(a, franking_agent_data_element, &d, out);
}

static uc_err dictionary_encode(const struct room_state *r, struct arena *a, struct view *out)
{
	struct component_data c[8] = {
		[3] = { .component_id = COMPONENT_FRANKING_AGENT },
		[4] = { .component_id = COMPONENT_PARTICIPANT_LIST },
		[5] = { .component_id = COMPONENT_ROOM_METADATA },
		[6] = { .component_id = COMPONENT_ROLES_LIST },
		[7] = { .component_id = COMPONENT_BASE_ROOM_POLICY },
	};
	const struct app_data_dictionary d = { { c, sizeof c / sizeof *c } };
	const struct participant_list_data participants = { r->participants };
	const struct room_meta_data meta = { .room_uri = r->room };
	TRY(common_components(a, c));
	TRY(agent_encode(r, a, &c[3].data));
	TRY(wire_encode_to(a, participant_list_data_element, &participants, &c[4].data));
	TRY(wire_encode_to(a, room_meta_data_element, &meta, &c[5].data));
	TRY(room_roles_encode(r->direct, a, &c[6].data));
	TRY(room_base_policy_encode(r->direct, a, &c[7].data));
	return wire_encode_to(a, app_data_dictionary_element, &d, out);
}

/* --- the GroupContext --- */

static uc_err extensions_make(const struct room_state *r, struct arena *a,
			      struct extension_list *out)
{
	struct extension *v = ARENA_ARRAY(a, struct extension, 3);
	if (!v)
		return UC_E_LIMIT;
	v[0].extension_type = EXTENSION_REQUIRED_CAPABILITIES;
	v[1].extension_type = EXTENSION_EXTERNAL_SENDERS;
	v[2].extension_type = EXTENSION_APP_DATA_DICTIONARY;
	TRY(capabilities_encode(a, &v[0].extension_data));
	TRY(senders_encode(r, a, &v[1].extension_data));
	TRY(dictionary_encode(r, a, &v[2].extension_data));
	*out = (struct extension_list){ v, 3 };
	return UC_OK;
}

/* Room and hub belong together; keys have the length of keys; the list is one. */
static uc_err state_check(struct room_state *r, struct arena *a)
{
	struct uri u;
	if (uri_read(r->room, &u) || u.kind != URI_ROOM || !view_equal(u.domain, r->hub_domain))
		return UC_E_POLICY;
	if (r->hub_key.n != ED25519_KEY || r->franking_key.n != ED25519_KEY)
		return UC_E_POLICY;
	return participants_check(&r->participants, a, &r->by_uri);
}

uc_err room_context_extensions(const struct room_terms *t, struct arena *a,
			       struct extension_list *out)
{
	struct user_role_pair creator = { t->creator, ROLE_OWNER };
	struct room_state r = {
		.room = t->room,
		.direct = t->direct,
		.hub_domain = t->hub_domain,
		.hub_key = t->hub_key,
		.franking_key = t->franking_key,
		.participants = { &creator, 1 },
	};
	TRY(state_check(&r, a));
	return extensions_make(&r, a, out);
}

/* --- other keys of the hub --- */

uc_err room_hub_key_propose(const struct room_state *r, struct view hub_key, struct arena *a,
			    struct proposal *out)
{
	struct room_state other = *r;
	struct proposal p = { .proposal_type = PROPOSAL_GROUP_CONTEXT_EXTENSIONS };
	other.hub_key = hub_key;
	if (hub_key.n != ED25519_KEY)
		return UC_E_POLICY;
	TRY(extensions_make(&other, a, &p.extensions));
	*out = p;
	return UC_OK;
}

uc_err room_franking_key_propose(const struct room_state *r, struct view franking_key,
				 struct arena *a, struct proposal *out)
{
	struct room_state other = *r;
	struct proposal p = { .proposal_type = PROPOSAL_APP_DATA_UPDATE };
	other.franking_key = franking_key;
	if (franking_key.n != ED25519_KEY)
		return UC_E_POLICY;
	p.app_data_update.component_id = COMPONENT_FRANKING_AGENT;
	p.app_data_update.op = APP_DATA_UPDATE;
	TRY(agent_encode(&other, a, &p.app_data_update.update));
	*out = p;
	return UC_OK;
}

/* The keys it brings are read, the proposal made again from them, and compared. */
uc_err room_keys_check(const struct room_state *r, const struct proposal *p, struct arena *a)
{
	struct proposal again;
	struct franking_agent_data agent;
	struct external_sender_list senders;
	if (p->proposal_type == PROPOSAL_GROUP_CONTEXT_EXTENSIONS) {
		if (external_senders_of(&p->extensions, a, &senders) || senders.n != 1)
			return UC_E_POLICY;
		TRY(room_hub_key_propose(r, senders.v[0].signature_key, a, &again));
		return extensions_equal(&p->extensions, &again.extensions) ? UC_OK : UC_E_POLICY;
	}
	const struct app_data_update *u = &p->app_data_update;
	if (p->proposal_type != PROPOSAL_APP_DATA_UPDATE || u->op != APP_DATA_UPDATE ||
	    u->component_id != COMPONENT_FRANKING_AGENT ||
	    wire_decode(u->update, a, franking_agent_data_element, &agent))
		return UC_E_POLICY;
	TRY(room_franking_key_propose(r, agent.franking_signature_key, a, &again));
	return view_equal(u->update, again.app_data_update.update) ? UC_OK : UC_E_POLICY;
}

static uc_err senders_read(const struct extension_list *l, struct arena *a, struct room_state *r)
{
	struct external_sender_list senders;
	if (external_senders_of(l, a, &senders) || senders.n != 1 ||
	    uri_domain_of(senders.v[0].credential.identity, &r->hub_domain))
		return UC_E_POLICY;
	r->hub_key = senders.v[0].signature_key;
	return UC_OK;
}

static uc_err dictionary_read(const struct extension_list *l, struct arena *a, struct room_state *r)
{
	struct app_data_dictionary d;
	struct franking_agent_data agent;
	struct participant_list_data list;
	struct view direct;
	if (dictionary_of(l, a, &d))
		return UC_E_POLICY;
	const struct view *agent_data = component_find(&d, COMPONENT_FRANKING_AGENT);
	const struct view *list_data = component_find(&d, COMPONENT_PARTICIPANT_LIST);
	const struct view *policy = component_find(&d, COMPONENT_BASE_ROOM_POLICY);
	if (!agent_data || !list_data || !policy ||
	    wire_decode(*agent_data, a, franking_agent_data_element, &agent) ||
	    wire_decode(*list_data, a, participant_list_data_element, &list))
		return UC_E_POLICY;
	TRY(room_base_policy_encode(true, a, &direct));
	r->direct = view_equal(*policy, direct);
	r->franking_key = agent.franking_signature_key;
	r->participants = list.participants;
	return UC_OK;
}

uc_err room_state_read(const struct group_view *g, struct arena *a, struct room_state *out)
{
	const struct extension_list *l = &g->context->extensions;
	struct room_state r = { .room = g->context->group_id };
	struct extension_list again;
	TRY(senders_read(l, a, &r));
	TRY(dictionary_read(l, a, &r));
	TRY(state_check(&r, a));
	TRY(extensions_make(&r, a, &again));
	if (!extensions_equal(l, &again))
		return UC_E_POLICY;
	*out = r;
	return UC_OK;
}

/* --- leaves --- */

static uc_err u16_copy(struct arena *a, const uint16_t *v, size_t n, struct u16_list *out)
{
	out->v = ARENA_ARRAY(a, uint16_t, n);
	if (!out->v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < n; i++)
		out->v[i] = v[i];
	out->n = n;
	return UC_OK;
}

static uc_err capabilities_fill(struct arena *a, struct capabilities *out)
{
	static const uint16_t versions[] = { MLS10 }, suites[] = { SUITE_X25519_AES128 };
	static const uint16_t extensions[] = { EXTENSION_APP_DATA_DICTIONARY };
	static const uint16_t proposals[] = { PROPOSAL_APP_DATA_UPDATE, PROPOSAL_SELF_REMOVE };
	static const uint16_t credentials[] = { CREDENTIAL_BASIC };
	TRY(u16_copy(a, versions, 1, &out->versions));
	TRY(u16_copy(a, suites, 1, &out->cipher_suites));
	TRY(u16_copy(a, extensions, 1, &out->extensions));
	TRY(u16_copy(a, proposals, 2, &out->proposals));
	return u16_copy(a, credentials, 1, &out->credentials);
}

uc_err room_leaf_parameters(const struct sign_key *leaf_key, struct view client,
			    struct view participant_component, struct arena *a,
			    struct leaf_parameters *out)
{
	struct component_data c[4] = { [3] = { COMPONENT_PARTICIPANT, participant_component } };
	const struct app_data_dictionary d = { { c, 4 } };
	struct leaf_parameters p = {
		.signature_key = leaf_key,
		.credential = { .credential_type = CREDENTIAL_BASIC, .identity = client },
	};
	struct extension *e = ARENA_NEW(a, struct extension);
	if (!e)
		return UC_E_LIMIT;
	TRY(common_components(a, c));
	e->extension_type = EXTENSION_APP_DATA_DICTIONARY;
	TRY(wire_encode_to(a, app_data_dictionary_element, &d, &e->extension_data));
	TRY(capabilities_fill(a, &p.capabilities));
	p.extensions = (struct extension_list){ e, 1 };
	*out = p;
	return UC_OK;
}

static bool lists_components(const struct app_data_dictionary *d, uint16_t component_id,
			     const uint16_t *wanted, size_t n, struct arena *a)
{
	struct components_list l;
	const struct view *data = component_find(d, component_id);
	if (!data || wire_decode(*data, a, components_list_element, &l))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!u16_list_has(&l.component_ids, wanted[i]))
			return false;
	return true;
}

static bool lists_our_content(const struct app_data_dictionary *d, struct arena *a)
{
	struct media_type_list l;
	const struct view *data = component_find(d, COMPONENT_CONTENT_MEDIA_TYPES);
	if (!data || wire_decode(*data, a, media_type_list_element, &l))
		return false;
	for (size_t i = 0; i < l.media_type_list.n; i++)
		if (view_equal(l.media_type_list.v[i].type, VIEW_LIT(MIMI_CONTENT_TYPE)))
			return true;
	return false;
}

uc_err room_leaf_supports(const struct leaf_node *leaf, struct arena *a)
{
	static const uint16_t aad[] = { COMPONENT_FRANK_AAD };
	struct app_data_dictionary d;
	/* Hub and followers keep every leaf of every room. */
	if (leaf->raw.n > ROOM_LEAF_BYTES_MAX)
		return UC_E_TOO_LARGE;
	TRY(dictionary_of(&leaf->extensions, a, &d));
	if (!lists_components(&d, COMPONENT_APP_COMPONENTS, understood, UNDERSTOOD, a) ||
	    !lists_components(&d, COMPONENT_SAFE_AAD, aad, 1, a) || !lists_our_content(&d, a))
		return UC_E_UNSUPPORTED;
	return UC_OK;
}

uc_err room_leaves(const struct tree *t, struct arena *a, struct room_leaf_list *out)
{
	uint32_t at = 0, index;
	struct leaf_node leaf;
	size_t n = tree_member_count(t);
	struct room_leaf_list l = { ARENA_ARRAY(a, struct room_leaf, n), 0 };
	if (!l.v)
		return UC_E_LIMIT;
	while (tree_next_leaf(t, &at, &index, &leaf)) {
		struct room_leaf *r = &l.v[l.n++];
		r->index = index;
		r->extensions = leaf.extensions;
		TRY(participant_of_leaf(&leaf, &r->client, &r->participant));
	}
	if (l.n)
		qsort(l.v, l.n, sizeof *l.v, room_by_uri);
	*out = l;
	return UC_OK;
}

static bool has_view(const struct view_list *l, struct view v)
{
	for (size_t i = 0; i < l->n; i++)
		if (view_equal(l->v[i], v))
			return true;
	return false;
}

uc_err room_domains(const struct group_view *g, struct arena *a, struct view_list *out)
{
	struct room_leaf_list leaves;
	TRY(room_leaves(g->tree, a, &leaves));
	struct view_list l = { ARENA_ARRAY(a, struct view, leaves.n), 0 };
	if (!l.v)
		return UC_E_LIMIT;
	for (size_t i = 0; i < leaves.n; i++) {
		struct view domain;
		TRY(uri_domain_of(leaves.v[i].participant, &domain));
		if (!has_view(&l, domain))
			l.v[l.n++] = domain;
	}
	*out = l;
	return UC_OK;
}
