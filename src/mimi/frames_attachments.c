/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that carry the bytes of files. */
#include "mimi/frames.h"

void wire_attachment_put_request(struct wire *w, struct attachment_put_request *v)
{
	wire_fixed(w, v->id, sizeof v->id);
	wire_u64(w, &v->total);
	wire_u64(w, &v->offset);
	wire_bytes(w, &v->bytes);
}

void wire_attachment_put_response(struct wire *w, struct attachment_put_response *v)
{
	wire_u64(w, &v->have);
}

void wire_attachment_get_request(struct wire *w, struct attachment_get_request *v)
{
	wire_bytes(w, &v->domain);
	wire_fixed(w, v->id, sizeof v->id);
	wire_u64(w, &v->offset);
}

void wire_attachment_get_response(struct wire *w, struct attachment_get_response *v)
{
	wire_u64(w, &v->total);
	wire_bytes(w, &v->bytes);
}
