/* All pairs of a part whose values are counts: values PART */
#include <inttypes.h>
#include <mrun/table.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char** argv) {
  mrun_table* table = NULL;
  mrun_table_cursor* cursor = NULL;
  int found = -1;
  if (argc == 2 && mrun_table_open(argv[1], &table) == 0) cursor = mrun_table_cursor_open(table);
  if (cursor != NULL) found = mrun_table_seek(cursor, "", 0);
  while (found == 1) {
    const mrun_table_bytes key = mrun_table_key(cursor), value = mrun_table_value(cursor);
    uint64_t count = 0;
    if (value.size == sizeof count) memcpy(&count, value.data, sizeof count);
    fwrite(key.data, 1, key.size, stdout);
    printf("\t%" PRIu64 "\n", count);
    found = mrun_table_next(cursor);
  }
  if (found < 0) fprintf(stderr, "%s\n", mrun_table_error());
  if (cursor != NULL) mrun_table_cursor_close(cursor);
  mrun_table_close(table);
  return found < 0;
}
