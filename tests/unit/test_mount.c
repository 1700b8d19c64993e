/* Which file systems in user space are on a network, by the text of /proc/self/mountinfo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ledger/store/mount.h"

static const char text[] =
    "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "40 22 0:41 / /mnt/claims\\040far rw,nosuid shared:7 master:2 - fuse.sshfs far:/claims rw\n"
    "41 22 0:42 / /mnt/stick rw - fuseblk /dev/sdb1 rw\n"
    "42 22 0:43 / /srv/vault rw - fuse.gocryptfs /srv/cipher rw\n"
    "43 22 0:44 / /mnt/like rw - fuse.sshfs2 x rw\n"
    "44 22 0:45 / /mnt/odd\n"
    "nonsense\n"
    "45 22 0:46 / /mnt/bucket rw - fuse.s3fs s3fs rw\n";

static bool lists(unsigned device)
{
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    bool found;

    assert_non_null(file);
    found = mount_lists_network(file, makedev(0, device));
    fclose(file);
    return found;
}

static void what_leads_to_another_host_is_known(void **state)
{
    (void)state;
    assert_true(lists(41));
    assert_true(lists(46));
}

static void what_stays_on_this_host_is_fine(void **state)
{
    (void)state;
    assert_false(lists(42));
    assert_false(lists(43));
}

static void a_name_is_not_part_of_another_and_odd_lines_are_passed_over(void **state)
{
    (void)state;
    assert_false(lists(44));
    assert_false(lists(45));
    assert_false(lists(99));
}

static void a_local_file_is_on_no_network(void **state)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    assert_false(mount_is_network(fd));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_leads_to_another_host_is_known),
        cmocka_unit_test(what_stays_on_this_host_is_fine),
        cmocka_unit_test(a_name_is_not_part_of_another_and_odd_lines_are_passed_over),
        cmocka_unit_test(a_local_file_is_on_no_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
