/* Word count in plain C against the contract, without the SDK.
 *
 * The runner sums the values of equal words and writes word TAB sum itself, so map is all there is.
 */
#include <mrun/plugin.h>
#include <stdlib.h>
#include <string.h>

typedef struct worker {
  mrun_worker_ctx* ctx;
} worker;

static mrun_status open_worker(void* job, mrun_worker_ctx* ctx, void** out) {
  worker* w = malloc(sizeof *w);
  (void)job;
  if (!w) return MRUN_NO_MEMORY;
  w->ctx = ctx;
  *out = w;
  return MRUN_OK;
}

static int is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static uint64_t big_endian(const uint8_t* bytes) {
  uint64_t number = 0;
  for (int i = 0; i < 8; i++) number = number << 8 | bytes[i];
  return number;
}

/* Writes the pair (word, 1) into the runner's buffer. */
static mrun_status emit_one(mrun_emitter* e, const uint8_t* word, uint64_t size) {
  const uint64_t one = 1;
  const uint64_t tail =
      size > 16 ? size - 16 : 0; /* what does not fit the entry goes to the heap: */
  const uint64_t heap_use = tail ? (8 + tail + 7) / 8 * 8 : 0; /* the value, then the key's tail */
  uint8_t head[16] = {0};
  mrun_entry* entry;

  if (heap_use > e->heap_cap || size >= 1u << 28) {
    const mrun_slice key = {word, size};
    const mrun_slice value = {(const uint8_t*)&one, sizeof one};
    return e->emit_big(e, key, value);
  }
  if (e->n == e->cap || heap_use > e->heap_cap - e->heap_used) {
    const mrun_status status = e->flush(e);
    if (status != MRUN_OK) return status;
  }
  memcpy(head, word, size < 16 ? size : 16);
  entry = &e->entries[e->n++];
  entry->k0 = big_endian(head);
  entry->k1 = big_endian(head + 8);
  entry->klen = (uint32_t)size;
  if (tail == 0) {
    entry->vlen = 8u | (uint32_t)MRUN_E_INLINE << 28;
    entry->v = one;
  } else {
    entry->vlen = 8u | (uint32_t)MRUN_E_HEAP << 28;
    entry->v = e->heap_used;
    memcpy(e->heap + e->heap_used, &one, 8);
    memcpy(e->heap + e->heap_used + 8, word + 16, tail);
    e->heap_used += heap_use;
  }
  return MRUN_OK;
}

static mrun_status map_text(const worker* w, mrun_slice text) {
  const uint8_t *p = text.data, *const end = p + text.size;
  *w->ctx->at = text.data;
  while (p < end) {
    const uint8_t* word;
    while (p < end && is_space(*p)) p++;
    word = p;
    while (p < end && !is_space(*p)) p++;
    if (p > word) {
      const mrun_status status = emit_one(w->ctx->emit, word, (uint64_t)(p - word));
      if (status != MRUN_OK) return status;
    }
  }
  return MRUN_OK;
}

/* Lines come as chunks, records of other formats one by one. */
static mrun_status map(void* self, const mrun_batch* batch) {
  if (!batch->records) return map_text(self, batch->chunk);
  for (uint32_t i = 0; i < batch->n; i++) {
    const mrun_status status = map_text(self, batch->records[i]);
    if (status != MRUN_OK) return status;
  }
  return MRUN_OK;
}

static const mrun_input text_input = {
    .size = sizeof text_input, .flags = MRUN_IN_RECORDS | MRUN_IN_CHUNK, .format = "lines"};
static const mrun_input* const inputs[] = {&text_input, NULL};
static const uint8_t key_types[] = {MRUN_T_BYTES};
static const uint8_t lanes[] = {MRUN_LANE_SUM_U64};
static const mrun_job job = {
    .size = sizeof job,
    .flags = MRUN_FOLD_EXACT,
    .name = "wordcount-c",
    .help = "counts words; written in C",
    .inputs = inputs,
    .key_types = key_types,
    .n_key_types = 1,
    .value_type = MRUN_T_U64,
    .combine = MRUN_C_LANES,
    .state_size = 8,
    .lane_ops = lanes,
    .open = open_worker,
    .map = map,
    .close = free,
};
static const mrun_job* const jobs[] = {&job, NULL};
static const mrun_plugin plugin = {
    .size = sizeof plugin,
    .abi_minor = MRUN_ABI_MINOR,
    .name = "wordcount-c",
    .version = "1",
    .built_with = __VERSION__,
    .jobs = jobs,
};

const mrun_plugin* mrun_plugin_v1(const mrun_host* host) {
  (void)host;
  return &plugin;
}
