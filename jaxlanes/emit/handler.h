// Between XLA and the kernel: groups of W lanes are taken out of the batch, stepped and put back, on XLA's threads.
#include <time.h>
#define SHORT 10000  // nanoseconds: about what waking a thread takes
typedef struct {
  const void* inputs[INPUTS + 1];
  const void* shared[SHARED + 1];
  void* outputs[OUTPUTS + 1];
  int64_t lanes, groups;
  int64_t next;     // the first group that nobody has taken
  int64_t threads;  // that may be at work; many before that is known: one group at a time
  int64_t least;    // groups that are taken together
  int64_t left;     // groups that are not done
  int64_t holders;  // threads that may still look at this
  int failed;
} job;

// Many small arrays are more than a processor foresees: their cache lines are asked for while another group is stepped.
static void ask_for(const void* array, array_layout b, int64_t first) {
  const int64_t row = b.size * (b.dtype < 0 ? -b.dtype : b.dtype);
  const char *p = (const char*)array + first * row, *end = p + W * row;
  for (; p < end; p += 64) __builtin_prefetch(p, 0, 2);
}

static void ask_for_help(job* j, XLA_FFI_CallFrame* frame, int64_t each);
static int64_t nanoseconds() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * (int64_t)1000000000 + now.tv_nsec;
}

// `frame`: of the thread that XLA called, which begins alone and asks others to help once it knows how long a group
// takes: what loops and branches do is not known before. Null for those others.
static void run_groups(job* j, XLA_FFI_CallFrame* frame) {
  const int64_t begun = frame ? nanoseconds() : 0;
  vi *memory = 0, *cleared = 0;
  for (;;) {
    // Many at first, few in the end: threads end together, and seldom write to the same line of the cache.
    int64_t begin = __atomic_load_n(&j->next, __ATOMIC_RELAXED), end;
    do {
      const int64_t share = (j->groups - begin) / (2 * j->threads);
      end = begin + (share < j->least ? j->least : share / 4 * 4);
      if (end > j->groups) end = j->groups;
    } while (begin < end && !__atomic_compare_exchange_n(&j->next, &begin, end, 1, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    if (begin >= end) break;
    const size_t bytes = sizeof(vi) * (INPUT_WORDS + OUTPUT_WORDS + WORK_WORDS) + sizeof(home);
    if (!memory && posix_memalign((void**)&memory, 64, bytes)) {
      memory = 0;
      __atomic_store_n(&j->failed, 1, __ATOMIC_RELAXED);
    } else if (!cleared) {  // an element that no lane wanted yet is 0
      cleared = (vi*)memset(memory, 0, bytes);
    }
    for (int64_t group = begin; memory && group < end; group++) {
      int64_t first = group * W;
      vi *in = memory, *out = in + INPUT_WORDS, *work = out + OUTPUT_WORDS;
      for (int i = 0, at = 0; i < INPUTS; at += INPUT_ARRAYS[i++].size)
        for (int part = 0; part < STRIDE; part++)
          load_lanes((vr*)(in + at) + part, j->inputs[i], INPUT_ARRAYS[i], first + part * LW, j->lanes);
      for (int i = 0; i < INPUTS && group + 1 < end; i++) ask_for(j->inputs[i], INPUT_ARRAYS[i], first + W);
      for (int i = 0; i < OUTPUTS; i++) ask_for(j->outputs[i], OUTPUT_ARRAYS[i], first);
      step(in, out, work, j->shared, (home*)(work + WORK_WORDS));
      for (int i = 0, at = 0; i < OUTPUTS; at += OUTPUT_ARRAYS[i++].size)
        for (int part = 0; part < STRIDE; part++)
          store_lanes((const vr*)(out + at) + part, j->outputs[i], OUTPUT_ARRAYS[i], first + part * LW, j->lanes);
    }
    __atomic_fetch_sub(&j->left, end - begin, __ATOMIC_RELEASE);
    const int64_t spent = frame ? nanoseconds() - begun : 0;
    if (spent > SHORT && end % 4 == 0) {
      ask_for_help(j, frame, spent / end);
      frame = 0;
    }
  }
  free(memory);
}
static void let_go(job* j) {
  if (__atomic_sub_fetch(&j->holders, 1, __ATOMIC_ACQ_REL) == 0) free(j);
}
static void help(void* data) {
  run_groups((job*)data, 0);
  let_go((job*)data);
}

static XLA_FFI_Error* failure(const XLA_FFI_Api* api, XLA_FFI_Error_Code code, const char* message) {
  XLA_FFI_Error_Create_Args args = {XLA_FFI_Error_Create_Args_STRUCT_SIZE, 0, message, code};
  return api->XLA_FFI_Error_Create(&args);
}
static bool succeeded(const XLA_FFI_Api* api, XLA_FFI_Error* error) {
  if (!error) return true;
  XLA_FFI_Error_Destroy_Args args = {XLA_FFI_Error_Destroy_Args_STRUCT_SIZE, 0, error};
  api->XLA_FFI_Error_Destroy(&args);
  return false;
}

// The caller has done all groups before `next`, at `each` nanoseconds.
static void ask_for_help(job* j, XLA_FFI_CallFrame* frame, int64_t each) {
  const XLA_FFI_Api* api = frame->api;
  const int64_t left = j->groups - j->next;
  if (left * each < 2 * SHORT) return;
  int64_t threads = 1;
  XLA_FFI_ThreadPool_NumThreads_Args count = {XLA_FFI_ThreadPool_NumThreads_Args_STRUCT_SIZE, 0, frame->ctx, &threads};
  if (!succeeded(api, api->XLA_FFI_ThreadPool_NumThreads(&count))) threads = 1;
  if (threads < 2) return;
  // Not so few that taking them costs as much; four groups' bytes are a line of the cache.
  j->least = SHORT / 10 / (each + 1) / 4 * 4 + 4;
  j->threads = threads;
  const int64_t chunks = (left + j->least - 1) / j->least;
  for (int64_t t = 1; t < threads && t < chunks; t++) {
    __atomic_fetch_add(&j->holders, 1, __ATOMIC_RELAXED);
    XLA_FFI_ThreadPool_Schedule_Args task = {XLA_FFI_ThreadPool_Schedule_Args_STRUCT_SIZE, 0, frame->ctx, help, j};
    if (!succeeded(api, api->XLA_FFI_ThreadPool_Schedule(&task))) {
      __atomic_fetch_sub(&j->holders, 1, __ATOMIC_RELAXED);
      break;
    }
  }
}

extern "C" __attribute__((visibility("default"))) XLA_FFI_Error* jaxlanes_kernel(XLA_FFI_CallFrame* frame) {
  for (auto* e = frame->extension_start; e; e = e->next)  // whose type is called otherwise from version to version
    if (e->type == XLA_FFI_Extension_Metadata) {  // XLA asks what this was compiled against
      XLA_FFI_Metadata* metadata = ((XLA_FFI_Metadata_Extension*)e)->metadata;
      metadata->api_version.major_version = XLA_FFI_API_MAJOR;
      metadata->api_version.minor_version = XLA_FFI_API_MINOR;
      return 0;
    }
  if (frame->stage != XLA_FFI_ExecutionStage_EXECUTE) return 0;
  const XLA_FFI_Api* api = frame->api;
  if (frame->args.size != INPUTS + SHARED || frame->rets.size != OUTPUTS)
    return failure(api, XLA_FFI_Error_Code_INVALID_ARGUMENT, "jaxlanes: the kernel has other arguments");
  job* j = (job*)calloc(1, sizeof(job));
  if (!j) return failure(api, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "jaxlanes: out of memory");
  for (int i = 0; i < INPUTS; i++) j->inputs[i] = ((XLA_FFI_Buffer*)frame->args.args[i])->data;
  for (int i = 0; i < SHARED; i++) j->shared[i] = ((XLA_FFI_Buffer*)frame->args.args[INPUTS + i])->data;
  for (int i = 0; i < OUTPUTS; i++) j->outputs[i] = ((XLA_FFI_Buffer*)frame->rets.rets[i])->data;
  XLA_FFI_Buffer* batched = (XLA_FFI_Buffer*)frame->rets.rets[0];
  j->lanes = batched->dims[0];
  j->left = j->groups = (j->lanes + W - 1) / W;
  j->holders = 1;
  j->threads = j->groups;
  j->least = 1;
  run_groups(j, frame);
  // Groups that others took are under way on running threads; a helper that starts later finds none left.
  while (__atomic_load_n(&j->left, __ATOMIC_ACQUIRE) > 0) sched_yield();
  bool failed = j->failed;
  let_go(j);
  return failed ? failure(api, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "jaxlanes: out of memory") : 0;
}
