/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/driver.h"

#include "driver/operations.h"

#include <stdio.h>

/* What one operation may take beside what it keeps. */
#define CALL_ARENA_MAX ((size_t)512 * 1024 * 1024)

struct row {
	const char *name;   /* as in the service */
	const char *fields; /* of the request */
	operation *run;
};

static const struct row rows[] = {
	{ "Name", "", op_name },
	{ "SupportedCiphersuites", "", op_supported_ciphersuites },
	{ "CreateGroup", "group_id cipher_suite encrypt_handshake identity", op_create_group },
	{ "CreateKeyPackage", "cipher_suite identity", op_create_key_package },
	{ "JoinGroup", "transaction_id welcome encrypt_handshake identity ratchet_tree",
	  op_join_group },
	{ "ExternalJoin", "group_info ratchet_tree encrypt_handshake identity remove_prior psks",
	  op_external_join },
	{ "GroupInfo", "state_id external_tree", op_group_info },
	{ "StateAuth", "state_id", op_state_auth },
	{ "Export", "state_id label context key_length", op_export },
	{ "Protect", "state_id authenticated_data plaintext", op_protect },
	{ "Unprotect", "state_id ciphertext", op_unprotect },
	{ "StorePSK", "state_or_transaction_id psk_id psk_secret", op_store_psk },
	{ "AddProposal", "state_id key_package", op_add_proposal },
	{ "UpdateProposal", "state_id", op_update_proposal },
	{ "RemoveProposal", "state_id removed_id", op_remove_proposal },
	{ "ExternalPSKProposal", "state_id psk_id", op_external_psk_proposal },
	{ "ResumptionPSKProposal", "state_id epoch_id", op_resumption_psk_proposal },
	{ "GroupContextExtensionsProposal", "state_id extensions",
	  op_group_context_extensions_proposal },
	{ "Commit", "state_id by_reference by_value force_path external_tree", op_commit },
	{ "HandleCommit", "state_id proposal commit", op_handle_commit },
	{ "HandlePendingCommit", "state_id", op_handle_pending_commit },
	{ "ReInitProposal", "state_id cipher_suite group_id extensions", op_re_init_proposal },
	{ "ReInitCommit", "state_id by_reference by_value force_path external_tree",
	  op_re_init_commit },
	{ "HandlePendingReInitCommit", "state_id", op_handle_pending_re_init_commit },
	{ "HandleReInitCommit", "state_id proposal commit", op_handle_re_init_commit },
	{ "ReInitWelcome", "reinit_id key_package force_path external_tree", op_re_init_welcome },
	{ "HandleReInitWelcome", "reinit_id welcome ratchet_tree", op_handle_re_init_welcome },
	{ "CreateBranch", "state_id group_id extensions key_packages force_path external_tree",
	  op_create_branch },
	{ "HandleBranch", "state_id transaction_id welcome ratchet_tree", op_handle_branch },
	{ "NewMemberAddProposal", "group_info identity", op_new_member_add_proposal },
	{ "CreateExternalSigner", "cipher_suite identity", op_create_external_signer },
	{ "AddExternalSigner", "state_id external_sender", op_add_external_signer },
	{ "ExternalSignerProposal", "signer_id signer_index group_info ratchet_tree description",
	  op_external_signer_proposal },
	{ "Free", "state_id", op_free },
};
enum { ROWS = sizeof rows / sizeof *rows };

bool driver_operation(size_t i, const char **name, const char **fields)
{
	if (i >= ROWS)
		return false;
	*name = rows[i].name;
	*fields = rows[i].fields;
	return true;
}

uc_err driver_init(struct driver *d, const struct env *env)
{
	d->env = env;
	return handles_init(&d->handles, env);
}

void driver_done(struct driver *d)
{
	handles_done(&d->handles);
}

static char next_letter(const char **s)
{
	while (**s == '_')
		(*s)++;
	char c = **s;
	if (c)
		(*s)++;
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* CreateGroup is create_group, too. */
static bool same_name(const char *a, const char *b)
{
	for (;;) {
		char x = next_letter(&a), y = next_letter(&b);
		if (x != y)
			return false;
		if (!x)
			return true;
	}
}

static const struct row *row_find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (same_name(rows[i].name, name))
			return &rows[i];
	return NULL;
}

/* `op` says which it is, `id` comes back as it is; the rest is the operation's. */
static uc_err run(struct driver *d, struct call *c)
{
	const char *name;
	char fields[160];
	TRY(call_text(c, c->request, "op", &name));
	const struct row *row = row_find(name);
	if (!row) {
		call_say(c, "op: there is no operation \"%.40s\"", name);
		return UC_E_UNSUPPORTED;
	}
	snprintf(fields, sizeof fields, "op id %s", row->fields);
	TRY(call_only(c, c->request, fields));
	TRY(row->run(d, c));
	return c->lost ? UC_E_MEMORY : UC_OK;
}

static json_t *error_json(uc_err err, const char *detail)
{
	char message[256];
	snprintf(message, sizeof message, "%s%s%s", uc_err_text(err), *detail ? ": " : "", detail);
	return json_pack("{s:{s:s,s:s}}", "error", "code", uc_err_name(err), "message", message);
}

static int add_output(const char *bytes, size_t n, void *ctx)
{
	buf_add(ctx, bytes, n);
	return 0;
}

/* One line, ASCII only; also when there is no memory for it. */
static void answer(json_t *reply, struct buf *out)
{
	size_t before = out->n;
	if (!reply ||
	    json_dump_callback(reply, add_output, out, JSON_COMPACT | JSON_ENSURE_ASCII) ||
	    out->failed) {
		out->n = before;
		out->failed = UC_OK;
		buf_add_str(out,
			    "{\"error\":{\"code\":\"UC_E_MEMORY\",\"message\":\"out of memory\"}}");
	}
	buf_add_byte(out, '\n');
	json_decref(reply);
}

static json_t *reply_to(struct driver *d, json_t *request)
{
	struct call c = { .request = request, .reply = json_object() };
	arena_init(&c.mem, CALL_ARENA_MAX, ARENA_SECRET);
	uc_err err = !json_is_object(request) ? call_wrong(&c, "the line is no JSON object")
		     : !c.reply               ? UC_E_MEMORY
					      : run(d, &c);
	arena_done(&c.mem);
	if (err) {
		json_decref(c.reply);
		c.reply = error_json(err, c.detail);
	}
	json_t *id = json_object_get(request, "id");
	if (id && c.reply)
		json_object_set(c.reply, "id", id);
	return c.reply;
}

void driver_line(struct driver *d, struct view line, struct buf *out)
{
	json_error_t wrong;
	json_t *request = json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES, &wrong);
	if (request)
		answer(reply_to(d, request), out);
	else
		answer(error_json(UC_E_MALFORMED, wrong.text), out);
	json_decref(request);
}

void driver_line_too_long(struct buf *out)
{
	answer(error_json(UC_E_TOO_LARGE, "the line"), out);
}
