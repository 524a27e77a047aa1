/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between the devices of one account, through their app. */
#include "mimi/frames.h"

void wire_vault_event(struct wire *w, struct vault_event *v)
{
	wire_u64(w, &v->version);
}

void wire_pair_open_request(struct wire *w, struct pair_open_request *v)
{
	wire_fixed(w, v->mailbox, sizeof v->mailbox);
	wire_bytes(w, &v->sealed);
}

void wire_pair_look_request(struct wire *w, struct pair_look_request *v)
{
	wire_fixed(w, v->mailbox, sizeof v->mailbox);
}

void wire_pair_look_response(struct wire *w, struct pair_look_response *v)
{
	wire_bytes(w, &v->sealed);
}

void wire_pair_answer_request(struct wire *w, struct pair_answer_request *v)
{
	wire_fixed(w, v->mailbox, sizeof v->mailbox);
	wire_bytes(w, &v->sealed);
}

void wire_pair_take_request(struct wire *w, struct pair_take_request *v)
{
	wire_fixed(w, v->mailbox, sizeof v->mailbox);
}

void wire_pair_take_response(struct wire *w, struct pair_take_response *v)
{
	wire_bytes(w, &v->sealed);
}
