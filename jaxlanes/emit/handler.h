// Between XLA and the kernel: groups of W lanes are taken out of the batch, stepped and put back, on XLA's threads.
typedef struct {
  const void* inputs[INPUTS + 1];
  const void* shared[SHARED + 1];
  void* outputs[OUTPUTS + 1];
  int64_t lanes, groups;
  int64_t next;     // the first group that nobody has taken
  int64_t left;     // groups that are not done
  int64_t holders;  // threads that may still look at this
  int failed;
} job;

static void run_groups(job* j) {
  vi* memory = 0;
  for (;;) {
    int64_t begin = __atomic_fetch_add(&j->next, GROUPS_AT_ONCE, __ATOMIC_RELAXED);
    if (begin >= j->groups) break;
    int64_t end = begin + GROUPS_AT_ONCE < j->groups ? begin + GROUPS_AT_ONCE : j->groups;
    if (!memory && posix_memalign((void**)&memory, 64, sizeof(vi) * (INPUT_WORDS + OUTPUT_WORDS + WORK_WORDS) + sizeof(home))) {
      memory = 0;
      __atomic_store_n(&j->failed, 1, __ATOMIC_RELAXED);
    }
    for (int64_t group = begin; memory && group < end; group++) {
      int64_t first = group * W;
      vi *in = memory, *out = in + INPUT_WORDS, *work = out + OUTPUT_WORDS;
      for (int i = 0, at = 0; i < INPUTS; at += INPUT_BORDERS[i++].size)
        load_lanes(in + at, j->inputs[i], INPUT_BORDERS[i], first, j->lanes);
      step(in, out, work, j->shared, (home*)(work + WORK_WORDS));
      for (int i = 0, at = 0; i < OUTPUTS; at += OUTPUT_BORDERS[i++].size)
        store_lanes(out + at, j->outputs[i], OUTPUT_BORDERS[i], first, j->lanes);
    }
    __atomic_fetch_sub(&j->left, end - begin, __ATOMIC_RELEASE);
  }
  free(memory);
}
static void let_go(job* j) {
  if (__atomic_sub_fetch(&j->holders, 1, __ATOMIC_ACQ_REL) == 0) free(j);
}
static void help(void* data) {
  run_groups((job*)data);
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

extern "C" __attribute__((visibility("default"))) XLA_FFI_Error* jaxlanes_kernel(XLA_FFI_CallFrame* frame) {
  for (XLA_FFI_Extension_Base* e = frame->extension_start; e; e = e->next)
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
  if (j->groups * (int64_t)OPERATIONS > 200000) {  // else waking a thread costs more than it saves
    int64_t threads = 1;
    XLA_FFI_ThreadPool_NumThreads_Args count = {XLA_FFI_ThreadPool_NumThreads_Args_STRUCT_SIZE, 0, frame->ctx, &threads};
    if (!succeeded(api, api->XLA_FFI_ThreadPool_NumThreads(&count))) threads = 1;
    int64_t chunks = (j->groups + GROUPS_AT_ONCE - 1) / GROUPS_AT_ONCE;
    for (int64_t t = 1; t < threads && t < chunks; t++) {
      __atomic_fetch_add(&j->holders, 1, __ATOMIC_RELAXED);
      XLA_FFI_ThreadPool_Schedule_Args task = {XLA_FFI_ThreadPool_Schedule_Args_STRUCT_SIZE, 0, frame->ctx, help, j};
      if (!succeeded(api, api->XLA_FFI_ThreadPool_Schedule(&task))) {
        __atomic_fetch_sub(&j->holders, 1, __ATOMIC_RELAXED);
        break;
      }
    }
  }
  run_groups(j);
  // Groups that others took are under way on running threads; a helper that starts later finds none left.
  while (__atomic_load_n(&j->left, __ATOMIC_ACQUIRE) > 0) sched_yield();
  bool failed = j->failed;
  let_go(j);
  return failed ? failure(api, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "jaxlanes: out of memory") : 0;
}
