/* The one reader of YAML (libyaml), for the command files and the configuration: a tree whose nodes remember their line. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/arena.h"
#include "base/err.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_kind kind;
    int line;        /* from 1 */
    struct view key; /* as a member of a map: its key; else empty */
    int key_line;
    struct view value;  /* of a scalar */
    bool is_plain;      /* a scalar without quotes: `no` and `~` may mean something */
    struct yaml *child; /* first member of a list or map */
    struct yaml *next;  /* next member of the same list or map */
};

/* Reads one document. Aliases, tags, several documents and a key given twice are refused; err names `name:line: …`.
 * The tree lives in the arena. An empty document gives an empty map. */
enum outcome yaml_read(struct arena *arena, const char *name, struct view text, struct yaml **root, struct err *err);

/* The same from a file. */
enum outcome yaml_read_file(struct arena *arena, const char *path, struct yaml **root, struct err *err);

/* The member of a map with this key, or NULL (also when map is NULL or no map). */
const struct yaml *yaml_get(const struct yaml *map, struct view key);

#endif
