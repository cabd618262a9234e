#pragma once
/* The versions of the file, and the way from one to the next. */
#include "store/store_parts.h"

/* From version N to N + 1: SQL. */
extern const char *const store_migrations[];
extern const size_t store_migration_count;

/* All tables, in a file that has nothing yet. */
void schema_create(struct db *db, const struct store_versions *versions);
/* All that was written since is on the disk, at once; from now on the file has a log. */
void schema_created(struct db *db);
size_t schema_version(struct db *db);
/* In one transaction; a fault leaves it as it was. */
void schema_upgrade(struct db *db, const struct store_versions *versions, size_t from);
