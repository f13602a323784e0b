/* SPDX-License-Identifier: MIT */
/* ioectl: metrics, and the validator that they are held to. */
#include "base/macro.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/fixture/ioectl.h"
#include "unit/fixture/openmetrics.h"

#define METRICS(v)                                                                                                                   \
	"{\"parameters\":{\"metrics\":[{\"name\":\"ioe_build\",\"kind\":\"info\",\"help\":\"A \\\"b\\\" \\\\ c.\","                  \
	"\"samples\":[{\"label\":\"version\",\"label_value\":\"0.1\",\"value\":1}]},"                                                \
	"{\"name\":\"ioe_x_seconds\",\"kind\":\"gauge\",\"unit\":\"seconds\",\"help\":\"h\",\"samples\":[{\"value\":1.5}]},"         \
	"{\"name\":\"ioe_r\",\"kind\":\"counter\",\"help\":\"h\",\"samples\":[{\"label\":\"role\",\"label_value\":\"a\\\"\\n\\\\\"," \
	"\"value\":" v "},{\"value\":\"text\"},{\"label\":\"no label\",\"value\":7}]},"                                              \
	"{\"name\":\"no name\\n\",\"kind\":\"gauge\",\"samples\":[{\"value\":1}]}]}}"

START_TEST(test_metrics)
{
	ioectl_answering(1, METRICS("12"));
	ioectl("-i", "1", "metrics");
	ck_assert_str_eq(ioectl_got.err.data, "");
	ck_assert_str_eq(ioectl_got.out.data,
			 "# TYPE ioe_build info\n# HELP ioe_build A \\\"b\\\" \\\\ c.\n"
			 "ioe_build_info{instance=\"1\",version=\"0.1\"} 1\n"
			 "# TYPE ioe_x_seconds gauge\n# UNIT ioe_x_seconds seconds\n# HELP ioe_x_seconds h\n"
			 "ioe_x_seconds{instance=\"1\"} 1.500000\n"
			 "# TYPE ioe_r counter\n# HELP ioe_r h\n"
			 "ioe_r_total{instance=\"1\",role=\"a\\\" \\\\\"} 12\n"
			 "ioe_r_total{instance=\"1\"} 7\n# EOF\n");
	ck_assert_ptr_null(openmetrics_fault(ioectl_got.out.data));

	/* Two instances: each family once. */
	ioectl_answering(22, METRICS("9223372036854775807"));
	ioectl("metrics");
	ck_assert_ptr_null(openmetrics_fault(ioectl_got.out.data));
	ck_assert_ptr_nonnull(strstr(ioectl_got.out.data, "ioe_x_seconds{instance=\"22\"} 1.500000\n"));
	ck_assert_ptr_nonnull(
		strstr(ioectl_got.out.data, "ioe_r_total{instance=\"22\",role=\"a\\\" \\\\\"} 9223372036854775807\n"));
	ck_assert_int_eq(ioectl_got.status, 0);
}
END_TEST

/* The validator itself says no. */
START_TEST(test_openmetrics)
{
	static const char *const bad[] = {
		"",
		"# EOF",
		"# EOF\n\n",
		"a 1\n# EOF\n",
		"# TYPE a gauge\na 1\n",
		"# TYPE a gauge\n\n# EOF\n",
		"# TYPE a counter\na 1\n# EOF\n",
		"# TYPE a counter\na_total -1\n# EOF\n",
		"# TYPE a gauge\na 1\na 1\n# EOF\n",
		"# TYPE a gauge\na 1\n# HELP a b\n# EOF\n",
		"# TYPE a gauge\n# UNIT a s\n# EOF\n",
		"# TYPE a gauge\n# TYPE a gauge\n# EOF\n",
		"# TYPE a gauge\na{b=\"c\"d} 1\n# EOF\n",
		"# TYPE a gauge\na{b=\"\\x\"} 1\n# EOF\n",
		"# TYPE a stateset\na{b=\"c\"} 1\n# EOF\n",
		"# TYPE a stateset\na{a=\"c\"} 2\n# EOF\n",
		"# TYPE a info\na_info 2\n# EOF\n",
		"# TYPE a gauge\na x\n# EOF\n",
		"# TYPE a gauge\nb 1\n# EOF\n",
		"# TYPE a nothing\n# EOF\n",
	};

	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		ck_assert_msg(openmetrics_fault(bad[i]) != NULL, "taken: %s", bad[i]);
	ck_assert_ptr_null(openmetrics_fault("# TYPE a stateset\n# HELP a b\na{a=\"c\"} 1\na{a=\"d\"} 0\n# EOF\n"));
}
END_TEST

static void read_file(const char *path, struct buf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ioectl_read(fd, ret);
	(void)close(fd);
}

START_TEST(test_metrics_write)
{
	struct buf text = { 0 };
	char path[128], nowhere[256];
	struct stat before, after;

	(void)snprintf(path, sizeof(path), "%s/ioe.prom", ioectl_dir);
	(void)snprintf(nowhere, sizeof(nowhere), "%s/no/such/folder.prom", ioectl_dir);
	ioectl_answering(1, METRICS("12"));
	ioectl("-i", "1", "metrics", "--write", path);
	ck_assert_str_eq(ioectl_got.out.data, "");
	ck_assert_int_eq(ioectl_got.status, 0);
	read_file(path, &text);
	ck_assert_ptr_null(openmetrics_fault(text.data));
	ck_assert_int_eq(stat(path, &before), 0);
	ck_assert_int_eq(before.st_mode & 0777, 0644);

	/* Another file takes its place; where nobody answers it stays as it is. */
	ioectl("-i", "1", "metrics", "--write", path);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert(before.st_ino != after.st_ino);
	ioectl("-i", "9", "metrics", "--write", path);
	ck_assert_int_eq(ioectl_got.status, 3);
	ck_assert_int_eq(stat(path, &before), 0);
	ck_assert(before.st_ino == after.st_ino);
	ioectl("-i", "1", "metrics", "--write", nowhere);
	ioectl_said("cannot be written: No such file or directory");
	ck_assert_int_eq(ioectl_got.status, 1);
	buf_done(&text);
}
END_TEST

static void add(TCase *tc)
{
	tcase_add_test(tc, test_metrics);
	tcase_add_test(tc, test_openmetrics);
	tcase_add_test(tc, test_metrics_write);
}

int main(void)
{
	return ioectl_run_suite("ctl_metrics", add);
}
