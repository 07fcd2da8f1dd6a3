// A shared library that is no job. Its constructor leaves a trace, which must never be found.
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void leave_a_trace(void) {
  const char* path = getenv("MRUN_TEST_TRACE");
  if (path == NULL) return;
  FILE* file = fopen(path, "w");
  if (file != NULL) fclose(file);
}

#if defined(MRUN_TEST_OTHER_MAJOR)
const void* mrun_plugin_v2(const void* host) { return host; }
#elif defined(MRUN_TEST_UNDEFINED)
const void* mrun_test_nowhere(const void* host);
const void* mrun_plugin_v1(const void* host) { return mrun_test_nowhere(host); }
#else
int not_a_job(void) { return 0; }
#endif
