# SPDX-License-Identifier: MIT
# Makes a Markdown table of bench/run's figures: a line a measuring, the server's name and then tab-separated figures,
# in rounds. A cell is the median (lowest-highest). A ratio is the median of the ratios of each round, so that what
# slowed the whole machine for a while cancels out.

# One column: the field it shows, its heading, its format, and what it is multiplied by. With @compared also the ratio.
function column(field, heading, format, factor, compared)
{
	columns++
	from[columns] = field
	head[columns] = heading
	form[columns] = format
	scale[columns] = factor
	if (compared != "")
		ratios[++compare] = columns "|" compared
}

BEGIN {
	FS = "\t"
	GB = 1073741824 / 1000000000

	where = place == "same" ? "server and load on one core, " : "a core each for server and load, "
	if (kind == "ask" || kind == "read") {
		long = seconds " s each"
		column(1, "answers/s", "%.0f", 1)
		column(2, "CPU µs/answer", "%.3f", 1, "CPU")
		column(3, "p50 µs", "%d", 1)
		column(4, "p99 µs", "%d", 1)
		column(5, "load CPU µs/answer", "%.3f", 1)
	} else if (kind == "get" || kind == "bulk") {
		column(1, "GB/s", "%.2f", GB, "rate")
		column(2, "CPU s/GB", "%.3f", 1 / 1000000 / GB, "CPU")
		column(5, "load CPU s/GB", "%.3f", 1 / 1000000 / GB)
	} else if (kind == "put") {
		column(1, "files/s", "%.0f", 1, "rate")
		column(2, "CPU µs/file", "%.1f", 1, "CPU")
		column(3, "p50 µs", "%d", 1)
		column(4, "p99 µs", "%d", 1)
		column(5, "load CPU µs/file", "%.1f", 1)
	} else if (kind == "idle") {
		column(1, "bytes a connection", "%.0f", 1, "bytes")
		column(2, "CPU µs/answer alone", "%.3f", 1)
		column(3, "beside them", "%.3f", 1)
		column(4, "beside / alone", "%.2f", 1)
	} else if (kind == "fan") {
		long = seconds " s each"
		column(1, "deliveries/s", "%.0f", 1, "rate")
		column(2, "CPU s/million", "%.4f", 1, "CPU")
		column(3, "p50 µs", "%d", 1)
		column(4, "p99 µs", "%d", 1)
		column(5, "load CPU s/million", "%.4f", 1)
	} else if (kind ~ /^mail/) {
		long = seconds " s each"
		column(1, "messages/s", "%.0f", 1, "rate")
		column(2, "CPU µs/message", "%.2f", 1, "CPU")
		column(3, "p50 µs", "%d", 1)
		column(4, "p99 µs", "%d", 1)
		column(5, "load CPU µs/message", "%.2f", 1)
	} else if (kind == "history") {
		column(1, "HISTORY p50 ms", "%.2f", 1 / 1000)
		column(2, "p99 ms", "%.2f", 1 / 1000)
		column(3, "CPU ms", "%.2f", 1 / 1000)
		column(4, "exec to ready ms", "%.1f", 1 / 1000)
		column(5, "resident MiB", "%.1f", 1 / 1024)
	} else if (kind == "crowd") {
		column(1, "bytes a room", "%d", 1)
		column(2, "bytes a member", "%d", 1)
		column(3, "JOIN p50 µs", "%d", 1)
		column(4, "p99 µs", "%d", 1)
		column(5, "heard by all p50 ms", "%.1f", 1 / 1000)
	} else if (kind == "admin") {
		column(1, "status ms", "%.1f", 1 / 1000)
		column(2, "clients ms", "%.1f", 1 / 1000)
		column(3, "CPU µs/answer alone", "%.3f", 1)
		column(4, "beside metrics", "%.3f", 1)
		column(5, "beside / alone", "%.3f", 1)
		column(6, "PING p50 µs beside clients", "%d", 1)
		column(7, "p99 µs", "%d", 1)
	} else if (kind == "cold") {
		column(1, "PING p50 µs", "%d", 1)
		column(2, "p99 µs", "%d", 1)
		column(3, "highest µs", "%d", 1)
		column(4, "bare loop's p99 µs", "%d", 1)
		column(5, "pings", "%d", 1)
		column(6, "read GB/s", "%.2f", 1)
		column(7, "written GB/s", "%.2f", 1)
	} else {
		where = ""
		column(1, "exec to ready ms", "%.2f", 1 / 1000, "time")
		column(2, "resident MiB", "%.2f", 1 / 1024)
	}
}

{
	if (!($1 in rounds))
		order[++names] = $1
	if ($1 ~ /^ioe(-sync|-room|-mail|-log)?$/)
		ours = $1
	n = ++rounds[$1]
	for (c = 1; c <= columns; c++)
		figure[$1, c, n] = $(from[c] + 1) * scale[c]
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

function ratio(name, c,    a, i, n)
{
	n = rounds[name]
	for (i = 1; i <= n; i++) {
		if (!ours || figure[name, c, i] <= 0)
			return "-"
		a[i] = figure[ours, c, i] / figure[name, c, i]
	}
	return sprintf("%.2f", median(a, n))
}

END {
	printf "\n**%s** (%srounds: %d%s)\n\n", title, where, rounds[order[1]], long ? ", " long : ""

	line = "| server |"
	rule = "| --- |"
	for (c = 1; c <= columns; c++) {
		line = line " " head[c] " |"
		rule = rule " ---: |"
	}
	for (r = 1; r <= compare; r++) {
		split(ratios[r], part, "|")
		line = line " " part[2] ": ioe / it |"
		rule = rule " ---: |"
	}
	print line
	print rule

	for (i = 1; i <= names; i++) {
		line = "| " order[i] " |"
		for (c = 1; c <= columns; c++)
			line = line " " cell(order[i], c) " |"
		for (r = 1; r <= compare; r++) {
			split(ratios[r], part, "|")
			line = line " " ratio(order[i], part[1]) " |"
		}
		print line
	}
}
