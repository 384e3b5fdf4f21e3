// Between XLA and kernels for a GPU: one library for all kernels. Python gives it each kernel's PTX once (`launch.py`); a
// call names its kernel by an attribute. The module is loaded once in each context, before the first run where XLA asks
// for that, and launched on the stream of XLA's other work. All memory is XLA's: that for scratch is the first result.
//
// Not marked as fit for CUDA graphs: nobody has seen it in one.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xla/ffi/api/c_api.h"
#define EXPORT extern "C" __attribute__((visibility("default")))
#define MOST_ARRAYS 512
#define LOG_BYTES 8192

typedef struct {  // the driver's functions, in the order of DRIVER_FUNCTIONS in `launch.py`
  int (*error_string)(int, const char**);
  int (*stream_context)(void* stream, void** context);
  int (*push_context)(void*);
  int (*pop_context)(void**);
  int (*load_module)(void**, const void* ptx, unsigned options, const int* names, void** values);
  int (*unload_module)(void*);
  int (*find_function)(void**, void* module, const char* name);
  int (*launch)(void* function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned shared_bytes,
                void* stream, void** parameters, void** extra);
} driver;

typedef struct loaded {
  void *context, *function;
  struct loaded* next;
} loaded;

typedef struct kernel {
  char *name, *ptx, *entry;
  driver cuda;
  int arrays;        // that it takes after the scratch buffer
  int has_scratch;   // else it is given a null pointer, and the first result is the function's own
  unsigned threads;  // of a block
  loaded* in;        // the contexts that it is loaded in, the last one first
  struct kernel* next;
} kernel;

// Both kinds of list only grow, at their head: whoever reads them needs no lock.
static kernel* kernels;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static kernel* find_kernel(const char* name, size_t length) {
  for (kernel* k = __atomic_load_n(&kernels, __ATOMIC_ACQUIRE); k; k = k->next)
    if (strlen(k->name) == length && !memcmp(k->name, name, length)) return k;
  return 0;
}

// 0 where there is no memory. A name that is known already keeps what it was given first.
EXPORT int jaxlanes_cuda_add(const char* name, const char* ptx, const char* entry, const driver* cuda, int arrays,
                             int has_scratch, unsigned threads) {
  pthread_mutex_lock(&lock);
  int known = find_kernel(name, strlen(name)) != 0;
  kernel* k = known ? 0 : (kernel*)calloc(1, sizeof(kernel));
  if (k) {
    k->name = strdup(name), k->ptx = strdup(ptx), k->entry = strdup(entry);
    k->cuda = *cuda, k->arrays = arrays, k->has_scratch = has_scratch, k->threads = threads;
    k->next = kernels;
    known = k->name && k->ptx && k->entry && arrays <= MOST_ARRAYS;
    if (known) __atomic_store_n(&kernels, k, __ATOMIC_RELEASE);
  }
  pthread_mutex_unlock(&lock);
  return known;
}

static XLA_FFI_Error* failure(const XLA_FFI_Api* api, XLA_FFI_Error_Code code, const char* message) {
  XLA_FFI_Error_Create_Args args = {XLA_FFI_Error_Create_Args_STRUCT_SIZE, 0, message, code};
  return api->XLA_FFI_Error_Create(&args);
}
static XLA_FFI_Error* refused(const XLA_FFI_Api* api, const kernel* k, const char* what, int error, const char* log) {
  const char* said = 0;
  char text[LOG_BYTES + 1024];
  k->cuda.error_string(error, &said);
  snprintf(text, sizeof text, "jaxlanes: the CUDA driver's %s failed with error %d: %s%s%s", what, error,
           said ? said : "unknown", *log ? "\n" : "", log);
  return failure(api, XLA_FFI_Error_Code_INTERNAL, text);
}

static void* function_in(const kernel* k, void* context) {
  for (loaded* l = __atomic_load_n(&k->in, __ATOMIC_ACQUIRE); l; l = l->next)
    if (l->context == context) return l->function;
  return 0;
}
// Load it into the context, which is current. What failed is tried again by the next call.
static XLA_FFI_Error* load(const XLA_FFI_Api* api, kernel* k, void* context) {
  char log[LOG_BYTES] = "";
  const int names[] = {5, 6};  // CU_JIT_ERROR_LOG_BUFFER and its size in bytes
  void *values[] = {log, (void*)(uintptr_t)sizeof log}, *module = 0, *function = 0;
  int error = k->cuda.load_module(&module, k->ptx, 2, names, values);
  log[LOG_BYTES - 1] = 0;
  if (error) return refused(api, k, "cuModuleLoadDataEx", error, log);
  error = k->cuda.find_function(&function, module, k->entry);
  loaded* l = error ? 0 : (loaded*)malloc(sizeof(loaded));
  if (!l) {
    k->cuda.unload_module(module);
    if (error) return refused(api, k, "cuModuleGetFunction", error, "");
    return failure(api, XLA_FFI_Error_Code_RESOURCE_EXHAUSTED, "jaxlanes: out of memory");
  }
  l->context = context, l->function = function, l->next = k->in;
  __atomic_store_n(&k->in, l, __ATOMIC_RELEASE);
  return 0;
}
static XLA_FFI_Error* loaded_function(const XLA_FFI_Api* api, kernel* k, void* context, void** function) {
  XLA_FFI_Error* error = 0;
  if ((*function = function_in(k, context))) return 0;
  pthread_mutex_lock(&lock);
  if (!function_in(k, context)) error = load(api, k, context);
  pthread_mutex_unlock(&lock);
  *function = function_in(k, context);
  return error;
}

// Parameters as `emit/cuda.py` has them: lanes, scratch, inputs, shared arguments, outputs.
static XLA_FFI_Error* launch(XLA_FFI_CallFrame* frame, const kernel* k, void* function, void* stream) {
  void *pointers[1 + MOST_ARRAYS] = {0}, *given[2 + MOST_ARRAYS];
  const int64_t results = frame->rets.size - k->has_scratch;
  if (results < 0 || frame->args.size + results != k->arrays)
    return failure(frame->api, XLA_FFI_Error_Code_INVALID_ARGUMENT, "jaxlanes: the kernel has other arguments");
  if (!frame->rets.size) return 0;
  int64_t lanes = ((XLA_FFI_Buffer*)frame->rets.rets[0])->dims[0];
  if (!lanes) return 0;
  void** next = pointers + !k->has_scratch;
  if (k->has_scratch) *next++ = ((XLA_FFI_Buffer*)frame->rets.rets[0])->data;
  for (int64_t i = 0; i < frame->args.size; i++) *next++ = ((XLA_FFI_Buffer*)frame->args.args[i])->data;
  for (int64_t i = k->has_scratch; i < frame->rets.size; i++) *next++ = ((XLA_FFI_Buffer*)frame->rets.rets[i])->data;
  given[0] = &lanes;
  for (int i = 0; i <= k->arrays; i++) given[1 + i] = &pointers[i];
  const int64_t blocks = (lanes + k->threads - 1) / k->threads;
  if (blocks > 0x7FFFFFFF) return failure(frame->api, XLA_FFI_Error_Code_INVALID_ARGUMENT, "jaxlanes: too many lanes");
  int error = k->cuda.launch(function, (unsigned)blocks, 1, 1, k->threads, 1, 1, 0, stream, given, 0);
  return error ? refused(frame->api, k, "cuLaunchKernel", error, "") : 0;
}

static XLA_FFI_Error* run(XLA_FFI_CallFrame* frame, void* stream) {
  const XLA_FFI_Api* api = frame->api;
  const XLA_FFI_ByteSpan* name = 0;
  for (int64_t i = 0; i < frame->attrs.size; i++)
    if (frame->attrs.types[i] == XLA_FFI_AttrType_STRING) name = (const XLA_FFI_ByteSpan*)frame->attrs.attrs[i];
  kernel* k = name ? find_kernel(name->ptr, name->len) : 0;
  if (!k)
    return failure(api, XLA_FFI_Error_Code_NOT_FOUND,
                   "jaxlanes: this process has not made the kernel that is called; trace the function here");
  void *context = 0, *function = 0, *popped = 0;
  int code = k->cuda.stream_context(stream, &context);
  if (code) return refused(api, k, "cuStreamGetCtx", code, "");
  code = k->cuda.push_context(context);
  if (code) return refused(api, k, "cuCtxPushCurrent", code, "");
  XLA_FFI_Error* error = loaded_function(api, k, context, &function);
  if (!error && frame->stage == XLA_FFI_ExecutionStage_EXECUTE) error = launch(frame, k, function, stream);
  k->cuda.pop_context(&popped);
  return error;
}

// XLA asks what this was compiled against.
static bool asked_for_version(XLA_FFI_CallFrame* frame) {
  for (auto* e = frame->extension_start; e; e = e->next)  // whose type is called otherwise from version to version
    if (e->type == XLA_FFI_Extension_Metadata) {
      XLA_FFI_Metadata* metadata = ((XLA_FFI_Metadata_Extension*)e)->metadata;
      metadata->api_version.major_version = XLA_FFI_API_MAJOR;
      metadata->api_version.minor_version = XLA_FFI_API_MINOR;
      return true;
    }
  return false;
}

// For XLA's platform "CUDA".
EXPORT XLA_FFI_Error* jaxlanes_cuda(XLA_FFI_CallFrame* frame) {
  if (asked_for_version(frame)) return 0;
  XLA_FFI_Stream_Get_Args stream = {XLA_FFI_Stream_Get_Args_STRUCT_SIZE, 0, frame->ctx, 0};
  XLA_FFI_Error* error = frame->api->XLA_FFI_Stream_Get(&stream);
  return error ? error : run(frame, stream.stream);
}

// For XLA's platform "cpu", which has no streams: with a driver that is made up, in tests.
EXPORT XLA_FFI_Error* jaxlanes_cuda_on_host(XLA_FFI_CallFrame* frame) {
  return asked_for_version(frame) ? 0 : run(frame, 0);
}
