#pragma once
/* SPDX-License-Identifier: MIT */
/* The staging folder. A file that will replace another one has a name there first, since a rename needs one. */

#define STAGING_NAME ".ioe"

/*
 * Opens the hidden folder .ioe in this one, and makes it if it is missing. Removes the files of daemons that were
 * killed. Returns the fd, or negative errno. Can block.
 */
int staging_open(int dir_fd);
