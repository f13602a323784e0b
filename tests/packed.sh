#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The unit tests of channel/ and of the roles on it once more, with a bus that packs each request on its way to the owner
# (unit/fixture/packing_bus.h): an act() that looks at anything but the channel and the packed arguments fails here.
set -u -o pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/result.sh
source "$here/result.sh"

result_details=$(mktemp) || exit 1
trap 'rm -f "$result_details"' EXIT
for program in unit/channel/check_{channel,fanout,list,replay} unit/roles/relay/check_relay; do
	IOE_TEST_BUS=packing "./$program" >"$result_details" 2>&1
	result $? "$program, with packed requests"
done
result_sum
