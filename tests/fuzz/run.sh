#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Runs every fuzz target of a build with --enable-fuzzer, as many at once as there are cores, over the kept corpus and
# what it found the last time, until one of two limits is reached. The last line is the sum: N passed, N failed.
#
#   FUZZ_SECONDS=1800     for so long each
#   FUZZ_RUNS=100000000   so many inputs each
set -euo pipefail

if (($# != 1)) || [[ ! -d $1/tests/fuzz ]]; then
	echo "Usage: tests/fuzz/run.sh BUILD" >&2
	exit 2
fi

here=$(cd "$(dirname "$0")" && pwd)
build=$1
found=$build/found
seconds=${FUZZ_SECONDS:-1800}
runs=${FUZZ_RUNS:-100000000}
names=()
# shellcheck source=tests/result.sh
source "$here/../result.sh"

# fuzz NAME. What breaks it is $found/NAME-crash-SHA or the like; beside it are what it said and how it ended.
fuzz()
{
	local name=$1 status=0
	local options=(-max_total_time="$seconds" -runs="$runs" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1)

	case $name in
	line | model | session | split | verb) options+=(-dict="$here/verbs.dict") ;;
	esac
	mkdir -p "$found/$name"
	"$build/tests/fuzz/fuzz_$name" "${options[@]}" -artifact_prefix="$found/$name-" "$found/$name" \
		"$here/corpus/$name" >"$found/$name.log" 2>&1 </dev/null || status=$?
	echo "$status" >"$found/$name.status"
}

# figure NAME KEY: one of libFuzzer's final figures; 0 where it did not come to them.
figure()
{
	sed -n "s/^stat::$2: *//p" "$found/$1.log" | grep . || echo 0
}

# report NAME
report()
{
	local name=$1

	result_details=$found/$name.log
	result "$(cat "$found/$name.status")" "fuzz_$name; all of its output is in $found/$name.log"
	echo "# counts: fuzz_$name: $(figure "$name" number_of_executed_units) runs," \
		"$(figure "$name" new_units_added) new inputs in $found/$name"
}

mkdir -p "$found"
rm -f "$found"/*.log "$found"/*.status
for target in "$build"/tests/fuzz/fuzz_*; do
	[[ -x $target && ! -d $target ]] || continue
	names+=("${target##*/fuzz_}")
	while (($(jobs -rp | wc -l) >= $(nproc))); do
		wait -n || true
	done
	echo "Fuzzing ${names[-1]} for $seconds s or $runs runs"
	fuzz "${names[-1]}" &
done
wait

for name in "${names[@]}"; do
	report "$name"
done
result_sum && ((passed > 0))
