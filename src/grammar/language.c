#include "grammar/language.h"

const char *language_code(enum language language)
{
    static const char *const code[LANGUAGES] = {[LANGUAGE_ZH] = "zh", [LANGUAGE_EN] = "en"};
    return code[language];
}

const char *language_name(enum language language)
{
    static const char *const name[LANGUAGES] = {[LANGUAGE_ZH] = "Chinese", [LANGUAGE_EN] = "English"};
    return name[language];
}

enum language language_of(struct view code)
{
    for (int i = 0; i < LANGUAGES; i++)
        if (view_equal(code, view_of(language_code((enum language)i))))
            return (enum language)i;
    return LANGUAGE_ZH;
}
