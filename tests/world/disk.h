/*
 * disk: what a loss of power leaves of the folder.
 *
 * What was synced is kept in a folder beside it: contents by inode, names as a list.
 */
#ifndef DISK_H
#define DISK_H

/* What lies in the folder now is on the disk. */
void disk_begin(void);
void disk_end(void);
/* A file or a folder was synced. */
void disk_sync(int fd);
/* The power is gone, and back: of what was not synced each sector stays or not, by chance; of the
 * names all that changed since, or nothing. No process lives. */
void disk_lose_power(void);

#endif
