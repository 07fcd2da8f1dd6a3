// The C face of the table reader (include/mrun/table.h).
#include <mrun/table.h>

#include <new>
#include <string>

#include "table/table_cursor.hpp"

struct mrun_table {
  std::unique_ptr<mrun::TableReader> reader;
};

struct mrun_table_cursor {
  explicit mrun_table_cursor(const mrun::TableReader& reader) : cursor(reader) {}
  mrun::TableCursor cursor;
};

namespace {

/// Of the last failure on the thread.
std::string& last_error() {
  thread_local std::string message;
  return message;
}

int failed(const mrun::Error& error) {
  last_error() = error.hint.empty() ? error.message : error.message + " (" + error.hint + ")";
  switch (error.code) {
    case mrun::Code::integrity:
      return MRUN_TABLE_DAMAGED;
    case mrun::Code::limit:
      return MRUN_TABLE_LIMIT;
    default:
      return MRUN_TABLE_INPUT;
  }
}

/// What `work` returns; what the standard library throws as a failure.
template <typename Work>
int fenced(const Work& work) {
  try {
    return work();
  } catch (const std::exception&) {
    // Short enough to be kept without an allocation.
    last_error() = "out of memory";
    return MRUN_TABLE_LIMIT;
  }
}

mrun::Slice slice_of(const void* data, std::size_t size) {
  return {static_cast<const std::uint8_t*>(data), size};
}
mrun_table_bytes bytes_of(mrun::Slice slice) { return {slice.data, slice.size}; }

/// Moves the cursor and says whether it is at a pair.
template <typename Move>
int moved(mrun_table_cursor* cursor, const Move& move) {
  return fenced([&] {
    if (const mrun::Result<void> done = move(cursor->cursor); !done) return failed(done.error());
    return cursor->cursor.valid() ? 1 : 0;
  });
}

}  // namespace

const char* mrun_table_error(void) { return last_error().c_str(); }

int mrun_table_open(const char* path, mrun_table** table) {
  *table = nullptr;
  return fenced([&] {
    mrun::Result<std::unique_ptr<mrun::TableReader>> reader =
        mrun::TableReader::open(path, mrun::MappedFile::Reading::often);
    if (!reader) return failed(reader.error());
    *table = new mrun_table{*std::move(reader)};
    return 0;
  });
}

void mrun_table_close(mrun_table* table) { delete table; }

uint64_t mrun_table_pair_count(const mrun_table* table) { return table->reader->entries(); }
uint64_t mrun_table_key_count(const mrun_table* table) { return table->reader->keys(); }
mrun_table_bytes mrun_table_first_key(const mrun_table* table) {
  return bytes_of(table->reader->first_key());
}
mrun_table_bytes mrun_table_last_key(const mrun_table* table) {
  return bytes_of(table->reader->last_key());
}

int mrun_table_may_hold(const mrun_table* table, const void* key, size_t key_size) {
  return fenced([&] {
    const mrun::Result<bool> may = table->reader->may_hold(slice_of(key, key_size));
    if (!may) return failed(may.error());
    return *may ? 1 : 0;
  });
}

int mrun_table_rank(const mrun_table* table, const void* key, size_t key_size, uint64_t* pairs) {
  return fenced([&] {
    const mrun::Result<std::uint64_t> rank = table->reader->rank(slice_of(key, key_size));
    if (!rank) return failed(rank.error());
    *pairs = *rank;
    return 0;
  });
}

int mrun_table_check(const mrun_table* table) {
  return fenced([&] {
    const mrun::Result<void> whole = table->reader->check_all();
    return whole ? 0 : failed(whole.error());
  });
}

mrun_table_cursor* mrun_table_cursor_open(const mrun_table* table) {
  mrun_table_cursor* cursor = nullptr;
  fenced([&] {
    cursor = new mrun_table_cursor(*table->reader);
    return 0;
  });
  return cursor;
}

void mrun_table_cursor_close(mrun_table_cursor* cursor) { delete cursor; }

int mrun_table_first(mrun_table_cursor* cursor) {
  return moved(cursor, [](mrun::TableCursor& c) { return c.seek_to_first(); });
}
int mrun_table_last(mrun_table_cursor* cursor) {
  return moved(cursor, [](mrun::TableCursor& c) { return c.seek_to_last(); });
}
int mrun_table_find(mrun_table_cursor* cursor, const void* key, size_t key_size) {
  return moved(cursor, [&](mrun::TableCursor& c) -> mrun::Result<void> {
    MRUN_TRY(c.find(slice_of(key, key_size)));
    return {};
  });
}
int mrun_table_seek(mrun_table_cursor* cursor, const void* key, size_t key_size) {
  return moved(cursor, [&](mrun::TableCursor& c) { return c.seek(slice_of(key, key_size)); });
}
int mrun_table_next(mrun_table_cursor* cursor) {
  return moved(cursor,
               [](mrun::TableCursor& c) { return c.valid() ? c.next() : mrun::Result<void>(); });
}
int mrun_table_previous(mrun_table_cursor* cursor) {
  return moved(
      cursor, [](mrun::TableCursor& c) { return c.valid() ? c.previous() : mrun::Result<void>(); });
}

mrun_table_bytes mrun_table_key(const mrun_table_cursor* cursor) {
  return bytes_of(cursor->cursor.key());
}
mrun_table_bytes mrun_table_value(const mrun_table_cursor* cursor) {
  return bytes_of(cursor->cursor.value());
}
