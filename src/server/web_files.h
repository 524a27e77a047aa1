/* SPDX-License-Identifier: Apache-2.0 */
/* The files of an app for browsers: one folder, read whole into memory at the start and never
 * again.  A request finds its file in this table or nowhere; no path of a request ever reaches the
 * file system. */
#ifndef SERVER_WEB_FILES_H
#define SERVER_WEB_FILES_H

#include "base/arena.h"
#include "base/buf.h"

enum {
	WEB_FILES_MAX = 1024,       /* of a folder, compressed ones included */
	WEB_BYTES_MAX = 64 << 20,   /* of all of them */
	WEB_DEPTH_MAX = 4,          /* folders in folders */
	WEB_NAME_MAX = 100,         /* characters of a file's or folder's name */
	WEB_ETAG_TEXT = 2 + 2 * 32, /* quotes and SHA-256 as hex */
};

/* Codings of a body, in the order of our preference. */
enum web_coding { WEB_BR, WEB_GZIP, WEB_IDENTITY, WEB_CODINGS };
extern const char *const web_coding_names[WEB_CODINGS];

struct web_body {
	struct view bytes; /* p == NULL: there is none of this coding */
	char etag[WEB_ETAG_TEXT + 1];
};
struct web_file {
	const char *path;  /* as in a request: "/", "/assets/app-0123abcd.js" */
	const char *type;  /* Content-Type */
	bool is_immutable; /* under /assets/: its name changes with what is in it */
	struct web_body bodies[WEB_CODINGS];
};

struct web_files;
/* index.html is "/".  FILE.br and FILE.gz are FILE compressed.  Names that begin with a dot are
 * passed over.  NULL, or a sentence about what is wrong with the path written to `at`. */
const char *web_files_load(const char *folder, struct buf *at, struct web_files **out);
/* One more, made by the program; UC_E_EXISTS where the folder has it already. */
uc_err UC_MUST_USE web_files_add(struct web_files *f, const char *path, struct view bytes);
void web_files_free(struct web_files *f);
/* NULL: there is none. */
const struct web_file *web_files_find(const struct web_files *f, struct view path);
/* The same paths with the same bytes. */
bool web_files_same(const struct web_files *a, const struct web_files *b);
size_t web_files_count(const struct web_files *f);
size_t web_files_bytes(const struct web_files *f);

#endif
