/* SPDX-License-Identifier: Apache-2.0 */
#include "client/control.h"

enum { CONTROL_VERSION = 1 };

static void control_address_element(struct wire *w, void *v)
{
	struct control_address *x = v;
	wire_bytes(w, &x->address);
	wire_bytes(w, &x->participant);
	wire_u64(w, &x->expires_ms);
}

static void control_head_element(struct wire *w, void *v)
{
	struct control_head *x = v;
	wire_fixed(w, x->room.b, sizeof x->room.b);
	wire_chain_head(w, &x->head);
}

/* A kind of a later version cannot be read past: UC_E_UNSUPPORTED, and it is left alone. */
void wire_control(struct wire *w, struct control *m)
{
	wire_u16(w, &m->version);
	if (m->version != CONTROL_VERSION)
		wire_fail(w, UC_E_UNSUPPORTED);
	wire_u8(w, &m->control_kind);
	switch (m->control_kind) {
	case CONTROL_INTRODUCTIONS:
		WIRE_LIST(w, &m->introductions, bytes_element);
		wire_bytes(w, &m->name);
		break;
	case CONTROL_NAME:
		wire_bytes(w, &m->name);
		break;
	case CONTROL_KEYS:
		WIRE_LIST(w, &m->addresses, control_address_element);
		break;
	case CONTROL_ASK:
		break;
	case CONTROL_LINK:
	case CONTROL_UNLINK:
		wire_bytes(w, &m->link);
		break;
	case CONTROL_GUARDIAN:
		wire_u8(w, &m->step);
		wire_bytes(w, &m->offer);
		wire_bytes(w, &m->body);
		break;
	case CONTROL_HEADS:
		WIRE_LIST(w, &m->heads, control_head_element);
		break;
	case CONTROL_PORTRAIT:
		wire_bytes(w, &m->portrait);
		break;
	case CONTROL_ROOM_ASK:
		wire_bytes(w, &m->room);
		break;
	case CONTROL_ROOM_GRANT:
		wire_bytes(w, &m->room);
		WIRE_LIST(w, &m->addresses, control_address_element);
		break;
	default:
		wire_fail(w, UC_E_UNSUPPORTED);
	}
}

void control_element(struct wire *w, void *v)
{
	wire_control(w, v);
}
