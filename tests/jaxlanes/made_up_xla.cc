// XLA as a handler for GPUs sees it, made up: a stream, and the two stages of an execution. Of one argument and one result.
#include <stdlib.h>
#include <string.h>

#include "xla/ffi/api/c_api.h"
struct XLA_FFI_Error {
  char message[16384];
};
static void* stream;
static int streams_asked;

static XLA_FFI_Error* create(XLA_FFI_Error_Create_Args* args) {
  XLA_FFI_Error* error = (XLA_FFI_Error*)calloc(1, sizeof(XLA_FFI_Error));
  strncpy(error->message, args->message, sizeof error->message - 1);
  return error;
}
static XLA_FFI_Error* get_stream(XLA_FFI_Stream_Get_Args* args) {
  streams_asked++;
  args->stream = stream;
  return 0;
}

extern "C" __attribute__((visibility("default"))) int asked_for_streams() { return streams_asked; }

// What the handler says, "" if it has no complaint. `lanes` numbers of 32 bits go in and come out.
extern "C" __attribute__((visibility("default"))) const char* call(XLA_FFI_Handler* handler, const char* kernel,
                                                                   int executes, void* on, const int* in, int* out,
                                                                   int64_t lanes) {
  static char said[sizeof(XLA_FFI_Error)];
  XLA_FFI_Api api = {XLA_FFI_Api_STRUCT_SIZE};
  api.XLA_FFI_Error_Create = create;
  api.XLA_FFI_Stream_Get = get_stream;
  XLA_FFI_Buffer from = {XLA_FFI_Buffer_STRUCT_SIZE, 0, XLA_FFI_DataType_S32, (void*)in, 1, &lanes}, to = from;
  to.data = out;
  void *args[] = {&from}, *rets[] = {&to};
  XLA_FFI_ArgType arg_types[] = {XLA_FFI_ArgType_BUFFER};
  XLA_FFI_RetType ret_types[] = {XLA_FFI_RetType_BUFFER};
  XLA_FFI_ByteSpan name = {"kernel", 6}, value = {kernel, strlen(kernel)}, *names[] = {&name};
  void* attrs[] = {&value};
  XLA_FFI_AttrType attr_types[] = {XLA_FFI_AttrType_STRING};
  XLA_FFI_CallFrame frame = {XLA_FFI_CallFrame_STRUCT_SIZE};
  frame.api = &api;
  frame.stage = executes ? XLA_FFI_ExecutionStage_EXECUTE : XLA_FFI_ExecutionStage_INITIALIZE;
  frame.args = {XLA_FFI_Args_STRUCT_SIZE, 0, 1, arg_types, args};
  frame.rets = {XLA_FFI_Rets_STRUCT_SIZE, 0, 1, ret_types, rets};
  frame.attrs = {XLA_FFI_Attrs_STRUCT_SIZE, 0, 1, attr_types, names, attrs};
  stream = on;
  XLA_FFI_Error* error = handler(&frame);
  strcpy(said, error ? error->message : "");
  free(error);
  return said;
}
