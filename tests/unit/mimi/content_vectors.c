/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/mimi/content_vectors.h"

#include "tests/unit/harness.h"

#include <stdio.h>
#include <stdlib.h>

static FILE *file;
static char line[16384];

/* name | octets | sender_uri | room_uri | message_id | published | cbor hex */
static bool parse(struct content_vector *v)
{
	static char id[128], content[sizeof line];
	unsigned long octets;
	if (sscanf(line, "%63s | %lu | %255s | %255s | %127s | %*s | %16383s", v->name, &octets,
		   v->sender_uri, v->room_uri, id, content) != 6)
		return false;
	v->octets = octets;
	v->message_id = test_hex(id);
	v->content = test_hex(content);
	return true;
}

const struct content_vector *content_vector_next(void)
{
	static struct content_vector v;
	if (!file)
		file = fopen(CONTENT_VECTORS, "r");
	while (file && fgets(line, sizeof line, file))
		if (line[0] != '#' && parse(&v))
			return &v;
	if (file)
		fclose(file);
	file = NULL;
	return NULL;
}

const struct content_vector *content_vector_find(const char *name)
{
	const struct content_vector *v, *found = NULL;
	static struct content_vector copy;
	while ((v = content_vector_next()))
		if (!strcmp(v->name, name)) {
			copy = *v;
			found = &copy;
		}
	return found;
}
