# SPDX-License-Identifier: MIT
# Makes a Markdown table of bench/run's figures: a line a measuring, the server's name and then tab-separated figures,
# in rounds. A cell is the median (lowest-highest). The ratio is the median of the ratios of each round, so that what
# slowed the whole machine for a while cancels out.

BEGIN {
	FS = "\t"

	# column, its heading, its format, and the one that is compared
	if (kind == "ask") {
		columns = split("answers/s|CPU µs/answer|p50 µs|p99 µs|load CPU µs/answer", head, "|")
		split("%.0f|%.3f|%d|%d|%.3f", form, "|")
		compared = 2
	} else {
		columns = split("exec to ready ms|resident MiB", head, "|")
		split("%.2f|%.2f", form, "|")
		scale[1] = 1000
		scale[2] = 1024
		compared = 1
	}
}

{
	if (!($1 in rounds))
		order[++names] = $1
	n = ++rounds[$1]
	for (c = 1; c <= columns; c++)
		figure[$1, c, n] = $(c + 1) / (c in scale ? scale[c] : 1)
}

function sort(a, n,    i, j, v)
{
	for (i = 2; i <= n; i++) {
		v = a[i]
		for (j = i - 1; j >= 1 && a[j] > v; j--)
			a[j + 1] = a[j]
		a[j + 1] = v
	}
}

function median(a, n)
{
	sort(a, n)
	return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}

function cell(name, c,    a, i, n, m)
{
	n = rounds[name]
	for (i = 1; i <= n; i++)
		a[i] = figure[name, c, i]
	m = median(a, n)
	return sprintf(form[c] " (" form[c] "-" form[c] ")", m, a[1], a[n])
}

function ratio(name,    a, i, n)
{
	if (!("ioe" in rounds))
		return "-"

	n = rounds[name]
	for (i = 1; i <= n; i++)
		a[i] = figure["ioe", compared, i] / figure[name, compared, i]
	return sprintf("%.2f", median(a, n))
}

END {
	if (kind == "ask")
		where = place == "same" ? "server and load on one core, " : "a core each for server and load, "
	printf "\n**%s** (%srounds: %d%s)\n\n", title, where, rounds[order[1]], kind == "ask" ? ", " seconds " s each" : ""

	line = "| server |"
	rule = "| --- |"
	for (c = 1; c <= columns; c++) {
		line = line " " head[c] " |"
		rule = rule " ---: |"
	}
	print line (kind == "ask" ? " CPU" : " time") ": ioe / it |"
	print rule " ---: |"

	for (i = 1; i <= names; i++) {
		line = "| " order[i] " |"
		for (c = 1; c <= columns; c++)
			line = line " " cell(order[i], c) " |"
		print line " " ratio(order[i]) " |"
	}
}
