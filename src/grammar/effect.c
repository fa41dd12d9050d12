#include "grammar/effect.h"

const char *effect_name(enum effect effect)
{
    static const char *const name[] = {[EFFECT_READS] = "reads", [EFFECT_CHANGES] = "changes", [EFFECT_LEAVES] = "leaves"};
    return name[effect];
}

const char *confirm_name(enum confirm confirm)
{
    static const char *const name[] = {[CONFIRM_NEVER] = "never", [CONFIRM_WHEN_CHARGED] = "when_charged", [CONFIRM_ALWAYS] = "always"};
    return name[confirm];
}
