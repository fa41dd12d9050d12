/* The order counts: groups while we still may, the user last, for it takes the right to do the rest. Then it is tried whether the way back
 * is closed. Capabilities go by themselves when the last of the three user numbers leaves 0. */
#include "base/rights.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

bool rights_are_roots(void)
{
    return geteuid() == 0;
}

static enum outcome become(const char *name, const struct passwd *user, struct err *err)
{
    if (initgroups(name, user->pw_gid) != 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) != 0 ||
        setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
        return err_refused(err, "cannot become the user %s: %s", name, strerrordesc_np(errno));
    if (user->pw_uid != 0 && setuid(0) == 0)
        return err_refused(err, "became the user %s, but the way back to root is open", name);
    return IS_DONE;
}

enum outcome rights_drop(const char *user, struct err *err)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (!*user)
        return IS_DONE;
    const struct passwd *entry = getpwnam(user); // NOLINT(concurrency-mt-unsafe): at the start there is one thread
    if (!entry)
        return err_refused(err, "there is no user %s", user);
    return geteuid() == entry->pw_uid ? IS_DONE : become(user, entry, err);
}
