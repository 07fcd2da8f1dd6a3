/* A library with one function, for the test of loading. */
int mrun_test_answer(void);
int mrun_test_answer(void) { return 42; }
