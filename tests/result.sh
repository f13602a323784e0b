#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Sourced by the scripts that test: counts results. tools/test adds up the last lines of all of them.

passed=0
failed=0
result_details= # a file that says more about the next result, for one that fails; empty: there is none

# result STATUS WHAT: counts one result, 0 for passed.
result()
{
	if [[ $1 == 0 ]]; then
		passed=$((passed + 1))
		echo "ok: $2"
	else
		failed=$((failed + 1))
		echo "FAILED: $2"
		[[ ! -e $result_details ]] || tail -n 40 "$result_details" | sed 's/^/    /'
	fi
}

# The last line of a script. Fails where a result failed.
result_sum()
{
	echo "$passed passed, $failed failed"
	((failed == 0))
}
