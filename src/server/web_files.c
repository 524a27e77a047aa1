/* SPDX-License-Identifier: Apache-2.0 */
#include "server/web_files.h"

#include "base/heap.h"
#include "base/text.h"
#include "crypto/crypto.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const web_coding_names[WEB_CODINGS] = { "br", "gzip", "identity" };
static const char *const coding_endings[] = { ".br", ".gz" };

struct web_type {
	const char *ending;
	const char *type;
};
static const struct web_type types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".wasm", "application/wasm" },
	{ ".json", "application/json" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".webp", "image/webp" },
	{ ".ico", "image/x-icon" },
	{ ".woff2", "font/woff2" },
	{ ".txt", "text/plain; charset=utf-8" },
};

/* A file as it lies in the folder. */
struct found {
	const char *path;
	struct view bytes;
};

struct web_files {
	struct arena arena;
	struct found found[WEB_FILES_MAX];
	struct web_file files[WEB_FILES_MAX];
	size_t found_n, files_n, bytes;
};

static const char no_memory[] = "does not fit into memory";

static bool ends_with(const char *text, const char *ending)
{
	size_t n = strlen(text), m = strlen(ending);
	return n > m && view_equal(view_make(text + n - m, m), view_make(ending, m));
}

/* What stands in a URL without an escape, so that a path has one way to be written. */
static bool name_is_plain(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t n = strlen(name);
	return n <= WEB_NAME_MAX && strspn(name, allowed) == n;
}

static void at_set(struct buf *at, const char *folder, const char *path)
{
	buf_reset(at);
	buf_printf(at, "%s%s", folder, path);
	buf_add_byte(at, 0);
}

static const char *bytes_read(int fd, uint8_t *to, size_t n)
{
	size_t have = 0;
	uint8_t more;
	while (have < n) {
		ssize_t got = read(fd, to + have, n - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return strerror(errno);
		if (!got)
			break;
		have += (size_t)got;
	}
	return have < n || read(fd, &more, 1) != 0 ? "changes while it is read" : NULL;
}

static const char *file_read(struct web_files *f, int fd, const char *path)
{
	struct stat st;
	struct view copy;
	if (fstat(fd, &st))
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "is neither a file nor a folder";
	size_t n = (size_t)st.st_size;
	if (f->found_n == WEB_FILES_MAX)
		return "is one file too many";
	if (n > WEB_BYTES_MAX - f->bytes)
		return "makes the folder too large";
	uint8_t *to = arena_take(&f->arena, n ? n : 1);
	if (!to || arena_copy(&f->arena, view_str(path), &copy))
		return no_memory;
	const char *why = bytes_read(fd, to, n);
	if (why)
		return why;
	f->found[f->found_n++] = (struct found){ (const char *)copy.p, view_make(to, n) };
	f->bytes += n;
	return NULL;
}

struct walk {
	struct web_files *files;
	const char *folder;
	struct buf *at;
};

static const char *folder_read(const struct walk *w, int fd, const char *path, unsigned depth);

/* One entry of a folder; path: of the entry. */
static const char *entry_read(const struct walk *w, int folder, const char *name, const char *path,
			      unsigned depth)
{
	struct stat st;
	at_set(w->at, w->folder, path);
	if (!name_is_plain(name))
		return "has a name that is not of letters, digits, '.', '-' and '_'";
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
		return strerror(errno);
	if (S_ISLNK(st.st_mode))
		return "is a symbolic link";
	/* Not waiting for the other end of a pipe. */
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return strerror(errno);
	if (S_ISDIR(st.st_mode))
		return folder_read(w, fd, path, depth + 1);
	const char *why = file_read(w->files, fd, path);
	close(fd);
	return why;
}

static const char *entries_read(const struct walk *w, DIR *d, const char *path, unsigned depth)
{
	struct dirent *e;
	while ((errno = 0, e = readdir(d))) {
		char inner[WEB_DEPTH_MAX * (WEB_NAME_MAX + 1) + NAME_MAX + 2];
		if (e->d_name[0] == '.')
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
		const char *why = entry_read(w, dirfd(d), e->d_name, inner, depth);
		if (why)
			return why;
	}
	return errno ? strerror(errno) : NULL;
}

/* Takes fd. */
static const char *folder_read(const struct walk *w, int fd, const char *path, unsigned depth)
{
	if (depth > WEB_DEPTH_MAX) {
		close(fd);
		return "lies too deep";
	}
	DIR *d = fdopendir(fd);
	if (!d) {
		const char *why = strerror(errno);
		close(fd);
		return why;
	}
	const char *why = entries_read(w, d, path, depth);
	closedir(d);
	return why;
}

static int by_path(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	return strcmp(x->path, y->path);
}

static const struct found *found_find(const struct web_files *f, const char *path)
{
	struct found key = { path, { 0 } };
	return bsearch(&key, f->found, f->found_n, sizeof key, by_path);
}

static uc_err body_set(struct web_body *body, struct view bytes)
{
	uint8_t hash[SHA256_BYTES];
	struct buf text;
	TRY(sha256(bytes, hash));
	buf_init(&text, sizeof body->etag);
	buf_add_byte(&text, '"');
	hex_add(&text, VIEW_OF(hash));
	buf_add_byte(&text, '"');
	uc_err err = text.failed;
	if (!err && text.n == WEB_ETAG_TEXT) {
		memcpy(body->etag, text.p, WEB_ETAG_TEXT);
		body->bytes = bytes;
	}
	buf_done(&text);
	return err;
}

static const char *type_find(const char *path)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (ends_with(path, types[i].ending))
			return types[i].type;
	}
	return NULL;
}

/* Is it a compressed form, and of what? */
static bool is_coded(struct web_files *f, const char *path, const struct found **of)
{
	for (size_t c = 0; c < WEB_IDENTITY; c++) {
		char plain[WEB_DEPTH_MAX * (WEB_NAME_MAX + 1) + NAME_MAX + 2];
		if (!ends_with(path, coding_endings[c]))
			continue;
		snprintf(plain, sizeof plain, "%.*s",
			 (int)(strlen(path) - strlen(coding_endings[c])), path);
		*of = found_find(f, plain);
		return true;
	}
	return false;
}

static const char *file_add(struct web_files *f, const struct found *from)
{
	const struct found *plain = NULL;
	if (is_coded(f, from->path, &plain))
		return plain ? NULL : "is compressed, and what it was made of is missing";
	struct web_file *to = &f->files[f->files_n];
	bool is_index = view_equal(view_str(from->path), VIEW_LIT("/index.html"));
	*to = (struct web_file){
		.path = is_index ? "/" : from->path,
		.type = type_find(from->path),
		.is_immutable = view_starts_with(view_str(from->path), VIEW_LIT("/assets/")),
	};
	if (!to->type)
		return "has an ending that is not known";
	uc_err err = body_set(&to->bodies[WEB_IDENTITY], from->bytes);
	for (size_t c = 0; !err && c < WEB_IDENTITY; c++) {
		char coded[WEB_DEPTH_MAX * (WEB_NAME_MAX + 1) + NAME_MAX + 8];
		snprintf(coded, sizeof coded, "%s%s", from->path, coding_endings[c]);
		const struct found *other = found_find(f, coded);
		if (other)
			err = body_set(&to->bodies[c], other->bytes);
	}
	f->files_n++;
	return err ? no_memory : NULL;
}

/* The table, from what was found. */
static const char *table_make(struct web_files *f, const char *folder, struct buf *at)
{
	qsort(f->found, f->found_n, sizeof *f->found, by_path);
	for (size_t i = 0; i < f->found_n; i++) {
		const char *why = file_add(f, &f->found[i]);
		if (why) {
			at_set(at, folder, f->found[i].path);
			return why;
		}
	}
	at_set(at, folder, "");
	return web_files_find(f, VIEW_LIT("/")) ? NULL : "has no index.html";
}

static const char *load(struct web_files *f, const char *folder, struct buf *at)
{
	struct walk w = { f, folder, at };
	at_set(at, folder, "");
	/* The folder itself may be a link: to the version that is served now. */
	int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	if (fd < 0)
		return strerror(errno);
	const char *why = folder_read(&w, fd, "", 1);
	return why ? why : table_make(f, folder, at);
}

const char *web_files_load(const char *folder, struct buf *at, struct web_files **out)
{
	struct web_files *f = HEAP_NEW(struct web_files);
	if (!f)
		return no_memory;
	arena_init(&f->arena, WEB_BYTES_MAX + WEB_BYTES_MAX / 4, ARENA_PLAIN);
	const char *why = load(f, folder, at);
	if (why)
		web_files_free(f);
	else
		*out = f;
	return why;
}

uc_err web_files_add(struct web_files *f, const char *path, struct view bytes)
{
	struct view name, copy;
	if (web_files_find(f, view_str(path)))
		return UC_E_EXISTS;
	if (f->files_n == WEB_FILES_MAX || !type_find(path))
		return UC_E_ARGUMENT;
	TRY(arena_copy(&f->arena, view_str(path), &name));
	TRY(arena_copy(&f->arena, bytes, &copy));
	struct web_file made = { .path = (const char *)name.p, .type = type_find(path) };
	TRY(body_set(&made.bodies[WEB_IDENTITY], copy));
	f->files[f->files_n++] = made;
	return UC_OK;
}

void web_files_free(struct web_files *f)
{
	if (!f)
		return;
	arena_done(&f->arena);
	heap_free(f);
}

const struct web_file *web_files_find(const struct web_files *f, struct view path)
{
	for (size_t i = 0; i < f->files_n; i++) {
		if (view_equal(view_str(f->files[i].path), path))
			return &f->files[i];
	}
	return NULL;
}

size_t web_files_count(const struct web_files *f)
{
	return f->files_n;
}

size_t web_files_bytes(const struct web_files *f)
{
	return f->bytes;
}

static bool file_same(const struct web_file *a, const struct web_file *b)
{
	for (size_t i = 0; i < WEB_CODINGS; i++)
		if (!view_equal(a->bodies[i].bytes, b->bodies[i].bytes))
			return false;
	return view_equal(view_str(a->type), view_str(b->type));
}

bool web_files_same(const struct web_files *a, const struct web_files *b)
{
	if (!a || !b || a->files_n != b->files_n)
		return false;
	for (size_t i = 0; i < a->files_n; i++) {
		const struct web_file *other = web_files_find(b, view_str(a->files[i].path));
		if (!other || !file_same(&a->files[i], other))
			return false;
	}
	return true;
}
