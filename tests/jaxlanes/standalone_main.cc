// Calls a kernel as XLA would, without XLA: for processors that JAX does not run on here.
// Standard input: lanes, then for each argument its bytes, as int64 count and contents. Standard output: the results.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static XLA_FFI_Error* one_thread(XLA_FFI_ThreadPool_NumThreads_Args* asked) {
  *asked->num_threads = 1;
  return 0;
}

int main(int count, char** arguments) {  // the size in bytes of a lane of each result
#ifdef __aarch64__
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  __asm__ volatile("msr fpcr, %0" ::"r"(mode | 1 << 24));  // subnormal numbers are zero, as XLA has it
#endif
  int64_t lanes, bytes;
  if (fread(&lanes, 8, 1, stdin) != 1) return 2;
  XLA_FFI_Buffer buffers[64];
  void *args[64], *rets[64];
  int given = 0;
  while (fread(&bytes, 8, 1, stdin) == 1) {
    void* data = malloc(bytes + 1);
    if ((int64_t)fread(data, 1, bytes, stdin) != bytes) return 2;
    memset(&buffers[given], 0, sizeof(XLA_FFI_Buffer));
    buffers[given].data = data;
    args[given] = &buffers[given];
    given++;
  }
  int results = count - 1;
  for (int i = 0; i < results; i++) {
    XLA_FFI_Buffer* buffer = (XLA_FFI_Buffer*)calloc(1, sizeof(XLA_FFI_Buffer));
    buffer->dims = &lanes;
    buffer->data = calloc(lanes, atoll(arguments[i + 1]));
    rets[i] = buffer;
  }
  XLA_FFI_Api api;
  memset(&api, 0, sizeof api);
  api.XLA_FFI_ThreadPool_NumThreads = one_thread;
  XLA_FFI_CallFrame frame;
  memset(&frame, 0, sizeof frame);
  frame.api = &api;
  frame.stage = XLA_FFI_ExecutionStage_EXECUTE;
  frame.args.size = given;
  frame.args.args = args;
  frame.rets.size = results;
  frame.rets.rets = rets;
  if (jaxlanes_kernel(&frame)) return 3;
  for (int i = 0; i < results; i++)
    fwrite(((XLA_FFI_Buffer*)rets[i])->data, atoll(arguments[i + 1]), lanes, stdout);
  return 0;
}
