#!/bin/bash
# SPDX-License-Identifier: MIT
# Every fuzz target once over its kept inputs: what was found once stays found.
set -u

: "${top_srcdir:?is set by make check}" "${top_builddir:?is set by make check}" "${fuzz_programs:?is set by make check}"
passed=0
failed=0

for program in $fuzz_programs; do
	corpus=$top_srcdir/tests/fuzz/corpus/${program##*/fuzz_}
	# shellcheck disable=SC2086 # none, or one
	if "$top_builddir/tests/$program" ${REPLAY_ARGUMENT-} "$corpus"; then
		passed=$((passed + 1))
		echo "ok: $program"
	else
		failed=$((failed + 1))
		echo "FAILED: $program on $corpus"
	fi
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
