// A CUDA driver that is made up, for tests without a GPU: memory is the host's, a module is a function of the host.
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define MOST 64
typedef void run_grid(long long lanes, void** pointers);
typedef struct {
  char* ptx;
  run_grid* run;
  int pointers;
} module;
static module modules[MOST];
static int known, loads, launches, wrong, failing, failing_code;
static thread_local int depth;
static char* last;
static void* const contexts[] = {(void*)0xC0, (void*)0xC1};
static void* const streams[] = {0, (void*)0x51, (void*)0x52};  // of the first context, and the last one of the second
static thread_local void* current;

extern "C" {
// What tests say and ask.
void host_code(const char* ptx, run_grid* run, int pointers) { modules[known++] = {strdup(ptx), run, pointers}; }
int count_loads() { return loads; }
int count_launches() { return launches; }
int count_wrong() { return wrong; }
const char* last_ptx() { return last; }
void fail(int what, int code) { failing = what, failing_code = code; }  // 1: loading; 2: launching; 3: the context

int cuInit(unsigned) { return getenv("MADE_UP_BROKEN") ? 100 : 0; }
int cuGetErrorString(int code, const char** text) {
  if (code == 999) return 1;  // one that it does not know
  return *text = code == 100 ? "no device" : code == 218 ? "a PTX JIT compilation failed" : "out of everything", 0;
}
int cuDeviceGetCount(int* n) { return *n = 1, 0; }
int cuDeviceGet(int* device, int) { return *device = 7, 0; }
int cuDeviceGetName(char* text, int, int device) { return strcpy(text, device == 7 ? "made up" : "wrong"), 0; }
int cuDeviceGetAttribute(int* value, int what, int) { return *value = what == 75 ? 9 : 0, 0; }
int cuDevicePrimaryCtxRetain(void** c, int) { return *c = contexts[0], 0; }
int cuDevicePrimaryCtxRelease_v2(int) { return 0; }
int cuStreamGetCtx(void* stream, void** c) {
  *c = contexts[stream == streams[2]];
  return failing == 3 ? failing_code : 0;
}
int cuCtxPushCurrent_v2(void* c) { return depth++, current = c, c != contexts[0] && c != contexts[1]; }
int cuCtxPopCurrent_v2(void**) { return current = contexts[0], depth-- < 1; }
int cuModuleLoadDataEx(void** m, const char* ptx, unsigned n, const int* names, void** values) {
  __atomic_fetch_add(&loads, 1, __ATOMIC_RELAXED);
  struct timespec moment = {0, 20000000};
  nanosleep(&moment, 0);  // two threads that load at once would meet here
  last = strdup(ptx);
  if (depth < 1 || n != 2 || names[0] != 5 || names[1] != 6) wrong++;
  if (failing == 1) return strncpy((char*)values[0], "ptxas: line 3: what is this?", (size_t)values[1]), failing_code;
  for (int i = 0; i < known; i++)
    if (!strcmp(modules[i].ptx, ptx)) return *m = &modules[i], 0;
  return 218;
}
int cuModuleUnload(void*) { return 0; }
int cuModuleGetFunction(void** f, void* m, const char* name) { return *f = m, strcmp(name, "jaxlanes_kernel"); }
int cuMemAlloc_v2(unsigned long long* p, size_t n) { return *p = (unsigned long long)malloc(n), 0; }
int cuMemFree_v2(unsigned long long p) { return free((void*)p), 0; }
int cuMemcpyHtoD_v2(unsigned long long to, const void* from, size_t n) { return memcpy((void*)to, from, n), 0; }
int cuMemcpyDtoH_v2(void* to, unsigned long long from, size_t n) { return memcpy(to, (void*)from, n), 0; }
int cuCtxSynchronize() { return 0; }
int cuEventCreate(struct timespec** e, unsigned) { return *e = (struct timespec*)malloc(sizeof(**e)), 0; }
int cuEventRecord(struct timespec* e, void*) { return clock_gettime(CLOCK_MONOTONIC, e); }
int cuEventSynchronize(struct timespec*) { return 0; }
int cuEventElapsedTime(float* ms, struct timespec* a, struct timespec* b) {
  return *ms = 1e3f * (b->tv_sec - a->tv_sec) + 1e-6f * (b->tv_nsec - a->tv_nsec), 0;
}
int cuEventDestroy_v2(struct timespec* e) { return free(e), 0; }
int cuLaunchKernel(module* m, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void* stream, void** given, void** extra) {
  __atomic_fetch_add(&launches, 1, __ATOMIC_RELAXED);
  if (failing == 2) return failing_code;
  const long long lanes = *(long long*)given[0], threads = (long long)gx * bx;
  if (depth < 1 || current != contexts[stream == streams[2]] || extra || shared || gy * gz * by * bz != 1 || bx != 128) return wrong++, 1;
  if (threads < lanes || threads >= lanes + bx) return wrong++, 1;
  void* pointers[512];
  for (int i = 0; i < m->pointers; i++) pointers[i] = *(void**)given[1 + i];
  return m->run(lanes, pointers), 0;
}
}
