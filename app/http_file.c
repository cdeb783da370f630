/* SPDX-License-Identifier: MIT */
/*
 * From a path to what is sent: a file, the index.html of a directory, or its listing.
 *
 * The kernel walks the path below the root (RESOLVE_BENEATH): neither "..", nor an absolute link, nor one that climbs out,
 * gets anywhere, even when the tree is changed meanwhile.
 */
#include "app/http_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LISTED_MAX = 10000 };

static const char *type_of(const char *path)
{
	static const struct {
		const char *extension, *type;
	} types[] = {{"html", "text/html; charset=utf-8"}, {"htm", "text/html; charset=utf-8"},
		{"txt", "text/plain; charset=utf-8"}, {"md", "text/plain; charset=utf-8"},
		{"c", "text/plain; charset=utf-8"}, {"h", "text/plain; charset=utf-8"}, {"css", "text/css"},
		{"csv", "text/csv"}, {"js", "text/javascript"}, {"json", "application/json"},
		{"xml", "application/xml"}, {"pdf", "application/pdf"}, {"gz", "application/gzip"},
		{"zip", "application/zip"}, {"wasm", "application/wasm"},
		{"pcap", "application/vnd.tcpdump.pcap"}, {"png", "image/png"}, {"jpg", "image/jpeg"},
		{"jpeg", "image/jpeg"}, {"gif", "image/gif"}, {"svg", "image/svg+xml"},
		{"webp", "image/webp"}, {"ico", "image/vnd.microsoft.icon"}, {"mp3", "audio/mpeg"},
		{"mp4", "video/mp4"}, {"webm", "video/webm"}, {"woff2", "font/woff2"}};
	const char *dot = strrchr(path, '.');

	if (!dot && strstr(path, "README"))
		return "text/plain; charset=utf-8";
	for (size_t i = 0; dot && i < ARRAY_SIZE(types); i++)
		if (strcasecmp(dot + 1, types[i].extension) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* ---- text ---- */

void http_put_url(FILE *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

	for (; *text; text++) {
		if (strchr(plain, *text))
			fputc(*text, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*text);
	}
}

void http_put_html(FILE *out, const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			fputs("&#xfffd;", out);
		else if (strchr("&<>\"'", *text))
			fprintf(out, "&#%d;", *text);
		else
			fputc(*text, out);
	}
}

/* ---- directories ---- */

static int visible(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0;
}

static void list_entry_to(FILE *out, int dir, const char *name)
{
	struct stat st;
	bool is_dir;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	is_dir = S_ISDIR(st.st_mode);
	fputs("<tr><td><a href=\"./", out); /* so that no name is taken for a scheme */
	http_put_url(out, name);
	fputs(is_dir ? "/\">" : "\">", out);
	http_put_html(out, name);
	fputs(is_dir ? "/</a><td>\n" : "</a>", out);
	if (!is_dir)
		fprintf(out, "<td align=\"right\">%lld\n", (long long)st.st_size);
}

static char *list_directory(int dir, const char *path, size_t *len)
{
	struct dirent **names = NULL;
	int count = scandirat(dir, ".", &names, visible, alphasort);
	char *text = NULL;
	FILE *out = count < 0 ? NULL : open_memstream(&text, len);

	if (out) {
		fputs("<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>", out);
		http_put_html(out, path);
		fputs("</title>\n<h1>", out);
		http_put_html(out, path);
		fputs("</h1>\n<table>\n", out);
	}
	for (int i = 0; i < count; i++) {
		bool up = strcmp(names[i]->d_name, "..") == 0;

		if (out && i < LISTED_MAX && (!up || strcmp(path, "/") != 0))
			list_entry_to(out, dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (out && count > LISTED_MAX)
		fprintf(out, "<tr><td>and %d more\n", count - LISTED_MAX);
	if (out)
		fputs("</table>\n", out);
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* ---- finding ---- */

static int status_of(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return 404;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	default:
		return 403; /* EACCES; EXDEV and ELOOP: a link that leads out, or in circles */
	}
}

static int open_below(int root, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
}

/* A descriptor of something that is neither file nor directory is closed: devices and pipes are not ours to read. */
static struct http_found look_at(int fd, const char *path)
{
	struct http_found f = {.status = 200, .fd = fd, .type = type_of(path)};
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		f.status = status_of(errno);
	} else if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		f.status = 403;
	} else {
		f.size = (uint64_t)st.st_size;
		f.modified = st.st_mtime;
		return f;
	}
	if (fd >= 0)
		close(fd);
	f.fd = -1;
	return f;
}

static bool is_directory(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

static struct http_found find_in_directory(struct http_found dir, const char *path)
{
	struct http_found f = {.status = 301, .fd = -1, .type = "text/html; charset=utf-8"};
	size_t len;

	if (path[strlen(path) - 1] == '/') {
		f = look_at(open_below(dir.fd, "index.html"), "index.html");
		if (f.status != 200 || is_directory(f.fd)) {
			if (f.fd >= 0)
				close(f.fd);
			f = (struct http_found){.fd = -1, .type = "text/html; charset=utf-8"};
			f.listing = list_directory(dir.fd, path, &len);
			f.status = f.listing ? 200 : 503;
			f.size = f.listing ? len : 0;
			f.modified = dir.modified;
		}
	}
	close(dir.fd);
	return f;
}

struct http_found http_find(int root, const char *path)
{
	struct http_found f = look_at(open_below(root, path + 1), path);

	return is_directory(f.fd) ? find_in_directory(f, path) : f;
}
