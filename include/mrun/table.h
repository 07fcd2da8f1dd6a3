/* Reading the tables that `mrun … --output-format table` writes, in plain C (C99 or later). Link
 * with mrun-table (CMake: mrun::table; pkg-config: mrun-table). C++ programs use mrun/table.hpp
 * over it.
 *
 * A table is one file, part-00000 and so on, of an output: pairs of a key and a value in the byte
 * order of the keys; a key may have several values. It is mapped and read in place: a lookup reads
 * one block of it, after a filter that keeps most lookups of other keys from reading any. What is
 * read is checked against checksums, so damage is an error and never a wrong answer, also where the
 * file is cut while it is open: opening one installs a handler of SIGBUS, which passes on what does
 * not concern it.
 *
 * Keys are the encoded keys of the job: the bytes themselves for a key of one text, numbers in an
 * order-preserving form (mrun/codec.hpp), as `pairs` in the output's _SUCCESS says; where the job
 * has a reduce of its own, the first field of a record. Values are its values: text, or numbers of
 * 8 bytes, little-endian.
 *
 * A table may be used by any number of threads at once, a cursor by one at a time. Nothing throws.
 */
#ifndef MRUN_TABLE_H
#define MRUN_TABLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(MRUN_TABLE_BUILD)
#define MRUN_TABLE_API __attribute__((visibility("default")))
#else
#define MRUN_TABLE_API
#endif

typedef struct mrun_table mrun_table;
typedef struct mrun_table_cursor mrun_table_cursor;

/* Borrowed bytes; any of them may be NUL. */
typedef struct mrun_table_bytes {
  const void* data;
  size_t size;
} mrun_table_bytes;

/* What a call that may fail returns where it does: below zero. */
enum mrun_table_failure {
  MRUN_TABLE_INPUT = -4,  /* The file is missing, unreadable, or no table. */
  MRUN_TABLE_LIMIT = -6,  /* No memory, no room to map the file, too many mappings. */
  MRUN_TABLE_DAMAGED = -8 /* The file is not what was written. */
};

/* What the last call on this thread that failed ran into: one line that names the file and, where
 * it is damaged, the offset. Lives until the next failure on the thread. */
MRUN_TABLE_API const char* mrun_table_error(void);

/* 0, and the table in *table; it is to be closed. Reads the file's ends only, whatever its size. */
MRUN_TABLE_API int mrun_table_open(const char* path, mrun_table** table);
/* All its cursors must be closed. NULL is allowed. */
MRUN_TABLE_API void mrun_table_close(mrun_table* table);

MRUN_TABLE_API uint64_t mrun_table_pair_count(const mrun_table* table);
/* Different keys. */
MRUN_TABLE_API uint64_t mrun_table_key_count(const mrun_table* table);
/* Of a table that is not empty; else no bytes. They live as long as the table. */
MRUN_TABLE_API mrun_table_bytes mrun_table_first_key(const mrun_table* table);
MRUN_TABLE_API mrun_table_bytes mrun_table_last_key(const mrun_table* table);

/* 1 where the table may hold the key, 0 where it surely does not: that is said of more than 99 of
 * 100 keys that it does not hold. Reads no block. */
MRUN_TABLE_API int mrun_table_may_hold(const mrun_table* table, const void* key, size_t key_size);
/* 0, and in *pairs how many pairs have a smaller key: so counting a range reads two blocks. */
MRUN_TABLE_API int mrun_table_rank(const mrun_table* table, const void* key, size_t key_size,
                                   uint64_t* pairs);
/* Reads all of the file and checks every rule of its format: 0 where they hold. */
MRUN_TABLE_API int mrun_table_check(const mrun_table* table);

/* A place in the table, at no pair yet; NULL where there is no memory. */
MRUN_TABLE_API mrun_table_cursor* mrun_table_cursor_open(const mrun_table* table);
MRUN_TABLE_API void mrun_table_cursor_close(mrun_table_cursor* cursor);

/* Each returns 1 where the cursor is at a pair now, and 0 where there is none. */
MRUN_TABLE_API int mrun_table_first(mrun_table_cursor* cursor);
MRUN_TABLE_API int mrun_table_last(mrun_table_cursor* cursor);
/* To the first pair of the key. Asks the filter first; reads one block at most. */
MRUN_TABLE_API int mrun_table_find(mrun_table_cursor* cursor, const void* key, size_t key_size);
/* To the first pair whose key is not smaller than the key. */
MRUN_TABLE_API int mrun_table_seek(mrun_table_cursor* cursor, const void* key, size_t key_size);
/* Of a cursor at a pair; of one that is at none they return 0. */
MRUN_TABLE_API int mrun_table_next(mrun_table_cursor* cursor);
MRUN_TABLE_API int mrun_table_previous(mrun_table_cursor* cursor);

/* Of the pair that the cursor is at; they live until it moves. A value whose data is NULL is none,
 * which is not an empty one: a record without a TAB. */
MRUN_TABLE_API mrun_table_bytes mrun_table_key(const mrun_table_cursor* cursor);
MRUN_TABLE_API mrun_table_bytes mrun_table_value(const mrun_table_cursor* cursor);

#ifdef __cplusplus
}
#endif

#endif
