/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/files.h"

#include "server/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

bool files_path(char out[FILES_PATH_MAX], const char *a, const char *b)
{
	int n = snprintf(out, FILES_PATH_MAX, "%s/%s", a, b);
	return n > 0 && n < FILES_PATH_MAX;
}

static uc_err errno_error(void)
{
	return errno == EEXIST   ? UC_E_EXISTS
	       : errno == ENOENT ? UC_E_NOT_FOUND
	       : errno == ENOSPC ? UC_E_FULL
				 : UC_E_IO;
}

struct files_owner files_owner_of(const char *path)
{
	struct stat st;
	if (stat(path, &st))
		return (struct files_owner){ geteuid(), getegid() };
	return (struct files_owner){ st.st_uid, st.st_gid };
}

static uc_err give(int fd, const struct files_owner *owner)
{
	bool is_other = owner && (owner->uid != geteuid() || owner->gid != getegid());
	return is_other && fchown(fd, owner->uid, owner->gid) ? UC_E_IO : UC_OK;
}

static uc_err write_whole(int fd, struct view v)
{
	while (v.n) {
		ssize_t n = write(fd, v.p, v.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return errno_error();
		v = view_slice(v, (size_t)n, v.n);
	}
	return UC_OK;
}

static uc_err create(const char *path, unsigned mode, const struct files_owner *owner,
		     struct view content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno_error();
	uc_err err = write_whole(fd, content);
	if (!err)
		err = give(fd, owner);
	if (!err && (fchmod(fd, mode) || fsync(fd)))
		err = UC_E_IO;
	if (close(fd) && !err)
		err = UC_E_IO;
	/* A part of it would be taken for the whole, or stand in the way of the next try. */
	if (err)
		unlink(path);
	return err;
}

uc_err files_open(const char *path, int *fd)
{
	struct stat st;
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0)
		return errno_error();
	if (!fstat(*fd, &st) && S_ISREG(st.st_mode))
		return UC_OK;
	close(*fd);
	return UC_E_UNSUPPORTED;
}

static uc_err map_open(int fd, uc_err (*use)(void *ctx, struct view content), void *ctx)
{
	struct stat st;
	bool is_known = !fstat(fd, &st);
	size_t n = is_known ? (size_t)st.st_size : 0;
	void *p = n ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	close(fd);
	if (!is_known)
		return UC_E_IO;
	if (n && p == MAP_FAILED)
		return UC_E_MEMORY;
	uc_err err = use(ctx, view_make(p, n));
	if (n)
		munmap(p, n);
	return err;
}

uc_err files_map(const char *path, uc_err (*use)(void *ctx, struct view content), void *ctx)
{
	int fd;
	TRY(files_open(path, &fd));
	return map_open(fd, use, ctx);
}

struct copying {
	const char *to; /* NULL: only hash */
	unsigned mode;
	const struct files_owner *owner;
	uint8_t *hash;
	uint64_t *bytes;
};

static uc_err copy_content(void *ctx, struct view content)
{
	struct copying *c = ctx;
	*c->bytes = content.n;
	TRY(sha256(content, c->hash));
	return c->to ? create(c->to, c->mode, c->owner, content) : UC_OK;
}

uc_err files_copy(const char *from, const char *to, unsigned mode, const struct files_owner *owner,
		  uint8_t hash[SHA256_BYTES], uint64_t *bytes)
{
	struct copying c = { to, mode, owner, hash, bytes };
	return files_map(from, copy_content, &c);
}

uc_err files_copy_open(int fd, const char *to, unsigned mode, uint8_t hash[SHA256_BYTES],
		       uint64_t *bytes)
{
	struct copying c = { to, mode, NULL, hash, bytes };
	return map_open(fd, copy_content, &c);
}

uc_err files_hash(const char *path, uint8_t hash[SHA256_BYTES], uint64_t *bytes)
{
	struct copying c = { NULL, 0, NULL, hash, bytes };
	return files_map(path, copy_content, &c);
}

static uc_err add_content(void *ctx, struct view content)
{
	struct buf *out = ctx;
	buf_add_view(out, content);
	return out->failed;
}

uc_err files_read(const char *path, struct buf *out)
{
	return files_map(path, add_content, out);
}

uc_err files_write(const char *path, struct view content)
{
	return create(path, 0600, NULL, content);
}

uc_err files_folder_make(const char *path, const struct files_owner *owner)
{
	if (mkdir(path, 0700))
		return errno_error();
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return UC_E_IO;
	uc_err err = give(fd, owner);
	close(fd);
	return err ? err : folder_sync_above(path);
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

bool files_folder_is_empty(const char *path)
{
	DIR *d = opendir(path);
	bool is_empty = d || errno == ENOENT;
	for (struct dirent *e; d && (e = readdir(d));)
		if (!is_dot(e->d_name))
			is_empty = false;
	if (d)
		closedir(d);
	return is_empty;
}

uc_err files_each(const char *folder, uc_err (*each)(void *ctx, const char *name, unsigned mode),
		  void *ctx)
{
	struct stat st;
	uc_err err = UC_OK;
	DIR *d = opendir(folder);
	if (!d)
		return errno_error();
	for (struct dirent *e; !err && (e = readdir(d));) {
		if (is_dot(e->d_name))
			continue;
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW))
			err = UC_E_IO;
		else if (!S_ISREG(st.st_mode))
			err = UC_E_UNSUPPORTED;
		else
			err = each(ctx, e->d_name, st.st_mode & 0777);
	}
	closedir(d);
	return err;
}

/* --- root, for others --- */

uc_err files_act_as(const struct files_owner *owner)
{
	if (getuid() != 0)
		return UC_OK;
	if (!owner)
		return seteuid(0) || setegid(0) ? UC_E_NOT_ALLOWED : UC_OK;
	if (!owner->uid || geteuid() == owner->uid)
		return UC_OK;
	return setgroups(1, &owner->gid) || setegid(owner->gid) || seteuid(owner->uid)
		       ? UC_E_NOT_ALLOWED
		       : UC_OK;
}

static uc_err grant_at(int above, const char *name, const struct files_owner *owner)
{
	struct stat st;
	/* Else whoever may write there puts something else in its place. */
	if (fstat(above, &st) || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return UC_E_NOT_ALLOWED;
	if (mkdirat(above, name, 0700))
		return errno_error();
	int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return UC_E_IO;
	uc_err err = give(fd, owner);
	close(fd);
	return !err && fsync(above) ? UC_E_IO : err;
}

uc_err files_folder_grant(const char *path, const struct files_owner *owner)
{
	uc_err err = UC_OK;
	bool is_made = false;
	int fd = open(path[0] == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct view part, rest = view_str(path);
	while (fd >= 0 && !err && !is_made && rest.n) {
		char name[256];
		rest = view_cut(rest, '/', &part);
		if (!part.n)
			continue;
		if (part.n >= sizeof name) {
			err = UC_E_TOO_LARGE;
			break;
		}
		memcpy(name, part.p, part.n);
		name[part.n] = 0;
		int next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		is_made = next < 0 && errno == ENOENT;
		if (is_made)
			err = grant_at(fd, name, owner);
		else if (next < 0)
			err = errno_error();
		close(fd);
		fd = next;
	}
	if (fd >= 0)
		close(fd);
	return fd < 0 && !is_made && !err ? UC_E_IO : err;
}
