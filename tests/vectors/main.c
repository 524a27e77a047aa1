/* SPDX-License-Identifier: Apache-2.0 */
/* undercroft-vectors [--if-present] FILE...: runs files of test vectors, told apart by content. */
#include "tests/vectors/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_SKIPPED = 77, EXIT_USAGE = 2 };
#define MEM_BYTES ((size_t)256 * 1024 * 1024)

/* Every kind there is; a file is of the first kind whose fields its first element has. */
static const struct vector_kind *const kinds[] = {
	&crypto_basics_kind, &key_schedule_kind,      &message_protection_kind, &psk_secret_kind,
	&secret_tree_kind,   &transcript_hashes_kind, &deserialization_kind,    &messages_kind,
	&tree_math_kind,     &tree_operations_kind,   &tree_validation_kind,    &treekem_kind,
	&welcome_kind,       &passive_client_kind,
#ifdef VECTORS_MORE
	&oprf_kind,
#endif
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct counts {
	size_t passed, failed, skipped;
};

static const struct vector_kind *kind_of(const json_t *root)
{
	const json_t *first = json_array_get(root, 0);
	for (size_t i = 0; i < KINDS; i++) {
		const char *const *f = kinds[i]->fields;
		while (*f && json_object_get(first, *f))
			f++;
		if (!*f)
			return kinds[i];
	}
	return NULL;
}

static void run_element(struct vector_run *r, const struct vector_kind *kind, const json_t *element)
{
	const json_t *suite = json_object_get(element, "cipher_suite");
	if (suite) {
		r->suite = suite_find((uint16_t)json_integer_value(suite));
		if (!r->suite) {
			char why[40];
			snprintf(why, sizeof why, "cipher suite %lld",
				 (long long)json_integer_value(suite));
			vec_skip(r, why);
			return;
		}
	}
	kind->run(r, element);
}

/* One line for each reason, with how often it was met. */
struct reasons {
	char why[16][80];
	size_t count[16], n;
};

static void reason_add(struct reasons *l, const char *why)
{
	size_t i = 0;
	while (i < l->n && strcmp(l->why[i], why))
		i++;
	if (i == sizeof l->why / sizeof l->why[0])
		return;
	if (i == l->n)
		snprintf(l->why[l->n++], sizeof l->why[0], "%s", why);
	l->count[i]++;
}

static void run_all(const char *file, const struct vector_kind *kind, const json_t *root,
		    struct counts *total)
{
	struct counts c = { 0 };
	struct reasons reasons = { 0 };
	for (size_t i = 0; i < json_array_size(root); i++) {
		struct vector_run r = { .file = file, .index = i };
		arena_init(&r.mem, MEM_BYTES, ARENA_SECRET);
		run_element(&r, kind, json_array_get(root, i));
		arena_done(&r.mem);
		if (r.bad)
			c.failed++;
		else if (r.skip)
			c.skipped++;
		else
			c.passed++;
		if (r.skip)
			reason_add(&reasons, r.skip_why);
	}
	printf("%s: %s: %zu passed, %zu failed, %zu skipped", file, kind->name, c.passed, c.failed,
	       c.skipped);
	for (size_t i = 0; i < reasons.n; i++)
		printf("%s%zu of %s", i ? ", " : " (", reasons.count[i], reasons.why[i]);
	puts(reasons.n ? ")" : "");
	total->passed += c.passed;
	total->failed += c.failed;
	total->skipped += c.skipped;
}

static bool run_file(const char *path, struct counts *total)
{
	json_error_t err;
	const char *slash = strrchr(path, '/');
	const char *file = slash ? slash + 1 : path;
	json_t *root = json_load_file(path, 0, &err);
	if (!root) {
		printf("%s: line %d: %s\n", path, err.line, err.text);
		return false;
	}
	const struct vector_kind *kind = kind_of(root);
	if (kind)
		run_all(file, kind, root, total);
	else
		printf("%s: of no known kind\n", path);
	json_decref(root);
	return kind != NULL;
}

int main(int argc, char **argv)
{
	struct counts total = { 0 };
	size_t unread = 0;
	int from = 1;
	bool if_present = argc > 1 && !strcmp(argv[1], "--if-present");
	if (if_present)
		from++;
	if (argc <= from || argv[from][0] == '-') {
		fputs("usage: undercroft-vectors [--if-present] FILE...\n", stderr);
		return EXIT_USAGE;
	}
	for (int i = from; i < argc; i++) {
		if (if_present && access(argv[i], R_OK)) {
			printf("%s is not there: skipped\n", argv[i]);
			return EXIT_SKIPPED;
		}
		if (!run_file(argv[i], &total))
			unread++;
	}
	if (unread)
		printf("%zu files could not be read or told\n", unread);
	printf("%zu skipped\n", total.skipped);
	printf("%zu passed, %zu failed\n", total.passed, total.failed + unread);
	return total.failed || unread ? EXIT_FAILURE : EXIT_SUCCESS;
}
