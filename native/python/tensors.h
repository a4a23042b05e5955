// Reads tensors of another library in place, through DLPack's C exchange API.
//
// https://dmlc.github.io/dlpack: a library's tensor type offers a table of C functions. One of them
// describes a tensor without taking ownership, in a few nanoseconds. A NumPy view of a tensor takes
// a microsecond, and prevents the tensor's storage from being resized.

#pragma once

#include <nanobind/nanobind.h>

#include <cstdint>

namespace glassgate {

namespace nb = nanobind;

namespace dlpack {  // the layout of version 1

constexpr uint32_t MAJOR = 1;
constexpr int32_t CPU = 1;
constexpr uint8_t INTEGER = 0, FLOAT = 2, BOOL = 6;

struct Tensor {
  void* data;
  int32_t device, device_number;
  int32_t axes;
  uint8_t code, bits;
  uint16_t lanes;
  int64_t* sizes;
  int64_t* strides;  // null: C order
  uint64_t offset;   // in bytes
};

struct Exchange {
  uint32_t major, minor;
  Exchange* older;
  void* makes_tensors[3];
  int (*describe)(void* object, Tensor* to);  // returns -1 if a Python error is set
};

}  // namespace dlpack

// The library whose tensors are read; set once by `read_tensors_of`.
struct TensorType {
  PyTypeObject* type = nullptr;
  const dlpack::Exchange* exchange = nullptr;
};

inline TensorType tensor_type;

inline void read_tensors_of(nb::type_object type) {
  nb::capsule capsule = nb::cast<nb::capsule>(type.attr("__dlpack_c_exchange_api__"));
  auto* exchange = static_cast<const dlpack::Exchange*>(capsule.data("dlpack_exchange_api"));
  while (exchange && exchange->major != dlpack::MAJOR) exchange = exchange->older;
  if (!exchange || !exchange->describe)
    throw nb::type_error("tensors must offer DLPack 1's description of a tensor");
  type.inc_ref();  // never released
  tensor_type = {reinterpret_cast<PyTypeObject*>(type.ptr()), exchange};
}

inline bool is_tensor(nb::handle object) {
  return tensor_type.type && PyObject_TypeCheck(object.ptr(), tensor_type.type);
}

inline dlpack::Tensor describe(nb::handle object) {
  dlpack::Tensor tensor;
  if (tensor_type.exchange->describe(object.ptr(), &tensor)) throw nb::python_error();
  return tensor;
}

}  // namespace glassgate
