#pragma once
/* SPDX-License-Identifier: MIT */
/* The staging folder: a file that is to replace another waits there, as a rename needs a name to begin with. */

#define STAGING_NAME ".ioe"

/*
 * Opens the hidden folder .ioe in this one, and makes it where there is none. Removes the files of daemons that were
 * killed. The fd or negative errno. May block.
 */
int staging_open(int dir_fd);
