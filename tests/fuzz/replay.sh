#!/bin/bash
# SPDX-License-Identifier: MIT
# Every fuzz target once over its kept inputs: what was found once stays found.
set -u

: "${top_srcdir:?is set by make check}" "${top_builddir:?is set by make check}" "${fuzz_programs:?is set by make check}"
# shellcheck source=tests/result.sh
source "$top_srcdir/tests/result.sh"

for program in $fuzz_programs; do
	corpus=$top_srcdir/tests/fuzz/corpus/${program##*/fuzz_}
	# shellcheck disable=SC2086 # none, or one
	"$top_builddir/tests/$program" ${REPLAY_ARGUMENT-} "$corpus"
	result $? "$program on $corpus"
done

result_sum
