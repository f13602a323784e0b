/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over kept inputs where there is no libFuzzer: every file named, folders with all below them. */
#include "base/buf.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	struct buf b = { .max = 0 };
	uint8_t *exact;
	int r;

	r = io_read_file(AT_FDCWD, path, &b);
	if (r < 0)
		return r;
	/* Not a byte more than the input, so that a sanitizer sees one read beside it. */
	exact = malloc(b.len);
	if (!exact && b.len > 0) {
		buf_done(&b);
		return -ENOMEM;
	}
	if (b.len > 0)
		memcpy(exact, b.data, b.len);
	(void)LLVMFuzzerTestOneInput(exact, b.len);
	free(exact);
	buf_done(&b);
	return 0;
}

/* The files of one tree. Returns how many, or negative errno. */
static long replay_tree(char *path)
{
	char *const paths[] = { path, NULL };
	long n = 0;
	FTSENT *e;
	FTS *fts;
	int r = 0;

	fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (!fts)
		return -errno;
	while (r == 0 && (e = fts_read(fts))) {
		if (e->fts_info == FTS_ERR || e->fts_info == FTS_NS || e->fts_info == FTS_DNR) {
			r = -e->fts_errno;
		} else if (e->fts_info == FTS_F) {
			r = replay_file(e->fts_accpath);
			n++;
		}
		if (r < 0)
			(void)fprintf(stderr, "Cannot replay %s: %s\n", e->fts_path, strerror(-r));
	}
	(void)fts_close(fts);
	return r < 0 ? r : n;
}

int main(int argc, char **argv)
{
	long n, total = 0;
	int i;

	for (i = 1; i < argc; i++) {
		n = replay_tree(argv[i]);
		if (n < 0)
			return 1;
		total += n;
	}
	(void)printf("%ld inputs\n", total);
	if (total == 0)
		(void)fprintf(stderr, "No input was found: name at least one file, or a folder that has one\n");
	return total > 0 ? 0 : 1;
}
