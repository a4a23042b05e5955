// Checks the type, shape and layout of every array before the engine uses it.
//
// An array is a NumPy array, or a tensor of the library registered in tensors.h.

#pragma once

#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
// NumPy's C API: bind.cpp loads its table of functions.
#include <numpy/arrayobject.h>

#include <initializer_list>
#include <string>

#include "tensors.h"

namespace glassgate {

template <class T>
struct Kind;
template <>
struct Kind<float> {
  static constexpr int number = NPY_FLOAT32;
  static constexpr const char* name = "float32";
};
template <>
struct Kind<double> {
  static constexpr int number = NPY_FLOAT64;
  static constexpr const char* name = "float64";
};
template <>
struct Kind<int64_t> {
  static constexpr int number = NPY_INT64;
  static constexpr const char* name = "int64";
};
template <>
struct Kind<unsigned char> {
  static constexpr int number = NPY_BOOL;
  static constexpr const char* name = "bool";
};

// An array's description, valid as long as the caller holds the array.
struct View {
  void* data;
  int axes;
  const npy_intp* sizes;
  const npy_intp* strides;  // in bytes or elements; null: C order
  int kind;                 // NumPy's type number, or NPY_NOTYPE
  bool in_order, aligned, writeable;

  npy_intp count() const {
    npy_intp count = 1;
    for (int axis = 0; axis < axes; ++axis) count *= sizes[axis];
    return count;
  }
};

inline bool in_c_order(const dlpack::Tensor& tensor) {
  int64_t expected = 1;
  bool in_order = true;
  for (int axis = tensor.axes; axis-- > 0; expected *= tensor.sizes[axis])
    if (tensor.sizes[axis] != 1 && tensor.strides && tensor.strides[axis] != expected)
      in_order = false;
  return in_order || expected == 0;
}

inline int kind_of(const dlpack::Tensor& tensor) {
  if (tensor.lanes != 1) return NPY_NOTYPE;
  if (tensor.code == dlpack::FLOAT)
    return tensor.bits == 32 ? NPY_FLOAT32 : tensor.bits == 64 ? NPY_FLOAT64 : NPY_NOTYPE;
  if (tensor.code == dlpack::INTEGER && tensor.bits == 64) return NPY_INT64;
  return tensor.code == dlpack::BOOL && tensor.bits == 8 ? NPY_BOOL : NPY_NOTYPE;
}

[[noreturn]] inline void wrong_kind(const char* name, const char* expected, const char* actual) {
  throw nb::type_error((std::string(name) + " must be " + expected + ", got " + actual).c_str());
}

inline View view_of_tensor(const char* name, nb::handle object) {
  const dlpack::Tensor tensor = describe(object);
  if (tensor.device != dlpack::CPU) wrong_kind(name, "on the CPU", "a tensor of another device");
  char* data = static_cast<char*>(tensor.data) + tensor.offset;
  const uintptr_t size = tensor.bits / 8;
  return {data, tensor.axes, reinterpret_cast<const npy_intp*>(tensor.sizes),
          reinterpret_cast<const npy_intp*>(tensor.strides), kind_of(tensor), in_c_order(tensor),
          size == 0 || reinterpret_cast<uintptr_t>(data) % size == 0, true};
}

inline View view_of(const char* name, nb::handle object) {
  if (is_tensor(object)) return view_of_tensor(name, object);
  if (!PyArray_Check(object.ptr()))
    wrong_kind(name, "a NumPy array", nb::str(object.type().attr("__name__")).c_str());
  auto* array = reinterpret_cast<PyArrayObject*>(object.ptr());
  return {PyArray_DATA(array), PyArray_NDIM(array), PyArray_DIMS(array), PyArray_STRIDES(array),
          PyArray_ISBYTESWAPPED(array) ? NPY_NOTYPE : PyArray_TYPE(array),
          bool(PyArray_IS_C_CONTIGUOUS(array)), bool(PyArray_ISALIGNED(array)),
          bool(PyArray_ISWRITEABLE(array))};
}

inline std::string shape_text(const npy_intp* sizes, int axes) {
  std::string words = "(";
  for (int i = 0; i < axes; ++i) words += (i ? ", " : "") + std::to_string(sizes[i]);
  return words + (axes == 1 ? ",)" : ")");
}

[[noreturn]] inline void wrong_shape(const char* name, const View& view,
                                     std::initializer_list<npy_intp> shape) {
  std::string text = std::string(name) + " must have shape " +
                     shape_text(shape.begin(), int(shape.size())) + ", got " +
                     shape_text(view.sizes, view.axes);
  throw nb::value_error(text.c_str());
}

// View an array of T; it must be in C order, aligned, and in the machine's byte order.
template <class T>
View array_of(const char* name, nb::handle object) {
  const View view = view_of(name, object);
  if (view.kind != Kind<T>::number) {
    nb::object dtype = object.attr("dtype");
    wrong_kind(name, Kind<T>::name, nb::str(nb::handle(dtype)).c_str());
  }
  if (!view.in_order)
    throw nb::value_error((std::string(name) + " must be contiguous in C order, got strides " +
                           shape_text(view.strides, view.axes))
                              .c_str());
  if (!view.aligned)
    throw nb::value_error((std::string(name) + " must be aligned, got an unaligned address").c_str());
  return view;
}

template <class T>
View shaped_array(const char* name, nb::handle object, std::initializer_list<npy_intp> shape) {
  const View view = array_of<T>(name, object);
  bool fits = view.axes == int(shape.size());
  for (int i = 0; fits && i < view.axes; ++i) fits = view.sizes[i] == shape.begin()[i];
  if (!fits) wrong_shape(name, view, shape);
  return view;
}

template <class T>
const T* read_array(const char* name, nb::handle object, std::initializer_list<npy_intp> shape) {
  return static_cast<const T*>(shaped_array<T>(name, object, shape).data);
}

template <class T>
T* write_array(const char* name, nb::handle object, std::initializer_list<npy_intp> shape) {
  const View view = shaped_array<T>(name, object, shape);
  if (!view.writeable)
    throw nb::value_error((std::string(name) + " must be writeable, got a read-only array").c_str());
  return static_cast<T*>(view.data);
}

// Like read_array and write_array, but None gives null.
template <class T>
const T* read_or_null(const char* name, nb::handle object,
                      std::initializer_list<npy_intp> shape) {
  return object.is_none() ? nullptr : read_array<T>(name, object, shape);
}

template <class T>
T* write_or_null(const char* name, nb::handle object, std::initializer_list<npy_intp> shape) {
  return object.is_none() ? nullptr : write_array<T>(name, object, shape);
}

}  // namespace glassgate
